//! Orders of the contact list (R21).

use std::borrow::Cow;
use std::cmp::Ordering;

use time::OffsetDateTime;

use super::{Contact, ContactId, Cursor, CursorKey, Relevance};
use crate::field::{FieldKey, FieldRepository, FieldType};
use crate::{Invalid, OrgId, Result};

/// Property by which the list is sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SortBy {
    /// The folded name; contacts without a name come first.
    Name,
    /// The normalised address; contacts without an address come first.
    Email,
    /// Time of creation.
    Created,
    /// Time of the last change of the profile.
    Updated,
    /// How well the contact matches the search (R59), then time of creation. Without a search, the
    /// time of creation alone.
    Relevance,
    /// Time of the last message of all conversations. Contacts without a conversation come last in
    /// both directions.
    LastConversation,
    /// The value of a custom field, as [`CursorKey::of_value`] compares values. Contacts without a
    /// value come last in both directions.
    Field(FieldKey),
}

impl SortBy {
    /// Every property that is not a custom field.
    pub const ALL: [Self; 6] = [
        Self::Name,
        Self::Email,
        Self::Created,
        Self::Updated,
        Self::Relevance,
        Self::LastConversation,
    ];

    /// Returns the name in the API; that of a custom field is `field.` and its key.
    fn name(&self) -> Cow<'static, str> {
        match self {
            Self::Name => "name".into(),
            Self::Email => "email".into(),
            Self::Created => "created".into(),
            Self::Updated => "updated".into(),
            Self::Relevance => "relevance".into(),
            Self::LastConversation => "last_conversation".into(),
            Self::Field(key) => format!("field.{key}").into(),
        }
    }

    fn parse(name: &str) -> Option<Self> {
        match name.strip_prefix("field.") {
            Some(key) => FieldKey::parse(key).ok().map(Self::Field),
            None => Self::ALL.into_iter().find(|by| by.name() == name),
        }
    }
}

/// Order of the list. Ids break ties, so the order is total.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sort {
    /// Property by which the list is sorted.
    pub by: SortBy,
    /// Whether the order is reversed.
    pub descending: bool,
}

/// A contact with everything that an order may compare.
#[derive(Clone, Copy)]
pub struct SortSubject<'a> {
    /// The contact.
    pub contact: &'a Contact,
    /// How well it matches the search of the list.
    pub relevance: Relevance,
    /// Time of the last message of the contact's conversations.
    pub last_conversation: Option<OffsetDateTime>,
    /// Type of the field of [`SortBy::Field`].
    pub field: Option<&'a FieldType>,
}

impl Sort {
    /// The best matches of a search first, and the newest first within each relevance (R59).
    pub const BEST_FIRST: Self = Self { by: SortBy::Relevance, descending: true };

    /// Returns the name in the API and in the store; a leading `-` reverses the order, except that
    /// of `relevance`, which lists the best first.
    pub fn name(&self) -> String {
        let is_reversed = self.descending != (self.by == SortBy::Relevance);
        format!("{}{}", if is_reversed { "-" } else { "" }, self.by.name())
    }

    /// Parses a name; `None` when it is unknown. The worst matches first cannot be chosen.
    pub fn parse(name: &str) -> Option<Self> {
        let (property, descending) = match name.strip_prefix('-') {
            Some(property) => (property, true),
            None => (name, false),
        };
        if property == "relevance" {
            return (!descending).then_some(Self::BEST_FIRST);
        }
        Some(Self { by: SortBy::parse(property)?, descending })
    }

    /// Returns the text that cursors contain.
    pub(super) fn code(&self) -> String {
        format!("{}{}", if self.descending { 'd' } else { 'a' }, self.by.name())
    }

    /// Reads a text that [`Sort::code`] returned.
    pub(super) fn from_code(code: &str) -> Option<Self> {
        let (direction, property) = code.split_at_checked(1)?;
        let descending = match direction {
            "a" => false,
            "d" => true,
            _ => return None,
        };
        Some(Self { by: SortBy::parse(property)?, descending })
    }

    /// Checks that the custom field of the order can be used.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Invalid`] naming `sort`, when there is no such field or it is archived.
    pub(crate) fn check(&self, org: OrgId, fields: &dyn FieldRepository) -> Result<()> {
        let SortBy::Field(key) = &self.by else { return Ok(()) };
        let reason = match fields.list(org)?.iter().find(|field| field.key == *key) {
            Some(field) if field.archived => "is by an archived field: restore it first",
            Some(_) => return Ok(()),
            None => "is by a field that is not a custom field of this organisation",
        };
        Err(Invalid::one("sort", reason).into())
    }

