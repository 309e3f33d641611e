//! Which column goes where (R32).

use std::fmt;

use crate::field::FieldKey;

/// Where a column goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// The whole name.
    Name,
    /// The first part of the name.
    FirstName,
    /// The last part of the name.
    LastName,
    /// The address.
    Email,
    /// The phone number.
    Phone,
    /// Tags, several in one cell. The only target that takes several columns.
    Tags,
    /// A custom field of the organisation.
    Field(FieldKey),
}

impl Target {
    /// The target of a name: `name`, `first_name`, `last_name`, `email`, `phone`, `tags`, or
    /// `custom:` and a field's key.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
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
