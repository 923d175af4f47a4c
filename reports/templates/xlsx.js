// A workbook made in the page: one sheet of texts and numbers, no formula, link or macro (ECMA-376; ZIP as in APPNOTE 6.3).
const makeWorkbook = (() => {
  'use strict';
  const encoder = new TextEncoder();
  const CRC = Uint32Array.from({length: 256}, (_, place) => {
    let value = place;
    for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xEDB88320 : value >>> 1;
    return value;
  });
  const crc32 = (bytes) => {
    let value = 0xFFFFFFFF;
    for (let place = 0; place < bytes.length; place += 1) value = CRC[(value ^ bytes[place]) & 255] ^ (value >>> 8);
    return (value ^ 0xFFFFFFFF) >>> 0;
  };
  // A cell holds at most 32,767 characters; what XML 1.0 cannot hold is replaced, what Excel would take for an escape is one.
  const clean = (text) => text.slice(0, 32767)
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replace(/_(?=x[0-9A-Fa-f]{4}_)/g, '_x005F_')
    .replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;').replace(/\r/g, '_x000D_');
  const letters = (place) => (place < 26 ? '' : letters(Math.floor(place / 26) - 1)) + String.fromCharCode(65 + place % 26);
  const text = (reference, value, style) => `<c r="${reference}" t="inlineStr" s="${style}"><is><t xml:space="preserve">${clean(value)}</t></is></c>`;
  const cell = (reference, value) => {
    if (value === null || value === undefined || value === '') return '';
    return typeof value === 'number' ? `<c r="${reference}"><v>${value}</v></c>` : text(reference, String(value), 1);
  };

  const sheetXml = (headers, rows) => {
    const columns = headers.map((_, place) => letters(place));
    const last = `${columns[columns.length - 1]}${rows.length + 1}`;
    const parts = ['<?xml version="1.0" encoding="UTF-8" standalone="yes"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">',
      `<dimension ref="A1:${last}"/><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>`,
      `<cols>${headers.map((label, place) => `<col min="${place + 1}" max="${place + 1}" width="${Math.max(10, label.length * 2 + 4)}" customWidth="1"/>`).join('')}</cols><sheetData>`,
      `<row r="1">${headers.map((label, place) => text(`${columns[place]}1`, label, 2)).join('')}</row>`];
    rows.forEach((row, place) => {
      parts.push(`<row r="${place + 2}">`);
      row.forEach((value, column) => parts.push(cell(`${columns[column]}${place + 2}`, value)));
      parts.push('</row>');
    });
    parts.push(`</sheetData><autoFilter ref="A1:${last}"/></worksheet>`);
    return parts.join('');
  };

  const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>';
  const PACKAGE = 'http://schemas.openxmlformats.org/package/2006';
  const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
  const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
  const TYPES = 'application/vnd.openxmlformats-officedocument.spreadsheetml';
  const parts = (name, headers, rows) => ({
    '[Content_Types].xml': `${XML}<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="${TYPES}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="${TYPES}.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="${TYPES}.styles+xml"/></Types>`,
    '_rels/.rels': `${XML}<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="rId1" Type="${OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    'xl/workbook.xml': `${XML}<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><sheets><sheet name="${clean(name.replace(/[[\]:*?/\\']/g, '').slice(0, 31)) || '清单'}" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `${XML}<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="rId1" Type="${OFFICE}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="${OFFICE}/styles" Target="styles.xml"/></Relationships>`,
    'xl/styles.xml': `${XML}<styleSheet xmlns="${MAIN}"><fonts count="2"><font><sz val="11"/></font><font><b/><sz val="11"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="3"><xf xfId="0"/><xf xfId="0" numFmtId="49" applyNumberFormat="1"/><xf xfId="0" numFmtId="49" fontId="1" applyNumberFormat="1" applyFont="1"/></cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`,
    'xl/worksheets/sheet1.xml': sheetXml(headers, rows),
  });

  const deflated = async (bytes) => {
    const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate-raw'));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  };

  const numbers = (...pairs) => {
    const view = new DataView(new ArrayBuffer(pairs.reduce((sum, [size]) => sum + size, 0)));
    let at = 0;
    pairs.forEach(([size, value]) => {
      if (size === 2) view.setUint16(at, value, true); else view.setUint32(at, value, true);
      at += size;
    });
    return new Uint8Array(view.buffer);
  };

  const zip = async (files) => {
    const packs = typeof CompressionStream === 'function';  // else the parts are stored as they are
    const local = [];
    const central = [];
    let offset = 0;
    for (const [path, content] of Object.entries(files)) {
      const name = encoder.encode(path);
      const bytes = encoder.encode(content);
      const data = packs ? await deflated(bytes) : bytes;
      // Version 2.0, names in UTF-8, 1 January 1980.
      const common = [[2, 20], [2, 2048], [2, packs ? 8 : 0], [2, 0], [2, 33], [4, crc32(bytes)], [4, data.length], [4, bytes.length], [2, name.length], [2, 0]];
      const head = numbers([4, 0x04034B50], ...common);
      local.push(head, name, data);
      central.push(numbers([4, 0x02014B50], [2, 20], ...common, [2, 0], [2, 0], [2, 0], [4, 0], [4, offset]), name);
      offset += head.length + name.length + data.length;
    }
    const size = central.reduce((sum, part) => sum + part.length, 0);
    const count = Object.keys(files).length;
    return new Blob([...local, ...central, numbers([4, 0x06054B50], [2, 0], [2, 0], [2, count], [2, count], [4, size], [4, offset], [2, 0])],
      {type: `${TYPES}.sheet`});
  };

  return (name, headers, rows) => zip(parts(name, headers, rows));
})();

const saveWorkbook = async (name, headers, rows) => {
  'use strict';
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await makeWorkbook(name, headers, rows));
  link.download = `${name}.xlsx`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
};
