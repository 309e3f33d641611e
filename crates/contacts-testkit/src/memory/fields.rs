//! Custom fields in memory.

use contacts_core::contact::Contact;
use contacts_core::field::{Field, FieldKey, FieldRepository};
use contacts_core::{Error, OrgId, Result};

use crate::World;
use crate::world::Rows;

impl Rows {
    fn fields_in_order(&self) -> Vec<Field> {
        let mut fields: Vec<_> = self.fields.values().cloned().collect();
        fields.sort_by_key(|field| (field.position, field.key.clone()));
        fields
    }

    fn has_values_of(&self, key: &FieldKey) -> bool {
        self.contacts.records.values().any(|record| record.contact.custom.contains_key(key))
    }
}

impl Rows {
    /// The contact without its values of archived fields.
    pub(crate) fn shown(&self, mut contact: Contact) -> Contact {
        contact.custom.retain(|key, _| self.fields.get(key).is_none_or(|field| !field.archived));
        contact
    }

    /// The same of the contact that an error brings.
    pub(crate) fn shown_in(&self, error: Error) -> Error {
        match error {
            Error::Stale(contact) => Error::Stale(Box::new(self.shown(*contact))),
            error => error,
        }
    }
}

impl FieldRepository for World {
    fn list(&self, org: OrgId) -> Result<Vec<Field>> {
        self.rows(org, |rows| Ok(rows.fields_in_order()))
    }

    fn insert(&self, org: OrgId, field: &Field) -> Result<()> {
        self.rows(org, |rows| {
            if rows.fields.contains_key(&field.key) {
                return Err(Error::Taken("the key"));
            }
            rows.fields.insert(field.key.clone(), field.clone());
            Ok(())
        })
    }

    fn update(&self, org: OrgId, field: &Field) -> Result<bool> {
        self.rows(org, |rows| {
            let Some(old) = rows.fields.get(&field.key) else { return Ok(false) };
            if old.kind.as_str() != field.kind.as_str() && rows.has_values_of(&field.key) {
                let why = "the type cannot change while contacts have values of the field";
                return Err(Error::Conflict(why.to_owned()));
            }
            rows.fields.insert(field.key.clone(), field.clone());
            Ok(true)
        })
    }

    fn reorder(&self, org: OrgId, keys: &[FieldKey]) -> Result<()> {
        self.rows(org, |rows| {
            let mut order: Vec<_> = rows.fields_in_order().into_iter().map(|f| f.key).collect();
            // Those that are not named share a place, and a stable sort leaves them as they stood.
            order.sort_by_key(|key| keys.iter().position(|k| k == key).unwrap_or(keys.len()));
            for (position, key) in (0..).zip(order) {
                if let Some(field) = rows.fields.get_mut(&key) {
                    field.position = position;
                }
            }
            Ok(())
        })
    }
}
