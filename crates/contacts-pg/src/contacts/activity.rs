//! How a contact came, and what happened to it.

use contacts_core::action::ActionKind;
use contacts_core::contact::{
    Activities, Activity, ActivityKind, ActivityPlace, ActivitySource, Arrival, ContactId,
    FieldChange, Origin,
};
use contacts_core::import::tell_import;
use contacts_core::note::{NoteChange, NoteId};
use contacts_core::page::{Page, PageSize};
use contacts_core::tag::TagName;
use contacts_core::{Actor, OrgId, Result};
use diesel::pg::PgConnection;
use diesel::sql_types::{Array, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::row::{SOURCE_COLUMNS, SourceRow};
use crate::actions::read_kind;
use crate::campaigns;
use crate::database::{store, unreadable};
use crate::statement::{Bind, Statement};
use crate::{imports, tags};

/// A table that tells of activity, and how. Each is read as far as the page goes, by its index
/// on the contact and the time, and the pages are merged: what a contact's activity costs is
/// what the page costs, however many tables tell of it.
struct Teller {
    source: ActivitySource,
    /// Columns of [`EntryRow`], but for `at`, `source` and `key`.
    columns: &'static str,
    from: &'static str,
    /// Which of the rows are meant, besides those of the organisation and the contact `$2`.
    only: &'static str,
    at: &'static str,
    /// A text that tells rows of one time apart, compared by bytes.
    key: &'static str,
}

/// What a first arrival and the others have in common.
const ARRIVAL: &str = "s.kind AS kind, CASE WHEN s.key_id IS NOT NULL THEN 'key' END AS actor_kind, \
     s.key_id AS actor_id, \
     jsonb_build_object('origin', s.origin_id, 'reference', s.reference, 'visitor', s.visitor, \
     'row', s.row_number, 'file', (SELECT i.file_name FROM imports i WHERE i.org_id = $1 \
     AND i.id = s.origin_id)) AS detail";
const ARRIVAL_KEY: &str = "s.kind || ' ' || s.origin_id::text || ' ' || s.reference";
const ARRIVALS: &str = "contact_sources s WHERE s.org_id = $1 AND s.contact_id = $2";

/// In each action at most one piece can hold the contact, and only in those that did not end
/// before the contact was there. A piece may have changed thousands, so that it is no row of each.
const PIECES: &str = "actions a, LATERAL (SELECT p.at, p.last_id, p.changed FROM action_pieces p \
     WHERE p.org_id = $1 AND p.action_id = a.id AND p.first_id <= $2 \
     ORDER BY p.first_id DESC LIMIT 1) p \
     WHERE a.org_id = $1 AND a.kind IN ('add_tags', 'remove_tags') \
     AND (a.finished_at IS NULL OR a.finished_at >= \
     (SELECT c.created_at FROM contacts c WHERE c.org_id = $1 AND c.id = $2))";

/// Every table that tells of activity.
const TELLERS: &[Teller] = &[
    Teller {
        source: ActivitySource::FirstArrival,
        columns: ARRIVAL,
        from: ARRIVALS,
        only: " AND s.is_first AND s.kind <> 'manual'",
        at: "s.at",
        key: ARRIVAL_KEY,
    },
    Teller {
        source: ActivitySource::Event,
        columns: "e.kind, e.actor_kind, e.actor_id, e.detail",
        from: "contact_events e WHERE e.org_id = $1 AND e.contact_id = $2",
        only: "",
        at: "e.at",
        key: "e.id::text",
    },
    Teller {
        source: ActivitySource::Arrival,
        columns: ARRIVAL,
        from: ARRIVALS,
        only: " AND NOT s.is_first",
        at: "s.at",
        key: ARRIVAL_KEY,
    },
    Teller {
        source: ActivitySource::Subscription,
        columns: campaigns::SUBSCRIBED,
        from: campaigns::SUBSCRIPTIONS,
        only: "",
        at: "l.pending_at",
        key: "l.campaign_id::text",
    },
    Teller {
        source: ActivitySource::Delivery,
        columns: campaigns::DELIVERED,
        from: campaigns::DELIVERIES,
        only: "",
        at: "l.at",
        key: "l.id",
    },
    Teller {
        source: ActivitySource::Action,
        columns: "a.kind, a.actor_kind, a.actor_id, a.detail",
        from: PIECES,
        only: " AND p.last_id >= $2 AND $2 = ANY(p.changed)",
        at: "p.at",
        key: "a.id::text",
    },
];

/// An entry, whichever table tells of it.
#[derive(QueryableByName)]
struct EntryRow {
    #[diesel(sql_type = Timestamptz)]
    at: OffsetDateTime,
    /// The place of its table in [`ActivitySource::ALL`].
    #[diesel(sql_type = Integer)]
    source: i32,
    #[diesel(sql_type = Text)]
    key: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Nullable<Text>)]
    actor_kind: Option<String>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    actor_id: Option<Uuid>,
    #[diesel(sql_type = Jsonb)]
    detail: Value,
}

