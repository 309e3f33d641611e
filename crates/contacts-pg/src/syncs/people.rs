//! The people of a piece, as its records make them, before any of it is written.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use contacts_core::contact::{
    Activity, ActivityKind, Arrival, Contact, ContactId, FieldChange, Origin, changed_fields,
};
use contacts_core::event::EventGroups;
use contacts_core::sync::{ConnectedSource, SourceId, Vanish};
use contacts_core::tag::TagName;
use contacts_core::{OrgId, Result};
use diesel::pg::PgConnection;
use diesel::sql_types::{Array, Uuid as SqlUuid};
use diesel::{RunQueryDsl, sql_query};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::campaigns::follow_address;
use crate::contacts::{
    ContactRow, Custom, FIRST_SOURCE, Sources, insert_contacts, insert_sources, link_tags,
    record_all, select_contacts,
};
use crate::conversations::run_again;
use crate::database::{is, is_unique_violation, store};
use crate::events::publish;
use crate::imports::update_contacts;
use crate::statement::{Bind, Statement};
use crate::{Database, tags};

/// A person of the piece.
struct Person {
    contact: Contact,
    /// The version in the store, and the address; nothing for somebody new.
    stored: Option<(u64, String)>,
    profile_changed: bool,
    tags: Vec<TagName>,
    arrivals: Vec<Arrival>,
}

/// Everybody whom the records may be about.
#[derive(Default)]
pub(super) struct People {
    everybody: HashMap<ContactId, Person>,
    by_address: HashMap<String, ContactId>,
    /// The tags that are there or were put on somebody, by their keys, as they were first written.
    tags: BTreeMap<String, TagName>,
    activity: Vec<(ContactId, Activity)>,
    events: EventGroups,
}

impl People {
    /// Reads those of some ids, and those of some addresses; and how the tags are written that
    /// they may get.
    pub(super) fn read(
        db: &mut PgConnection,
        source: &ConnectedSource,
        ids: Vec<Uuid>,
        keys: Vec<String>,
        mut tags: BTreeSet<TagName>,
    ) -> Result<Self> {
        let org = source.org;
        if let Vanish::Tag(tag) = &source.vanish {
            tags.insert(tag.clone());
        }
        let mut people = Self::default();
        people.note_tags(tags::written(db, org, &tags)?);
        // Two statements, so that each goes by its index.
        for bind in [Bind::Uuids(ids), Bind::Texts(keys)] {
            let condition = match &bind {
                Bind::Uuids(ids) if ids.is_empty() => continue,
                Bind::Texts(keys) if keys.is_empty() => continue,
                Bind::Uuids(_) => "WHERE c.org_id = $1 AND c.id = ANY(",
                _ => "WHERE c.org_id = $1 AND c.email_key <> '' AND c.email_key = ANY(",
            };
            let mut select = Statement::of(org);
            select_contacts(&mut select, Custom::Whole, |select| {
                select.push("contacts c").push(FIRST_SOURCE).push(condition);
                select.bind(bind.clone()).push(")");
            });
            let rows: Vec<ContactRow> = select.build().load(db).map_err(store)?;
            for row in rows {
                people.know(row.read(org)?);
            }
        }
        Ok(people)
    }

    fn know(&mut self, contact: Contact) {
        if !contact.email_key().is_empty() {
            self.by_address.insert(contact.email_key().to_owned(), contact.id);
        }
        let stored = Some((contact.version, contact.email_key().to_owned()));
        let (profile_changed, tags, arrivals) = Default::default();
        let person = Person { contact, stored, profile_changed, tags, arrivals };
        self.everybody.insert(person.contact.id, person);
    }

    pub(super) fn of_id(&self, id: ContactId) -> Option<&Contact> {
        self.everybody.get(&id).map(|person| &person.contact)
    }

    pub(super) fn of_address(&self, key: &str) -> Option<&Contact> {
        self.of_id(*self.by_address.get(key)?)
    }

    pub(super) fn is_taken(&self, key: &str) -> bool {
        self.by_address.contains_key(key)
    }

    /// Somebody new.
    pub(super) fn add(&mut self, contact: Contact) {
        self.note_tags(contact.tags.clone());
        self.events.created(contact.id);
        if !contact.email_key().is_empty() {
            self.by_address.insert(contact.email_key().to_owned(), contact.id);
        }
        let person = Person {
            tags: contact.tags.clone(),
            arrivals: vec![contact.source.clone()],
            contact,
            stored: None,
            profile_changed: false,
        };
        self.everybody.insert(person.contact.id, person);
    }

    /// Somebody has come by one more way.
    pub(super) fn arrive(&mut self, id: ContactId, arrival: Arrival) {
        if let Some(person) = self.everybody.get_mut(&id) {
            person.arrivals.push(arrival);
        }
    }

