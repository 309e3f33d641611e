//! Custom fields in memory.

use std::collections::BTreeSet;

use contacts_core::contact::Contact;
use contacts_core::field::{Field, FieldKey, FieldPatch, FieldRepository, NewField};
use contacts_core::trail::TrailEvent;
use contacts_core::{Actor, Current, Error, OrgId, Result};
use time::OffsetDateTime;

use crate::World;
use crate::world::Rows;

impl Rows {
    pub(crate) fn fields_in_order(&self) -> Vec<Field> {
        let mut fields: Vec<_> = self.fields.values().cloned().collect();
        fields.sort_by_key(|field| (field.position, field.key.clone()));
        fields
    }

    /// Returns the fields by whose values contacts are found.
    pub(crate) fn searched_fields(&self) -> BTreeSet<FieldKey> {
        let searched = self.fields.values().filter(|field| field.is_searched());
        searched.map(|field| field.key.clone()).collect()
    }

    fn has_values_of(&self, key: &FieldKey) -> bool {
        self.contacts.records.values().any(|record| record.contact.custom.contains_key(key))
    }
}

impl Rows {
    /// Returns the contact without its values of archived fields.
    pub(crate) fn shown(&self, mut contact: Contact) -> Contact {
        contact.custom.retain(|key, _| self.fields.get(key).is_none_or(|field| !field.archived));
        contact
    }

    /// Returns the error without values of archived fields in a contact that it carries.
    pub(crate) fn shown_in(&self, error: Error) -> Error {
        match error {
            Error::Stale(state) => Error::Stale(Box::new(match *state {
                Current::Contact(contact) => Current::Contact(self.shown(contact)),
                state => state,
            })),
            error => error,
        }
    }
}

impl FieldRepository for World {
    fn list(&self, org: OrgId) -> Result<Vec<Field>> {
        self.read(org, |rows| Ok(rows.fields_in_order()))
    }

    fn insert(
        &self,
        org: OrgId,
        field: &NewField,
        limit: usize,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Field> {
        self.rows(org, |rows| {
            if rows.fields.contains_key(&field.key) {
                return Err(Error::Taken("the key"));
            }
            if rows.fields.len() >= limit {
                return Err(Error::limit_reached(limit, "custom fields"));
            }
            let last = rows.fields.values().map(|field| field.position).max();
            let field = field.clone().at(last.map_or(0, |last| last + 1));
            rows.fields.insert(field.key.clone(), field.clone());
            rows.record(TrailEvent::field_defined(&field.key), actor, now);
            Ok(field)
        })
    }

    fn patch(
        &self,
        org: OrgId,
        key: &FieldKey,
        patch: &FieldPatch,
        if_version: Option<u64>,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Field>> {
        self.rows(org, |rows| {
            let Some(mut field) = rows.fields.get(key).cloned() else { return Ok(None) };
            Current::check(&field, if_version)?;
            if field.apply(patch, || Ok(rows.has_values_of(key)))? {
                rows.fields.insert(key.clone(), field.clone());
                rows.record(TrailEvent::field_changed(key), actor, now);
            }
            Ok(Some(field))
        })
    }

    fn reorder(
        &self,
        org: OrgId,
        keys: &[FieldKey],
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<()> {
        self.rows(org, |rows| {
            let mut order: Vec<_> = rows.fields_in_order().into_iter().map(|f| f.key).collect();
            // Fields without a new position compare equal here, and the stable sort keeps their
            // order.
            order.sort_by_key(|key| keys.iter().position(|k| k == key).unwrap_or(keys.len()));
            let mut is_new = false;
            for (position, key) in (0..).zip(order) {
                let field = rows.fields.get_mut(&key);
                if let Some(field) = field.filter(|field| field.position != position) {
                    field.position = position;
                    field.version += 1;
                    is_new = true;
                }
            }
            if is_new {
                rows.record(TrailEvent::fields_reordered(), actor, now);
            }
            Ok(())
        })
    }
}