pub(crate) fn arrivals(db: &mut PgConnection, org: OrgId, id: ContactId) -> Result<Vec<Arrival>> {
    let mut select = Statement::of(org);
    select.push("SELECT ").push(SOURCE_COLUMNS);
    select.push(" FROM contact_sources s WHERE s.org_id = $1 AND s.contact_id = ");
    select.bind(Bind::Uuid(id.0));
    select.push(" ORDER BY s.is_first DESC, s.at, s.kind, s.origin_id, s.reference");
    let rows: Vec<SourceRow> = select.build().load(db).map_err(store)?;
    rows.into_iter().map(SourceRow::read).collect()
}

/// What was noted of a contact alone, the whole of it.
pub(crate) fn events_of(
    db: &mut PgConnection,
    org: OrgId,
    id: ContactId,
) -> Result<Vec<ActivityKind>> {
    let mut select = Statement::of(org).with(Bind::Uuid(id.0));
    if let Some(events) = TELLERS.iter().find(|teller| teller.source == ActivitySource::Event) {
        events.push(&mut select, None);
    }
    let rows: Vec<EntryRow> = select.build().load(db).map_err(store)?;
    rows.iter().map(EntryRow::event).collect()
}

pub(super) fn activity(
    db: &mut PgConnection,
    org: OrgId,
    id: ContactId,
    before: Option<&ActivityPlace>,
    size: PageSize,
) -> Result<Activities> {
    let rows: Vec<EntryRow> = select(org, id, before, size).build().load(db).map_err(store)?;
    let read = rows.into_iter().map(EntryRow::read).collect::<Result<Vec<_>>>()?;
    let page = Page::cut(read, size, |(place, _)| place.clone());
    let mut items: Vec<_> = page.items.into_iter().map(|(_, activity)| activity).collect();
    tell_imports(db, org, id, &mut items)?;
    Ok(Page { items, next: page.next })
}

/// Tells what imports changed, where a page says that the contact came by one.
fn tell_imports(
    db: &mut PgConnection,
    org: OrgId,
    id: ContactId,
    items: &mut [Activity],
) -> Result<()> {
    let by_import = |entry: &Activity| match &entry.what {
        ActivityKind::Arrived(Origin::CsvImport { import, .. }) => Some(*import),
        _ => None,
    };
    if !items.iter().any(|entry| by_import(entry).is_some()) {
        return Ok(());
    }
    let traces = imports::of_contact(db, org, id)?;
    let tags = traces.iter().flat_map(|(_, trace)| trace.deed.tags().iter().copied());
    let names = tags::names(db, org, &tags.collect())?;
    for entry in items {
        let Some(import) = by_import(entry) else { continue };
        let own = traces.iter().filter(|(of, _)| *of == import).map(|(_, trace)| trace);
        tell_import(entry, own, |tag| names.get(&tag).map(ToString::to_string));
    }
    Ok(())
}

fn select(org: OrgId, id: ContactId, before: Option<&ActivityPlace>, size: PageSize) -> Statement {
    let rows = size.get() as i64 + 1;
    let mut select = Statement::of(org).with(Bind::Uuid(id.0));
    for (at, teller) in TELLERS.iter().enumerate() {
        select.push(if at == 0 { "(" } else { ") UNION ALL (" });
        teller.push(&mut select, before);
        select.push(" ORDER BY at DESC, key DESC LIMIT ").bind(Bind::Int(rows));
    }
    select.push(") ORDER BY at DESC, source DESC, key DESC LIMIT ").bind(Bind::Int(rows));
    select
}

impl Teller {
    fn push(&self, select: &mut Statement, before: Option<&ActivityPlace>) {
        let Self { source, columns, from, only, at, key } = self;
        let place = place_of(*source);
        select.push(&format!(
            "SELECT {at} AS at, {place} AS source, ({key}) COLLATE \"C\" AS key, {columns} \
             FROM {from}{only}"
        ));
        let Some(before) = before else { return };
        select.push(&format!(" AND {at} <= ")).bind(Bind::Time(before.at));
        // Of the very moment: the tables before have nothing left, those behind have all.
        if *source >= before.source {
            select.push(&format!(" AND ({at} < ")).bind(Bind::Time(before.at));
            if *source == before.source {
                select.push(&format!(" OR ({key}) COLLATE \"C\" < "));
                select.bind(Bind::Text(before.key.clone()));
            }
            select.push(")");
        }
    }
}

