// Files on their way to the server. They go on when another page is opened.

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
 * @property {Schemas["Import"] | null} job what became of it
 * @property {() => void} cancel
 * @property {() => void} retry
 */

/** @type {Upload[]} */
export let uploads = [];

/** Uploads tell here that something changed. */
export const news = new EventTarget();

/**
 * Sends files, each as an import of its own.
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

/** Forgets those that are at their end. */
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
  function tell(change) {
    Object.assign(upload, change);
    guard();
    news.dispatchEvent(new CustomEvent("upload", { detail: upload }));
  }

  /** @param {Schemas["Import"]} job */
  function stored(job) {
    tell({ state: "stored", sent: upload.size, job });
    track({ kind: "import", job });
  }

  function retry() {
    request = new XMLHttpRequest();
    request.open("POST", link("/v1/imports", {}, { file_name: upload.name }));
    // The server looks at the bytes itself, whatever the browser takes the file for.
    request.setRequestHeader("content-type", "application/octet-stream");
    request.upload.addEventListener("progress", (event) => tell({ sent: event.loaded }));
    request.addEventListener("load", () => {
      const { status } = request;
      if (status === 401) dispatchEvent(new CustomEvent("signedout"));
      const answer = read(request.responseText);
      if (status === 201) stored(/** @type {Schemas["Import"]} */ (answer));
      else tell({ state: "failed", problem: new Problem({ status, detail: "the server failed", .../** @type {object} */ (answer) }) });
    });
    request.addEventListener("error", () => tell({ state: "failed", problem: new Problem({ detail: "the file did not get through: check the connection, and that it can still be read" }) }));
    request.addEventListener("abort", () => tell({ state: "cancelled" }));
    tell({ state: "sending", sent: 0, problem: null });
    request.send(file);
  }
  return upload;
}

/** A name that the server takes: what a file system allows is more. @param {string} name */
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

/** While something is being sent, closing the tab asks first. */
function guard() {
  removeEventListener("beforeunload", hold);
  if (uploads.some(({ state }) => state === "sending")) addEventListener("beforeunload", hold);
}

/** @param {Event} event */
const hold = (event) => event.preventDefault();
