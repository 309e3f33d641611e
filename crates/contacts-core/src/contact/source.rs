//! How a contact came (R15).

use time::OffsetDateTime;
use uuid::Uuid;

use crate::Actor;
use crate::import::ImportId;

/// One way a contact came, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// When it came this way.
    pub at: OffsetDateTime,
    /// The way.
    pub origin: Origin,
}

/// The four sources, each with its detail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A chat widget captured it.
    Chat {
        /// The widget.
        widget: Uuid,
        /// The visitor, as the chat service knows them.
        visitor: String,
        /// The conversation in which it was.
        conversation: String,
    },
    /// It stood in an imported file.
    CsvImport {
        /// The import.
        import: ImportId,
        /// The file's name.
        file_name: String,
        /// The row, counted from 1 below the header.
        row: u64,
    },
    /// Somebody added it by hand, or a program over the API.
    Manual {
        /// Who.
        by: Actor,
    },
    /// A connected source has it.
    Connected {
        /// The source.
        source: Uuid,
        /// What it is called there.
        external_id: String,
    },
}

/// The kinds of sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceKind {
    /// [`Origin::Chat`].
    Chat,
    /// [`Origin::CsvImport`].
    CsvImport,
    /// [`Origin::Manual`].
    Manual,
    /// [`Origin::Connected`].
    Connected,
}

impl Origin {
    /// Its kind.
    pub fn kind(&self) -> SourceKind {
        match self {
            Self::Chat { .. } => SourceKind::Chat,
            Self::CsvImport { .. } => SourceKind::CsvImport,
            Self::Manual { .. } => SourceKind::Manual,
            Self::Connected { .. } => SourceKind::Connected,
        }
    }

    /// Whether it is the same way of coming: of two visits in one conversation, or two rows of
    /// one import, the first is kept.
    pub fn is_same_way(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Chat { widget, conversation, .. },
                Self::Chat { widget: w, conversation: c, .. },
            ) => (widget, conversation) == (w, c),
            (Self::CsvImport { import, .. }, Self::CsvImport { import: i, .. }) => import == i,
            (one, other) => one == other,
        }
    }

    /// Which widget, import, user or key, or connected source it was.
    pub fn origin_id(&self) -> Option<Uuid> {
        match self {
            Self::Chat { widget, .. } => Some(*widget),
            Self::CsvImport { import, .. } => Some(import.0),
            Self::Manual { by } => by.parts().1,
            Self::Connected { source, .. } => Some(*source),
        }
    }
}

impl Origin {
    /// What tells it from others of its kind and id: the conversation, the external id, or the
    /// kind of whoever made it by hand.
    pub fn reference(&self) -> &str {
        match self {
            Self::Chat { conversation, .. } => conversation,
            Self::CsvImport { .. } => "",
            Self::Manual { by } => by.parts().0,
            Self::Connected { external_id, .. } => external_id,
        }
    }
}

impl SourceKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Chat, Self::CsvImport, Self::Manual, Self::Connected];

    /// The kind's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::CsvImport => "csv_import",
            Self::Manual => "manual",
            Self::Connected => "connected",
        }
    }

    /// The kind of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}
