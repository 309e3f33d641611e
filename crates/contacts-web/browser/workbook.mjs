// XLSX workbooks for tests.

import { crc32 } from "node:zlib";

/**
 * A workbook of sheets, each with its rows of texts. The names of hidden ones begin with a dot.
 *
 * @param {Record<string, string[][]>} sheets
 */
export function xlsx(sheets) {
  const names = Object.keys(sheets);
  const list = names.map((name, at) => `<sheet name="${name.replace(/^\./, "")}" sheetId="${at + 1}" r:id="r${at}"${name.startsWith(".") ? ' state="hidden"' : ""}/>`);
  const parts = names.map((_, at) => `<Relationship Id="r${at}" Type="x/worksheet" Target="sheet${at}.xml"/>`);
  const rowOf = (row) => `<row>${row.map((cell) => `<c t="str"><v>${cell}</v></c>`).join("")}</row>`;
  return archive({
    "xl/workbook.xml": `<workbook><sheets>${list.join("")}</sheets></workbook>`,
    "xl/_rels/workbook.xml.rels": `<Relationships>${parts.join("")}</Relationships>`,
    ...Object.fromEntries(names.map((name, at) => [`xl/sheet${at}.xml`, `<worksheet><sheetData>${sheets[name].map(rowOf).join("")}</sheetData></worksheet>`])),
  });
}

/**
 * A ZIP archive whose parts are stored as they are.
 *
 * @param {Record<string, string>} parts
 */
function archive(parts) {
  const files = [], directory = [];
  let offset = 0;
  for (const [name, text] of Object.entries(parts)) {
    const [title, bytes] = [Buffer.from(name), Buffer.from(text)];
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(bytes.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(title.length, 22);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    files.push(Buffer.from("PK\x03\x04", "latin1"), common, title, bytes);
    directory.push(Buffer.from("PK\x01\x02\x14\0", "latin1"), common, rest, title);
    offset += 30 + title.length + bytes.length;
  }
  const end = Buffer.alloc(18);
  const size = Buffer.concat(directory).length;
  end.writeUInt16LE(Object.keys(parts).length, 4);
  end.writeUInt16LE(Object.keys(parts).length, 6);
  end.writeUInt32LE(size, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...files, ...directory, Buffer.from("PK\x05\x06", "latin1"), end]);
}
