//! A place in a list of conversations.

use time::OffsetDateTime;
use uuid::Uuid;

use super::ConversationId;

/// A place in a list of conversations, the newest first: after this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConversationCursor {
    /// When something was last said in it.
    pub at: OffsetDateTime,
    /// Its id.
    pub id: ConversationId,
}

impl ConversationCursor {
    /// The cursor as an opaque text.
    pub fn encode(&self) -> String {
        format!("{}{}", self.id.0.simple(), self.at.unix_timestamp_nanos() / 1_000)
    }

    /// Reads what [`ConversationCursor::encode`] wrote.
    pub fn decode(text: &str) -> Option<Self> {
        let (id, micros) = text.split_at_checked(32)?;
        let id = ConversationId(Uuid::try_parse(id).ok()?);
        let micros: i64 = micros.parse().ok()?;
        let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000).ok()?;
        Some(Self { at, id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cursor_is_read_back(id: u128, micros in -1_000_000_000_000_000i64..1_000_000_000_000_000) {
            let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000).unwrap();
            let cursor = ConversationCursor { at, id: ConversationId(Uuid::from_u128(id)) };
            prop_assert_eq!(ConversationCursor::decode(&cursor.encode()), Some(cursor));
        }

        #[test]
        fn no_text_breaks_decoding(text in "\\PC{0,60}") {
            let _ = ConversationCursor::decode(&text);
        }
    }
}
