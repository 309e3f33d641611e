//! Use cases of custom fields.

use std::sync::Arc;

use super::{Field, FieldKey, FieldPatch, FieldRepository, NewField};
use crate::{Actor, Clock, Error, Invalid, OrgId, Ports, Result};

/// The use cases of custom fields.
#[derive(Clone)]
pub struct FieldService {
    fields: Arc<dyn FieldRepository>,
    clock: Arc<dyn Clock>,
}

impl FieldService {
    /// Maximum number of custom fields in an organisation, archived ones included.
    pub const MAX_FIELDS: usize = 500;

    pub(crate) fn over(ports: &Ports) -> Self {
        Self { fields: ports.fields.clone(), clock: ports.clock.clone() }
    }

    /// Lists all fields, archived ones too, in order.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn list(&self, org: OrgId) -> Result<Vec<Field>> {
        self.fields.list(org)
    }

    /// Finds a field, also an archived one.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn get(&self, org: OrgId, key: &str) -> Result<Field> {
        let mut fields = self.fields.list(org)?.into_iter();
        fields.find(|field| field.key.as_str() == key).ok_or(Error::NotFound("field"))
    }

    /// Defines a field, after the others.
    ///
    /// # Errors
    ///
    /// [`Error::Taken`] when another field has the key; [`Error::Conflict`] when the organisation
    /// has [`Self::MAX_FIELDS`].
    pub fn define(&self, org: OrgId, field: &NewField, actor: Actor) -> Result<Field> {
        self.fields.insert(org, field, Self::MAX_FIELDS, actor, self.clock.now())
    }

    /// Changes a field.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Invalid`] naming `label` or `searchable`; [`Error::Conflict`] when the type
    /// would change while contacts have values of it; [`Error::Stale`] when the field does not
    /// have the expected version.
    pub fn update(
        &self,
        org: OrgId,
        key: &str,
        if_version: Option<u64>,
        patch: FieldPatch,
        actor: Actor,
    ) -> Result<Field> {
        let patch = patch.checked()?;
        let Ok(key) = FieldKey::parse(key) else { return Err(Error::NotFound("field")) };
        let patched = self.fields.patch(org, &key, &patch, if_version, actor, self.clock.now())?;
        patched.ok_or(Error::NotFound("field"))
    }

    /// Moves the fields with these keys to the front, in this order.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] when a key is unknown or named twice.
    pub fn reorder(&self, org: OrgId, keys: &[String], actor: Actor) -> Result<Vec<Field>> {
        // Fields are never deleted, so every key that exists here still exists when the field is
        // moved.
        let fields = self.fields.list(org)?;
        let mut order: Vec<FieldKey> = Vec::with_capacity(keys.len());
        for key in keys {
            let known = fields.iter().find(|field| field.key.as_str() == key);
            match known {
                Some(field) if !order.contains(&field.key) => order.push(field.key.clone()),
                Some(_) => return Err(Invalid::one("keys", format!("names {key} twice")).into()),
                None => return Err(Invalid::one("keys", format!("names no field: {key}")).into()),
            }
        }
        self.fields.reorder(org, &order, actor, self.clock.now())?;
        self.fields.list(org)
    }
}
