//! The port of captures from chat widgets (R17).
//!
//! Deadlocks are the danger here. Every transaction therefore locks rows in this order:
//! - the visitor,
//! - the existing contacts and their pairs, by id,
//! - the address that a new or filled contact takes,
//! - the row of the visitor,
//! - the conversation.

use std::collections::{BTreeMap, BTreeSet};

use contacts_core::contact::{
    Activity, ActivityKind, AddressSource, Capture, CaptureMatch, CaptureRepository, Change,
    Contact, ContactId, EmailAddress, MergeFields, VisitorContact, is_only_captured,
};
use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::{Actor, Error, Result};
use diesel::dsl::exists;
use diesel::sql_types::{Array, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{
    BoolExpressionMethods, ExpressionMethods, NullableExpressionMethods, QueryDsl, insert_into,
    select,
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Database;
use crate::contacts::{
    Custom, find, fold, insert_contacts, lock_contacts, record, sources, update_row,
};
use crate::conversations::{self, lock_visitor};
use crate::database::{PgError, PgResult, RunQuery, TimedTx, Tx, run_again};
use crate::duplicates::record_pair;
use crate::events::publish;
use crate::schema::{
    activity, addresses, contact_conversations, contact_sources, deliveries, notes, subscriptions,
    unsubscribes, visitors,
};

/// Values that the visitor stated earlier in the conversation, by the contact that got them.
type StatedValues = BTreeMap<ContactId, BTreeSet<String>>;

/// Ids of the contacts that a capture may match.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Candidates {
    by_address: Option<Uuid>,
    by_visitor: Option<Uuid>,
    by_conversation: Option<Uuid>,
}

impl CaptureRepository for Database {
    fn capture(
        &self,
        capture: &Capture,
        id: ContactId,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<ContactId> {
        self.write_at(capture.org, now, |tx| Application { capture, actor, now }.apply(tx, id))
    }
}

/// A capture that is being applied.
struct Application<'a> {
    capture: &'a Capture,
    actor: Actor,
    now: OffsetDateTime,
}

impl Application<'_> {
    fn apply(&self, tx: &mut TimedTx<'_>, id: ContactId) -> PgResult<ContactId> {
        let Capture { visitor, .. } = self.capture;
        lock_visitor(tx, visitor)?;
        let candidates = self.candidates(tx)?;
        let Candidates { by_address, by_visitor, by_conversation } = candidates;
        let ids: Vec<_> = [by_address, by_visitor, by_conversation]
            .into_iter()
            .flatten()
            .map(ContactId)
            .collect();
        let mut stated = StatedValues::new();
        if !ids.is_empty() {
            lock_contacts(tx, &ids)?;
            if self.candidates(tx)? != candidates {
                return Err(run_again());
            }
            stated = self.stated_values(tx, &ids)?;
        }
        if let Some(contact) = self.capture.is_repeated(&stated) {
            return Ok(contact);
        }
        let of_address = read_locked(tx, by_address)?;
        let own = read_locked(tx, by_visitor)?;
        let own = match &own {
            Some(contact) => Some(VisitorContact {
                contact,
                is_only_captured: contact.email.is_none() && is_only_from_captures(tx, contact)?,
            }),
            None => None,
        };
        let match_result = self.capture.match_contacts(of_address.as_ref(), own);
        let (contact, possible_duplicate) = match (match_result, of_address, own) {
            (CaptureMatch::Folded { .. }, Some(survivor), Some(own)) => {
                let folded = fold(tx, survivor, own.contact, &MergeFields::default(), self.actor)?;
                let stated_before = stated.remove(&own.contact.id).unwrap_or_default();
                stated.entry(folded.contact.id).or_default().extend(stated_before);
                (self.fill(tx, folded.contact, &stated)?, None)
            }
            (CaptureMatch::Known { possible_duplicate, .. }, Some(contact), _) => {
                (self.fill(tx, contact, &stated)?, possible_duplicate)
            }
            (CaptureMatch::Known { possible_duplicate, .. }, None, Some(own)) => {
                (self.fill(tx, own.contact.clone(), &stated)?, possible_duplicate)
            }
            (CaptureMatch::New { possible_duplicate }, ..) => {
                (self.add(tx, id)?, possible_duplicate)
            }
            // The core matches existing contacts only, so this match contradicts what was read.
            (CaptureMatch::Known { .. } | CaptureMatch::Folded { .. }, ..) => {
                return Err(run_again());
            }
        };
        self.add_source(tx, contact, matches!(match_result, CaptureMatch::New { .. }))?;
        if let Some(possible_duplicate) = possible_duplicate {
            record_pair(tx, contact, possible_duplicate)?;
        }
        let is_new_visitor = own.is_none();
        if is_new_visitor {
            self.insert_visitor(tx, contact)?;
        }
        self.link(tx, contact, is_new_visitor)?;
        Ok(contact)
    }

    /// Finds the matching contacts in one query. A capture runs few queries, so each more query
    /// would cost noticeably.
    fn candidates(&self, tx: &mut Tx<'_>) -> PgResult<Candidates> {
        let Capture { visitor, conversation, email, .. } = self.capture;
        let org = tx.org.0;
        let by_address = addresses::table
            .filter(addresses::org_id.eq(org))
            .filter(addresses::email_key.nullable().eq(email.as_ref().map(EmailAddress::key)))
            .select(addresses::contact_id)
            .single_value();
        let by_visitor = visitors::table
            .find((org, visitor.widget(), visitor.id()))
            .select(visitors::contact_id)
            .single_value();
        let by_conversation = contact_conversations::table
            .filter(contact_conversations::org_id.eq(org))
            .filter(contact_conversations::conversation_id.eq(conversation.0))
            .select(contact_conversations::contact_id)
            .single_value();
        let (by_address, by_visitor, by_conversation) =
            select((by_address, by_visitor, by_conversation)).get_result(tx)?;
        Ok(Candidates { by_address, by_visitor, by_conversation })
    }

    fn stated_values(&self, tx: &mut Tx<'_>, contacts: &[ContactId]) -> PgResult<StatedValues> {
        let Capture { visitor, conversation, .. } = self.capture;
        // Filter by the contacts and never by the widget: when the statistics do not know the
        // captures yet, Postgres may scan all captures of the widget. Only sources of the kind
        // `chat` have a visitor.
        let rows: Vec<(Uuid, Uuid, Vec<Option<String>>)> = contact_sources::table
            .filter(contact_sources::org_id.eq(tx.org.0))
            .filter(contact_sources::contact_id.eq_any(contacts.iter().map(|id| id.0)))
            .filter(contact_sources::reference.eq(conversation.to_string()))
            .filter(contact_sources::visitor.eq(visitor.id()))
            .select((
                contact_sources::contact_id,
                contact_sources::detail_id,
                contact_sources::said,
            ))
            .load(tx)?;
        let of_widget = rows.into_iter().filter(|(_, widget, _)| *widget == visitor.widget());
        Ok(of_widget
            .map(|(contact, _, values)| {
                (ContactId(contact), values.into_iter().flatten().collect())
            })
            .collect())
    }

    fn add(&self, tx: &mut Tx<'_>, id: ContactId) -> PgResult<ContactId> {
        let contact = self.capture.to_contact(id, self.now);
        if !insert_contacts(tx, &[&contact])? {
            return Err(run_again());
        }
        self.publish_event(tx, id, EventKind::Created, Vec::new())?;
        Ok(id)
    }

    fn fill(
        &self,
        tx: &mut Tx<'_>,
        mut contact: Contact,
        stated: &StatedValues,
    ) -> PgResult<ContactId> {
        let before = contact.clone();
        let capture = match stated.get(&contact.id) {
            Some(stated) => &self.capture.without_known(stated),
            None => self.capture,
        };
        let changes: Change = capture.fill(&mut contact, self.now);
        if !changes.is_empty() {
            let is_consent_changed = update_row(tx, &before, &contact, AddressSource::Chat)
                .map_err(|error| match error {
                    // Another transaction took the address: run this one again.
                    PgError::Core(Error::EmailTaken(_)) => run_again(),
                    error => error,
                })?;
            let mut fields: Vec<_> = changes.iter().map(|change| change.field.clone()).collect();
            fields.extend(is_consent_changed.then(|| "consent".to_owned()));
            self.publish_event(tx, contact.id, EventKind::Updated, fields)?;
            let what = ActivityKind::Captured(changes);
            let activity = Activity { at: self.now, actor: self.actor, what };
            record(tx, contact.id, &activity)?;
        }
        Ok(contact.id)
    }

    fn publish_event(
        &self,
        tx: &mut Tx<'_>,
        id: ContactId,
        kind: EventKind,
        fields: Vec<String>,
    ) -> PgResult<()> {
        let event = ContactEvent::of(id, kind, fields, self.actor, self.now);
        publish(tx, &[event])
    }

    fn add_source(&self, tx: &mut Tx<'_>, contact: ContactId, is_first: bool) -> PgResult<()> {
        let Capture { visitor, conversation, at, .. } = self.capture;
        let key = match self.actor {
            Actor::Key(key) => Some(key.0),
            _ => None,
        };
        let statement = "INSERT INTO contact_sources AS s (org_id, contact_id, kind, detail_id, \
                 reference, visitor, at, is_first, key_id, said) \
             VALUES ($1, $2, 'chat', $3, $4, $5, $6, $7, $8, $9) \
             ON CONFLICT (org_id, contact_id, kind, detail_id, reference) \
                 DO UPDATE SET said = s.said || excluded.said WHERE s.visitor = excluded.visitor";
        tx.query(statement)
            .bind::<SqlUuid, _>(contact.0)
            .bind::<SqlUuid, _>(visitor.widget())
            .bind::<Text, _>(conversation.to_string())
            .bind::<Text, _>(visitor.id())
            .bind::<Timestamptz, _>(*at)
            .bind::<Bool, _>(is_first)
            .bind::<Nullable<SqlUuid>, _>(key)
            .bind::<Array<Text>, _>(self.capture.stated().into_iter().collect::<Vec<_>>())
            .execute(tx)
            .map(drop)
    }

    /// Stores a new visitor with its contact.
    fn insert_visitor(&self, tx: &mut Tx<'_>, contact: ContactId) -> PgResult<()> {
        let Capture { visitor, .. } = self.capture;
        let inserted = insert_into(visitors::table)
            .values((
                visitors::org_id.eq(tx.org.0),
                visitors::widget_id.eq(visitor.widget()),
                visitors::visitor.eq(visitor.id()),
                visitors::contact_id.eq(contact.0),
            ))
            .on_conflict((visitors::org_id, visitors::widget_id, visitors::visitor))
            .do_nothing()
            .execute(tx)?;
        if inserted == 0 { Err(run_again()) } else { Ok(()) }
    }

    /// Links the conversation to the contact. For a new visitor it also links the earlier
    /// conversations of the visitor.
    fn link(&self, tx: &mut Tx<'_>, contact: ContactId, is_new_visitor: bool) -> PgResult<()> {
        let conversation = self.capture.conversation();
        // A new conversation cannot have been released, so it needs no permission to be linked.
        let is_new = conversations::insert(tx, &conversation)?;
        if is_new_visitor {
            conversations::adopt(tx, &conversation.visitor, contact, None)?;
        }
        if is_new && is_new_visitor {
            return conversations::store_last(tx, &[contact.0]);
        }
        if !is_new {
            let stored = conversations::find(tx, conversation.id)?.ok_or_else(run_again)?;
            // A widget must not take over the conversation of another visitor.
            if stored.visitor != conversation.visitor {
                let adopted = if is_new_visitor { vec![contact.0] } else { Vec::new() };
                return conversations::store_last(tx, &adopted);
            }
            conversations::allow_link(tx, conversation.id)?;
        }
        let takes = self.capture.takes_conversation();
        let mut changed = conversations::link(tx, conversation.id, contact, takes)?;
        if is_new_visitor {
            changed.push(contact.0);
        }
        if changed.is_empty() { Ok(()) } else { conversations::store_last(tx, &changed) }
    }
}