fn place_of(source: ActivitySource) -> usize {
    ActivitySource::ALL.iter().position(|known| *known == source).unwrap_or_default()
}

impl EntryRow {
    fn read(self) -> Result<(ActivityPlace, Activity)> {
        let source = usize::try_from(self.source).ok().and_then(|at| ActivitySource::ALL.get(at));
        let source = *source.ok_or_else(|| unreadable("a source of activity"))?;
        let is_first = source == ActivitySource::FirstArrival;
        match source {
            ActivitySource::FirstArrival | ActivitySource::Arrival => {
                let arrival = self.arrival()?;
                let (place, mut activity) = Activity::of_arrival(arrival, is_first)
                    .ok_or_else(|| unreadable("contact_sources.kind"))?;
                if self.actor_kind.is_some() {
                    activity.actor = self.actor()?;
                }
                Ok((place, activity))
            }
            ActivitySource::Event => {
                let place = ActivityPlace { at: self.at, source, key: self.key.clone() };
                let activity = Activity { at: self.at, actor: self.actor()?, what: self.event()? };
                Ok((place, activity))
            }
            ActivitySource::Subscription | ActivitySource::Delivery => {
                let what = campaigns::activity(source, &self.kind, &self.detail)?;
                let activity = Activity { at: self.at, actor: self.actor()?, what };
                Ok((ActivityPlace { at: self.at, source, key: self.key }, activity))
            }
            ActivitySource::Action => {
                let place = ActivityPlace { at: self.at, source, key: self.key.clone() };
                let activity = Activity { at: self.at, actor: self.actor()?, what: self.action()? };
                Ok((place, activity))
            }
        }
    }

    fn actor(&self) -> Result<Actor> {
        let kind = self.actor_kind.as_deref().unwrap_or_default();
        Actor::from_parts(kind, self.actor_id).ok_or_else(|| unreadable("actor_kind"))
    }

    /// Of `contact_sources`.
    fn arrival(&self) -> Result<Arrival> {
        let text = |name: &str| self.detail[name].as_str().map(str::to_owned);
        let origin = text("origin").and_then(|id| Uuid::try_parse(&id).ok());
        let row = SourceRow {
            source_kind: self.kind.clone(),
            origin_id: origin.ok_or_else(|| unreadable("contact_sources.origin_id"))?,
            reference: text("reference").unwrap_or_default(),
            visitor: text("visitor"),
            row_number: self.detail["row"].as_i64(),
            source_at: self.at,
            file_name: text("file"),
        };
        row.read()
    }

    /// Of `actions`.
    fn action(&self) -> Result<ActivityKind> {
        let written = |tags: &[TagName]| tags.iter().map(ToString::to_string).collect();
        match read_kind(&self.kind, &self.detail)? {
            ActionKind::AddTags(tags) => {
                Ok(ActivityKind::Tagged { added: written(&tags), removed: Vec::new() })
            }
            ActionKind::RemoveTags(tags) => {
                Ok(ActivityKind::Tagged { added: Vec::new(), removed: written(&tags) })
            }
            _ => Err(unreadable("actions.kind")),
        }
    }

    /// Of `contact_events`.
    fn event(&self) -> Result<ActivityKind> {
        let detail = || unreadable("contact_events.detail");
        let texts = |name: &str| -> Result<Vec<String>> {
            let texts = self.detail[name].as_array().ok_or_else(detail)?;
            texts.iter().map(|t| t.as_str().map(str::to_owned).ok_or_else(detail)).collect()
        };
        let text = |name: &str| self.detail[name].as_str();
        Ok(match self.kind.as_str() {
            "created" => ActivityKind::Created,
            "edited" => ActivityKind::Edited(read_changes(&self.detail).ok_or_else(detail)?),
            "captured" => ActivityKind::Captured(read_changes(&self.detail).ok_or_else(detail)?),
            "tagged" => ActivityKind::Tagged { added: texts("added")?, removed: texts("removed")? },
            "merged" => ActivityKind::Merged {
                other: text("other")
                    .and_then(|id| id.parse().ok())
                    .map(ContactId)
                    .ok_or_else(detail)?,
                called: text("called").map(str::to_owned),
                changes: read_changes(&self.detail["changes"]).ok_or_else(detail)?,
                tags: texts("tags")?,
            },
            "noted" => {
                let note = text("note").and_then(|id| Uuid::try_parse(id).ok());
                let change = text("change").and_then(NoteChange::parse);
                let (note, change) = note.zip(change).ok_or_else(detail)?;
                ActivityKind::Noted { note: NoteId(note), change }
            }
            _ => return Err(unreadable("contact_events.kind")),
        })
    }
}

