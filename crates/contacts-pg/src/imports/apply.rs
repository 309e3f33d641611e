//! Rows of a file become contacts, a chunk in a transaction.
//!
//! Postgres says what is known of the chunk's people, the core decides row by row what each
//! does, and what came of it is written set by set. People who are known and stay as they are
//! are neither locked nor written.

use std::collections::{BTreeMap, HashMap, HashSet};

use contacts_core::contact::{Arrival, Contact, ContactId, Origin, changed_fields};
use contacts_core::event::EventGroups;
use contacts_core::import::{
    Applied, Chunk, Decision, Deed, DryOutcome, DryRow, FieldEdit, Fingerprint, Import, ImportRow,
    ImportState, Issue, PlannedRow, Policy, Skip, Tally, Trace, added, decide,
};
use contacts_core::tag::{TagId, TagName};
use contacts_core::{Actor, Error, OrgId, Result};
use diesel::pg::PgConnection;
use diesel::sql_types::{
    Array, BigInt, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel::{OptionalExtension, QueryableByName, RunQueryDsl, sql_query};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{StoredTally, pieces};
use crate::Database;
use crate::contacts::{
    ContactRow, Custom, FIRST_SOURCE, Sources, insert_contacts, insert_sources, link_tags,
    select_contacts,
};
use crate::database::{SETTINGS, store, unreadable};
use crate::events::publish;
use crate::json::custom_to_json;
use crate::statement::{Bind, Statement};

#[derive(QueryableByName)]
struct Progress {
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = BigInt)]
    rows_read: i64,
    #[diesel(sql_type = Jsonb)]
    tally: Value,
}

pub(super) fn apply(
    database: &Database,
    db: &mut PgConnection,
    import: &Import,
    chunk: &Chunk,
    now: OffsetDateTime,
) -> Result<Applied> {
    let org = import.org;
    sql_query(SETTINGS).execute(db).map_err(store)?;
    let progress: Option<Progress> = sql_query(
        "SELECT state, rows_read, tally FROM imports WHERE org_id = $1 AND id = $2 FOR UPDATE",
    )
    .bind::<SqlUuid, _>(org.0)
    .bind::<SqlUuid, _>(import.id.0)
    .get_result(db)
    .optional()
    .map_err(store)?;
    let progress = progress.ok_or(Error::NotFound("import"))?;
    let state = ImportState::parse(&progress.state).ok_or_else(|| unreadable("imports.state"))?;
    if state != ImportState::Running {
        return Ok(Applied::Stopped(state));
    }
    // Whoever else takes this import's rows moves this number, too: so each row is taken once.
    if progress.rows_read.cast_unsigned() != chunk.after {
        return Ok(Applied::Superseded);
    }
    let policy = import.plan.as_ref().map(|plan| plan.policy).unwrap_or_default();
    let known = known(db, org, chunk)?;
    let mut changes = Changes::new(import, known, now);
    for planned in &chunk.rows {
        changes.take(planned, policy);
    }
    let traces = changes.write(database, db)?;
    pieces::insert(db, import, chunk, &traces)?;
    insert_issues(db, import, &changes.issues)?;
    let mut tally = StoredTally::read(progress.tally)?;
    tally.add(&changes.tally);
    sql_query("UPDATE imports SET rows_read = $3, tally = $4 WHERE org_id = $1 AND id = $2")
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(import.id.0)
        .bind::<BigInt, _>(tally.rows().cast_signed())
        .bind::<Jsonb, _>(StoredTally::write(&tally))
        .execute(db)
        .map_err(store)?;
    let events = changes.events.into_events(Actor::Import(import.id), now);
    publish(database, db, org, &events)?;
    Ok(Applied::Taken(tally))
}

