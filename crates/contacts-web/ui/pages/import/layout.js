// The choice of how a file is read: sheet, encoding, delimiter, quotation marks and header row.

import { ask, sentence } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { denied } from "../../core/session.js";
import { failure } from "../../widgets/failure.js";
import { labelled } from "../../widgets/form.js";
import { delimiterName, encodingName } from "./words.js";

/** @import { Schemas } from "../../core/api.js" */
/** @typedef {Schemas["ImportLayout"]} Layout */
/** @typedef {Partial<Schemas["ChosenLayout"]>} Change */

/** Encodings of real files, the common ones first. Others can be chosen over the API. */
const ENCODINGS = [
  "utf-8", "windows-1252", "macintosh", "ibm850", "utf-16le", "utf-16be", "windows-1250", "iso-8859-2", "iso-8859-15", "ibm852", "windows-1251", "koi8-r", "ibm866", "windows-1253",
  "windows-1254", "windows-1255", "windows-1256", "windows-1257", "windows-1258", "shift_jis", "euc-jp", "iso-2022-jp", "gb18030", "big5", "euc-kr", "windows-874",
];

const DELIMITERS = [",", ";", "\t", "|"];

/** @type {[Schemas["Quoting"], string][]} */
const QUOTING = [
  ["standard", "Around cells, doubled inside"],
  ["after_spaces", "Around cells, after spaces"],
  ["backslash", "Around cells, with \\ inside"],
  ["whole_lines", "Around whole lines"],
  ["apostrophes", "Apostrophes around cells"],
  ["never", "Part of the text"],
];

/** The import whose choices are open: they stay open while the file is read again. */
let opened = "";

/**
 * The choices for a file under review: the sheet, and all others below.
 *
 * @param {Schemas["Import"]} job
 * @param {() => Promise<unknown>} settled waits until changes of the plan are saved
 * @param {(job: Schemas["Import"]) => void} show
 */
export function layoutChoice({ id, analysis }, settled, show) {
  const { load, put, wrong } = requests(id, settled, show);
  const body = h("div", { class: "layout-fields" });
  const details = h("details", { class: "by-row", open: opened === id }, h("summary", {}, "File format"), h("p", { class: "hint" }, "Change this if names or columns look wrong. The file is read again, and columns that you have mapped stay mapped where they still fit. Corrected cells are restored, unless only the encoding changes."), body);
  const open = async () => {
    opened = details.open ? id : "";
    if (!details.open || body.childElementCount > 0) return;
    await fillIn(body, load, put);
  };
  details.addEventListener("toggle", () => void open());
  void open();
  const sheets = analysis?.sheets ?? [];
  return h("section", { class: "panel stack" }, sheets.length > 1 && sheetOf(sheets, analysis?.sheet ?? "", put), wrong, details);
}

/**
 * The choices for a file that cannot be imported as it was read; nothing when no choice can help.
 *
 * @param {Schemas["Import"]} job
 * @param {(job: Schemas["Import"]) => void} show
 */
export async function rescue({ id, file_state: file }, show) {
  if (file !== "kept" || denied("import")) return null;
  const { load, put, wrong } = requests(id, async () => undefined, show);
  const layout = await load();
  if (layout.rows.length === 0 && layout.sheets.length < 2) return null;
  const body = h("div", { class: "layout-fields" });
  choicesOf(body, layout, put);
  const letters = h("button", { type: "button", class: "primary", onclick: () => void put({ header_row: 0 }, letters) }, "Name the columns A, B, C");
  return h("section", { class: "panel stack" }, h("h2", {}, "Read the file in another way"),
    layout.sheets.length > 1 && sheetOf(layout.sheets, layout.chosen.sheet ?? layout.sheet ?? "", put),
    layout.rows.length > 0 && [
      h("p", {}, "If the file has no header row, you can name its columns A, B, C and choose what each contains."),
      h("div", { class: "row" }, letters),
      h("p", { class: "hint" }, "If there is a header further down, or the text looks wrong, choose it here:"),
      body],
    wrong);
}

/**
 * @param {string} id
 * @param {() => Promise<unknown>} settled
 * @param {(job: Schemas["Import"]) => void} show
 */
function requests(id, settled, show) {
  const path = { id };
  const wrong = h("p", { class: "wrong", role: "alert", hidden: true });
  /** @type {Promise<Layout> | null} */
  let loaded = null;
  const load = () => {
    loaded ??= ask("get", "/v1/imports/{id}/layout", { path });
    loaded.catch(() => (loaded = null));
    return loaded;
  };
  /**
   * Chooses a part of the layout; the other choices stay.
   *
   * @param {Change} change
   * @param {HTMLSelectElement | HTMLButtonElement} control
   * @param {() => void} [undo] shows the present choice again
   */
  async function put(change, control, undo) {
    control.disabled = true;
    wrong.hidden = true;
    try {
      const { chosen } = await load();
      // A change that is still being saved belongs to the present layout.
      await settled();
      show(await ask("put", "/v1/imports/{id}/layout", { path, body: { ...chosen, ...change } }));
    } catch (error) {
      wrong.textContent = sentence(error);
      wrong.hidden = false;
      undo?.();
    }
    control.disabled = false;
  }
  return { load, put, wrong };
}

