// The help page: what the page itself has no room to explain, topic by topic.

import { h } from "../core/dom.js";
import { styles } from "../core/styles.js";

/** @import { Context, Page } from "../core/router.js" */

/** The id, the title and the paragraphs of each topic. @type {[string, string, string[]][]} */
const TOPICS = [
  ["filters", "Filters and groups", [
    "The list shows the contacts that meet every condition. A date means the whole day in the time zone of your browser.",
    "Combine puts the conditions into a group of which any, all or none must be met. Arrange moves conditions between groups within groups, up to three levels, and counts who matches before you apply it.",
    "A contact without a value does not meet a comparison: it is not among those whose plan is Pro, and it is among those whose plan is not Pro.",
  ]],
  ["segments", "Segments", [
    "A segment keeps a filter, the columns and the sorting under a name. It is not a fixed list: contacts enter and leave it as they change.",
    "A private segment is yours alone. You can share it with everyone; a shared segment cannot become private again.",
  ]],
  ["import", "Importing a file", [
    "Each column of the file goes into a field of the contacts, or is left out. The suggestions come from the headers and the cells, so check them before you start.",
    "A row belongs to an existing contact when the email address or the ID is the same. What happens then is your choice under New and existing contacts. Empty cells never delete a value.",
    "Somebody who unsubscribed stays unsubscribed, whatever the file says.",
    "A dry run shows what would happen to each row and changes nothing. An import can be undone afterwards: contacts that it added are removed, values that it replaced come back, and what somebody has changed since stays.",
  ]],
  ["consent", "Campaign emails", [
    "A contact is subscribed to campaign emails, or unsubscribed. Who is unsubscribed cannot be added to a campaign.",
    "An unsubscribe has a reason, and holds for all addresses of the person. It survives merging, deleting and a new import.",
    "Only an administrator can subscribe a person again, and writes down how the person agreed.",
  ]],
  ["duplicates", "Possible duplicates", [
    "Two contacts may be the same person. Strong: they have the same phone number, or one visitor of a chat left the details of both. Medium: the same name, and addresses of one domain. Weak: the same name, and one has no address; or similar names.",
    "Merging makes one contact of two, with the tags, notes, conversations and campaigns of both. If either has unsubscribed, the merged contact has. A merge can be undone for 30 days, from the activity of the contact.",
    "Nothing is merged automatically. A pair that you mark as not the same is not suggested again.",
  ]],
  ["sources", "Connected sources", [
    "A connected source reads contacts from another system, on a schedule or when you start it. You choose which field of the other system goes into which field here.",
    "When a record is gone in the other system, its contact gets a tag, loses the source, or stays as it is, as you choose. No contact is deleted.",
  ]],
  ["fields", "Custom fields", [
    "A custom field is a value of your own on every contact, such as a plan or a customer number. Its key is permanent, because files and other software use it; its label can change.",
    "A searchable field is found by the search of the list. An archived field is hidden; its values are kept, and come back with it.",
  ]],
  ["tags", "Tags", [
    "A tag is a label on any number of contacts. Capital letters make no difference: VIP and vip are one tag.",
    "Renaming a tag renames it on all contacts.",
  ]],
  ["campaigns", "Campaigns", [
    "Campaigns are made and sent by other software, which reports what was sent, opened, clicked and bounced. Here you add contacts, and see who was reached.",
  ]],
  ["widgets", "Chat widgets", [
    "A chat widget stands on a website. Who leaves a name or an address in its chat becomes a contact, with the widget as the source. Names of widgets are shown in place of their IDs.",
  ]],
  ["users", "Users and roles", [
    "A viewer reads contacts. An editor also changes them, and deletes them one at a time. A manager also exports, imports, merges, and deletes many at once. An administrator also manages users, keys, fields, webhooks and sources, erases people, and subscribes them again.",
    "An invitation is a link for one person, and is valid for 7 days. No email is sent: copy the link and pass it on. The last administrator cannot be removed.",
  ]],
  ["keys", "API keys", [
    "Other software signs in with a key, which has permissions like the roles of users. Its secret is shown once. Give each application its own key and the fewest permissions that it needs, so that one can be revoked without the others.",
  ]],
  ["webhooks", "Webhooks", [
    "A webhook sends a signed message to an address when contacts change. A message that fails is sent again nine times within about a day, and then given up; you can send it again here.",
    "The secret is for checking the signature. After it was replaced, messages are signed with both secrets for a day.",
  ]],
  ["audit", "Audit trail", [
    "The audit trail lists who signed in, exported, imported, deleted or erased contacts, and changed users, keys, fields, tags, webhooks, sources or settings. Nobody can change or delete its entries. They are kept for 400 days, and contain no personal data of contacts.",
  ]],
  ["sessions", "Sessions", [
    "A session is a browser in which you are signed in. It ends after 7 days without use, and after 30 days at the latest. End the sessions that you do not recognise.",
  ]],
];

/**
 * @param {Context} context
 * @returns {Promise<Page>}
 */
export async function open({ part: topic }) {
  await styles("./help.css", import.meta.url);
  const sections = TOPICS.map(([id, title, texts]) =>
    h("section", { id, "aria-labelledby": `${id}-title` }, h("h2", { id: `${id}-title`, tabIndex: -1 }, title), texts.map((text) => h("p", {}, text))));
  const contents = h("nav", { "aria-label": "Topics" }, h("ul", {}, TOPICS.map(([id, title]) => h("li", {}, h("a", { href: `/help/${id}`, "aria-current": id === topic ? "page" : null }, title)))));
  const element = h("div", { class: "page help-page" },
    h("h1", {}, "Help"),
    h("div", { class: "topics" }, contents, h("div", { class: "stack" }, sections)),
    h("p", { class: "muted" }, "For developers: ", h("a", { href: "/docs", target: "_blank" }, "API documentation"), "."));
  const title = TOPICS.find(([id]) => id === topic)?.[1];
  if (title) requestAnimationFrame(() => show(element, topic));
  return { title: title ? `${title} · Help` : "Help", element };
}

/**
 * @param {HTMLElement} page
 * @param {string} topic
 */
function show(page, topic) {
  const heading = /** @type {HTMLElement | null} */ (page.querySelector(`#${topic}-title`));
  heading?.scrollIntoView({ block: "start" });
  heading?.focus({ preventScroll: true });
}