/// What is known of the people of a chunk, by the key of their address.
pub(super) fn known(
    db: &mut PgConnection,
    org: OrgId,
    chunk: &Chunk,
) -> Result<HashMap<String, Contact>> {
    let rows = chunk.rows.iter().filter_map(|planned| planned.row.as_ref().ok());
    let keys: Vec<_> = rows.map(|row| row.email.key().to_owned()).collect();
    let mut select = Statement::of(org);
    select_contacts(&mut select, Custom::Whole, |select| {
        select
            .push("contacts c")
            .push(FIRST_SOURCE)
            .push("WHERE c.org_id = $1 AND c.email_key = ANY(");
        select.bind(Bind::Texts(keys)).push(") AND c.email_key <> ''");
    });
    let rows: Vec<ContactRow> = select.build().load(db).map_err(store)?;
    rows.into_iter()
        .map(|row| row.read(org).map(|contact| (contact.email_key().to_owned(), contact)))
        .collect()
}

/// A person of the chunk, as the rows so far have made them.
pub(super) struct Person {
    pub(super) contact: Contact,
    /// The version in the store; nothing for somebody new.
    pub(super) stored: Option<u64>,
    /// As they were before this chunk, if it changed them.
    before: Option<Contact>,
    profile_changed: bool,
    tags: Vec<TagName>,
    /// The first row of this chunk that was about them.
    met: Option<u64>,
}

impl Person {
    /// Somebody who is known, with the version in the store, if they are there.
    pub(super) fn known(contact: Contact, stored: Option<u64>) -> Self {
        let (before, tags, met) = Default::default();
        Self { contact, stored, before, profile_changed: false, tags, met }
    }

    pub(super) fn is_changed(&self) -> bool {
        self.profile_changed || !self.tags.is_empty()
    }
}

/// What the rows of a chunk do, before any of it is written.
pub(super) struct Changes<'a> {
    import: &'a Import,
    now: OffsetDateTime,
    pub(super) people: HashMap<String, Person>,
    /// The tags that were put on somebody, by their keys, as they were first written.
    tags: BTreeMap<String, TagName>,
    pub(super) tally: Tally,
    issues: Vec<Issue>,
    events: EventGroups,
    /// What happened row by row, when somebody wants to know.
    pub(super) rows: Option<Vec<DryRow>>,
}

impl<'a> Changes<'a> {
    pub(super) fn new(
        import: &'a Import,
        known: HashMap<String, Contact>,
        now: OffsetDateTime,
    ) -> Self {
        let person = |contact: Contact| {
            let stored = Some(contact.version);
            Person::known(contact, stored)
        };
        let people = known.into_iter().map(|(key, contact)| (key, person(contact))).collect();
        let (tags, tally, issues, events, rows) = Default::default();
        Self { import, now, people, tags, tally, issues, events, rows }
    }

    pub(super) fn take(&mut self, planned: &PlannedRow, policy: Policy) {
        let taken = match &planned.row {
            Ok(row) => self.take_row(planned, row, policy),
            Err(skip) => Err(*skip),
        };
        let skipped = taken.as_ref().err().copied();
        if let Some(rows) = &mut self.rows {
            let outcome = taken.unwrap_or_else(DryOutcome::skipped);
            rows.push(DryRow::new(planned, outcome));
        }
        self.tally.count(skipped, planned.warnings.len());
        if skipped.is_none_or(Skip::is_issue) {
            self.issues.extend(Issue::of(planned, skipped));
        }
    }

