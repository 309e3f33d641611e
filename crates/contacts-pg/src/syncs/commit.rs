//! Records of a source become contacts, a piece in a transaction.
//!
//! Postgres says what the source knows and who is there, the core decides record by record what
//! each does, and what came of it is written set by set. A record that says what it said before
//! costs one look at its link.

use std::collections::{BTreeSet, HashMap};

use contacts_core::Result;
use contacts_core::contact::{Contact, ContactId};
use contacts_core::import::{Skip, Tally, Warning};
use contacts_core::sync::{
    Committed, ConnectedSource, Link, Piece, PlannedRecord, Said, SyncRow, SyncRun, Vanish, added,
    merge,
};
use contacts_core::tag::TagName;
use diesel::pg::PgConnection;
use diesel::sql_types::{Array, Binary, Jsonb, Nullable, Text, Uuid as SqlUuid};
use diesel::{RunQueryDsl, sql_query};
use time::OffsetDateTime;

use super::links;
use super::people::People;
use crate::Database;
use crate::conversations::run_again;
use crate::database::{SETTINGS, store};
use crate::imports::StoredTally;

pub(super) fn commit(
    database: &Database,
    db: &mut PgConnection,
    source: &ConnectedSource,
    run: &SyncRun,
    piece: &Piece,
    now: OffsetDateTime,
) -> Result<Committed> {
    sql_query(SETTINGS).execute(db).map_err(store)?;
    let mut taking = Taking::begin(db, source, piece, now)?;
    let (mut tally, mut said) = (Tally::default(), Vec::new());
    for planned in &piece.records {
        let mut warnings = Vec::new();
        let skipped = taking.take(planned, &mut tally, &mut warnings)?;
        tally.count(skipped, planned.warnings.len() + warnings.len());
        said.extend(planned.lines(skipped, &warnings));
    }
    taking.write(database, db, run)?;
    let mut all = run.tally.clone();
    all.add(&tally);
    sql_query(
        "UPDATE sync_runs SET tally = $3, stalled = 0, log = $4 WHERE org_id = $1 AND id = $2",
    )
    .bind::<SqlUuid, _>(source.org.0)
    .bind::<SqlUuid, _>(run.id.0)
    .bind::<Jsonb, _>(StoredTally::write(&all))
    .bind::<Array<Text>, _>(&piece.log)
    .execute(db)
    .map_err(store)?;
    sql_query(
        "UPDATE connected_sources SET state = coalesce($3, state) WHERE org_id = $1 AND id = $2",
    )
    .bind::<SqlUuid, _>(source.org.0)
    .bind::<SqlUuid, _>(source.id.0)
    .bind::<Nullable<Binary>, _>(piece.state.as_ref().map(|state| &state.0))
    .execute(db)
    .map_err(store)?;
    Ok(Committed::Taken(all, said))
}

/// What the records of a piece do, before any of it is written.
pub(super) struct Taking<'a> {
    source: &'a ConnectedSource,
    now: OffsetDateTime,
    people: People,
    links: HashMap<String, Link>,
    /// Links that are to be written.
    written: BTreeSet<String>,
    /// Links that were there, and are not what they were: they go first.
    forgotten: BTreeSet<(String, ContactId)>,
}

impl<'a> Taking<'a> {
    fn begin(
        db: &mut PgConnection,
        source: &'a ConnectedSource,
        piece: &Piece,
        now: OffsetDateTime,
    ) -> Result<Self> {
        let ids: Vec<_> =
            piece.records.iter().map(|planned| planned.external_id.as_str()).collect();
        let links = links::known(db, source, &ids)?;
        let is_news = |planned: &&PlannedRecord| match &planned.row {
            Ok(Some(row)) => {
                links.get(&planned.external_id).is_none_or(|link| !link.said.covers(row))
            }
            Ok(None) => true,
            Err(_) => false,
        };
        let (mut contacts, mut keys) = (BTreeSet::new(), BTreeSet::new());
        let mut tags = BTreeSet::new();
        for planned in piece.records.iter().filter(is_news) {
            contacts.extend(links.get(&planned.external_id).map(|link| link.contact.0));
            let Ok(Some(row)) = &planned.row else { continue };
            keys.extend(row.email.as_ref().map(|email| email.key().to_owned()));
            tags.extend(row.tags.iter().cloned());
        }
        let contacts = contacts.into_iter().collect();
        let keys = keys.into_iter().collect();
        let people = People::read(db, source, contacts, keys, tags)?;
        Ok(Self::over(source, people, links, now))
    }

    pub(super) fn over(
        source: &'a ConnectedSource,
        people: People,
        links: HashMap<String, Link>,
        now: OffsetDateTime,
    ) -> Self {
        let (written, forgotten) = Default::default();
        Self { source, now, people, links, written, forgotten }
    }

