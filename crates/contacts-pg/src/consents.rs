//! The port of consent (R51).

use std::collections::BTreeMap;

use contacts_core::consent::{
    Consent, ConsentChange, ConsentNote, ConsentReason, ConsentRepository, Unsubscribe,
};
use contacts_core::contact::{Activity, ActivityKind, ContactId};
use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::{Actor, OrgId, Result};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Database;
use crate::campaigns::{resubscribe, unsubscribe};
use crate::contacts::{find_whole, lock_contacts, record};
use crate::database::{PgResult, unread, unreadable};
use crate::events::publish;

impl ConsentRepository for Database {
    fn change(
        &self,
        org: OrgId,
        contact: ContactId,
        change: &ConsentChange,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Consent>> {
        self.write_at(org, now, |tx| {
            // Locked before it is read: a read that waits for the lock would return the consent that
            // was stored before it waited.
            lock_contacts(tx, &[contact])?;
            let Some(contact) = find_whole(tx, contact)? else { return Ok(None) };
            let mut consent = contact.consent.clone();
            match change.unsubscribe(actor, now) {
                Some(lowered) => {
                    if !consent.lower(lowered.clone()) {
                        return Ok(Some(consent));
                    }
                    unsubscribe(tx, &BTreeMap::from([(contact.id.0, lowered)]))?;
                }
                None if consent.is_subscribed() => return Ok(Some(consent)),
                None => {
                    resubscribe(tx, &contact)?;
                    consent = Consent::Subscribed;
                }
            }
            let what = ActivityKind::ConsentChanged(change.clone());
            record(tx, contact.id, &Activity { at: now, actor, what })?;
            let fields = vec!["consent".to_owned()];
            let event = ContactEvent::of(contact.id, EventKind::Updated, fields, actor, now);
            publish(tx, &[event])?;
            Ok(Some(consent))
        })
    }
}

/// Reads the columns of an unsubscribe. `None` for the time means that there is none.
pub(crate) fn read_consent(
    at: Option<OffsetDateTime>,
    reason: Option<&str>,
    actor_kind: Option<&str>,
    actor_id: Option<Uuid>,
    note: Option<&str>,
) -> PgResult<Consent> {
    let Some(at) = at else { return Ok(Consent::Subscribed) };
    let reason = reason.and_then(ConsentReason::parse);
    let actor = actor_kind.and_then(|kind| Actor::from_parts(kind, actor_id));
    let note = note.map(ConsentNote::parse).transpose();
    Ok(Consent::Unsubscribed(Unsubscribe {
        reason: reason.ok_or_else(|| unreadable("unsubscribes.reason"))?,
        at,
        actor: actor.ok_or_else(|| unreadable("unsubscribes.actor_kind"))?,
        note: note.map_err(unread("unsubscribes.note"))?,
    }))
}

/// Returns the stored kind and detail of the activity of a change.
pub(crate) fn change_to_json(change: &ConsentChange) -> (&'static str, Value) {
    match change {
        ConsentChange::Lower { reason, note } => (
            "unsubscribed",
            json!({"reason": reason.as_str(), "note": note.as_ref().map(ConsentNote::as_str)}),
        ),
        ConsentChange::Raise { note } => ("resubscribed", json!({"note": note.as_str()})),
    }
}

/// Reads what [`change_to_json`] returned.
pub(crate) fn change_from_json(kind: &str, detail: &Value) -> Option<ConsentChange> {
    let text = |name: &str| detail[name].as_str();
    let note = text("note").map(ConsentNote::parse).transpose().ok()?;
    match kind {
        "unsubscribed" => {
            Some(ConsentChange::Lower { reason: ConsentReason::parse(text("reason")?)?, note })
        }
        "resubscribed" => Some(ConsentChange::Raise { note: note? }),
        _ => None,
    }
}