/// Returns a locked contact, with its values of archived fields.
fn read_locked(tx: &mut Tx<'_>, id: Option<Uuid>) -> PgResult<Option<Contact>> {
    let Some(id) = id else { return Ok(None) };
    find(tx, ContactId(id), Custom::Whole, "")?.map(Some).ok_or_else(run_again)
}

/// Returns whether a locked contact consists of captures only.
fn is_only_from_captures(tx: &mut Tx<'_>, contact: &Contact) -> PgResult<bool> {
    let id = contact.id;
    Ok(is_only_captured(contact, &sources(tx, id)?, &[]) && !has_more(tx, id)?)
}

/// Returns whether a contact has other activity than captures, or notes, subscriptions, deliveries
/// or unsubscribes.
fn has_more(tx: &mut Tx<'_>, id: ContactId) -> PgResult<bool> {
    let org = tx.org.0;
    let activity = activity::table
        .filter(activity::org_id.eq(org).and(activity::contact_id.eq(id.0)))
        .filter(activity::kind.ne_all(["created", "captured"]));
    let notes = notes::table.filter(notes::org_id.eq(org).and(notes::contact_id.eq(id.0)));
    let subscriptions = subscriptions::table
        .filter(subscriptions::org_id.eq(org).and(subscriptions::contact_id.eq(id.0)));
    let deliveries =
        deliveries::table.filter(deliveries::org_id.eq(org).and(deliveries::contact_id.eq(id.0)));
    let unsubscribes = unsubscribes::table.find((org, id.0));
    select(
        exists(activity)
            .or(exists(notes))
            .or(exists(subscriptions))
            .or(exists(deliveries))
            .or(exists(unsubscribes)),
    )
    .get_result(tx)
}
