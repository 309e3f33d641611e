// The audit trail: who did what, and when (R61).

import { called } from "../../core/actors.js";
import { ask, askAll, link } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { count, moment } from "../../core/format.js";
import { icon } from "../../core/icon.js";
import { labelled } from "../../widgets/form.js";
import { paged } from "../../widgets/paged.js";
import { sheet } from "../../widgets/sheet.js";
import { nothing, part } from "./part.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Context } from "../../core/router.js" */
/** @typedef {Schemas["AuditEntry"]} Entry */

/** What each kind is called. @type {Record<Schemas["AuditKind"], string>} */
const KINDS = {
  signed_in: "Signed in",
  sign_in_refused: "Refused a sign-in",
  identity_connected: "Connected a sign-in service",
  identities_removed: "Disconnected the sign-in services of a user",
  signed_out: "Ended a session",
  user_added: "Added a user",
  role_changed: "Changed a role",
  user_deactivated: "Deactivated a user",
  user_reactivated: "Reactivated a user",
  sessions_ended: "Ended the sessions of a user",
  user_invited: "Invited a user",
  invitation_revoked: "Revoked an invitation",
  key_issued: "Created an API key",
  key_revoked: "Revoked an API key",
  export_started: "Started an export",
  export_ended: "Finished an export",
  import_started: "Started an import",
  import_cancelled: "Stopped an import",
  import_undone: "Undid an import",
  contact_deleted: "Deleted a contact",
  contacts_deleted: "Deleted contacts",
  action_cancelled: "Stopped a bulk action",
  export_downloaded: "Downloaded an exported file",
  skipped_rows_downloaded: "Downloaded the skipped rows of an import",
  personal_data_downloaded: "Downloaded the personal data of a contact",
  contact_erased: "Erased a person",
  contact_merged: "Merged two contacts",
  contacts_merged: "Merged duplicates",
  merge_undone: "Undid a merge",
  action_undone: "Undid a bulk action",
  field_defined: "Created a custom field",
  field_changed: "Changed a custom field",
  fields_reordered: "Reordered the custom fields",
  tag_renamed: "Renamed a tag",
  tag_deleted: "Deleted a tag",
  webhook_added: "Added a webhook",
  webhook_changed: "Changed a webhook",
  webhook_secret_rotated: "Replaced a webhook secret",
  webhook_deleted: "Deleted a webhook",
  source_added: "Added a source",
  source_changed: "Changed a source",
  source_deleted: "Deleted a source",
  widget_named: "Renamed a chat widget",
};

/** @param {Context} context */
export async function section({ signal }) {
  const [users, keys] = await Promise.all([askAll("/v1/users", { signal }), askAll("/v1/keys", { signal })]);
  const names = new Map([...users.items, ...keys.items].map(({ id, name }) => [id, name]));
  const who = h("select", {}, h("option", { value: "" }, "Anyone"), [...users.items, ...keys.items].map(({ id, name }) => h("option", { value: id }, name)));
  const kind = h("select", {}, h("option", { value: "" }, "Everything"), Object.entries(KINDS).map(([value, name]) => h("option", { value }, name)));
  const from = h("input", { type: "date" });
  const until = h("input", { type: "date" });
  const file = h("a", { class: "button", download: "audit.csv" }, icon("download"), "Export CSV");
  const into = h("tbody");
  const table = sheet("Audit trail, newest first", ["What", "Details", "By", "When"], into);
  const none = nothing("No entries", "Nothing that matches was recorded in the last 400 days.");

  /** The parameters of what is shown; both days belong to the period. */
  function asked() {
    const end = until.value ? new Date(`${until.value}T00:00`) : null;
    end?.setDate(end.getDate() + 1);
    return {
      ...(who.value && { actor: who.value }),
      ...(kind.value && { kind: /** @type {Schemas["AuditKind"]} */ (kind.value) }),
      ...(from.value && { from: new Date(`${from.value}T00:00`).toISOString() }),
      ...(end && { until: end.toISOString() }),
    };
  }

  const list = paged({
    load: (/** @type {string | undefined} */ cursor) => ask("get", "/v1/audit", { query: { ...asked(), ...(cursor && { cursor }), limit: 50 }, signal }),
    into,
    row: (/** @type {Entry} */ entry) => rowOf(entry, names),
    loaded: (rows) => {
      none.hidden = rows > 0;
      table.hidden = rows === 0;
    },
  });
  const show = () => {
    file.href = link("/v1/audit.csv", {}, asked());
    void list.reload();
  };
  for (const control of [who, kind, from, until]) control.addEventListener("change", show);
  none.hidden = true;
  show();
  return part("Audit trail", "Who did what, and when. Entries are kept for 400 days, cannot be changed, and contain no personal data of contacts.", file,
    h("div", { class: "filters" }, labelled("Done by", who), labelled("What was done", kind), labelled("From", from), labelled("Until", until)), table, none, list.more);
}

/**
 * @param {Entry} entry
 * @param {Map<string, string>} names of users and keys by id
 */
function rowOf(entry, names) {
  const who = h("td", {});
  void called(entry.actor).then((name) => (who.textContent = name));
  return h("tr", {},
    h("th", { scope: "row" }, isBrokenOff(entry) ? "Broke off an export" : KINDS[entry.kind]),
    h("td", {}, [names.get(entry.subject_id ?? ""), detailsOf(entry)].filter(Boolean).join(" · "), names.has(entry.subject_id ?? "") ? null : subjectOf(entry)),
    who,
    h("td", {}, h("time", { dateTime: entry.at }, moment(entry.at))));
}

/** Kinds whose details are the conditions of a filter. @type {Schemas["AuditKind"][]} */
const SELECTING = ["export_started", "contacts_deleted"];

/**
 * The conditions of a filter, as the address of the list has them. Those without a value had one that
 * may be personal data.
 *
 * @param {string[]} details
 */
function filterOf(details) {
  if (details.length === 0) return "All contacts";
  if (String(details) === "ids") return "Chosen one by one";
  const worded = details.map((detail) => detail
    .replace(/(^|[(,])q(?=[,)]|$)/g, "$1search text")
    .replace(/(^|[(,])([a-z_]+)=/g, (_, before, name) => `${before}${name.replaceAll("_", " ")}: `)
    .replaceAll(",", ", "));
  return `Filter: ${worded.join("; ")}`;
}

/** Whether the client broke an export off before its end. @param {Entry} entry */
const isBrokenOff = ({ kind, details }) => kind === "export_ended" && details.includes("incomplete");

/** @param {Entry} entry */
function detailsOf(entry) {
  const { kind, contacts, details } = entry;
  // The contacts that were read last may not have been sent.
  if (isBrokenOff(entry)) return `At most ${count(contacts ?? 0, "contact")} sent`;
  const words = SELECTING.includes(kind) ? filterOf(details) : details.join(", ").replaceAll("_", " ");
  return [typeof contacts === "number" && count(contacts, "contact"), words].filter(Boolean).join(" · ");
}

/**
 * A link to what the entry is about. An id without a page is shown in part, except that of a session,
 * which is listed nowhere else.
 *
 * @param {Entry} entry
 */
function subjectOf({ kind, subject_id: id }) {
  if (!id || kind === "signed_in" || kind === "signed_out") return null;
  if (kind.startsWith("import_") || kind === "skipped_rows_downloaded") return h("a", { href: `/imports/${id}` }, "Open the import");
  if (kind === "source_added" || kind === "source_changed") return h("a", { href: `/sources/${id}` }, "Open the source");
  return h("span", { class: "muted mono" }, ` ${id.slice(0, 8)}`);
}
