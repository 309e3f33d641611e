//! The targets of columns (R32).

use std::fmt;

use crate::field::FieldKey;

/// The target of a column.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// The contact's id.
    Id,
    /// The organisation's own id for the contact.
    ExternalId,
    /// The full name.
    Name,
    /// The first name.
    FirstName,
    /// The last name.
    LastName,
    /// The email address.
    Email,
    /// The phone number.
    Phone,
    /// Tags, several in one cell. The only target that takes several columns.
    Tags,
    /// A custom field of the organisation.
    Field(FieldKey),
}

impl Target {
    /// Parses a target: `id`, `external_id`, `name`, `first_name`, `last_name`, `email`, `phone`,
    /// `tags`, or `custom:` and a field's key.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "id" => Self::Id,
            "external_id" => Self::ExternalId,
            "name" => Self::Name,
            "first_name" => Self::FirstName,
            "last_name" => Self::LastName,
            "email" => Self::Email,
            "phone" => Self::Phone,
            "tags" => Self::Tags,
            _ => Self::Field(FieldKey::parse(name.strip_prefix("custom:")?).ok()?),
        })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Id => "id",
            Self::ExternalId => "external_id",
            Self::Name => "name",
            Self::FirstName => "first_name",
            Self::LastName => "last_name",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Tags => "tags",
            Self::Field(key) => return write!(f, "custom:{key}"),
        })
    }
}