    fn take(
        &mut self,
        planned: &PlannedRecord,
        tally: &mut Tally,
        warnings: &mut Vec<Warning>,
    ) -> Result<Option<Skip>> {
        let row = match &planned.row {
            Err(skip) => return Ok(Some(*skip)),
            Ok(None) => {
                let vanished = self.vanish(&planned.external_id)?;
                tally.updated += u64::from(vanished);
                return Ok((!vanished).then_some(Skip::Unchanged));
            }
            Ok(Some(row)) => row,
        };
        if let Some(link) = self.links.get_mut(&planned.external_id)
            && link.said.covers(row)
        {
            // Where those who vanish are looked for, it is kept that this one was seen.
            if std::mem::take(&mut link.vanished) || self.source.watches_for_vanished() {
                self.written.insert(planned.external_id.clone());
            }
            return Ok(Some(Skip::Unchanged));
        }
        let Some((contact, said)) = self.known(planned, row)? else {
            let arrival = planned.arrival(self.source.id, self.now);
            let (contact, said) = added(row, self.source.org, planned.contact, arrival);
            self.people.add(contact);
            self.link(planned, planned.contact, said);
            tally.added += 1;
            return Ok(None);
        };
        let is_taken = |key: &str| self.people.is_taken(key);
        let merged = merge(&contact, &said, row, &self.source.mapping, &is_taken, self.now);
        let is_change = merged.is_change();
        *warnings = merged.warnings;
        if is_change {
            let (changes, tags) = (merged.changes, merged.tags);
            self.people.change(self.source, merged.contact, changes, tags, self.now);
        }
        if !self.links.contains_key(&planned.external_id) {
            self.people.arrive(contact.id, planned.arrival(self.source.id, self.now));
        }
        self.link(planned, contact.id, merged.said);
        tally.updated += u64::from(is_change);
        Ok((!is_change).then_some(Skip::Unchanged))
    }

    /// Whom a record is about, and what the source has said of them under its id.
    fn known(&self, planned: &PlannedRecord, row: &SyncRow) -> Result<Option<(Contact, Said)>> {
        if let Some(link) = self.links.get(&planned.external_id) {
            // One that is not there was deleted or merged this moment.
            let contact = self.people.of_id(link.contact).ok_or_else(run_again)?;
            return Ok(Some((contact.clone(), link.said.clone())));
        }
        let of_address = row.email.as_ref().and_then(|email| self.people.of_address(email.key()));
        Ok(of_address.map(|contact| (contact.clone(), Said::default())))
    }

    fn link(&mut self, planned: &PlannedRecord, contact: ContactId, said: Said) {
        let id = planned.external_id.clone();
        self.written.insert(id.clone());
        self.links.insert(id, Link { contact, said, vanished: false });
    }

    /// Does what the source wants to a contact that is not there any more; says whether that
    /// changed something.
    pub(super) fn vanish(&mut self, external_id: &str) -> Result<bool> {
        let Some(link) = self.links.get_mut(external_id) else { return Ok(false) };
        match &self.source.vanish {
            Vanish::Nothing => Ok(false),
            Vanish::Tag(_) if link.vanished => Ok(false),
            Vanish::Tag(tag) => {
                link.vanished = true;
                let contact = link.contact;
                self.written.insert(external_id.to_owned());
                self.tag(contact, tag)
            }
            Vanish::Unlink => {
                let contact = link.contact;
                self.links.remove(external_id);
                self.written.remove(external_id);
                self.people.leave(contact, self.source.id, external_id);
                self.forgotten.insert((external_id.to_owned(), contact));
                Ok(true)
            }
        }
    }

    fn tag(&mut self, contact: ContactId, tag: &TagName) -> Result<bool> {
        let mut contact = self.people.of_id(contact).ok_or_else(run_again)?.clone();
        if contact.tags.contains(tag) {
            return Ok(false);
        }
        contact.tags.push(tag.clone());
        contact.tags.sort();
        self.people.change(self.source, contact, Vec::new(), vec![tag.clone()], self.now);
        Ok(true)
    }

    pub(super) fn write(
        self,
        database: &Database,
        db: &mut PgConnection,
        run: &SyncRun,
    ) -> Result<()> {
        let Self { source, now, people, links, written, forgotten } = self;
        links::forget(db, source, &forgotten)?;
        people.write(database, db, source, now)?;
        let kept = written.iter().filter_map(|id| Some((id.as_str(), links.get(id)?)));
        links::keep(db, source, run, &kept.collect::<Vec<_>>())
    }
}
