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
    /// The middle names, which stand between first and last name.
    MiddleName,
    /// The last name.
    LastName,
    /// The email address.
    Email,
    /// Further email addresses, several in one cell (R48).
    OtherEmails,
    /// The phone number.
    Phone,
    /// Tags, several in one cell.
    Tags,
    /// Whether the person agreed to messages. A no unsubscribes, a yes changes nothing (R52).
    Subscribed,
    /// Whether, or when, the person opted out. A yes unsubscribes, a no changes nothing (R52).
    Unsubscribed,
    /// A custom field of the organisation.
    Field(FieldKey),
}

impl Target {
    /// The names of the targets that are not custom fields, for messages.
    pub const NAMES: &str = "id, external_id, name, first_name, middle_name, last_name, email, \
         other_emails, phone, tags, subscribed, unsubscribed";

    /// Returns whether only columns of files may have the target, not fields of connected sources:
    /// there the source's own id finds the contact, and consent is not read.
    pub fn is_for_files_only(&self) -> bool {
        self.is_opt_out() || matches!(self, Self::Id | Self::ExternalId | Self::OtherEmails)
    }

    /// Returns whether a column says who wants no messages.
    pub fn is_opt_out(&self) -> bool {
        matches!(self, Self::Subscribed | Self::Unsubscribed)
    }

    /// Returns whether contacts are found by the values of the column.
    fn is_key(&self) -> bool {
        matches!(self, Self::Id | Self::ExternalId | Self::Email | Self::OtherEmails)
    }

    /// Returns whether an opt-out list reads the column: it finds contacts, or says who wants no
    /// messages (R52).
    pub(super) fn is_in_opt_out_list(&self) -> bool {
        self.is_key() || self.is_opt_out()
    }

    /// Returns whether several columns may have the target, all of which are read.
    pub fn takes_several(&self) -> bool {
        matches!(self, Self::Tags | Self::OtherEmails | Self::Subscribed | Self::Unsubscribed)
    }

    /// Returns whether several columns of a file may have the target. The first one with a value is
    /// read, and the addresses of the others are further addresses.
    pub fn takes_alternatives(&self) -> bool {
        matches!(self, Self::Email | Self::Phone)
    }

    /// Parses a target: one of [`Target::NAMES`], or `custom:` and a field's key.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "id" => Self::Id,
            "external_id" => Self::ExternalId,
            "name" => Self::Name,
            "first_name" => Self::FirstName,
            "middle_name" => Self::MiddleName,
            "last_name" => Self::LastName,
            "email" => Self::Email,
            "other_emails" => Self::OtherEmails,
            "phone" => Self::Phone,
            "tags" => Self::Tags,
            "subscribed" => Self::Subscribed,
            "unsubscribed" => Self::Unsubscribed,
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
            Self::MiddleName => "middle_name",
            Self::LastName => "last_name",
            Self::Email => "email",
            Self::OtherEmails => "other_emails",
            Self::Phone => "phone",
            Self::Tags => "tags",
            Self::Subscribed => "subscribed",
            Self::Unsubscribed => "unsubscribed",
            Self::Field(key) => return write!(f, "custom:{key}"),
        })
    }
}