    /// Returns the sort key of a contact.
    pub fn key(&self, subject: &SortSubject<'_>) -> CursorKey {
        let contact = subject.contact;
        match &self.by {
            SortBy::Name => CursorKey::Text(contact.name_key()),
            SortBy::Email => CursorKey::Text(contact.email_key().to_owned()),
            SortBy::Created => CursorKey::Time(contact.created_at),
            SortBy::Updated => CursorKey::Time(contact.updated_at),
            SortBy::Relevance => CursorKey::Ranked(subject.relevance, contact.created_at),
            SortBy::LastConversation => {
                subject.last_conversation.map_or(CursorKey::Missing, CursorKey::Time)
            }
            SortBy::Field(key) => match (subject.field, contact.custom.get(key)) {
                (Some(kind), Some(value)) => CursorKey::of_value(kind, &value.to_string()),
                _ => CursorKey::Missing,
            },
        }
    }

    /// Returns the cursor after a contact.
    pub fn cursor(&self, subject: &SortSubject<'_>) -> Cursor {
        Cursor { sort: self.clone(), key: self.key(subject), id: subject.contact.id }
    }

    /// Compares the positions of two contacts in the list. Contacts without a value come last in
    /// both directions.
    pub fn compare(
        &self,
        one: (&CursorKey, ContactId),
        other: (&CursorKey, ContactId),
    ) -> Ordering {
        let is_missing = |key: &CursorKey| *key == CursorKey::Missing;
        let last = is_missing(one.0).cmp(&is_missing(other.0));
        let order = one.partial_cmp(&other).unwrap_or(Ordering::Equal);
        last.then(if self.descending { order.reverse() } else { order })
    }
}

impl Default for Sort {
    /// Newest first.
    fn default() -> Self {
        Self { by: SortBy::Created, descending: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::FieldType;
    use rstest::rstest;

    #[test]
    fn a_name_of_an_order_is_read_back() {
        for name in ["name", "-created", "last_conversation", "-field.tier", "relevance"] {
            assert_eq!(Sort::parse(name).map(|sort| sort.name()), Some(name.to_owned()));
        }
        for by in SortBy::ALL {
            for descending in [false, true] {
                let sort = Sort { by: by.clone(), descending };
                let read = Sort::parse(&sort.name());
                assert_eq!(read, Some(sort).filter(|s| s.descending || s.by != SortBy::Relevance));
            }
        }
        for name in ["", "-", "age", "--name", "-relevance", "field.", "field.Tier", "field.name"] {
            assert_eq!(Sort::parse(name), None, "{name}");
        }
    }

    #[rstest]
    #[case(FieldType::Text, &["Äpfel", "apple", "Zoë"])]
    #[case(FieldType::Number, &["-3", "2", "10", "1000000000000000000000"])]
    #[case(FieldType::Date, &["2025-12-31", "2026-01-01"])]
    #[case(FieldType::Boolean, &["false", "true"])]
    #[case(FieldType::Select(vec!["Low".to_owned(), "High".to_owned()]), &["Low", "High", "Gone"])]
    fn values_compare_by_their_type(#[case] kind: FieldType, #[case] ascending: &[&str]) {
        let keys: Vec<_> = ascending.iter().map(|v| CursorKey::of_value(&kind, v)).collect();
        assert!(keys.is_sorted_by(|one, other| one < other), "{keys:?}");
    }

    #[test]
    fn the_key_of_a_text_has_200_characters_at_most() {
        let CursorKey::Text(key) = CursorKey::of_value(&FieldType::Text, &"Æ".repeat(300)) else {
            panic!("the key of a text is not a text")
        };
        assert_eq!(key, "ae".repeat(100));
    }

    #[test]
    fn contacts_without_a_value_come_last_in_both_directions() {
        let (id, other) = (ContactId(uuid::Uuid::nil()), ContactId(uuid::Uuid::max()));
        for descending in [false, true] {
            let sort = Sort { by: SortBy::LastConversation, descending };
            let value = CursorKey::Time(OffsetDateTime::UNIX_EPOCH);
            assert!(sort.compare((&value, id), (&CursorKey::Missing, other)).is_lt());
            assert!(sort.compare((&value, other), (&CursorKey::Missing, id)).is_lt());
        }
    }
}
