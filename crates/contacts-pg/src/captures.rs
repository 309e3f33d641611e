//! Captures of chat widgets (R17).
//!
//! Everybody who writes holds things in one order, so that nobody waits in a circle: the visitor,
//! then the contacts that are there, by their ids, then the address that somebody new or blank
//! gets, then the visitor's row, and then the conversation.

use std::collections::{BTreeMap, BTreeSet};

use contacts_core::contact::{
    Activity, ActivityKind, Capture, CaptureRepository, Change, Contact, ContactId, EmailAddress,
    Meeting, OwnContact, is_only_captured,
};
use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::{Actor, OrgId, Result};
use diesel::pg::PgConnection;
use diesel::sql_types::{Array, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Database;
use crate::contacts::{Custom, arrivals, find, fold, hold, insert_contacts, record, update_row};
use crate::conversations::{self, hold_visitor, run_again};
use crate::database::{is, is_unique_violation, store};
use crate::duplicates::pair;
use crate::events::publish;

#[derive(QueryableByName)]
struct IsThere {
    #[diesel(sql_type = Bool)]
    is_there: bool,
}

#[derive(QueryableByName)]
struct SaidRow {
    #[diesel(sql_type = SqlUuid)]
    contact_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    origin_id: Uuid,
    #[diesel(sql_type = Array<Text>)]
    said: Vec<String>,
}

/// What the visitor said in the conversation before, by the contact that it was about.
type Said = BTreeMap<ContactId, BTreeSet<String>>;

/// Who may be meant: the contact of the address, the visitor's own, and the one that has the
/// conversation.
#[derive(Clone, Copy, PartialEq, Eq, QueryableByName)]
struct Met {
    #[diesel(sql_type = Nullable<SqlUuid>)]
    of_address: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    own: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    told: Option<Uuid>,
}

impl CaptureRepository for Database {
    fn capture(
        &self,
        capture: &Capture,
        id: ContactId,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<ContactId> {
        self.write(|db| Taking { database: self, capture, actor, now }.take(db, id))
    }
}

/// One capture, while it is taken.
struct Taking<'a> {
    database: &'a Database,
    capture: &'a Capture,
    actor: Actor,
    now: OffsetDateTime,
}

impl Taking<'_> {
    fn take(&self, db: &mut PgConnection, id: ContactId) -> Result<ContactId> {
        let Capture { org, visitor, .. } = self.capture;
        hold_visitor(db, *org, visitor)?;
        let met = self.met(db)?;
        let there = [met.of_address, met.own, met.told].into_iter().flatten();
        let ids: Vec<_> = there.map(ContactId).collect();
        let mut said = Said::new();
        if !ids.is_empty() {
            hold(db, *org, &ids)?;
            if self.met(db)? != met {
                return Err(run_again());
            }
            said = self.said(db, &ids)?;
        }
        if let Some(contact) = self.capture.is_repeated(&said) {
            return Ok(contact);
        }
        let of_address = self.held(db, met.of_address)?;
        let own = self.held(db, met.own)?;
        let own = match &own {
            Some(contact) => Some(OwnContact {
                contact,
                is_only_captured: contact.email.is_none() && is_only_met(db, contact)?,
            }),
            None => None,
        };
        let meeting = self.capture.meet(of_address.as_ref(), own);
        let (contact, beside) = match (meeting, of_address, own) {
            (Meeting::Folded { .. }, Some(survivor), Some(own)) => {
                let folded = fold(self.database, db, survivor, own.contact, self.actor, self.now)?;
                let theirs = said.remove(&own.contact.id).unwrap_or_default();
                said.entry(folded.contact.id).or_default().extend(theirs);
                (self.fill(db, folded.contact, &said)?, None)
            }
            (Meeting::Known { beside, .. }, Some(contact), _) => {
                (self.fill(db, contact, &said)?, beside)
            }
            (Meeting::Known { beside, .. }, None, Some(own)) => {
                (self.fill(db, own.contact.clone(), &said)?, beside)
            }
            (Meeting::New { beside }, ..) => (self.add(db, id)?, beside),
            // A meeting is with those that are there.
            (Meeting::Known { .. } | Meeting::Folded { .. }, ..) => return Err(run_again()),
        };
        self.arrive(db, contact, matches!(meeting, Meeting::New { .. }))?;
        if let Some(beside) = beside {
            pair(db, *org, contact, beside, self.now)?;
        }
        let is_news = own.is_none();
        if is_news {
            self.know(db, contact)?;
        }
        self.link(db, contact, is_news)?;
        Ok(contact)
    }

    /// In one question: a capture is made of few, and each of them costs as much as it does.
    fn met(&self, db: &mut PgConnection) -> Result<Met> {
        let Capture { org, visitor, conversation, email, .. } = self.capture;
        let statement = "SELECT (SELECT id FROM contacts WHERE org_id = $1 AND email_key = $2) \
                 AS of_address, \
             (SELECT contact_id FROM visitors \
                 WHERE org_id = $1 AND widget_id = $3 AND visitor = $4) AS own, \
             (SELECT contact_id FROM contact_conversations \
                 WHERE org_id = $1 AND conversation_id = $5) AS told";
        sql_query(statement)
            .bind::<SqlUuid, _>(org.0)
            .bind::<Nullable<Text>, _>(email.as_ref().map(EmailAddress::key))
            .bind::<SqlUuid, _>(visitor.widget())
            .bind::<Text, _>(visitor.id())
            .bind::<SqlUuid, _>(conversation.0)
            .get_result(db)
            .map_err(store)
    }

    fn said(&self, db: &mut PgConnection, contacts: &[ContactId]) -> Result<Said> {
        let Capture { org, visitor, conversation, .. } = self.capture;
        // By the contacts, and never by the widget: where the statistics know no capture yet, a
        // walk over all of its captures looks as good. Only what came by a chat has a visitor.
        let statement = "SELECT contact_id, origin_id, said FROM contact_sources \
             WHERE org_id = $1 AND contact_id = ANY($2) AND reference = $3 AND visitor = $4";
        let rows: Vec<SaidRow> = sql_query(statement)
            .bind::<SqlUuid, _>(org.0)
            .bind::<Array<SqlUuid>, _>(contacts.iter().map(|id| id.0).collect::<Vec<_>>())
            .bind::<Text, _>(conversation.to_string())
            .bind::<Text, _>(visitor.id())
            .load(db)
            .map_err(store)?;
        let of_widget = rows.into_iter().filter(|row| row.origin_id == visitor.widget());
        let said = |row: SaidRow| (ContactId(row.contact_id), row.said.into_iter().collect());
        Ok(of_widget.map(said).collect())
    }

    fn held(&self, db: &mut PgConnection, id: Option<Uuid>) -> Result<Option<Contact>> {
        let Some(id) = id else { return Ok(None) };
        find(db, self.capture.org, ContactId(id), Custom::Whole, "")?
            .map(Some)
            .ok_or_else(run_again)
    }

    fn add(&self, db: &mut PgConnection, id: ContactId) -> Result<ContactId> {
        let contact = self.capture.to_contact(id, self.now);
        if insert_contacts(self.database, db, contact.org, &[&contact])? == 0 {
            return Err(run_again());
        }
        self.tell(db, id, EventKind::Created, Vec::new())?;
        Ok(id)
    }

    fn fill(&self, db: &mut PgConnection, mut contact: Contact, said: &Said) -> Result<ContactId> {
        let before = contact.clone();
        let capture = match said.get(&contact.id) {
            Some(said) => &self.capture.unsaid(said),
            None => self.capture,
        };
        let changes: Change = capture.fill(&mut contact, self.now);
        if !changes.is_empty() {
            update_row(self.database, db, &before, &contact).map_err(|error| {
                // Somebody else took the address.
                if is(&error, is_unique_violation) { run_again() } else { error }
            })?;
            let fields = changes.iter().map(|change| change.field.clone()).collect();
            self.tell(db, contact.id, EventKind::Updated, fields)?;
            let what = ActivityKind::Captured(changes);
            let activity = Activity { at: self.now, actor: self.actor, what };
            record(db, contact.org, contact.id, self.database.ids.next(), &activity)?;
        }
        Ok(contact.id)
    }

    fn tell(
        &self,
        db: &mut PgConnection,
        id: ContactId,
        kind: EventKind,
        fields: Vec<String>,
    ) -> Result<()> {
        let event = ContactEvent::of(id, kind, fields, self.actor, self.now);
        publish(self.database, db, self.capture.org, &[event])
    }

    fn arrive(&self, db: &mut PgConnection, contact: ContactId, is_first: bool) -> Result<()> {
        let Capture { org, visitor, conversation, at, .. } = self.capture;
        let key = match self.actor {
            Actor::Key(key) => Some(key.0),
            _ => None,
        };
        let statement = "INSERT INTO contact_sources AS s (org_id, contact_id, kind, origin_id, \
                 reference, visitor, at, is_first, key_id, said) \
             VALUES ($1, $2, 'chat', $3, $4, $5, $6, $7, $8, $9) \
             ON CONFLICT (org_id, contact_id, kind, origin_id, reference) \
                 DO UPDATE SET said = s.said || excluded.said WHERE s.visitor = excluded.visitor";
        sql_query(statement)
            .bind::<SqlUuid, _>(org.0)
            .bind::<SqlUuid, _>(contact.0)
            .bind::<SqlUuid, _>(visitor.widget())
            .bind::<Text, _>(conversation.to_string())
            .bind::<Text, _>(visitor.id())
            .bind::<Timestamptz, _>(*at)
            .bind::<Bool, _>(is_first)
            .bind::<Nullable<SqlUuid>, _>(key)
            .bind::<Array<Text>, _>(self.capture.said().into_iter().collect::<Vec<_>>())
            .execute(db)
            .map(drop)
            .map_err(store)
    }

    /// From now on it is known who the visitor is.
    fn know(&self, db: &mut PgConnection, contact: ContactId) -> Result<()> {
        let Capture { org, visitor, .. } = self.capture;
        let statement = "INSERT INTO visitors (org_id, widget_id, visitor, contact_id) \
             VALUES ($1, $2, $3, $4) ON CONFLICT (org_id, widget_id, visitor) DO NOTHING";
        let known = sql_query(statement)
            .bind::<SqlUuid, _>(org.0)
            .bind::<SqlUuid, _>(visitor.widget())
            .bind::<Text, _>(visitor.id())
            .bind::<SqlUuid, _>(contact.0)
            .execute(db)
            .map_err(store)?;
        if known == 0 { Err(run_again()) } else { Ok(()) }
    }

    /// Links the conversation; and when it is news who the visitor is, all that they said before.
    fn link(&self, db: &mut PgConnection, contact: ContactId, is_news: bool) -> Result<()> {
        let told = self.capture.conversation();
        // What is new was released by nobody.
        let is_new = conversations::insert(db, &told)?;
        if is_news {
            conversations::adopt(db, told.org, &told.visitor, contact, None)?;
        }
        if is_new && is_news {
            return Ok(());
        }
        if !is_new {
            let kept = conversations::find(db, told.org, told.id, "")?.ok_or_else(run_again)?;
            // A widget cannot lay hands on what another visitor said.
            if kept.visitor != told.visitor {
                return Ok(());
            }
            conversations::take_up(db, told.org, told.id)?;
        }
        let takes = self.capture.takes_conversation();
        conversations::link(db, told.org, told.id, contact, takes)
    }
}

/// Whether nothing but captures is behind a contact, which is held.
fn is_only_met(db: &mut PgConnection, contact: &Contact) -> Result<bool> {
    let (org, id) = (contact.org, contact.id);
    Ok(is_only_captured(contact, &arrivals(db, org, id)?, &[]) && !has_more(db, org, id)?)
}

/// Whether more happened to a contact than captures, or anything else hangs on it.
fn has_more(db: &mut PgConnection, org: OrgId, id: ContactId) -> Result<bool> {
    let statement = "SELECT EXISTS (SELECT FROM contact_events WHERE org_id = $1 \
             AND contact_id = $2 AND kind NOT IN ('created', 'captured')) \
         OR EXISTS (SELECT FROM notes WHERE org_id = $1 AND contact_id = $2) \
         OR EXISTS (SELECT FROM subscriptions WHERE org_id = $1 AND contact_id = $2) \
         OR EXISTS (SELECT FROM deliveries WHERE org_id = $1 AND contact_id = $2) \
         OR EXISTS (SELECT FROM unsubscribes WHERE org_id = $1 AND contact_id = $2) AS is_there";
    let more: IsThere = sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(id.0)
        .get_result(db)
        .map_err(store)?;
    Ok(more.is_there)
}
