//! Everything that is held of one person.

use contacts_core::contact::ContactId;
use contacts_core::import::{Deed, FieldEdit, ImportId, Trace};
use contacts_core::person::{Held, PersonRepository, Section};
use contacts_core::{OrgId, Result};
use diesel::sql_types::{Jsonb, Uuid as SqlUuid};
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use serde_json::{Value, json};

use crate::Database;
use crate::database::store;
use crate::imports;
use crate::json::value_to_json;

/// A place in which something of a person may stand, the tables that it is of, and how what
/// stands there is read: `$1` is the organisation and `$2` the contact.
struct Place {
    name: &'static str,
    tables: &'static [&'static str],
    select: &'static str,
}

const PLACES: &[Place] = &[
    Place {
        name: "profile",
        tables: &["contacts"],
        select: "SELECT to_jsonb(c) - 'org_id' - 'name_key' - 'email_key' - 'search' AS held \
             FROM contacts c WHERE c.org_id = $1 AND c.id = $2",
    },
    Place {
        name: "tags",
        tables: &["contact_tags"],
        select: "SELECT to_jsonb(t.name) AS held FROM contact_tags k \
             JOIN tags t ON t.org_id = k.org_id AND t.id = k.tag_id \
             WHERE k.org_id = $1 AND t.org_id = $1 AND k.contact_id = $2 ORDER BY t.key",
    },
    Place {
        name: "sources",
        tables: &["contact_sources"],
        select: "SELECT to_jsonb(s) - 'org_id' - 'contact_id' || jsonb_build_object('file_name', \
                 (SELECT i.file_name FROM imports i WHERE i.org_id = $1 AND i.id = s.origin_id)) \
                 AS held FROM contact_sources s WHERE s.org_id = $1 AND s.contact_id = $2 \
             ORDER BY s.at, s.kind, s.origin_id, s.reference",
    },
    Place {
        name: "connected",
        tables: &["source_links"],
        select: "SELECT to_jsonb(l) - 'org_id' - 'contact_id' - 'said' - 'seen_run_id' AS held \
             FROM source_links l WHERE l.org_id = $1 AND l.contact_id = $2 \
             ORDER BY l.source_id, l.external_id",
    },
    Place {
        name: "activity",
        tables: &["contact_events"],
        select: "SELECT to_jsonb(e) - 'org_id' - 'contact_id' AS held FROM contact_events e \
             WHERE e.org_id = $1 AND e.contact_id = $2 ORDER BY e.at, e.id",
    },
    Place {
        name: "actions",
        tables: &["action_pieces"],
        select: "SELECT jsonb_build_object('kind', a.kind, 'detail', a.detail, 'at', p.at, \
                 'actor_kind', a.actor_kind, 'actor_id', a.actor_id) AS held \
             FROM actions a JOIN action_pieces p ON p.org_id = a.org_id AND p.action_id = a.id \
             WHERE a.org_id = $1 AND p.org_id = $1 AND p.first_id <= $2 AND p.last_id >= $2 \
             AND $2 = ANY (p.changed) ORDER BY p.at, a.id",
    },
    Place {
        name: "notes",
        tables: &["notes"],
        select: "SELECT to_jsonb(n) - 'org_id' - 'contact_id' AS held FROM notes n \
             WHERE n.org_id = $1 AND n.contact_id = $2 ORDER BY n.created_at, n.id",
    },
    Place {
        name: "conversations",
        tables: &["contact_conversations"],
        select: "SELECT to_jsonb(c) - 'org_id' AS held FROM contact_conversations k \
             JOIN conversations c ON c.org_id = k.org_id AND c.id = k.conversation_id \
             WHERE k.org_id = $1 AND c.org_id = $1 AND k.contact_id = $2 \
             ORDER BY c.started_at, c.id",
    },
    Place {
        name: "visitors",
        tables: &["visitors"],
        select: "SELECT to_jsonb(v) - 'org_id' - 'contact_id' AS held FROM visitors v \
             WHERE v.org_id = $1 AND v.contact_id = $2 ORDER BY v.widget_id, v.visitor",
    },
    Place {
        name: "subscriptions",
        tables: &["subscriptions"],
        select: "SELECT to_jsonb(s) - 'org_id' - 'contact_id' || jsonb_build_object( \
                 'campaign', (SELECT c.name FROM campaigns c WHERE c.org_id = $1 \
                 AND c.id = s.campaign_id)) AS held \
             FROM subscriptions s WHERE s.org_id = $1 AND s.contact_id = $2 \
             ORDER BY s.pending_at, s.campaign_id",
    },
    Place {
        name: "deliveries",
        tables: &["deliveries"],
        select: "SELECT to_jsonb(d) - 'org_id' - 'contact_id' AS held FROM deliveries d \
             WHERE d.org_id = $1 AND d.contact_id = $2 ORDER BY d.at, d.id",
    },
    Place {
        name: "unsubscribed",
        tables: &["unsubscribes"],
        select: "SELECT to_jsonb(u) - 'org_id' - 'contact_id' AS held FROM unsubscribes u \
             WHERE u.org_id = $1 AND u.contact_id = $2",
    },
    Place {
        name: "possible_duplicates",
        tables: &["possible_duplicates"],
        select: "SELECT to_jsonb(d) - 'org_id' AS held FROM possible_duplicates d \
             WHERE d.org_id = $1 AND (d.contact_id = $2 OR d.other_id = $2) \
             ORDER BY d.contact_id, d.other_id",
    },
    Place {
        name: "merged",
        tables: &["merged_contacts"],
        select: "SELECT to_jsonb(m) - 'org_id' - 'survivor_id' AS held FROM merged_contacts m \
             WHERE m.org_id = $1 AND m.survivor_id = $2 ORDER BY m.at, m.id",
    },
];

