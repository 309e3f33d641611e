//! Defining custom fields.

use std::sync::Arc;

use super::{Field, FieldKey, FieldRepository, FieldType, check_label};
use crate::{Error, Invalid, OrgId, Result};

/// What to change of a field; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldPatch {
    /// What people call it.
    pub label: Option<String>,
    /// What its values are.
    pub kind: Option<FieldType>,
    /// Whether it is hidden.
    pub archived: Option<bool>,
}

/// The use cases of custom fields.
#[derive(Clone)]
pub struct FieldService {
    fields: Arc<dyn FieldRepository>,
}

impl FieldService {
    /// The most fields an organisation may have.
    pub const MAX: usize = 500;

    /// Makes the service.
    pub fn new(fields: Arc<dyn FieldRepository>) -> Self {
        Self { fields }
    }

    /// All fields, archived ones too, in order.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn list(&self, org: OrgId) -> Result<Vec<Field>> {
        self.fields.list(org)
    }

    /// Defines a field, after the others.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] naming the part; [`Error::Taken`] when there is one of the key;
    /// [`Error::Conflict`] when there are too many.
    pub fn define(&self, org: OrgId, key: &str, label: &str, kind: FieldType) -> Result<Field> {
        let others = self.fields.list(org)?;
        if others.len() >= Self::MAX {
            return Err(Error::Conflict(format!("there are {} custom fields already", Self::MAX)));
        }
        let position = others.last().map_or(0, |last| last.position + 1);
        let field = Field::new(key, label, kind, position)?;
        self.fields.insert(org, &field)?;
        Ok(field)
    }

    /// Changes a field.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Invalid`]; [`Error::Conflict`] when its type would
    /// change while contacts have values of it.
    pub fn change(&self, org: OrgId, key: &str, patch: FieldPatch) -> Result<Field> {
        let mut field = self.find(org, key)?;
        if let Some(label) = patch.label {
            field.label = check_label(&label).map_err(|wrong| vec![wrong])?;
        }
        field.kind = patch.kind.unwrap_or(field.kind);
        field.archived = patch.archived.unwrap_or(field.archived);
        if self.fields.update(org, &field)? { Ok(field) } else { Err(Error::NotFound("field")) }
    }

    /// Puts the fields of these keys first, in this order.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] when a key is unknown or stands twice.
    pub fn reorder(&self, org: OrgId, keys: &[String]) -> Result<Vec<Field>> {
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
        self.fields.reorder(org, &order)?;
        self.fields.list(org)
    }

    fn find(&self, org: OrgId, key: &str) -> Result<Field> {
        let fields = self.fields.list(org)?;
        fields.into_iter().find(|f| f.key.as_str() == key).ok_or(Error::NotFound("field"))
    }
}
