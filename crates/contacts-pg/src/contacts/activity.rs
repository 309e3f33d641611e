//! The sources and the activity of a contact.

use contacts_core::action::ActionKind;
use contacts_core::consent::{ConsentChange, ConsentReason};
use contacts_core::contact::{
    Activities, Activity, ActivityCursor, ActivityKind, ActivitySource, ContactId, FieldChange,
    Source, SourceCursor, SourceDetail,
};
use contacts_core::import::tell_import;
use contacts_core::note::{NoteChange, NoteId};
use contacts_core::page::{Page, PageSize};
use contacts_core::tag::TagName;
use contacts_core::{Actor, OrgId};
use diesel::QueryableByName;
use diesel::sql_types::{Array, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::row::{SOURCE_COLUMNS, SourceRow};
use crate::actions::read_kind;
use crate::campaigns;
use crate::consents::{self, change_from_json};
use crate::database::{PgError, PgResult, RunQuery, Tx, unreadable};
use crate::statement::{Bind, Statement};
use crate::{imports, tags};

/// How one table contributes to the activity of a contact.
///
/// Each table is read for one page only, by its index on the contact and the time, and the pages
/// are merged. So a page costs the same however many entries the tables have.
struct ActivityReader {
    source: ActivitySource,
    /// Columns of [`EntryRow`], except `at`, `source` and `key`.
    columns: &'static str,
    from: &'static str,
    /// Further conditions on the rows, besides the organisation and the contact `$2`.
    only: &'static str,
    at: &'static str,
    /// A text that orders rows of the same time, compared by bytes.
    key: &'static str,
}

/// Columns that first sources and other sources share.
const SOURCE: &str = "s.kind AS kind, CASE WHEN s.key_id IS NOT NULL THEN 'key' END AS actor_kind, \
     s.key_id AS actor_id, \
     jsonb_build_object('detail', s.detail_id, 'reference', s.reference, 'visitor', s.visitor, \
     'row', s.row_number, 'file', (SELECT i.file_name FROM imports i WHERE i.org_id = $1 \
     AND i.id = s.detail_id)) AS detail";
const SOURCE_KEY: &str = "s.kind || ' ' || s.detail_id::text || ' ' || s.reference";
const SOURCES: &str = "contact_sources s WHERE s.org_id = $1 AND s.contact_id = $2";

/// Selects the chunk of each action, of the kinds that are activities, that can contain the contact: at most one chunk of an
/// action, and none of an action that ended before the contact was created. A chunk may have
/// changed thousands of contacts, so there is no row for each contact.
const CHUNKS: &str = "actions a, LATERAL (SELECT p.at, p.last_id, p.changed FROM action_chunks p \
     WHERE p.org_id = $1 AND p.action_id = a.id AND p.first_id <= $2 \
     ORDER BY p.first_id DESC LIMIT 1) p \
     WHERE a.org_id = $1 AND a.kind IN ('add_tags', 'remove_tags', 'remove_from_campaign', 'unsubscribe') \
     AND (a.finished_at IS NULL OR a.finished_at >= \
     (SELECT c.created_at FROM contacts c WHERE c.org_id = $1 AND c.id = $2))";

/// Every table that contributes to the activity of a contact.
const READERS: &[ActivityReader] = &[
    ActivityReader {
        source: ActivitySource::FirstSource,
        columns: SOURCE,
        from: SOURCES,
        only: " AND s.is_first AND s.kind <> 'manual'",
        at: "s.at",
        key: SOURCE_KEY,
    },
    ActivityReader {
        source: ActivitySource::Event,
        columns: "e.kind, e.actor_kind, e.actor_id, e.detail",
        from: "activity e WHERE e.org_id = $1 AND e.contact_id = $2",
        only: "",
        at: "e.at",
        key: "e.id::text",
    },
    ActivityReader {
        source: ActivitySource::Source,
        columns: SOURCE,
        from: SOURCES,
        only: " AND NOT s.is_first",
        at: "s.at",
        key: SOURCE_KEY,
    },
    ActivityReader {
        source: ActivitySource::Subscription,
        columns: campaigns::SUBSCRIBED,
        from: campaigns::SUBSCRIPTIONS,
        only: "",
        at: "l.pending_at",
        key: "l.campaign_id::text",
    },
    ActivityReader {
        source: ActivitySource::Delivery,
        columns: campaigns::DELIVERED,
        from: campaigns::DELIVERIES,
        only: "",
        at: "l.at",
        key: "l.id",
    },
    ActivityReader {
        source: ActivitySource::Action,
        columns: campaigns::ACTED,
        from: CHUNKS,
        only: " AND p.last_id >= $2 AND $2 = ANY(p.changed)",
        at: "p.at",
        key: "a.id::text",
    },
];

/// An entry of the activity, from any of the tables.
#[derive(QueryableByName)]
struct EntryRow {
    #[diesel(sql_type = Timestamptz)]
    at: OffsetDateTime,
    /// Index of the entry's table in [`ActivitySource::ALL`].
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

/// Returns all sources of a contact.
pub(crate) fn sources(tx: &mut Tx<'_>, id: ContactId) -> PgResult<Vec<Source>> {
    sources_after(tx, id, None, None)
}

/// Returns the sources of a contact after a cursor.
pub(super) fn sources_after(
    tx: &mut Tx<'_>,
    id: ContactId,
    after: Option<&SourceCursor>,
    limit: Option<usize>,
) -> PgResult<Vec<Source>> {
    let mut select = tx.statement();
    select.push("SELECT ").push(SOURCE_COLUMNS);
    select.push(" FROM contact_sources s WHERE s.org_id = $1 AND s.contact_id = ");
    select.bind(Bind::Uuid(id.0));
    if let Some(SourceCursor { is_first, at, kind, detail_id, reference }) = after {
        if *is_first {
            select.push(" AND (s.kind, s.detail_id, s.reference) <> (");
        } else {
            select.push(" AND NOT s.is_first AND (s.at, s.kind, s.detail_id, s.reference) > (");
            select.bind(Bind::Time(*at)).push(", ");
        }
        select.bind(Bind::Text(kind.as_str().to_owned())).push(", ");
        select.bind(Bind::Uuid(*detail_id)).push(", ");
        select.bind(Bind::Text(reference.clone())).push(")");
    }
    select.push(" ORDER BY s.is_first DESC, s.at, s.kind, s.detail_id, s.reference");
    if let Some(limit) = limit {
        select.push(" LIMIT ").bind(Bind::Int(limit as i64));
    }
    let rows: Vec<SourceRow> = select.load(tx)?;
    rows.into_iter().map(SourceRow::read).collect()
}

/// Returns all activity that is stored for this contact alone.
pub(crate) fn events_of(tx: &mut Tx<'_>, id: ContactId) -> PgResult<Vec<ActivityKind>> {
    let mut select = tx.statement().with(Bind::Uuid(id.0));
    if let Some(events) = READERS.iter().find(|reader| reader.source == ActivitySource::Event) {
        events.push(&mut select, None);
    }
    let rows: Vec<EntryRow> = select.load(tx)?;
    rows.iter().map(EntryRow::event).collect()
}

pub(super) fn activity(
    tx: &mut Tx<'_>,
    id: ContactId,
    after: Option<&ActivityCursor>,
    size: PageSize,
) -> PgResult<Activities> {
    let org = tx.org;
    let rows: Vec<EntryRow> = select(org, id, after, size).load(tx)?;
    let read = rows.into_iter().map(EntryRow::read).collect::<PgResult<Vec<_>>>()?;
    let page = Page::cut(read, size, |(cursor, _)| cursor.clone());
    let mut items: Vec<_> = page.items.into_iter().map(|(_, activity)| activity).collect();
    tell_imports(tx, id, &mut items)?;
    Ok(Page { items, next: page.next })
}

/// Completes the entries for imports on a page with the changes that the import made to the
/// contact.
fn tell_imports(tx: &mut Tx<'_>, id: ContactId, items: &mut [Activity]) -> PgResult<()> {
    let by_import = |entry: &Activity| match &entry.what {
        ActivityKind::SourceAdded(SourceDetail::CsvImport { import, .. }) => Some(*import),
        _ => None,
    };
    if !items.iter().any(|entry| by_import(entry).is_some()) {
        return Ok(());
    }
    let traces = imports::of_contact(tx, id)?;
    let tags = traces.iter().flat_map(|(_, trace)| trace.effect.tags().iter().copied());
    let names = tags::names(tx, &tags.collect())?;
    for entry in items {
        let Some(import) = by_import(entry) else { continue };
        let own = traces.iter().filter(|(of, _)| *of == import).map(|(_, trace)| trace);
        tell_import(entry, own, |tag| names.get(&tag).map(ToString::to_string));
    }
    Ok(())
}

fn select(org: OrgId, id: ContactId, after: Option<&ActivityCursor>, size: PageSize) -> Statement {
    let rows = size.get() as i64 + 1;
    let mut select = Statement::of(org).with(Bind::Uuid(id.0));
    for (at, reader) in READERS.iter().enumerate() {
        select.push(if at == 0 { "(" } else { ") UNION ALL (" });
        reader.push(&mut select, after);
        select.push(" ORDER BY at DESC, key DESC LIMIT ").bind(Bind::Int(rows));
    }
    select.push(") ORDER BY at DESC, source DESC, key DESC LIMIT ").bind(Bind::Int(rows));
    select
}

impl ActivityReader {
    fn push(&self, select: &mut Statement, after: Option<&ActivityCursor>) {
        let Self { source, columns, from, only, at, key } = self;
        let cursor = cursor_of(*source);
        select.push(&format!(
            "SELECT {at} AS at, {cursor} AS source, ({key}) COLLATE \"C\" AS key, {columns} \
             FROM {from}{only}"
        ));
        let Some(after) = after else { return };
        select.push(&format!(" AND {at} <= ")).bind(Bind::Time(after.at));
        // Entries at exactly the time of the cursor: tables before the cursor's table have none
        // left, and tables after it have all of theirs left.
        if *source >= after.source {
            select.push(&format!(" AND ({at} < ")).bind(Bind::Time(after.at));
            if *source == after.source {
                select.push(&format!(" OR ({key}) COLLATE \"C\" < "));
                select.bind(Bind::Text(after.key.clone()));
            }
            select.push(")");
        }
    }
}

fn cursor_of(source: ActivitySource) -> usize {
    ActivitySource::ALL.iter().position(|candidate| *candidate == source).unwrap_or_default()
}

impl EntryRow {
    fn read(self) -> PgResult<(ActivityCursor, Activity)> {
        let source = usize::try_from(self.source).ok().and_then(|at| ActivitySource::ALL.get(at));
        let source = *source.ok_or_else(|| unreadable("a source of activity"))?;
        let is_first = source == ActivitySource::FirstSource;
        match source {
            ActivitySource::FirstSource | ActivitySource::Source => {
                let source = self.source()?;
                let (cursor, mut activity) = Activity::of_source(source, is_first)
                    .ok_or_else(|| unreadable("contact_sources.kind"))?;
                if self.actor_kind.is_some() {
                    activity.actor = self.actor()?;
                }
                Ok((cursor, activity))
            }
            ActivitySource::Event => {
                let cursor = ActivityCursor { at: self.at, source, key: self.key.clone() };
                let activity = Activity { at: self.at, actor: self.actor()?, what: self.event()? };
                Ok((cursor, activity))
            }
            ActivitySource::Subscription | ActivitySource::Delivery => {
                let what = campaigns::activity(source, &self.kind, &self.detail)?;
                let activity = Activity { at: self.at, actor: self.actor()?, what };
                Ok((ActivityCursor { at: self.at, source, key: self.key }, activity))
            }
            ActivitySource::Action => {
                let cursor = ActivityCursor { at: self.at, source, key: self.key.clone() };
                let activity = Activity { at: self.at, actor: self.actor()?, what: self.action()? };
                Ok((cursor, activity))
            }
        }
    }

    fn actor(&self) -> PgResult<Actor> {
        let kind = self.actor_kind.as_deref().unwrap_or_default();
        Actor::from_parts(kind, self.actor_id).ok_or_else(|| unreadable("actor_kind"))
    }

    /// Reads a row of `contact_sources`.
    fn source(&self) -> PgResult<Source> {
        let text = |name: &str| self.detail[name].as_str().map(str::to_owned);
        let detail = text("detail").and_then(|id| Uuid::try_parse(&id).ok());
        let row = SourceRow {
            source_kind: self.kind.clone(),
            detail_id: detail.ok_or_else(|| unreadable("contact_sources.detail_id"))?,
            reference: text("reference").unwrap_or_default(),
            visitor: text("visitor"),
            row_number: self.detail["row"].as_i64(),
            source_at: self.at,
            file_name: text("file"),
        };
        row.read()
    }

    /// Reads a row of `actions`.
    fn action(&self) -> PgResult<ActivityKind> {
        let names_of = |tags: &[TagName]| tags.iter().map(ToString::to_string).collect();
        match read_kind(&self.kind, &self.detail)? {
            ActionKind::AddTags(tags) => {
                Ok(ActivityKind::Tagged { added: names_of(&tags), removed: Vec::new() })
            }
            ActionKind::RemoveTags(tags) => {
                Ok(ActivityKind::Tagged { added: Vec::new(), removed: names_of(&tags) })
            }
            ActionKind::Unsubscribe => {
                let (reason, note) = (ConsentReason::Asked, None);
                Ok(ActivityKind::ConsentChanged(ConsentChange::Lower { reason, note }))
            }
            ActionKind::RemoveFromCampaign(_) => {
                campaigns::read(&self.detail["of"]).map(ActivityKind::RemovedFromCampaign)
            }
            _ => Err(unreadable("actions.kind")),
        }
    }

    /// Reads a row of `activity`.
    fn event(&self) -> PgResult<ActivityKind> {
        let detail = || unreadable("activity.detail");
        let texts = |name: &str| -> PgResult<Vec<String>> {
            let texts = self.detail[name].as_array().ok_or_else(detail)?;
            texts.iter().map(|t| t.as_str().map(str::to_owned).ok_or_else(detail)).collect()
        };
        let text = |name: &str| self.detail[name].as_str();
        let contact = |name: &str| text(name).and_then(|id| id.parse().ok()).map(ContactId);
        Ok(match self.kind.as_str() {
            "created" => ActivityKind::Created,
            "edited" => ActivityKind::Edited(read_changes(&self.detail).ok_or_else(detail)?),
            "captured" => ActivityKind::Captured(read_changes(&self.detail).ok_or_else(detail)?),
            "tagged" => ActivityKind::Tagged { added: texts("added")?, removed: texts("removed")? },
            "merge_undone" => ActivityKind::MergeUndone {
                other: contact("other").ok_or_else(detail)?,
                called: text("called").map(str::to_owned),
            },
            "merged" => ActivityKind::Merged {
                other: contact("other").ok_or_else(detail)?,
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
            kind @ ("unsubscribed" | "resubscribed") => ActivityKind::ConsentChanged(
                change_from_json(kind, &self.detail).ok_or_else(detail)?,
            ),
            _ => return Err(unreadable("activity.kind")),
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

/// Stores an activity of a contact.
pub(crate) fn record(tx: &mut Tx<'_>, contact: ContactId, activity: &Activity) -> PgResult<()> {
    record_all(tx, &[(contact, activity)])
}

/// Stores one activity for each of several contacts.
pub(crate) fn record_all(tx: &mut Tx<'_>, activities: &[(ContactId, &Activity)]) -> PgResult<()> {
    let entries = activities.iter().filter_map(|(contact, activity)| {
        let (kind, detail) = names_of(&activity.what)?;
        Some((contact.0, tx.next_id(), *activity, kind, detail))
    });
    let entries: Vec<_> = entries.collect();
    if entries.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = entries.iter().map(|(_, id, ..)| *id).collect();
    let contacts: Vec<_> = entries.iter().map(|(contact, ..)| *contact).collect();
    let ats: Vec<_> = entries.iter().map(|(_, _, activity, ..)| activity.at).collect();
    let actors: Vec<_> =
        entries.iter().map(|(_, _, activity, ..)| activity.actor.parts()).collect();
    let actor_kinds: Vec<_> = actors.iter().map(|(kind, _)| *kind).collect();
    let actor_ids: Vec<_> = actors.iter().map(|(_, id)| *id).collect();
    let kinds: Vec<_> = entries.iter().map(|(.., kind, _)| *kind).collect();
    let details: Vec<_> = entries.iter().map(|(.., detail)| detail).collect();
    let statement = "INSERT INTO activity \
             (org_id, id, contact_id, at, actor_kind, actor_id, kind, detail) \
         SELECT $1, e.* FROM unnest($2, $3, $4, $5, $6, $7, $8) AS e";
    tx.query(statement)
        .bind::<Array<SqlUuid>, _>(&ids)
        .bind::<Array<SqlUuid>, _>(&contacts)
        .bind::<Array<Timestamptz>, _>(&ats)
        .bind::<Array<Text>, _>(&actor_kinds)
        .bind::<Array<Nullable<SqlUuid>>, _>(&actor_ids)
        .bind::<Array<Text>, _>(&kinds)
        .bind::<Array<Jsonb>, _>(&details)
        .execute(tx)
        .map(drop)
        .map_err(PgError::unless_deleted)
}

/// Returns the stored kind and detail of an activity, or `None` for an activity that is read from
/// `contact_sources`, `import_chunks`, `subscriptions` or `deliveries`.
fn names_of(what: &ActivityKind) -> Option<(&'static str, Value)> {
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
        ActivityKind::MergeUndone { other, called } => {
            ("merge_undone", json!({"other": other.0, "called": called}))
        }
        ActivityKind::Noted { note, change } => {
            ("noted", json!({"note": note.0, "change": change.as_str()}))
        }
        ActivityKind::ConsentChanged(change) => consents::change_to_json(change),
        ActivityKind::SourceAdded(_)
        | ActivityKind::Imported { .. }
        | ActivityKind::Subscribed(_)
        | ActivityKind::RemovedFromCampaign(_)
        | ActivityKind::Delivered { .. } => return None,
    })
}
