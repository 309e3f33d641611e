//! The port of personal data: everything that is stored about one contact.

use contacts_core::contact::{ContactId, FieldEdit};
use contacts_core::import::{ImportEffect, ImportId, Trace};
use contacts_core::person::{PersonalDataRepository, PersonalValue, Section};
use contacts_core::{OrgId, Result};
use diesel::QueryableByName;
use diesel::sql_types::{Jsonb, Uuid as SqlUuid};
use serde_json::{Value, json};

use crate::Database;
use crate::database::RunQuery;
use crate::imports;
use crate::json::value_to_json;

/// A part of the personal data of a contact: its name, its tables, and the query that reads it.
/// `$1` is the organisation and `$2` the contact.
struct PersonalTable {
    name: &'static str,
    tables: &'static [&'static str],
    select: &'static str,
}

const PERSONAL_TABLES: &[PersonalTable] = &[
    PersonalTable {
        name: "profile",
        tables: &["contacts"],
        select: "SELECT to_jsonb(c) - 'org_id' - 'name_key' - 'email_key' - 'search' AS held \
             FROM contacts c WHERE c.org_id = $1 AND c.id = $2",
    },
    PersonalTable {
        name: "addresses",
        tables: &["addresses"],
        select: "SELECT to_jsonb(a) - 'org_id' - 'contact_id' - 'email_key' AS held \
             FROM addresses a WHERE a.org_id = $1 AND a.contact_id = $2 \
             ORDER BY NOT a.is_primary, a.email_key",
    },
    PersonalTable {
        name: "tags",
        tables: &["contact_tags"],
        select: "SELECT to_jsonb(t.name) AS held FROM contact_tags k \
             JOIN tags t ON t.org_id = k.org_id AND t.id = k.tag_id \
             WHERE k.org_id = $1 AND t.org_id = $1 AND k.contact_id = $2 ORDER BY t.key",
    },
    PersonalTable {
        name: "sources",
        tables: &["contact_sources"],
        select: "SELECT to_jsonb(s) - 'org_id' - 'contact_id' || jsonb_build_object('file_name', \
                 (SELECT i.file_name FROM imports i WHERE i.org_id = $1 AND i.id = s.detail_id)) \
                 AS held FROM contact_sources s WHERE s.org_id = $1 AND s.contact_id = $2 \
             ORDER BY s.at, s.kind, s.detail_id, s.reference",
    },
    PersonalTable {
        name: "connected",
        tables: &["source_links"],
        select: "SELECT to_jsonb(l) - 'org_id' - 'contact_id' - 'said' - 'seen_run_id' AS held \
             FROM source_links l WHERE l.org_id = $1 AND l.contact_id = $2 \
             ORDER BY l.source_id, l.external_id",
    },
    PersonalTable {
        name: "activity",
        tables: &["activity"],
        select: "SELECT to_jsonb(e) - 'org_id' - 'contact_id' AS held FROM activity e \
             WHERE e.org_id = $1 AND e.contact_id = $2 ORDER BY e.at, e.id",
    },
    PersonalTable {
        name: "actions",
        tables: &["action_chunks"],
        select: "SELECT jsonb_build_object('kind', a.kind, 'detail', a.detail, 'at', p.at, \
                 'actor_kind', a.actor_kind, 'actor_id', a.actor_id) AS held \
             FROM actions a JOIN action_chunks p ON p.org_id = a.org_id AND p.action_id = a.id \
             WHERE a.org_id = $1 AND p.org_id = $1 AND p.first_id <= $2 AND p.last_id >= $2 \
             AND $2 = ANY (p.changed) ORDER BY p.at, a.id",
    },
    PersonalTable {
        name: "notes",
        tables: &["notes"],
        select: "SELECT to_jsonb(n) - 'org_id' - 'contact_id' AS held FROM notes n \
             WHERE n.org_id = $1 AND n.contact_id = $2 ORDER BY n.created_at, n.id",
    },
    PersonalTable {
        name: "conversations",
        tables: &["contact_conversations", "last_conversations"],
        select: "SELECT to_jsonb(c) - 'org_id' AS held FROM contact_conversations k \
             JOIN conversations c ON c.org_id = k.org_id AND c.id = k.conversation_id \
             WHERE k.org_id = $1 AND c.org_id = $1 AND k.contact_id = $2 \
             ORDER BY c.started_at, c.id",
    },
    PersonalTable {
        name: "visitors",
        tables: &["visitors"],
        select: "SELECT to_jsonb(v) - 'org_id' - 'contact_id' AS held FROM visitors v \
             WHERE v.org_id = $1 AND v.contact_id = $2 ORDER BY v.widget_id, v.visitor",
    },
    PersonalTable {
        name: "subscriptions",
        tables: &["subscriptions"],
        select: "SELECT to_jsonb(s) - 'org_id' - 'contact_id' || jsonb_build_object( \
                 'campaign', (SELECT c.name FROM campaigns c WHERE c.org_id = $1 \
                 AND c.id = s.campaign_id)) AS held \
             FROM subscriptions s WHERE s.org_id = $1 AND s.contact_id = $2 \
             ORDER BY s.pending_at, s.campaign_id",
    },
    PersonalTable {
        name: "deliveries",
        tables: &["deliveries"],
        select: "SELECT to_jsonb(d) - 'org_id' - 'contact_id' AS held FROM deliveries d \
             WHERE d.org_id = $1 AND d.contact_id = $2 ORDER BY d.at, d.id",
    },
    PersonalTable {
        name: "unsubscribed",
        tables: &["unsubscribes"],
        select: "SELECT to_jsonb(u) - 'org_id' - 'contact_id' AS held FROM unsubscribes u \
             WHERE u.org_id = $1 AND u.contact_id = $2",
    },
    PersonalTable {
        name: "possible_duplicates",
        tables: &["possible_duplicates"],
        select: "SELECT to_jsonb(d) - 'org_id' AS held FROM possible_duplicates d \
             WHERE d.org_id = $1 AND (d.contact_id = $2 OR d.other_id = $2) \
             ORDER BY d.contact_id, d.other_id",
    },
    PersonalTable {
        name: "merged",
        tables: &["merged_contacts"],
        select: "SELECT to_jsonb(m) - 'org_id' - 'survivor_id' - 'trace' || jsonb_build_object( \
                 'contact', (m.trace -> 'contact') - 'org_id') AS held FROM merged_contacts m \
             WHERE m.org_id = $1 AND m.survivor_id = $2 ORDER BY m.at, m.id",
    },
];

