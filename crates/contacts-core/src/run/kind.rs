//! Kinds of runs, and what they belong to.

use uuid::Uuid;

use crate::action::{ActionId, ActionKind};
use crate::contact::ContactId;
use crate::import::ImportId;
use crate::key::Scope;
use crate::sync::SourceId;

/// Kind of a run. Bulk actions have the kinds of their changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RunKind {
    /// Import of a file (R30).
    Import,
    /// Dry run of an import (R37).
    DryRun,
    /// Undo of an import (R37).
    Undo,
    /// Undo of a bulk action (R53).
    UndoAction,
    /// Undo of the merge of a contact (R53).
    UndoMerge,
    /// Bulk action that adds tags.
    AddTags,
    /// Bulk action that removes tags.
    RemoveTags,
    /// Bulk action that adds contacts to a campaign.
    AddToCampaign,
    /// Bulk action that removes contacts from a campaign.
    RemoveFromCampaign,
    /// Bulk action that unsubscribes contacts.
    Unsubscribe,
    /// Bulk action that sets or clears one field.
    SetField,
    /// Bulk action that writes a file (R25).
    Export,
    /// Bulk action that deletes contacts.
    Delete,
    /// Bulk action that merges pairs (R54).
    Merge,
    /// Erasure of a contact (R14).
    Erasure,
    /// Run of a connected source (R38).
    Sync,
}

/// What a run belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunSubject {
    /// The import itself, or the import of a dry run or an undo.
    Import(ImportId),
    /// The bulk action itself, or the action of an undo.
    Action(ActionId),
    /// The erased contact, or the contact whose merge is undone.
    Contact(ContactId),
    /// The connected source.
    Source(SourceId),
}

impl RunKind {
    /// All kinds of runs.
    pub const ALL: [Self; 16] = [
        Self::Import,
        Self::DryRun,
        Self::Undo,
        Self::UndoAction,
        Self::UndoMerge,
        Self::AddTags,
        Self::RemoveTags,
        Self::AddToCampaign,
        Self::RemoveFromCampaign,
        Self::Unsubscribe,
        Self::SetField,
        Self::Export,
        Self::Delete,
        Self::Merge,
        Self::Erasure,
        Self::Sync,
    ];

    /// The kinds of bulk actions.
    pub const ACTIONS: [Self; 9] = [
        Self::AddTags,
        Self::RemoveTags,
        Self::AddToCampaign,
        Self::RemoveFromCampaign,
        Self::Unsubscribe,
        Self::SetField,
        Self::Export,
        Self::Delete,
        Self::Merge,
    ];

    /// Returns the name of the kind.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::DryRun => "dry_run",
            Self::Undo => "undo",
            Self::UndoAction => "undo_action",
            Self::UndoMerge => "undo_merge",
            Self::AddTags => "add_tags",
            Self::RemoveTags => "remove_tags",
            Self::AddToCampaign => "add_to_campaign",
            Self::RemoveFromCampaign => "remove_from_campaign",
            Self::Unsubscribe => "unsubscribe",
            Self::SetField => "set_field",
            Self::Export => "export",
            Self::Delete => "delete",
            Self::Merge => "merge",
            Self::Erasure => "erasure",
            Self::Sync => "sync",
        }
    }

    /// Parses the name of a kind.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Returns what a run of this kind belongs to.
    pub fn subject(self, id: Uuid) -> RunSubject {
        match self {
            Self::Import | Self::DryRun | Self::Undo => RunSubject::Import(ImportId(id)),
            Self::UndoAction
            | Self::AddTags
            | Self::RemoveTags
            | Self::AddToCampaign
            | Self::RemoveFromCampaign
            | Self::Unsubscribe
            | Self::SetField
            | Self::Export
            | Self::Delete
            | Self::Merge => RunSubject::Action(ActionId(id)),
            Self::Erasure | Self::UndoMerge => RunSubject::Contact(ContactId(id)),
            Self::Sync => RunSubject::Source(SourceId(id)),
        }
    }

    /// Returns the scope that a caller needs to read runs of this kind (R2).
    pub fn read_scope(self) -> Scope {
        if self == Self::Erasure { Scope::Admin } else { Scope::Read }
    }

    /// Returns the scope that a caller needs to start, cancel or undo runs of this kind (R60).
    pub fn scope(self) -> Scope {
        match self {
            Self::Import | Self::DryRun | Self::Undo => Scope::Import,
            Self::Export => Scope::Export,
            Self::Merge | Self::UndoMerge => Scope::Merge,
            Self::Delete => Scope::BulkDelete,
            Self::Erasure | Self::Sync => Scope::Admin,
            Self::UndoAction
            | Self::AddTags
            | Self::RemoveTags
            | Self::AddToCampaign
            | Self::RemoveFromCampaign
            | Self::Unsubscribe
            | Self::SetField => Scope::Write,
        }
    }
}

impl From<&ActionKind> for RunKind {
    fn from(kind: &ActionKind) -> Self {
        match kind {
            ActionKind::AddTags(_) => Self::AddTags,
            ActionKind::RemoveTags(_) => Self::RemoveTags,
            ActionKind::AddToCampaign(_) => Self::AddToCampaign,
            ActionKind::RemoveFromCampaign(_) => Self::RemoveFromCampaign,
            ActionKind::Unsubscribe => Self::Unsubscribe,
            ActionKind::SetField(_) => Self::SetField,
            ActionKind::Export(_) => Self::Export,
            ActionKind::Delete => Self::Delete,
            ActionKind::Merge(_) => Self::Merge,
        }
    }
}
