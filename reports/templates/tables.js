// Tables of figures: every column sorts, every table leaves as a workbook just as it stands.
(() => {
  'use strict';
  const collator = new Intl.Collator('zh-CN', {numeric: true});
  const number = (words) => (/^-?[\d,]+(\.\d+)?$/.test(words) ? Number(words.replace(/,/g, '')) : null);
  const words = (cell) => [...cell.childNodes].map((node) => node.textContent.trim()).filter(Boolean).join(' ').replace(/\s+/g, ' ');
  const value = (cell) => {
    const said = words(cell);
    const read = cell.classList.contains('n') ? number(said.replace(/%$/, '')) : null;
    return read === null ? said : read;
  };

  const sort = (table, place, th) => {
    const down = th.getAttribute('aria-sort') === 'ascending';
    const rows = [...table.tBodies[0].rows];
    const keys = new Map(rows.map((row) => [row, row.cells[place] ? value(row.cells[place]) : '']));
    rows.sort((one, other) => {
      const [first, second] = [keys.get(one), keys.get(other)];
      const order = typeof first === 'number' && typeof second === 'number' ? first - second : collator.compare(first, second);
      return down ? -order : order;
    });
    table.querySelectorAll('thead th').forEach((other) => other.removeAttribute('aria-sort'));
    th.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    table.tBodies[0].append(...rows);
  };

  const shown = (cells) => [...cells].filter((cell) => !cell.classList.contains('shape'));
  const leave = (table) => {
    const headers = shown(table.tHead.rows[0].cells).map((cell) => words(cell));
    const sections = [...table.tBodies, ...(table.tFoot ? [table.tFoot] : [])];
    const rows = sections.flatMap((section) => [...section.rows])
      .filter((row) => !row.hidden).map((row) => shown(row.cells).map((cell) => value(cell)));
    return saveWorkbook(table.dataset.name, headers, rows);
  };

  document.querySelectorAll('table.grid').forEach((table) => {
    [...table.tHead.rows[0].cells].forEach((th, place) => {
      if (th.classList.contains('shape')) return;
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = th.textContent;
      button.addEventListener('click', () => sort(table, place, th));
      th.replaceChildren(button);
    });
    const save = document.createElement('button');
    save.type = 'button';
    save.className = 'save';
    save.textContent = '导出 Excel';
    save.setAttribute('aria-label', `${table.dataset.name}：导出 Excel`);
    save.addEventListener('click', () => leave(table));
    table.after(save);
  });
})();