/**
 * A button that repairs garbled text, with an example.
 *
 * @param {string} id
 * @param {string} example
 * @param {() => Promise<unknown>} settled
 * @param {(job: Schemas["Import"]) => void} show
 */
export function repairButton(id, example, settled, show) {
  const { put, wrong } = requests(id, settled, show);
  const button = h("button", { type: "button", class: "link", data: { needs: "import" }, onclick: () => void put({ repair_text: true }, button) }, `Repair the text: “${example}”`);
  return h("span", { class: "act" }, " ", button, wrong);
}

/** @typedef {ReturnType<typeof requests>["put"]} Put */

/**
 * @param {HTMLElement} body
 * @param {() => Promise<Layout>} load
 * @param {Put} put
 */
async function fillIn(body, load, put) {
  try {
    choicesOf(body, await load(), put);
  } catch (error) {
    fill(body, failure(sentence(error), () => void fillIn(body, load, put)));
  }
}

/**
 * @param {HTMLElement} body
 * @param {Layout} layout
 * @param {Put} put
 */
function choicesOf(body, layout, put) {
  const { chosen, encoding, delimiter, quoting } = layout;
  fill(body,
    encoding && choice("Encoding", including(ENCODINGS, encoding).map((name) => [name, encodingName(name)]), encoding, chosen.encoding, (value, select, undo) => put({ encoding: value }, select, undo)),
    delimiter && choice("Delimiter", including(DELIMITERS, delimiter).map((sign) => [sign, delimiterName(sign)]), delimiter, chosen.delimiter, (value, select, undo) => put({ delimiter: value }, select, undo)),
    quoting && choice("Quotation marks", QUOTING, quoting, chosen.quoting, (value, select, undo) => put({ quoting: /** @type {Schemas["Quoting"] | null} */ (value) }, select, undo)),
    choice("Header row", headers(layout), typeof layout.header_row === "number" ? String(layout.header_row) : "", typeof chosen.header_row === "number" ? String(chosen.header_row) : null, (value, select, undo) => put({ header_row: value === null ? null : Number(value) }, select, undo)),
    garbled(chosen.repair_text, put));
}

/**
 * @param {boolean} repairs
 * @param {Put} put
 */
function garbled(repairs, put) {
  const select = h("select", {}, h("option", { value: "" }, "Leave as it is"), h("option", { value: "repair", selected: repairs }, "Repair"));
  select.addEventListener("change", () => void put({ repair_text: select.value !== "" }, select, () => void (select.value = repairs ? "repair" : "")));
  return labelled("Garbled text", select);
}

/**
 * The rows that can be the header.
 *
 * @param {Layout} layout
 * @returns {[string, string][]}
 */
const headers = ({ rows, sheet }) => [
  ["0", "None: columns A, B, C"],
  ...rows.map(({ line, cells }) => /** @type {[string, string]} */ ([String(line), `${typeof sheet === "string" ? "Row" : "Line"} ${line}: ${cells.filter((cell) => cell.trim()).join(", ").slice(0, 60)}`])),
];

/**
 * A choice with the detected value first.
 *
 * @param {string} label
 * @param {[string, string][]} options
 * @param {string} current the value by which the file is read
 * @param {string | null | undefined} picked the value that a user chose
 * @param {(value: string | null, select: HTMLSelectElement, undo: () => void) => void} change
 */
function choice(label, options, current, picked, change) {
  const isPicked = typeof picked === "string";
  const found = options.find(([value]) => value === current)?.[1];
  const detected = isPicked || !found ? "Detect" : `Detected: ${found}`;
  const select = h("select", {}, h("option", { value: "" }, detected), options.map(([value, text]) => h("option", { value }, text)));
  const undo = () => void (select.value = isPicked ? current : "");
  undo();
  select.addEventListener("change", () => change(select.value || null, select, undo));
  return labelled(label, select);
}

/**
 * @param {Schemas["Sheet"][]} sheets
 * @param {string} current
 * @param {Put} put
 */
function sheetOf(sheets, current, put) {
  const select = h("select", {}, sheets.map(({ name, hidden }) => h("option", { value: name, selected: name === current }, hidden ? `${name} (hidden)` : name)));
  // Each sheet has a header of its own.
  select.addEventListener("change", () => void put({ sheet: select.value, header_row: null }, select, () => void (select.value = current)));
  return labelled("Sheet", select, "The file has several sheets. Choosing another one reads the file again.");
}

/**
 * A list with a value that may be missing.
 *
 * @param {string[]} list
 * @param {string} value
 */
const including = (list, value) => (list.includes(value) ? list : [...list, value]);
