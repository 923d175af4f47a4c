// The list of findings: filter, search, sort, show those in sight, export those found. Data is only ever written as text.
(() => {
  'use strict';
  const byId = (id) => document.getElementById(id);
  const body = byId('rows');
  if (!body) return;

  const {count, words, at, numbers, rules, rows: whole} = JSON.parse(byId('findings-data').textContent);
  const SEVERITIES = {reject: '退回', hold: '待定', warn: '提醒', note: '说明'};
  const SEARCHED = ['source_label', 'delivery', 'sheet', 'column', 'code', 'owner_label', 'seen', 'town', 'village', 'state', 'since'];
  const OF_RULE = ['label', 'meaning', 'expected', 'remedy'];
  const FILTERS = {'by-source': 'source', 'by-severity': 'severity', 'by-code': 'code', 'by-column': 'column', 'by-village': 'village', 'by-state': 'state'};
  const NO_VILLAGE = '（未写明村居）';
  const PRINTED = 300;
  const AHEAD = 12;
  const pane = byId('window');
  const detail = byId('detail');
  const all = Uint32Array.from({length: count}, (_, row) => row);
  const grouped = new Intl.NumberFormat('zh-CN');
  const collator = new Intl.Collator('zh-CN', {numeric: true});
  Object.keys(at).forEach((name) => { at[name] = Int32Array.from(at[name]); });
  let order = all;      // every row as sorted
  let found = all;      // those of them that match
  let active = -1;      // place in found of the chosen one
  let sorted = {name: null, down: false};
  let printing = false;

  const text = (name, row) => {
    if (numbers[name]) return numbers[name][row] < 0 ? '' : String(numbers[name][row]);
    const place = at[name][row];
    return place < 0 ? '' : words[name][place];
  };
  const ofRule = (name, row) => rules[text('code', row)][name];
  const message = (row) => {
    const seen = text('seen', row);
    return `${ofRule('label', row)}：${ofRule('meaning', row)}${seen && `看到“${seen}”，`}应为：${ofRule('expected', row)}`;
  };

  // Which words of a column are wanted; null when nothing is.
  const chosen = (id, name) => {
    const wanted = byId(id).value;
    if (wanted === '') return null;
    const hits = Uint8Array.from([...words[name].map((word) => word === wanted), name === 'village' && wanted === NO_VILLAGE]);
    return {places: at[name], hits};
  };

  // One search word is compared with each different text once, not with each row.
  const holding = (token) => {
    const has = (word) => word.toLowerCase().includes(token);
    const columns = SEARCHED.map((name) => ({
      places: at[name],
      hits: Uint8Array.from([...words[name].map((word) => has(word)
        || (name === 'code' && OF_RULE.some((part) => has(rules[word][part])))), false]),
    })).filter((column) => column.hits.includes(1));
    const ids = ['finding_id', 'row_number'].filter((name) => numbers[name] && /^\d+$/.test(token));
    return {columns, ids, number: Number(token)};
  };
  const holds = ({columns, ids, number}, row) => {
    for (const {places, hits} of columns) {
      const place = places[row];
      if (place >= 0 && hits[place]) return true;
    }
    return ids.some((name) => numbers[name][row] === number);
  };

  const select = () => {
    const filters = Object.entries(FILTERS).map(([id, name]) => chosen(id, name)).filter(Boolean);
    const tokens = byId('search').value.toLowerCase().split(/\s+/).filter(Boolean).map(holding);
    found = filters.length || tokens.length ? order.filter((row) => {
      // A missing word is at -1: the last of the hits.
      for (const {places, hits} of filters) if (!hits[places[row] < 0 ? hits.length - 1 : places[row]]) return false;
      for (const token of tokens) if (!holds(token, row)) return false;
      return true;
    }) : order;
    active = -1;
    detail.hidden = true;
    pane.scrollTop = 0;
    show();
    byId('shown').textContent = `共 ${grouped.format(count)} 条，符合条件 ${grouped.format(found.length)} 条`;
    byId('none').hidden = found.length > 0;
  };

  const cell = (label, main, note, className) => {
    const td = document.createElement('td');
    td.setAttribute('data-label', label);
    if (className) td.className = className;
    const box = td.appendChild(document.createElement('div'));
    if (main instanceof Node) box.append(main); else box.appendChild(document.createElement('b')).textContent = main;
    if (note) box.appendChild(document.createElement('small')).textContent = note;
    return td;
  };

  const tag = (severity) => {
    const made = document.createElement('span');
    made.className = 'tag' + (SEVERITIES[severity] ? ' sev-' + severity : '');
    made.textContent = SEVERITIES[severity] || severity;
    return made;
  };

  const line = (place) => {
    const row = found[place];
    const get = (name) => text(name, row);
    const tr = document.createElement('tr');
    tr.setAttribute('aria-rowindex', place + 2);
    tr.dataset.place = place;
    if (place === active) tr.setAttribute('aria-selected', 'true');
    const seen = get('seen');
    const [state, question] = get('state').split(/[，：](.*)/s);
    tr.append(
      cell('编号', get('finding_id'), '', 'n'),
      cell('程度', tag(get('severity'))),
      cell('来源', get('source_label'), [get('delivery'), get('sheet')].filter(Boolean).join(' · ')),
      cell('行号', get('row_number'), '', 'n'),
      cell('列', get('column')),
      cell('问题', ofRule('label', row), `${seen && `看到“${seen}”，`}应为：${ofRule('expected', row)}`),
      cell('村（居）', get('village'), get('town')),
      cell('起始', get('since')),
      cell('退回', get('times_returned') === '0' ? '' : `${get('times_returned')} 次`, '', 'n'),
      cell('状态', state, question),
    );
    return tr;
  };

  const spacer = (height) => {
    const tr = document.createElement('tr');
    tr.className = 'spacer';
    tr.setAttribute('aria-hidden', 'true');
    tr.style.height = `${height}px`;
    return tr;
  };

  const rowHeight = () => parseFloat(getComputedStyle(pane).getPropertyValue('--row'));

  // Only the lines in sight are in the document, and what is above and below them is empty height.
  const show = () => {
    if (printing) {
      body.replaceChildren(...Array.from({length: Math.min(PRINTED, found.length)}, (_, place) => line(place)));
      return;
    }
    const height = rowHeight();
    const first = Math.max(0, Math.floor(pane.scrollTop / height) - AHEAD);
    const last = Math.min(found.length, first + Math.ceil((pane.clientHeight || 600) / height) + 2 * AHEAD);
    const lines = Array.from({length: last - first}, (_, place) => line(first + place));
    body.replaceChildren(spacer(first * height), ...lines, spacer((found.length - last) * height));
    byId('findings').setAttribute('aria-rowcount', found.length + 1);
  };

  const pairs = (list) => {
    const made = document.createElement('dl');
    list.filter(([, said]) => said).forEach(([label, said]) => {
      const box = made.appendChild(document.createElement('div'));
      box.appendChild(document.createElement('dt')).textContent = label;
      box.appendChild(document.createElement('dd')).textContent = said;
    });
    return made;
  };

  const wholeRow = (row) => {
    const place = numbers.row[row];
    if (place < 0) return [];
    return Object.keys(whole.words).map((label) => {
      const word = whole.at[label][place];
      return [label, word < 0 ? '' : whole.words[label][word]];
    });
  };

  const open = (place) => {
    active = place;
    const row = found[place];
    const heading = document.createElement('h3');
    heading.textContent = `第 ${text('finding_id', row)} 号问题：${ofRule('label', row)}`;
    const cells = wholeRow(row);
    const about = document.createElement('h4');
    about.textContent = cells.length ? '整行内容（已脱敏）' : '';
    const nothing = document.createElement('p');
    nothing.className = 'hint';
    nothing.textContent = cells.length || !text('row_number', row) ? '' : '本页没有附这一行的整行内容，请看所属乡镇（街道）或规则的分页。';
    detail.replaceChildren(heading, pairs([
      ['说明', message(row)], ['处理办法', ofRule('remedy', row)], ['责任单位', text('owner_label', row)],
      ['位置', [text('source_label', row), text('delivery', row), text('sheet', row), text('row_number', row) && `第 ${text('row_number', row)} 行`, text('column', row)].filter(Boolean).join(' · ')],
      ['起始日期', text('since', row)], ['退回次数', text('times_returned', row)], ['状态', text('state', row)],
    ]), about, pairs(cells), nothing);
    detail.hidden = false;
    show();
  };

  const move = (place) => {
    if (!found.length) return;
    active = Math.min(Math.max(place, 0), found.length - 1);
    const height = rowHeight();
    const head = byId('findings').tHead.offsetHeight;
    if (active * height < pane.scrollTop) pane.scrollTop = active * height;
    const foot = (active + 1) * height + head - pane.clientHeight;
    if (foot > pane.scrollTop) pane.scrollTop = foot;
    show();
  };

  // Each row's rank in a column, so that comparing two rows compares two numbers; nothing comes last.
  const ranks = (name) => {
    if (numbers[name]) return numbers[name].map((number) => (number < 0 ? Infinity : number));
    const severities = Object.keys(SEVERITIES);
    const said = name === 'code' ? words.code.map((code) => rules[code].label) : words[name];
    const places = said.map((_, place) => place).sort((one, other) => (name === 'severity'
      ? severities.indexOf(said[one]) - severities.indexOf(said[other])
      : collator.compare(said[one], said[other])));
    const rank = new Array(places.length);
    places.forEach((place, position) => { rank[place] = position; });
    return Array.from(at[name], (place) => (place < 0 ? Infinity : rank[place]));
  };

  const sort = (button) => {
    const name = button.dataset.sort;
    sorted = {name, down: sorted.name === name && !sorted.down};
    const rank = ranks(name);
    const sign = sorted.down ? -1 : 1;
    order = Uint32Array.from(all).sort((one, other) => {
      const [first, second] = [rank[one], rank[other]];
      if (first === second) return one - other;
      if (first === Infinity || second === Infinity) return first === Infinity ? 1 : -1;
      return sign * (first - second);
    });
    document.querySelectorAll('#findings th[aria-sort]').forEach((th) => th.removeAttribute('aria-sort'));
    button.closest('th').setAttribute('aria-sort', sorted.down ? 'descending' : 'ascending');
    select();
  };

  const COLUMNS = {
    编号: (row) => numbers.finding_id[row], 程度: (row) => SEVERITIES[text('severity', row)] || text('severity', row),
    来源: (row) => text('source_label', row), 文件: (row) => text('delivery', row), 工作表: (row) => text('sheet', row),
    行号: (row) => (numbers.row_number[row] < 0 ? null : numbers.row_number[row]), 列: (row) => text('column', row),
    问题: (row) => ofRule('label', row), 说明: message, 处理办法: (row) => ofRule('remedy', row),
    责任单位: (row) => text('owner_label', row), '乡镇（街道）': (row) => text('town', row), '村（居）': (row) => text('village', row),
    状态: (row) => text('state', row), 起始日期: (row) => text('since', row), 退回次数: (row) => numbers.times_returned[row],
    规则代码: (row) => text('code', row), 处理: () => '', 理由: () => '', 经办人: () => '',
  };
  const leave = () => saveWorkbook(byId('export').dataset.name, Object.keys(COLUMNS),
    Array.from(found, (row) => Object.values(COLUMNS).map((value) => value(row))));

  const pick = (filters) => {
    byId('filters').reset();
    Object.entries(filters).forEach(([id, wanted]) => { byId(id).value = wanted || ''; });
    select();
    byId('list').scrollIntoView();
    pane.focus({preventScroll: true});
  };

  const KEYS = {
    ArrowDown: () => move(active + 1), ArrowUp: () => move(active - 1), Home: () => move(0), End: () => move(found.length - 1),
    PageDown: () => move(active + 10), PageUp: () => move(active - 10), Enter: () => active >= 0 && open(active),
  };
  const print = (now) => { printing = now; show(); };

  let timer = 0;
  byId('search').addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(select, 80); });
  Object.keys(FILTERS).forEach((id) => byId(id).addEventListener('change', select));
  byId('filters').addEventListener('submit', (event) => { event.preventDefault(); select(); });
  byId('filters').addEventListener('reset', () => setTimeout(select, 0));
  byId('export').addEventListener('click', leave);
  pane.addEventListener('scroll', () => requestAnimationFrame(show), {passive: true});
  pane.addEventListener('keydown', (event) => {
    if (event.target !== pane || !KEYS[event.key]) return;
    event.preventDefault();
    KEYS[event.key]();
  });
  body.addEventListener('click', (event) => {
    const tr = event.target.closest('tr[data-place]');
    if (tr) open(Number(tr.dataset.place));
  });
  addEventListener('resize', show);
  addEventListener('beforeprint', () => print(true));
  addEventListener('afterprint', () => print(false));
  matchMedia('print').addEventListener('change', (query) => print(query.matches));
  document.querySelectorAll('#findings [data-sort]').forEach((button) => button.addEventListener('click', () => sort(button)));
  document.querySelectorAll('.pick').forEach((button) => button.addEventListener('click', () => pick({
    'by-code': button.dataset.code, 'by-column': button.dataset.column, 'by-village': button.dataset.village,
  })));
  select();
})();
