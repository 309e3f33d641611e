// Uploads of files. They continue when another page is opened.

import { Problem, link } from "../../core/api.js";
import { track } from "../../core/jobs.js";

/** @import { Schemas } from "../../core/api.js" */

/**
 * @typedef {object} Upload
 * @property {string} name
 * @property {number} size
 * @property {number} sent
 * @property {"sending" | "stored" | "failed" | "cancelled"} state
 * @property {Problem | null} problem
 * @property {Schemas["Import"] | null} job the import that the upload created
 * @property {() => void} cancel
 * @property {() => void} retry
 */

/** @type {Upload[]} */
export let uploads = [];

/** Dispatches `upload` when an upload changes. */
export const news = new EventTarget();

/**
 * Uploads files, each as an import of its own.
 *
 * @param {Iterable<File>} files
 */
export function upload(files) {
  for (const file of files) {
    const upload = uploadOf(file);
    uploads.push(upload);
    upload.retry();
  }
}

/** Removes uploads that have ended. */
export function tidy() {
  uploads = uploads.filter(({ state }) => state === "sending");
}

/**
 * @param {File} file
 * @returns {Upload}
 */
function uploadOf(file) {
  let request = new XMLHttpRequest();
  /** @type {Upload} */
  const upload = { name: nameOf(file.name), size: file.size, sent: 0, state: "sending", problem: null, job: null, cancel: () => request.abort(), retry };

  /** @param {Partial<Upload>} change */
  function update(change) {
    Object.assign(upload, change);
    guard();
    news.dispatchEvent(new CustomEvent("upload", { detail: upload }));
  }

  /** @param {Schemas["Import"]} job */
  function stored(job) {
    update({ state: "stored", sent: upload.size, job });
    track({ kind: "import", job });
  }

  function retry() {
    request = new XMLHttpRequest();
    request.open("POST", link("/v1/imports", {}, { file_name: upload.name }));
    // The server detects the format itself: the browser's guess is not needed.
    request.setRequestHeader("content-type", "application/octet-stream");
    request.upload.addEventListener("progress", (event) => update({ sent: event.loaded }));
    request.addEventListener("load", () => {
      const { status } = request;
      if (status === 401) dispatchEvent(new CustomEvent("signedout"));
      const answer = read(request.responseText);
      if (status === 201) stored(/** @type {Schemas["Import"]} */ (answer));
      else update({ state: "failed", problem: new Problem({ status, detail: "the server reported an error", .../** @type {object} */ (answer) }) });
    });
    request.addEventListener("error", () => update({ state: "failed", problem: new Problem({ detail: "the upload failed: check your connection and that the file still exists" }) }));
    request.addEventListener("abort", () => update({ state: "cancelled" }));
    update({ state: "sending", sent: 0, problem: null });
    request.send(file);
  }
  return upload;
}

/** A file name that the server accepts: file systems allow more. @param {string} name */
function nameOf(name) {
  const clean = name.replace(/\p{Cc}/gu, " ").trim();
  return [...(clean || "file.csv")].slice(-255).join("");
}

/** @param {string} text */
function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** Makes closing the tab ask for confirmation during an upload. */
function guard() {
  removeEventListener("beforeunload", hold);
  if (uploads.some(({ state }) => state === "sending")) addEventListener("beforeunload", hold);
}

/** @param {Event} event */
const hold = (event) => event.preventDefault();
