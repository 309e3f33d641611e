//! Sources: how a contact was added (R15).

use time::OffsetDateTime;
use uuid::Uuid;

use crate::Actor;
use crate::import::ImportId;
use crate::page::{Position, read_micros, write_micros};

/// One way in which a contact was added, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Time at which the contact was added in this way.
    pub at: OffsetDateTime,
    /// Kind of the source, with its details.
    pub detail: SourceDetail,
}

/// The four kinds of sources, each with its details.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceDetail {
    /// A chat widget captured the contact.
    Chat {
        /// Id of the widget.
        widget: Uuid,
        /// Id of the visitor in the chat service.
        visitor: String,
        /// Id of the conversation.
        conversation: String,
    },
    /// An imported file contained the contact.
    CsvImport {
        /// The import.
        import: ImportId,
        /// Name of the file.
        file_name: String,
        /// Number of the row, starting at 1 below the header.
        row: u64,
    },
    /// A user added the contact by hand, or a program over the API.
    Manual {
        /// The user or the key.
        by: Actor,
    },
    /// A connected source contains the contact.
    Connected {
        /// Id of the connected source.
        source: Uuid,
        /// Id of the record in the connected source.
        external_id: String,
    },
}

/// The kinds of sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceKind {
    /// [`SourceDetail::Chat`].
    Chat,
    /// [`SourceDetail::CsvImport`].
    CsvImport,
    /// [`SourceDetail::Manual`].
    Manual,
    /// [`SourceDetail::Connected`].
    Connected,
}

impl SourceDetail {
    /// Returns the kind.
    pub fn kind(&self) -> SourceKind {
        match self {
            Self::Chat { .. } => SourceKind::Chat,
            Self::CsvImport { .. } => SourceKind::CsvImport,
            Self::Manual { .. } => SourceKind::Manual,
            Self::Connected { .. } => SourceKind::Connected,
        }
    }

    /// Returns whether both describe the same source: of two visits in one conversation, or two
    /// rows of one import, only the first is stored.
    pub fn has_same_detail(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Chat { widget, conversation, .. },
                Self::Chat { widget: w, conversation: c, .. },
            ) => (widget, conversation) == (w, c),
            (Self::CsvImport { import, .. }, Self::CsvImport { import: i, .. }) => import == i,
            (one, other) => one == other,
        }
    }

    /// Returns the id of the widget, import, user, key or connected source.
    pub fn detail_id(&self) -> Option<Uuid> {
        match self {
            Self::Chat { widget, .. } => Some(*widget),
            Self::CsvImport { import, .. } => Some(import.0),
            Self::Manual { by } => by.parts().1,
            Self::Connected { source, .. } => Some(*source),
        }
    }
}

impl SourceDetail {
    /// Returns what distinguishes the source from others of its kind and id: the conversation, the
    /// external id, or the kind of the actor.
    pub fn reference(&self) -> &str {
        match self {
            Self::Chat { conversation, .. } => conversation,
            Self::CsvImport { .. } => "",
            Self::Manual { by } => by.parts().0,
            Self::Connected { external_id, .. } => external_id,
        }
    }
}

/// Cursor in the list of a contact's sources: after this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceCursor {
    /// Whether it is the contact's first source, which precedes all others whatever its time is.
    pub is_first: bool,
    /// Time of the source.
    pub at: OffsetDateTime,
    /// Kind of the source.
    pub kind: SourceKind,
    /// [`SourceDetail::detail_id`], or zero.
    pub detail_id: Uuid,
    /// [`SourceDetail::reference`].
    pub reference: String,
}

impl SourceCursor {
    /// Returns the cursor after a source.
    pub fn after(source: &Source, is_first: bool) -> Self {
        Self {
            is_first,
            at: source.at,
            kind: source.detail.kind(),
            detail_id: source.detail.detail_id().unwrap_or_default(),
            reference: source.detail.reference().to_owned(),
        }
    }
}

impl Position for SourceCursor {
    fn encode(&self) -> String {
        let rank = if self.is_first { "first" } else { "later" };
        let (at, kind, id) = (write_micros(self.at), self.kind.as_str(), self.detail_id.simple());
        format!("{rank}-{at}-{kind}-{id}-{}", self.reference)
    }

    fn decode(text: &str) -> Option<Self> {
        let parts: Vec<_> = text.splitn(5, '-').collect();
        let &[rank, at, kind, id, reference] = &parts[..] else { return None };
        Some(Self {
            is_first: match rank {
                "first" => true,
                "later" => false,
                _ => return None,
            },
            at: read_micros(at)?,
            kind: SourceKind::parse(kind)?,
            detail_id: Uuid::try_parse(id).ok()?,
            reference: String::decode(reference)?,
        })
    }
}

impl SourceKind {
    /// All kinds of sources.
    pub const ALL: [Self; 4] = [Self::Chat, Self::CsvImport, Self::Manual, Self::Connected];

    /// Returns the name of the kind.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::CsvImport => "csv_import",
            Self::Manual => "manual",
            Self::Connected => "connected",
        }
    }

    /// Parses the name of a kind.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cursor_is_read_back(
            is_first: bool,
            second in -9_000_000_000i64..9_000_000_000,
            id: u128,
            reference in "[^\\x00]{0,20}",
        ) {
            let at = OffsetDateTime::from_unix_timestamp(second).unwrap();
            for kind in SourceKind::ALL {
                let (detail_id, reference) = (Uuid::from_u128(id), reference.clone());
                let cursor = SourceCursor { is_first, at, kind, detail_id, reference };
                prop_assert_eq!(SourceCursor::decode(&cursor.encode()), Some(cursor));
            }
        }

        #[test]
        fn no_text_breaks_decoding(text in "\\PC{0,80}") {
            let _ = SourceCursor::decode(&text);
            let _ = SourceCursor::decode(&format!("first-0-{text}"));
        }
    }
}