/// Tables that name contacts by their ids and hold nothing of them that others do not.
const IDS_ONLY: &[&str] = &["events", "selection_pieces", "erasures", "import_kept"];

/// What imports did is told by the pieces of imports.
const PIECES: &str = "import_pieces";

/// The tables that are known to name contacts: those that are told of, and those that need not be.
pub fn known_tables() -> Vec<&'static str> {
    let told = PLACES.iter().flat_map(|place| place.tables);
    told.chain(IDS_ONLY).copied().chain([PIECES]).collect()
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Jsonb)]
    held: Value,
}

impl PersonRepository for Database {
    fn everything(&self, org: OrgId, contact: ContactId) -> Result<Option<Vec<Section>>> {
        self.write(|db| {
            // Every place as it is at one moment, and its times in one zone.
            for set in
                ["SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "SET LOCAL TIME ZONE 'UTC'"]
            {
                sql_query(set).execute(db).map_err(store)?;
            }
            let mut sections = Vec::with_capacity(PLACES.len());
            for place in PLACES {
                let rows: Vec<Row> = sql_query(place.select)
                    .bind::<SqlUuid, _>(org.0)
                    .bind::<SqlUuid, _>(contact.0)
                    .load(db)
                    .map_err(store)?;
                let rows = rows.into_iter().map(|row| read(row.held)).collect();
                sections.push(Section { name: place.name, rows });
            }
            let traces = imports::of_contact(db, org, contact)?;
            let rows = traces.into_iter().map(|(import, trace)| imported(import, &trace)).collect();
            sections.push(Section { name: "imported", rows });
            let is_there = sections.first().is_some_and(|profile| !profile.rows.is_empty());
            Ok(is_there.then_some(sections))
        })
    }
}

/// What a row of an import did.
fn imported(import: ImportId, trace: &Trace) -> Held {
    let edits = match &trace.deed {
        Deed::Updated { edits, .. } => edits.iter().map(edited).collect(),
        Deed::Added { .. } => Vec::new(),
    };
    let row = trace.row;
    read(json!({"import_id": import.0, "row": row, "changes": Value::Array(edits)}))
}

fn edited(edit: &FieldEdit) -> Value {
    match edit {
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

fn read(value: Value) -> Held {
    match value {
        Value::Null => Held::Nothing,
        Value::Bool(yes) => Held::Boolean(yes),
        Value::Number(number) => Held::Number(number.as_f64().unwrap_or_default()),
        Value::String(text) => Held::Text(text),
        Value::Array(values) => Held::List(values.into_iter().map(read).collect()),
        Value::Object(values) => {
            Held::Named(values.into_iter().map(|(name, value)| (name, read(value))).collect())
        }
    }
}
