// Cells that are copied from a spreadsheet program and pasted into the page.

/**
 * Accepts pasted files and cells, until the page is left.
 *
 * @param {AbortSignal} signal
 * @param {(files: File[]) => void} take
 */
export function paste(signal, take) {
  addEventListener("paste", (event) => {
    const into = event.target instanceof Element && event.target.closest("input, textarea, [contenteditable]");
    const { clipboardData: data } = event;
    if (into || !data) return;
    // Excel puts a picture of the cells beside their text.
    const cells = fileOf(data.getData("text/plain"));
    const files = cells ? [cells] : [...data.files].filter(({ type }) => !type.startsWith("image/"));
    if (files.length === 0) return;
    event.preventDefault();
    take(files);
  }, { signal });
}

/**
 * The file of pasted cells; nothing for blank text.
 *
 * @param {string} text cells separated by tabs, quoted where they contain line breaks
 */
function fileOf(text) {
  if (!text.trim()) return null;
  // A single column has no tab that shows how its cells are separated.
  const cells = text.includes("\t") ? text : `sep=\t\n${text}`;
  return new File([cells], "Pasted cells.tsv", { type: "text/tab-separated-values" });
}
