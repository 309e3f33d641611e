// The users of the organisation, and invitations (R60).

import { called } from "../../core/actors.js";
import { ask, askAll, sentence } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { count, day, moment } from "../../core/format.js";
import { icon } from "../../core/icon.js";
import { session } from "../../core/session.js";
import { dialog } from "../../widgets/dialog.js";
import { choices, chosen, labelled } from "../../widgets/form.js";
import { refocus } from "../../widgets/refocus.js";
import { sheet } from "../../widgets/sheet.js";
import { toast } from "../../widgets/toast.js";
import { part, secret, state, when } from "./part.js";
import { CHOICES, ROLES } from "./roles.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Context } from "../../core/router.js" */
/** @typedef {() => Promise<void>} Show */

/** @param {Context} context */
export async function section({ signal }) {
  const users = h("div", { class: "stack" });
  const invitations = h("div", { class: "stack" });
  const me = (await session).actor.id;
  const show = async () => {
    const [people, invited] = await Promise.all([askAll("/v1/users", { signal }), askAll("/v1/invitations", { signal })]);
    refocus(users, () => fill(users, sheet("Users", ["Name", "Role", "Status", "Last seen", "#Sessions", ""], h("tbody", {}, people.items.map((user) => rowOf(user, user.id === me, show))))));
    refocus(invitations, () => fill(invitations, invited.items.length > 0 && [
      h("h2", {}, "Invitations"),
      h("p", { class: "muted lead" }, "These people have not opened their link yet. A link is valid for 7 days."),
      sheet("Invitations", ["Email", "Role", "Status", "Invited", ""], h("tbody", {}, invited.items.map((one) => invitationOf(one, show)))),
    ]));
  };
  await show();
  return part("Users", "People who can sign in to Contacts, and what they may do.",
    h("button", { type: "button", class: "primary", onclick: async () => (await invite()) && show() }, icon("add"), "Invite user"), users, invitations);
}

/**
 * @param {Schemas["User"]} user
 * @param {boolean} isMe
 * @param {Show} show
 */
function rowOf(user, isMe, show) {
  const { id, name, email, role, active, last_seen_at, issuers, sessions } = user;
  const select = h("select", { "aria-label": `Role of ${name}` }, CHOICES.map(([value, title]) => h("option", { value, selected: value === role }, title)));
  select.addEventListener("change", async () => {
    const wanted = /** @type {Schemas["Role"]} */ (select.value);
    if (!(await confirmRole(name, wanted, isMe))) return void (select.value = role);
    await change(id, { role: wanted }, show, `${name} is now ${article(ROLES[wanted][0])}.`);
  });
  const end = sessions ? h("button", { type: "button", class: "quiet", "aria-label": `End the sessions of ${name}`, onclick: async () => (await endSessions(user, isMe)) && show() }, "End") : null;
  const switchTo = active
    ? h("button", { type: "button", class: "quiet danger", "aria-label": `Deactivate ${name}`, onclick: async () => (await deactivate(user, isMe)) && show() }, "Deactivate")
    : h("button", { type: "button", class: "quiet", "aria-label": `Reactivate ${name}`, onclick: () => change(id, { active: true }, show, `${name} can sign in again.`) }, "Reactivate");
  return h("tr", {},
    h("th", { scope: "row" }, name, isMe && h("span", { class: "muted" }, " (you)"), email && h("small", { class: "muted under" }, email),
      issuers?.length ? h("small", { class: "muted under" }, `Signs in with ${issuers.join(", ")} `,
        h("button", { type: "button", class: "link", "aria-label": `Disconnect ${name} from ${issuers.join(", ")}`, onclick: async () => (await disconnect(user)) && show() }, "Disconnect")) : null),
    h("td", {}, select),
    h("td", {}, active ? state("good", "Active") : state("", "Deactivated")),
    h("td", {}, when(last_seen_at) ?? h("span", { class: "muted" }, "Never")),
    h("td", { class: "number" }, String(sessions ?? 0), " ", end),
    h("td", { class: "commands" }, switchTo));
}

/** @param {string} role */
const article = (role) => `${/^[AEIOU]/.test(role) ? "an" : "a"} ${role.toLowerCase()}`;

/**
 * Changes a user, and shows the list again, also when the change was refused.
 *
 * @param {string} id
 * @param {Schemas["UserPatch"]} body
 * @param {Show} show
 * @param {string} done what is said afterwards
 */
async function change(id, body, show, done) {
  try {
    await ask("patch", "/v1/users/{id}", { path: { id }, body });
    toast(done);
  } catch (error) {
    toast(sentence(error));
  }
  await show();
}

/**
 * An arrow key is enough to choose another role.
 *
 * @param {string} name
 * @param {Schemas["Role"]} role
 * @param {boolean} isMe
 */
