// The routes, and the frame around the pages.

import { fill, find } from "./core/dom.js";
import { go, renew, start } from "./core/router.js";
import { enter, session } from "./core/session.js";

/** @import { Route } from "./core/router.js" */

/** @type {Route[]} */
const ROUTES = [
  [/^\/$/, "/", () => import("./pages/list.js")],
  [/^\/contacts\/([^/]+)$/, "/", () => import("./pages/record.js")],
  [/^\/duplicates$/, "/", () => import("./pages/duplicates.js")],
  [/^\/new$/, "/", () => import("./pages/new.js")],
  [/^\/import$/, "/imports", () => import("./pages/upload.js")],
  [/^\/imports$/, "/imports", () => import("./pages/imports.js")],
  [/^\/imports\/([^/]+)$/, "/imports", () => import("./pages/import.js")],
  [/^\/sources$/, "/sources", () => import("./pages/sources.js")],
  [/^\/sources\/([^/]+)$/, "/sources", () => import("./pages/source.js")],
  [/^\/settings(?:\/([a-z-]+))?$/, "/settings", () => import("./pages/settings.js")],
  [/^\/help(?:\/([a-z]+))?$/, "/help", () => import("./pages/help.js")],
  [/^\/sign-in$/, "", () => import("./pages/sign-in.js")],
  [/^\/join$/, "", () => import("./pages/join.js")],
];

/** Delay in ms before the frame loads jobs and segments, so that the rows come first. */
const LATER = 300;

/** The frame waits for the session; the rows of the page do not wait for the frame. */
async function frame() {
  const [me, { account }] = await Promise.all([session, import("./core/account.js")]);
  fill(find(".account"), account(me));
  await new Promise((later) => setTimeout(later, LATER));
  const [{ watch }, { segments }, { styles }] = await Promise.all([import("./core/jobs.js"), import("./core/segments.js"), import("./core/styles.js"), import("./widgets/validity.js")]);
  void styles("./print.css", import.meta.url);
  watch(find(".work"));
  await segments(find(".segments"));
}

function startSession() {
  enter();
  // Without a session there is no frame, and the page shows the reason.
  frame().catch(() => undefined);
}

addEventListener("signedin", () => {
  startSession();
  renew();
});
addEventListener("signedout", () => {
  if (/^\/(sign-in|join)$/.test(location.pathname)) return;
  go(`/sign-in?to=${encodeURIComponent(location.pathname + location.search)}`, { replace: true });
});

startSession();
start(ROUTES);
