//! How the parts of a dry run are kept as JSON.

use contacts_core::contact::{Contact, ContactId, FieldChange, Name};
use contacts_core::import::{DryOutcome, DryRow, SkipCode};
use contacts_core::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::pieces::{StoredPhone, read_phone, write_phone};
use crate::database::{unread, unreadable};
use crate::json::{custom_from_json, custom_to_json};
use crate::tags::tag_name;

/// What rows may change of a person.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredPerson {
    name: Option<String>,
    phone: Option<StoredPhone>,
    custom: Value,
    tags: Vec<String>,
}

impl StoredPerson {
    pub(super) fn write(contact: &Contact) -> Value {
        json!(Self {
            name: contact.name.as_ref().map(ToString::to_string),
            phone: contact.phone.as_ref().map(write_phone),
            custom: custom_to_json(&contact.custom),
            tags: contact.tags.iter().map(ToString::to_string).collect(),
        })
    }

    /// Makes the contact so.
    pub(super) fn read(value: Value, contact: &mut Contact) -> Result<()> {
        let stored: Self = serde_json::from_value(value).map_err(Error::store)?;
        let name = stored.name.map(|name| Name::parse(&name)).transpose();
        contact.name = name.map_err(unread("dry_run_people.person"))?;
        contact.phone = stored.phone.map(read_phone);
        contact.custom = custom_from_json(stored.custom)?;
        contact.tags = stored.tags.iter().map(|tag| tag_name(tag)).collect::<Result<_>>()?;
        contact.tags.sort();
        Ok(())
    }
}

/// A row's outcome: names of one letter, for there are many of them.
#[derive(Serialize, Deserialize)]
struct StoredRow {
    /// The row.
    r: u64,
    /// The line.
    l: u64,
    /// Why it would be skipped: the code and the sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    s: Option<(String, String)>,
    /// What it would change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    u: Option<StoredUpdate>,
    /// Cells that would be lost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    w: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct StoredUpdate {
    /// The contact.
    i: Option<Uuid>,
    /// Fields, from what to what.
    f: Vec<(String, Option<String>, Option<String>)>,
    /// Tags.
    t: Vec<String>,
}

pub(super) fn write_rows(rows: &[DryRow]) -> Result<Vec<u8>> {
    let rows: Vec<_> = rows.iter().map(StoredRow::write).collect();
    serde_json::to_vec(&rows).map_err(Error::store)
}

pub(super) fn read_rows(bytes: &[u8]) -> Result<Vec<DryRow>> {
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

    fn read(self) -> Result<DryRow> {
        let outcome = match (self.s, self.u) {
            (Some((code, reason)), _) => {
                let code = SkipCode::parse(&code);
                let code = code.ok_or_else(|| unreadable("dry_run_pieces.outcomes"))?;
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