/// Tables that refer to contacts by id and contain no personal data of their own.
///
/// `contact_changes` has the time of a change that the activity tells.
///
/// `dry_run_contacts` has copies of contacts while a dry run runs. An erasure discards the dry runs
/// that mention the contact.
const IDS_ONLY: &[&str] = &[
    "contact_changes",
    "events",
    "selection_chunks",
    "erasures",
    "kept_items",
    "dry_run_contacts",
];

/// The table of import chunks, whose personal data is read through the traces of imports.
const CHUNKS: &str = "import_chunks";

/// Returns the tables that are known to refer to contacts, with or without personal data.
pub fn known_tables() -> Vec<&'static str> {
    let listed = PERSONAL_TABLES.iter().flat_map(|table| table.tables);
    listed.chain(IDS_ONLY).copied().chain([CHUNKS]).collect()
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Jsonb)]
    held: Value,
}

impl PersonalDataRepository for Database {
    fn sections(&self, org: OrgId, contact: ContactId) -> Result<Option<Vec<Section>>> {
        self.write(org, |tx| {
            // Read all parts from one snapshot, with times in one zone.
            for set in
                ["SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "SET LOCAL TIME ZONE 'UTC'"]
            {
                tx.set(set)?;
            }
            let mut sections = Vec::with_capacity(PERSONAL_TABLES.len());
            for table in PERSONAL_TABLES {
                let rows: Vec<Row> =
                    tx.query(table.select).bind::<SqlUuid, _>(contact.0).load(tx)?;
                let rows = rows.into_iter().map(|row| read(row.held)).collect();
                sections.push(Section { name: table.name, rows });
            }
            let traces = imports::of_contact(tx, contact)?;
            let rows = traces.into_iter().map(|(import, trace)| imported(import, &trace)).collect();
            sections.push(Section { name: "imported", rows });
            let exists = sections.first().is_some_and(|profile| !profile.rows.is_empty());
            Ok(exists.then_some(sections))
        })
    }
}

/// Returns the effect of one row of an import.
fn imported(import: ImportId, trace: &Trace) -> PersonalValue {
    let edits = match &trace.effect {
        ImportEffect::Updated { edits, .. } => edits.iter().map(edited).collect(),
        ImportEffect::Added { .. } => Vec::new(),
    };
    let row = trace.row;
    read(json!({"import_id": import.0, "row": row, "changes": Value::Array(edits)}))
}

fn edited(edit: &FieldEdit) -> Value {
    match edit {
        FieldEdit::ExternalId { from, to } => {
            let [from, to] = [from, to].map(|id| id.as_ref().map(ToString::to_string));
            json!({"field": "external_id", "from": from, "to": to})
        }
        FieldEdit::Email { from, to, .. } => {
            let [from, to] = [from, to].map(|email| email.as_ref().map(ToString::to_string));
            json!({"field": "email", "from": from, "to": to})
        }
        FieldEdit::Name { from, to } => {
            let [from, to] = [from, to].map(|name| name.as_ref().map(ToString::to_string));
            json!({"field": "name", "from": from, "to": to})
        }
        FieldEdit::Phone { from, to } => {
            let [from, to] = [from, to].map(|phone| phone.as_ref().map(ToString::to_string));
            json!({"field": "phone", "from": from, "to": to})
        }
        FieldEdit::Custom { key, from, to } => {
            let [from, to] = [from, to].map(|value| value.as_ref().map(value_to_json));
            json!({"field": format!("custom.{key}"), "from": from, "to": to})
        }
    }
}

fn read(value: Value) -> PersonalValue {
    match value {
        Value::Null => PersonalValue::Nothing,
        Value::Bool(yes) => PersonalValue::Boolean(yes),
        Value::Number(number) => PersonalValue::Number(number.as_f64().unwrap_or_default()),
        Value::String(text) => PersonalValue::Text(text),
        Value::Array(values) => PersonalValue::List(values.into_iter().map(read).collect()),
        Value::Object(values) => PersonalValue::Named(
            values.into_iter().map(|(name, value)| (name, read(value))).collect(),
        ),
    }
}