    /// Somebody has not come by this way of the piece after all, unless it made them.
    pub(super) fn leave(&mut self, id: ContactId, source: SourceId, external_id: &str) {
        let Some(person) = self.everybody.get_mut(&id) else { return };
        let mut is_first = person.stored.is_none();
        person.arrivals.retain(|arrival| {
            std::mem::take(&mut is_first)
                || !matches!(&arrival.origin, Origin::Connected { source: s, external_id: e }
                    if *s == source.0 && e == external_id)
        });
    }

    /// Somebody is changed into this.
    pub(super) fn change(
        &mut self,
        source: &ConnectedSource,
        after: Contact,
        changes: Vec<FieldChange>,
        tags: Vec<TagName>,
        now: OffsetDateTime,
    ) {
        self.note_tags(tags.clone());
        let Some(person) = self.everybody.get_mut(&after.id) else { return };
        let id = after.id;
        self.events.updated(id, changed_fields(&person.contact, &after));
        self.by_address.remove(person.contact.email_key());
        if !after.email_key().is_empty() {
            self.by_address.insert(after.email_key().to_owned(), id);
        }
        person.contact = after;
        let mut note = |what| {
            self.activity.push((id, Activity { at: now, actor: source.actor(), what }));
        };
        if !changes.is_empty() {
            person.profile_changed = true;
            note(ActivityKind::Edited(changes));
        }
        if !tags.is_empty() {
            let written = |tag: &TagName| self.tags.get(tag.key()).unwrap_or(tag).to_string();
            let added = tags.iter().map(written).collect();
            note(ActivityKind::Tagged { added, removed: Vec::new() });
        }
        person.tags.extend(tags);
    }

    fn note_tags(&mut self, tags: Vec<TagName>) {
        for tag in tags {
            self.tags.entry(tag.key().to_owned()).or_insert(tag);
        }
    }

    /// Writes it.
    pub(super) fn write(
        self,
        database: &Database,
        db: &mut PgConnection,
        source: &ConnectedSource,
        now: OffsetDateTime,
    ) -> Result<()> {
        let org = source.org;
        let mut everybody: Vec<&Person> = self.everybody.values().collect();
        // In the order of their keys: two who write the same people wait for each other in turn.
        everybody.sort_unstable_by(|one, other| {
            (one.contact.email_key(), one.contact.id)
                .cmp(&(other.contact.email_key(), other.contact.id))
        });
        self.update(database, db, org, &everybody)?;
        let new: Vec<_> =
            everybody.iter().filter(|p| p.stored.is_none()).map(|p| &p.contact).collect();
        let inserted = if new.is_empty() { 0 } else { insert_contacts(database, db, org, &new)? };
        if inserted != new.len() {
            // Somebody else has added one of them since it was looked at.
            return Err(run_again());
        }
        let mut sources = Sources::default();
        let mut links: Vec<(ContactId, &TagName)> = Vec::new();
        for person in &everybody {
            let id = person.contact.id;
            for (at, arrival) in person.arrivals.iter().enumerate() {
                sources.push(id, arrival, at == 0 && person.stored.is_none());
            }
            links.extend(person.tags.iter().map(|tag| (id, tag)));
        }
        insert_sources(db, org, &sources)?;
        link_tags(database, db, org, &self.tags, &links, now)?;
        let activity = self.activity.iter().map(|(id, what)| (*id, database.ids.next(), what));
        record_all(db, org, &activity.collect::<Vec<_>>())?;
        publish(database, db, org, &self.events.into_events(source.actor(), now))
    }

    fn update(
        &self,
        database: &Database,
        db: &mut PgConnection,
        org: OrgId,
        everybody: &[&Person],
    ) -> Result<()> {
        let changed = everybody.iter().filter(|person| person.profile_changed);
        let changed: Vec<_> =
            changed.filter_map(|p| Some((&p.contact, p.stored.as_ref()?))).collect();
        let moved = changed.iter().filter(|(c, (_, key))| c.email_key() != key);
        let moved: Vec<&Contact> = moved.map(|(contact, _)| *contact).collect();
        let left: Vec<_> = moved.iter().map(|contact| contact.id.0).collect();
        if !left.is_empty() {
            // First they all leave their addresses: some may want one another's.
            sql_query(
                "UPDATE contacts SET email = NULL, email_key = '' \
                 WHERE org_id = $1 AND id = ANY($2)",
            )
            .bind::<SqlUuid, _>(org.0)
            .bind::<Array<SqlUuid>, _>(&left)
            .execute(db)
            .map_err(store)?;
        }
        let versions: Vec<_> =
            changed.iter().map(|(contact, (version, _))| (*contact, *version)).collect();
        let updated = update_contacts(db, org, &versions).map_err(|error| {
            // Somebody else took the address.
            if is(&error, is_unique_violation) { run_again() } else { error }
        })?;
        if updated != changed.len() {
            return Err(run_again());
        }
        moved.into_iter().try_for_each(|contact| follow_address(database, db, contact))
    }
}
