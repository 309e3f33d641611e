// Dropping files anywhere on the page.

import { h } from "../../core/dom.js";
import { icon } from "../../core/icon.js";

/**
 * Accepts files that are dropped anywhere, until the page is left.
 *
 * @param {AbortSignal} signal
 * @param {(files: File[]) => void} take
 */
export function drop(signal, take) {
  const veil = h("div", { class: "veil", hidden: true, "aria-hidden": "true" }, h("p", {}, icon("upload"), "Drop to import"));
  document.body.append(veil);
  // Each element below the pointer sends enter and leave: only the last leave ends the drag.
  let inside = 0;
  const end = () => {
    inside = 0;
    veil.hidden = true;
  };
  addEventListener("dragenter", (event) => {
    if (!hasFiles(event)) return;
    inside += 1;
    veil.hidden = false;
  }, { signal });
  addEventListener("dragleave", (event) => {
    if (hasFiles(event) && (inside -= 1) <= 0) end();
  }, { signal });
  addEventListener("dragover", (event) => {
    if (hasFiles(event)) event.preventDefault();
  }, { signal });
  addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    end();
    take([...(event.dataTransfer?.files ?? [])]);
  }, { signal });
  signal.addEventListener("abort", () => veil.remove());
}

/** @param {DragEvent} event */
const hasFiles = (event) => event.dataTransfer?.types.includes("Files") ?? false;
