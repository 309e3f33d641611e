// The page on which files are chosen or dropped, and cells are pasted.

import { sentence } from "../core/api.js";
import { fill, h, newId } from "../core/dom.js";
import { bytes } from "../core/format.js";
import { icon } from "../core/icon.js";
import { go } from "../core/router.js";
import { styles } from "../core/styles.js";
import { helpLink } from "../widgets/help.js";
import { drop } from "./import/drop.js";
import { paste } from "./import/paste.js";
import { news, tidy, upload, uploads } from "./import/uploads.js";

/** @import { Context, Page } from "../core/router.js" */
/** @import { Upload } from "./import/uploads.js" */

const isMac = /^Mac/.test(navigator.platform);

/** Endings and types of files with a table. Some browsers know only the one, some only the other. */
const ACCEPTED = [
  ".xlsx", ".xlsm", ".ods", ".csv", ".tsv", ".tab", ".txt",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/vnd.oasis.opendocument.spreadsheet",
  "text/csv", "text/tab-separated-values", "text/plain",
];

/**
 * @param {Context} context
 * @returns {Promise<Page>}
 */
export async function open({ signal }) {
  await styles("./import.css", import.meta.url);
  tidy();
  const { element: list, add, update } = listOf();
  uploads.forEach(add);
  /** @param {File[]} files */
  const take = (files) => {
    const known = uploads.length;
    upload(files);
    uploads.slice(known).forEach(add);
  };
  drop(signal, take);
  paste(signal, take);
  news.addEventListener("upload", (event) => {
    const one = /** @type {CustomEvent<Upload>} */ (event).detail;
    update(one);
    // Several files wait here for their review.
    if (one.job && uploads.length === 1) go(`/imports/${one.job.id}`, { replace: true });
  }, { signal });
  return { title: "Import contacts", element: h("div", { class: "page upload" }, head(), zone(take), list, help()) };
}

const head = () =>
  h("div", { class: "head" }, h("h1", {}, "Import contacts"), helpLink("import", "Importing a file"), h("a", { href: "/imports", class: "button" }, "Past imports"));

/** @param {(files: File[]) => void} take */
function zone(take) {
  const hint = h("p", { class: "muted", id: newId() }, "Excel (.xlsx), OpenDocument (.ods) or CSV file. Each file becomes its own import.");
  const pasting = h("p", { class: "muted" }, "You can also copy cells in Excel, Google Sheets or LibreOffice and paste them here (", h("kbd", {}, isMac ? "⌘V" : "Ctrl+V"), ").");
  const input = h("input", { type: "file", multiple: true, accept: ACCEPTED.join(","), class: "hidden", tabIndex: -1, "aria-hidden": "true" });
  input.addEventListener("change", () => {
    take([...(input.files ?? [])]);
    // Allows choosing the same file again.
    input.value = "";
  });
  const button = h("button", { type: "button", class: "primary", "aria-describedby": hint.id, onclick: () => input.click() }, icon("file"), "Choose files");
  return h("div", { class: "zone" }, h("span", { class: "zone-icon" }, icon("upload")), h("h2", {}, "Drop a file anywhere on this page"), hint, button, pasting, input);
}

const help = () =>
  h("section", { class: "steps", "aria-label": "What happens next" },
    step("1", "Review", "Check the columns and what each is imported as."),
    step("2", "Dry run", "See what would happen to each row, without changing anything."),
    step("3", "Import", "The import runs in the background. You can undo it afterwards."));

/**
 * @param {string} at
 * @param {string} title
 * @param {string} text
 */
const step = (at, title, text) =>
  h("div", { class: "step" }, h("span", { class: "step-number", "aria-hidden": "true" }, at), h("div", {}, h("h2", {}, title), h("p", { class: "muted" }, text)));

function listOf() {
  const element = h("ul", { class: "uploads", "aria-label": "Files" });
  /** @type {Map<Upload, () => void>} */
  const rows = new Map();
  return {
    element,
    /** @param {Upload} one */
    add(one) {
      const { row, show } = rowOf(one);
      rows.set(one, show);
      element.append(row);
    },
    /** @param {Upload} one */
    update: (one) => rows.get(one)?.(),
  };
}

/** @param {Upload} one */
function rowOf(one) {
  const bar = h("progress", { max: 1, "aria-label": `Upload of ${one.name}` });
  const state = h("span", { class: "muted" });
  // Screen readers announce only the end: progress would be too much.
  const announcement = h("span", { class: "hidden", role: "status" });
  const act = h("span", { class: "row" });
  const row = h("li", { class: "panel uploading" }, icon("file"), h("div", { class: "grow" }, h("strong", { class: "clip" }, one.name), bar, state, announcement), act);
  let shown = "";
  function show() {
    bar.hidden = one.state !== "sending";
    bar.value = one.size ? one.sent / one.size : 1;
    const sent = one.sent < one.size ? `${bytes(one.sent)} of ${bytes(one.size)}` : "Saving…";
    state.textContent = { sending: sent, stored: `${bytes(one.size)}, uploaded`, cancelled: "Cancelled", failed: one.problem ? sentence(one.problem) : "Failed." }[one.state];
    state.className = one.state === "failed" ? "wrong" : "muted";
    if (shown === one.state) return;
    shown = one.state;
    announcement.textContent = one.state === "sending" ? "" : `${one.name}: ${state.textContent}`;
    fill(act, actOf(one));
  }
  show();
  return { row, show };
}

/** @param {Upload} one */
function actOf(one) {
  if (one.state === "sending") return h("button", { type: "button", onclick: one.cancel, "aria-label": `Cancel the upload of ${one.name}` }, "Cancel");
  if (one.state === "stored") return h("a", { href: `/imports/${one.job?.id}`, class: "button primary", "aria-label": `Review ${one.name}` }, "Review");
  return h("button", { type: "button", onclick: one.retry, "aria-label": `Try again: ${one.name}` }, "Try again");
}
