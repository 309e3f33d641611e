// Icons: paths on a grid of 16, drawn with the colour of the text.

const PATHS = {
  add: "M8 3v10M3 8h10",
  back: "M9.5 3.5 5 8l4.5 4.5",
  bolt: "M9 2 4 9h4l-1 5 5-7H8z",
  check: "m3.5 8.5 3 3 6-7",
  chevron: "m4.5 6.5 3.5 3.5 3.5-3.5",
  close: "m4 4 8 8M12 4l-8 8",
  columns: "M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  download: "M8 2.5v7.5M4.8 7 8 10.2 11.2 7M3 13.5h10",
  file: "M4 2h5l3 3v9H4zM9 2v3h3",
  filter: "M2.5 4h11M4.5 8h7M6.5 12h3",
  form: "M3 12.5V10l7-7 2.5 2.5-7 7zM8.5 4.5 11 7",
  gear: "M8 5.7a2.3 2.3 0 1 0 0 4.6 2.3 2.3 0 0 0 0-4.6zM8 1.8v2M8 12.2v2M1.8 8h2M12.2 8h2M3.6 3.6 5 5M11 11l1.4 1.4M3.6 12.4 5 11M11 5l1.4-1.4",
  link: "M7 9a2.5 2.5 0 0 0 3.5 0L13 6.5a2.5 2.5 0 0 0-3.5-3.5L8.3 4.2M9 7a2.5 2.5 0 0 0-3.5 0L3 9.5A2.5 2.5 0 0 0 6.5 13l1.2-1.2",
  mail: "M2 4h12v8.5H2zM2 4.5l6 4.5 6-4.5",
  merge: "M4 2.5v2.7C4 8 8 7.5 8 10.5v3M12 2.5v2.7C12 8 8 7.5 8 10.5",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  note: "M3 2.5h10v7.5l-3.5 3.5H3zM13 10H9.5v3.5M5.5 5.5h5M5.5 8h3",
  open: "M6.5 3H3v10h10V9.5M9.5 3H13v3.5M13 3 7.5 8.5",
  people: "M6 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM1.5 13.5a4.5 4.5 0 0 1 9 0M10.5 2.7a2.5 2.5 0 0 1 0 4.6M12 9.5a4.5 4.5 0 0 1 2.5 4",
  phone: "M3 2.5h2.5l1 3L5 7a8 8 0 0 0 4 4l1.5-1.5 3 1V13c0 .5-.5 1-1 1C7 14 2 9 2 3.5c0-.5.5-1 1-1z",
  redo: "M13 3v3.5H9.5M12.7 6.5A5 5 0 1 0 13 9.5",
  save: "M3 3h8l2 2v8H3zM5.5 3v3.5h5V3M5.5 13V9.5h5V13",
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.7 10.7 14 14",
  segment: "M2.5 4h11M2.5 8h7M2.5 12h4",
  tag: "M2.5 2.5h5.7l5.3 5.3-5.7 5.7L2.5 8.2zM5.5 5.5h.01",
  talk: "M2.5 3h11v8H7l-3 2.5V11H2.5z",
  trash: "M2.5 4h11M6 4V2.5h4V4M4 4l.7 9.5h6.6L12 4M6.7 6.5v4.5M9.3 6.5v4.5",
  undo: "M3 3v3.5h3.5M3.3 6.5A5 5 0 1 1 3 9.5",
  upload: "M8 10.5V3M4.8 6 8 2.8 11.2 6M3 13.5h10",
  user: "M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2.5 14a5.5 5.5 0 0 1 11 0",
  warning: "M8 2 14.5 13.5h-13zM8 6.5v3M8 11.5h.01",
};

/** @typedef {keyof typeof PATHS} IconName */

/**
 * Creates an icon. Screen readers skip it: the element around it has a name.
 *
 * @param {IconName} name
 */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
