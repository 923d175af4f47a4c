
// The list of findings: filter, search, sort, show. Data is only ever written as text.
(() => {
  'use strict';
  const byId = (id) => document.getElementById(id);
  const body = byId('rows');
  if (!body) return;

  const {count, words, at, numbers} = JSON.parse(byId('findings-data').textContent);
  const STEP = 200;
  const SEVERITIES = {reject: '退回', hold: '待定', warn: '提醒', note: '说明'};
  const SEARCHED = ['source_label', 'delivery', 'sheet', 'column', 'code', 'label', 'owner_label', 'message', 'remedy', 'village', 'state'];
  const all = Array.from({length: count}, (_, row) => row);
  const grouped = new Intl.NumberFormat('zh-CN');
  const collator = new Intl.Collator('zh-CN', {numeric: true});
  let order = all;      // every row as sorted
  let found = all;      // those of them that match
  let limit = STEP;
  let sorted = {name: null, down: false};

  const text = (name, row) => {
    if (numbers[name]) return numbers[name][row] === null ? '' : String(numbers[name][row]);
    const place = at[name][row];
    return place < 0 ? '' : words[name][place];
  };

  // Rows whose column holds the wanted word; null when nothing is wanted.
  const chosen = (id, name) => {
    const wanted = byId(id).value;
    return wanted === '' ? null : {places: at[name], wanted: words[name].indexOf(wanted)};
  };

  // One search word is compared with each different text once, not with each row.
  const holding = (token) => {
    const columns = SEARCHED.filter((name) => words[name]).map((name) => ({
      places: at[name],
      hits: words[name].map((word) => word.toLowerCase().includes(token)),
    })).filter((column) => column.hits.includes(true));
    const ids = ['finding_id', 'row_number'].filter((name) => numbers[name] && /^\d+$/.test(token));
    const number = Number(token);
    return (row) => columns.some((column) => column.hits[column.places[row]])
      || ids.some((name) => numbers[name][row] === number);
  };

  const select = () => {
    const filters = [chosen('by-source', 'source'), chosen('by-severity', 'severity'), chosen('by-code', 'code')].filter(Boolean);
    const tokens = byId('search').value.toLowerCase().split(/\s+/).filter(Boolean).map(holding);
    found = order.filter((row) => filters.every((one) => one.places[row] === one.wanted) && tokens.every((holds) => holds(row)));
    limit = STEP;
    body.replaceChildren();
    show();
  };

  const cell = (label, main, notes, className) => {
    const td = document.createElement('td');
    td.setAttribute('data-label', label);
    if (className) td.className = className;
    const box = notes ? td.appendChild(document.createElement('div')) : td;
    const strong = notes ? box.appendChild(document.createElement('b')) : box;
    strong.textContent = main;
    (notes || []).filter(Boolean).forEach((note) => {
      box.appendChild(document.createElement('small')).textContent = note;
    });
    return td;
  };

  const line = (row) => {
    const tr = document.createElement('tr');
    const get = (name) => text(name, row);
    const severity = get('severity');
    const tag = document.createElement('span');
    tag.className = 'tag' + (SEVERITIES[severity] ? ' sev-' + severity : '');
    tag.textContent = SEVERITIES[severity] || severity;
    const graveness = cell('程度', '');
    graveness.appendChild(tag);
    const owner = get('owner_label');
    const label = get('label');
    const message = get('message').startsWith(label + '：') ? get('message').slice(label.length + 1) : get('message');
    tr.append(
      cell('编号', get('finding_id'), null, 'n'),
      graveness,
      cell('来源', get('source_label'), [[get('delivery'), get('sheet')].filter(Boolean).join(' · ')]),
      cell('行号', get('row_number'), null, 'n'),
      cell('列', get('column')),
      cell('问题', label, [message === label ? '' : message]),
      cell('处理办法', get('remedy'), [owner && '责任单位：' + owner], 'remedy'),
      cell('村（居）', get('village')),
      cell('状态', get('state')),
    );
    return tr;
  };

  const show = () => {
    const fresh = document.createDocumentFragment();
    for (let place = body.childElementCount; place < Math.min(limit, found.length); place += 1) fresh.append(line(found[place]));
    body.append(fresh);
    const shown = Math.min(limit, found.length);
    byId('shown').textContent = `共 ${grouped.format(count)} 条，符合条件 ${grouped.format(found.length)} 条，显示 ${grouped.format(shown)} 条`;
    byId('none').hidden = found.length > 0;
    byId('more').hidden = shown >= found.length;
  };

  // Each row's rank in a column, so that comparing two rows compares two numbers; nothing comes last.
  const ranks = (name) => {
    if (numbers[name]) return numbers[name].map((number) => (number === null ? Infinity : number));
    const severities = Object.keys(SEVERITIES);
    const places = words[name].map((_, place) => place).sort((one, other) => (name === 'severity'
      ? severities.indexOf(words[name][one]) - severities.indexOf(words[name][other])
      : collator.compare(words[name][one], words[name][other])));
    const rank = new Array(places.length);
    places.forEach((place, position) => { rank[place] = position; });
    return at[name].map((place) => (place < 0 ? Infinity : rank[place]));
  };

  const sort = (button) => {
    const name = button.dataset.sort;
    sorted = {name, down: sorted.name === name && !sorted.down};
    const rank = ranks(name);
    const sign = sorted.down ? -1 : 1;
    order = [...all].sort((one, other) => {
      const [first, second] = [rank[one], rank[other]];
      if (first === second) return one - other;
      if (first === Infinity || second === Infinity) return first === Infinity ? 1 : -1;
      return sign * (first - second);
    });
    document.querySelectorAll('#findings th[aria-sort]').forEach((th) => th.removeAttribute('aria-sort'));
    button.closest('th').setAttribute('aria-sort', sorted.down ? 'descending' : 'ascending');
    select();
  };

  let timer = 0;
  byId('search').addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(select, 120); });
  ['by-source', 'by-severity', 'by-code'].forEach((id) => byId(id).addEventListener('change', select));
  byId('filters').addEventListener('submit', (event) => { event.preventDefault(); select(); });
  byId('filters').addEventListener('reset', () => setTimeout(select, 0));
  byId('more').addEventListener('click', () => { limit += STEP; show(); });
  document.querySelectorAll('#findings [data-sort]').forEach((button) => button.addEventListener('click', () => sort(button)));
  document.querySelectorAll('.pick').forEach((button) => button.addEventListener('click', () => {
    byId('filters').reset();
    byId('by-code').value = button.dataset.code;
    select();
    byId('list').scrollIntoView();
    byId('by-code').focus({preventScroll: true});
  }));
  select();
})();
