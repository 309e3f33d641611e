//! The stored JSON of the parts of a dry run.

use contacts_core::consent::{Consent, ConsentReason, Unsubscribe};
use contacts_core::contact::{Contact, ContactId, EmailAddress, FieldChange, Name};
use contacts_core::import::{DryOutcome, DryRow, SkipCode};
use contacts_core::{Actor, Error};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::database::{PgResult, unread, unreadable};
use crate::edits::{StoredPhone, read_phone, write_phone};
use crate::json::{custom_from_json, custom_to_json};
use crate::tags::tag_name;

/// The parts of a contact that rows can change.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredPerson {
    email: Option<String>,
    #[serde(default)]
    other_emails: Vec<String>,
    name: Option<String>,
    phone: Option<StoredPhone>,
    custom: Value,
    tags: Vec<String>,
    #[serde(default)]
    is_unsubscribed: bool,
}

impl StoredPerson {
    pub(super) fn write(contact: &Contact) -> Value {
        json!(Self {
            email: contact.email.as_ref().map(ToString::to_string),
            other_emails: contact.other_emails.iter().map(ToString::to_string).collect(),
            name: contact.name.as_ref().map(ToString::to_string),
            phone: contact.phone.as_ref().map(write_phone),
            custom: custom_to_json(&contact.custom),
            tags: contact.tags.iter().map(ToString::to_string).collect(),
            is_unsubscribed: !contact.consent.is_subscribed(),
        })
    }

    /// Replaces the stored parts in a contact.
    pub(super) fn read(value: Value, contact: &mut Contact) -> PgResult<()> {
        let stored: Self = serde_json::from_value(value).map_err(Error::store)?;
        let email = stored.email.map(|email| EmailAddress::parse(&email)).transpose();
        contact.email = email.map_err(unread("dry_run_contacts.person"))?;
        let others = stored.other_emails.iter().map(|email| EmailAddress::parse(email));
        let others: Result<_, _> = others.collect();
        contact.other_emails = others.map_err(unread("dry_run_contacts.person"))?;
        let name = stored.name.map(|name| Name::parse(&name)).transpose();
        contact.name = name.map_err(unread("dry_run_contacts.person"))?;
        contact.phone = stored.phone.map(read_phone);
        contact.custom = custom_from_json(stored.custom)?;
        contact.tags = stored.tags.iter().map(|tag| tag_name(tag)).collect::<PgResult<_>>()?;
        contact.tags.sort();
        if stored.is_unsubscribed && contact.consent.is_subscribed() {
            // Later rows depend only on the state.
            let (reason, at) = (ConsentReason::Imported, contact.updated_at);
            let unsubscribe = Unsubscribe { reason, at, actor: Actor::System, note: None };
            contact.consent = Consent::Unsubscribed(unsubscribe);
        }
        Ok(())
    }
}

/// The outcome of a row. Keys are one letter, because a dry run has many rows.
#[derive(Serialize, Deserialize)]
struct StoredRow {
    /// Number of the row.
    r: u64,
    /// Line in the file.
    l: u64,
    /// Code and sentence of the reason to skip the row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    s: Option<(String, String)>,
    /// The update of a contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    u: Option<StoredUpdate>,
    /// Cells whose values would be lost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    w: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct StoredUpdate {
    /// Id of the contact, if it exists.
    i: Option<Uuid>,
    /// Changed fields, each with its old and its new value.
    f: Vec<(String, Option<String>, Option<String>)>,
    /// Added tags.
    t: Vec<String>,
}

pub(super) fn write_rows(rows: &[DryRow]) -> PgResult<Vec<u8>> {
    let rows: Vec<_> = rows.iter().map(StoredRow::write).collect();
    Ok(serde_json::to_vec(&rows).map_err(Error::store)?)
}

pub(super) fn read_rows(bytes: &[u8]) -> PgResult<Vec<DryRow>> {
    let rows: Vec<StoredRow> = serde_json::from_slice(bytes).map_err(Error::store)?;
    rows.into_iter().map(StoredRow::read).collect()
}

impl StoredRow {
    fn write(row: &DryRow) -> Self {
        let (mut skipped, mut update) = (None, None);
        match &row.outcome {
            DryOutcome::Added => {}
            DryOutcome::Skipped { code, reason } => {
                skipped = Some((code.as_str().to_owned(), reason.clone()));
            }
            DryOutcome::Updated { contact, changes, tags } => {
                let change = |c: &FieldChange| (c.field.clone(), c.from.clone(), c.to.clone());
                update = Some(StoredUpdate {
                    i: contact.map(|contact| contact.0),
                    f: changes.iter().map(change).collect(),
                    t: tags.clone(),
                });
            }
        }
        Self { r: row.row, l: row.line, s: skipped, u: update, w: row.warnings.clone() }
    }

    fn read(self) -> PgResult<DryRow> {
        let outcome = match (self.s, self.u) {
            (Some((code, reason)), _) => {
                let code = SkipCode::parse(&code);
                let code = code.ok_or_else(|| unreadable("dry_run_chunks.outcomes"))?;
                DryOutcome::Skipped { code, reason }
            }
            (None, Some(StoredUpdate { i, f, t })) => {
                let change = |(field, from, to)| FieldChange { field, from, to };
                DryOutcome::Updated {
                    contact: i.map(ContactId),
                    changes: f.into_iter().map(change).collect(),
                    tags: t,
                }
            }
            (None, None) => DryOutcome::Added,
        };
        Ok(DryRow { row: self.r, line: self.l, outcome, warnings: self.w })
    }
}