fn change_to_json(change: &FieldChange) -> Value {
    json!({"field": change.field, "from": change.from, "to": change.to})
}

fn read_changes(changes: &Value) -> Option<Vec<FieldChange>> {
    Some(changes.as_array()?.iter().map(read_change).collect())
}

fn read_change(change: &Value) -> FieldChange {
    let text = |name: &str| change[name].as_str().map(str::to_owned);
    FieldChange { field: text("field").unwrap_or_default(), from: text("from"), to: text("to") }
}

/// Notes what happened.
pub(crate) fn record(
    db: &mut PgConnection,
    org: OrgId,
    contact: ContactId,
    id: Uuid,
    activity: &Activity,
) -> Result<()> {
    record_all(db, org, &[(contact, id, activity)])
}

/// Notes what happened to many.
pub(crate) fn record_all(
    db: &mut PgConnection,
    org: OrgId,
    happened: &[(ContactId, Uuid, &Activity)],
) -> Result<()> {
    let told = happened.iter().filter_map(|(contact, id, activity)| {
        let (kind, detail) = written(&activity.what)?;
        Some((contact.0, *id, *activity, kind, detail))
    });
    let told: Vec<_> = told.collect();
    if told.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = told.iter().map(|(_, id, ..)| *id).collect();
    let contacts: Vec<_> = told.iter().map(|(contact, ..)| *contact).collect();
    let ats: Vec<_> = told.iter().map(|(_, _, activity, ..)| activity.at).collect();
    let actors: Vec<_> = told.iter().map(|(_, _, activity, ..)| activity.actor.parts()).collect();
    let actor_kinds: Vec<_> = actors.iter().map(|(kind, _)| *kind).collect();
    let actor_ids: Vec<_> = actors.iter().map(|(_, id)| *id).collect();
    let kinds: Vec<_> = told.iter().map(|(.., kind, _)| *kind).collect();
    let details: Vec<_> = told.iter().map(|(.., detail)| detail).collect();
    let statement = "INSERT INTO contact_events \
             (org_id, id, contact_id, at, actor_kind, actor_id, kind, detail) \
         SELECT $1, e.* FROM unnest($2, $3, $4, $5, $6, $7, $8) AS e";
    sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<Array<SqlUuid>, _>(&ids)
        .bind::<Array<SqlUuid>, _>(&contacts)
        .bind::<Array<Timestamptz>, _>(&ats)
        .bind::<Array<Text>, _>(&actor_kinds)
        .bind::<Array<Nullable<SqlUuid>>, _>(&actor_ids)
        .bind::<Array<Text>, _>(&kinds)
        .bind::<Array<Jsonb>, _>(&details)
        .execute(db)
        .map(drop)
        .map_err(store)
}

/// The kind and the detail of what is noted of a contact alone; nothing for what is told by
/// contact_sources, import_pieces, subscriptions and deliveries.
fn written(what: &ActivityKind) -> Option<(&'static str, Value)> {
    Some(match what {
        ActivityKind::Created => ("created", json!({})),
        ActivityKind::Edited(changes) => {
            ("edited", Value::Array(changes.iter().map(change_to_json).collect()))
        }
        ActivityKind::Captured(changes) => {
            ("captured", Value::Array(changes.iter().map(change_to_json).collect()))
        }
        ActivityKind::Tagged { added, removed } => {
            ("tagged", json!({"added": added, "removed": removed}))
        }
        ActivityKind::Merged { other, called, changes, tags } => {
            let changes = changes.iter().map(change_to_json);
            let changes: Vec<_> = changes.collect();
            (
                "merged",
                json!({"other": other.0, "called": called, "changes": changes, "tags": tags}),
            )
        }
        ActivityKind::Noted { note, change } => {
            ("noted", json!({"note": note.0, "change": change.as_str()}))
        }
        ActivityKind::Arrived(_)
        | ActivityKind::Imported { .. }
        | ActivityKind::Subscribed(_)
        | ActivityKind::Delivered { .. } => return None,
    })
}