    fn take_row(
        &mut self,
        planned: &PlannedRow,
        row: &ImportRow,
        policy: Policy,
    ) -> Result<DryOutcome, Skip> {
        let key = row.email.key();
        let known = self.people.get_mut(key);
        match decide(known.as_ref().map(|person| &person.contact), row, policy, self.now) {
            Decision::Add => {
                self.tally.added += 1;
                let contact = added(row, self.import.org, planned.id, self.arrival(planned.number));
                note_tags(&mut self.tags, &contact.tags);
                self.events.created(contact.id);
                let person = Person {
                    tags: contact.tags.clone(),
                    contact,
                    stored: None,
                    before: None,
                    profile_changed: true,
                    met: Some(planned.number),
                };
                self.people.insert(key.to_owned(), person);
                Ok(DryOutcome::Added)
            }
            Decision::Update { contact, profile, tags } => {
                self.tally.updated += 1;
                note_tags(&mut self.tags, &tags);
                // Without anybody there is nothing to update.
                let person = known.ok_or(Skip::Unknown)?;
                let before = std::mem::replace(&mut person.contact, *contact);
                self.events.updated(person.contact.id, changed_fields(&before, &person.contact));
                let outcome = match self.rows {
                    Some(_) => {
                        let kept = person.stored.map(|_| person.contact.id);
                        DryOutcome::updated(kept, &before, &person.contact, &tags)
                    }
                    None => DryOutcome::Added,
                };
                person.before.get_or_insert(before);
                person.profile_changed |= profile;
                person.tags.extend(tags);
                person.met.get_or_insert(planned.number);
                Ok(outcome)
            }
            Decision::Skip(skip) => {
                if let (Skip::Unchanged, Some(person)) = (skip, known) {
                    person.met.get_or_insert(planned.number);
                }
                Err(skip)
            }
        }
    }

    fn arrival(&self, row: u64) -> Arrival {
        let Import { id, file_name, .. } = self.import;
        let origin = Origin::CsvImport { import: *id, file_name: file_name.clone(), row };
        Arrival { at: self.now, origin }
    }

    /// Writes it, and tells what it did to each person.
    fn write(&self, database: &Database, db: &mut PgConnection) -> Result<Vec<Trace>> {
        let org = self.import.org;
        let mut met: Vec<&Person> =
            self.people.values().filter(|person| person.met.is_some()).collect();
        // In the order of their keys: two imports of the same people wait for each other in turn.
        met.sort_unstable_by(|one, other| one.contact.email_key().cmp(other.contact.email_key()));

        let changed: Vec<_> = met
            .iter()
            .filter(|p| p.profile_changed)
            .filter_map(|p| Some((&p.contact, p.stored?)))
            .collect();
        let updated = update_contacts(db, org, &changed)?;
        let new: Vec<_> = met.iter().filter(|p| p.stored.is_none()).map(|p| &p.contact).collect();
        let inserted = if new.is_empty() { 0 } else { insert_contacts(database, db, org, &new)? };
        if (updated, inserted) != (changed.len(), new.len()) {
            // Somebody else has added or changed one of them since it was looked at.
            return Err(store(diesel::result::Error::RollbackTransaction));
        }
        let mut sources = Sources::default();
        let mut links: Vec<(ContactId, &TagName)> = Vec::new();
        for person in &met {
            let Some(row) = person.met else { continue };
            sources.push(person.contact.id, &self.arrival(row), person.stored.is_none());
            links.extend(person.tags.iter().map(|tag| (person.contact.id, tag)));
        }
        let came = insert_sources(db, org, &sources)?;
        let tags = link_tags(database, db, org, &self.tags, &links, self.now)?;
        Ok(met.iter().filter_map(|person| person.trace(&came, &tags)).collect())
    }
}

impl Person {
    /// What the chunk did to them, when it met them: the contacts that had not come by the
    /// import before are given, and the ids of tags by their keys.
    fn trace(&self, came: &HashSet<Uuid>, tags: &HashMap<String, Uuid>) -> Option<Trace> {
        let tags = self.tags.iter().filter_map(|tag| tags.get(tag.key()).copied().map(TagId));
        let tags = tags.collect();
        let deed = match (self.stored, &self.before) {
            (None, _) => Deed::Added { profile: Fingerprint::of(&self.contact), tags },
            (_, Some(before)) => {
                Deed::Updated { edits: FieldEdit::between(before, &self.contact), tags }
            }
            (_, None) => Deed::Updated { edits: Vec::new(), tags },
        };
        let contact = self.contact.id;
        Some(Trace { contact, row: self.met?, again: !came.contains(&contact.0), deed })
    }
}

fn note_tags(noted: &mut BTreeMap<String, TagName>, tags: &[TagName]) {
    for tag in tags {
        noted.entry(tag.key().to_owned()).or_insert_with(|| tag.clone());
    }
}

