//! Positions in lists of possible duplicates.

use uuid::Uuid;

use super::{DuplicateReason, Strength};
use crate::contact::ContactId;
use crate::page::{Position, read_text, write_text};

/// Position in the list of a contact's possible duplicates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DuplicateCursor {
    /// Strength of the last duplicate of the page.
    pub strength: Strength,
    /// The last duplicate of the page.
    pub contact: ContactId,
}

/// Position in the list of all pairs of an organisation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PairCursor {
    /// The strongest reason of the pair.
    pub reason: DuplicateReason,
    /// The value that both contacts share: a phone number in E.164, or a folded name. Empty for a
    /// captured pair.
    pub value: String,
    /// The contacts of the pair, the smaller id first. `None` is before all pairs with the value.
    pub pair: Option<(ContactId, ContactId)>,
}

impl PairCursor {
    /// Returns the position before all pairs with a reason.
    pub fn start(reason: DuplicateReason) -> Self {
        Self { reason, value: String::new(), pair: None }
    }
}

impl Position for DuplicateCursor {
    fn encode(&self) -> String {
        format!("{}-{}", self.strength.as_str(), self.contact.0.simple())
    }

    fn decode(text: &str) -> Option<Self> {
        let (strength, id) = text.split_once('-')?;
        let contact = ContactId(Uuid::try_parse(id).ok()?);
        Some(Self { strength: Strength::parse(strength)?, contact })
    }
}

impl Position for PairCursor {
    fn encode(&self) -> String {
        let pair = self.pair.map(|(one, other)| format!("{}{}", one.0.simple(), other.0.simple()));
        let (reason, pair) = (self.reason.as_str(), pair.unwrap_or_default());
        format!("{reason}-{pair}-{}", write_text(&self.value))
    }

    fn decode(text: &str) -> Option<Self> {
        let (reason, rest) = text.split_once('-')?;
        let (pair, value) = rest.split_once('-')?;
        let pair = match pair {
            "" => None,
            pair => {
                let (one, other) = pair.split_at_checked(32)?;
                let id = |id| Uuid::try_parse(id).ok().map(ContactId);
                Some((id(one)?, id(other)?))
            }
        };
        Some(Self { reason: DuplicateReason::parse(reason)?, value: read_text(value)?, pair })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cursor_is_read_back(value in "[^\\x00]{0,20}", one: u128, other: u128, whole: bool) {
            let id = |id| ContactId(Uuid::from_u128(id));
            let pair = whole.then_some((id(one), id(other)));
            for reason in DuplicateReason::ALL {
                let cursor = PairCursor { reason, value: value.clone(), pair };
                prop_assert_eq!(PairCursor::decode(&cursor.encode()), Some(cursor));
            }
            for strength in Strength::ALL {
                let cursor = DuplicateCursor { strength, contact: id(one) };
                prop_assert_eq!(DuplicateCursor::decode(&cursor.encode()), Some(cursor));
            }
        }
    }

    #[test]
    fn other_texts_are_no_cursors() {
        for text in ["", "strong", "phone", "phone-", "phone-ab-", "fax--", "phone-é--"] {
            assert_eq!(PairCursor::decode(text), None, "{text}");
            assert_eq!(DuplicateCursor::decode(text), None, "{text}");
        }
    }
}
