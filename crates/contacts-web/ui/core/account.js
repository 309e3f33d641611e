// The menu of the signed-in user, and what acts on every page: keys, the skip link, and closing what floats
// over a page that is left.

import { menu } from "../widgets/popover.js";
import { ask, sentence } from "./api.js";
import { find, h } from "./dom.js";
import { icon } from "./icon.js";
import { allow, face } from "./session.js";
import { isShortcut } from "./shortcut.js";

/** @import { Schemas } from "./api.js" */

addEventListener("keydown", (event) => {
  if (event.key !== "k" || !(event.ctrlKey || event.metaKey) || find(".bar").hidden) return;
  event.preventDefault();
  void import("../pages/commands.js").then(({ open }) => open());
});

addEventListener("keydown", (event) => {
  // Some pages list keys of their own.
  if (event.key !== "?" || !isShortcut(event) || /^\/(duplicates)?$/.test(location.pathname) || find(".bar").hidden || document.querySelector("dialog[open]")) return;
  void import("../pages/list/keys.js").then(({ help }) => help());
});

// Before the other page is shown: dialogs and panels belong to the one that is left.
addEventListener("popstate", () => {
  for (const dialog of document.querySelectorAll("dialog[open]")) /** @type {HTMLDialogElement} */ (dialog).close();
  for (const panel of document.querySelectorAll(":popover-open")) /** @type {HTMLElement} */ (panel).hidePopover();
}, true);

// Another fragment of the URL would open the page again, and replace the secret of an invitation.
find(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  find("#main").focus();
});

// An administrator may have changed the role of the user.
addEventListener("denied", () => void allow().catch(() => null));

/** @param {Schemas["Me"]} me */
export function account(me) {
  const name = me.name ?? "You";
  const button = h("button", { type: "button" }, face(name), h("span", { class: "hidden" }, "Account: "), h("span", {}, name, " ", h("small", {}, me.organisation.name)));
  const holder = h("div", { class: "account-menu" }, button);
  menu(button, () => [
    h("a", { href: "/settings/sessions" }, icon("user"), "Sessions"),
    h("a", { href: "/help" }, icon("note"), "Help"),
    h("a", { href: "/docs", target: "_blank" }, icon("link"), "API documentation"),
    h("button", { type: "button", onclick: async () => (await import("../pages/commands.js")).open() }, icon("search"), "Search everything"),
    h("button", { type: "button", onclick: async () => (await import("../pages/list/keys.js")).help() }, h("kbd", { "aria-hidden": "true" }, "?"), "Keyboard shortcuts"),
    h("button", { type: "button", onclick: signOut }, "Sign out"),
  ]);
  return holder;
}

async function signOut() {
  try {
    await ask("delete", "/v1/session", {});
  } catch (error) {
    const { toast } = await import("../widgets/toast.js");
    return toast(`You are still signed in. ${sentence(error)}`);
  }
  // Drafts must not be visible to the next user of this browser.
  sessionStorage.clear();
  location.assign("/sign-in");
}