const confirmRole = (name, role, isMe) => dialog({
  title: isMe ? "Change your own role?" : `Make ${name} ${article(ROLES[role][0])}?`,
  body: h("p", {}, isMe ? `As ${article(ROLES[role][0])}, you can no longer manage users. Another administrator must change it back.` : ROLES[role][1]),
  action: "Change role",
  danger: isMe,
});

/**
 * @param {Schemas["User"]} user
 * @param {boolean} isMe
 */
const endSessions = ({ id, name, issuers, sessions }, isMe) => dialog({
  title: `End the sessions of ${name}?`,
  body: h("p", {}, isMe ? "You are signed out of this browser too." : `${name} is signed out in ${count(sessions ?? 0, "browser")}, and can sign in again${issuers?.length ? "" : " with a new link"}.`),
  action: "End sessions",
  danger: true,
  run: () => ask("delete", "/v1/users/{id}/sessions", { path: { id } }),
});

/** @param {Schemas["User"]} user */
const disconnect = ({ id, name, issuers }) => dialog({
  title: `Disconnect ${name} from ${(issuers ?? []).join(", ")}?`,
  body: h("p", {}, `${name} needs a sign-in link from now on, and can connect the service again. Open sessions stay: end them if they should not.`),
  action: "Disconnect",
  danger: true,
  run: () => ask("delete", "/v1/users/{id}/identities", { path: { id } }),
});

/**
 * @param {Schemas["User"]} user
 * @param {boolean} isMe
 */
const deactivate = ({ id, name }, isMe) => dialog({
  title: `Deactivate ${name}?`,
  body: h("p", {}, isMe ? "You are signed out at once, and another administrator must reactivate you." : `${name} is signed out at once and can no longer sign in. Notes and everything else that ${name} did stay.`),
  action: "Deactivate",
  danger: true,
  run: () => ask("patch", "/v1/users/{id}", { path: { id }, body: { active: false } }),
});

/**
 * @param {Schemas["Invitation"]} invitation
 * @param {Show} show
 */
function invitationOf(invitation, show) {
  const { email, role, created_at, expires_at, by } = invitation;
  const isExpired = Date.parse(expires_at) <= Date.now();
  const who = h("span", { class: "muted" });
  void called(by).then((name) => (who.textContent = ` by ${name}`));
  return h("tr", {},
    h("th", { scope: "row" }, email),
    h("td", { class: "word" }, ROLES[role][0]),
    h("td", {}, isExpired ? state("", "Expired") : h("span", { class: "status good", title: moment(expires_at) }, `Valid until ${day(expires_at)}`)),
    h("td", {}, when(created_at), who),
    h("td", { class: "commands" },
      h("button", { type: "button", class: "quiet", "aria-label": `New link for ${email}`, onclick: async () => (await renew(invitation)) && show() }, "New link"),
      h("button", { type: "button", class: "quiet danger", "aria-label": `Revoke the invitation of ${email}`, onclick: async () => (await revoke(invitation)) && show() }, "Revoke")));
}

/** Invites a person and shows the link; resolves to whether that was done. */
async function invite() {
  const email = h("input", { type: "email", required: true, maxLength: 254, autofocus: true, autocomplete: "off", placeholder: "name@example.com" });
  const role = choices("Role", CHOICES, "editor");
  /** @type {Schemas["IssuedInvitation"][]} */
  const issued = [];
  await dialog({
    title: "Invite a user",
    body: h("div", { class: "fields" }, labelled("Email", email, "No email is sent: you get a link to pass on."), role),
    action: "Create link",
    async run() {
      issued.push(await ask("post", "/v1/invitations", { body: { email: email.value.trim(), role: /** @type {Schemas["Role"]} */ (chosen(role)) } }));
    },
  });
  const [made] = issued;
  if (made) await showLink(made);
  return !!made;
}

/** @param {Schemas["IssuedInvitation"]} made */
const showLink = ({ email, link, expires_at }) =>
  secret(`Link for ${email}`, `Copy the link and send it to ${email}. It works once, until ${day(expires_at)}, and will not be shown again.`, link, "Link");

/** @param {Schemas["Invitation"]} invitation */
async function renew({ email, role }) {
  /** @type {Schemas["IssuedInvitation"][]} */
  const issued = [];
  await dialog({
    title: `Create a new link for ${email}?`,
    body: h("p", {}, "The earlier link no longer works."),
    action: "Create link",
    async run() {
      issued.push(await ask("post", "/v1/invitations", { body: { email, role } }));
    },
  });
  const [made] = issued;
  if (made) await showLink(made);
  return !!made;
}

/** @param {Schemas["Invitation"]} invitation */
const revoke = ({ id, email }) => dialog({
  title: "Revoke the invitation?",
  body: h("p", {}, `The link for ${email} no longer works.`),
  action: "Revoke invitation",
  danger: true,
  run: () => ask("delete", "/v1/invitations/{id}", { path: { id } }),
});
