// The entry point. Starts the frame, and requests all modules of the opened page ahead, because each
// generation of imports costs a round trip.

/** The modules of every page. A test compares these lists with the imports. */
const FRAME = "core/api core/dom core/format core/icon core/router core/session frame widgets/failure";
/** The further modules of the list. */
const LIST = "pages/list pages/list/columns pages/list/last pages/list/picked pages/list/query pages/list/rows widgets/chip widgets/popover widgets/table";
/** The further modules of a contact. */
const CONTACT = "core/actors core/shortcut core/styles pages/list/last pages/record pages/record/addresses pages/record/consent pages/record/duplicates pages/record/opened pages/record/part pages/record/profile pages/record/saver pages/record/sources pages/record/tabs pages/record/tags pages/record/undo pages/record/walk widgets/autosave widgets/chip widgets/drafts widgets/field widgets/help widgets/popover widgets/tags widgets/toast widgets/unsaved";

/** A slow device is blocked for some 10 ms by each request, so it gets a pause after a few. */
const AT_ONCE = 4;

/** @param {Record<string, string>} link */
const request = (link) => document.head.append(Object.assign(document.createElement("link"), link));
/** @param {string} name */
const urlOf = (name) => new URL(name, import.meta.url).href;

const contact = /^\/contacts\/[^/]+$/.exec(location.pathname)?.[0];
if (contact) {
  for (const href of [`/v1${contact}`, "/v1/fields?limit=200"]) request({ rel: "preload", as: "fetch", crossOrigin: "anonymous", href });
  for (const name of ["./pages/record.css", "./widgets/tags.css"]) request({ rel: "preload", as: "style", href: urlOf(name) });
}
void import("./frame.js");
const modules = contact ? `${FRAME} ${CONTACT}` : location.pathname === "/" ? `${FRAME} ${LIST}` : FRAME;
for (const [at, name] of modules.split(" ").entries()) {
  if (at % AT_ONCE === 0) await new Promise((later) => setTimeout(later));
  request({ rel: "modulepreload", href: urlOf(`./${name}.js`) });
}