/// Writes the contacts that still have the version given, and says how many.
pub(crate) fn update_contacts(
    db: &mut PgConnection,
    org: OrgId,
    changed: &[(&Contact, u64)],
) -> Result<usize> {
    if changed.is_empty() {
        return Ok(0);
    }
    let contacts = || changed.iter().map(|(contact, _)| *contact);
    let ids: Vec<_> = contacts().map(|c| c.id.0).collect();
    let stored: Vec<_> = changed.iter().map(|(_, version)| version.cast_signed()).collect();
    let names: Vec<_> = contacts().map(|c| c.name.as_ref().map(|n| n.as_str())).collect();
    let name_keys: Vec<_> = contacts().map(Contact::name_key).collect();
    let emails: Vec<_> = contacts().map(|c| c.email.as_ref().map(|e| e.as_str())).collect();
    let email_keys: Vec<_> = contacts().map(Contact::email_key).collect();
    let phones: Vec<_> = contacts().map(|c| c.phone.as_ref().map(|p| p.as_str())).collect();
    let e164s: Vec<_> = contacts().map(|c| c.phone.as_ref().and_then(|p| p.e164())).collect();
    let searches: Vec<_> = contacts().map(Contact::search_text).collect();
    let customs: Vec<_> = contacts().map(|c| custom_to_json(&c.custom)).collect();
    let updated: Vec<_> = contacts().map(|c| c.updated_at).collect();
    let versions: Vec<_> = contacts().map(|c| c.version.cast_signed()).collect();
    let statement = "UPDATE contacts c SET name = n.name, name_key = n.name_key, \
             email = n.email, email_key = n.email_key, phone = n.phone, \
             phone_e164 = n.phone_e164, search = n.search, custom = n.custom, \
             updated_at = n.updated_at, version = n.version \
         FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) AS n (id, stored, name, \
             name_key, phone, phone_e164, search, custom, updated_at, version, email, email_key) \
         WHERE c.org_id = $1 AND c.id = n.id AND c.version = n.stored";
    sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<Array<SqlUuid>, _>(&ids)
        .bind::<Array<BigInt>, _>(&stored)
        .bind::<Array<Nullable<Text>>, _>(&names)
        .bind::<Array<Text>, _>(&name_keys)
        .bind::<Array<Nullable<Text>>, _>(&phones)
        .bind::<Array<Nullable<Text>>, _>(&e164s)
        .bind::<Array<Text>, _>(&searches)
        .bind::<Array<Jsonb>, _>(&customs)
        .bind::<Array<Timestamptz>, _>(&updated)
        .bind::<Array<BigInt>, _>(&versions)
        .bind::<Array<Nullable<Text>>, _>(&emails)
        .bind::<Array<Text>, _>(&email_keys)
        .execute(db)
        .map_err(store)
}

fn insert_issues(db: &mut PgConnection, import: &Import, issues: &[Issue]) -> Result<()> {
    if issues.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = issues.iter().map(|issue| issue.row.cast_signed()).collect();
    let ordinals: Vec<_> = (0..).take(issues.len()).collect::<Vec<i32>>();
    let lines: Vec<_> = issues.iter().map(|issue| issue.line.cast_signed()).collect();
    let codes: Vec<_> = issues.iter().map(|issue| issue.code.as_str()).collect();
    let reasons: Vec<_> = issues.iter().map(|issue| issue.reason.as_str()).collect();
    let statement = "INSERT INTO import_issues \
             (org_id, import_id, row_number, ordinal, line, code, reason) \
         SELECT $1, $2, i.* FROM unnest($3, $4, $5, $6, $7) AS i";
    sql_query(statement)
        .bind::<SqlUuid, _>(import.org.0)
        .bind::<SqlUuid, _>(import.id.0)
        .bind::<Array<BigInt>, _>(&rows)
        .bind::<Array<Integer>, _>(&ordinals)
        .bind::<Array<BigInt>, _>(&lines)
        .bind::<Array<Text>, _>(&codes)
        .bind::<Array<Text>, _>(&reasons)
        .execute(db)
        .map(drop)
        .map_err(store)
}
