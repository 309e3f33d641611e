//! Random operations on two stores, with every outcome compared. The world in memory is the oracle.
//!
//! The alphabets are small, so that addresses, tags and contacts collide often.

mod batches;
mod bulk;
mod campaigns;
mod consents;
mod feed;
mod hooks;
mod moved;
mod run;
mod shown;
mod strategy;
mod syncs;

use contacts_core::campaign::CampaignKind;
use contacts_core::consent::ConsentChange;
use contacts_core::contact::{ContactFilter, Sort};
use contacts_core::field::{FieldPatch, FieldType, FieldValue};
use contacts_core::import::{MatchKey, Policy};
use contacts_core::sync::Overwrite;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

pub use self::batches::RandomItem;
pub use self::bulk::BulkOperation;
pub use self::campaigns::ReportedDelivery;
pub use self::hooks::Step;
pub use self::run::run;
pub use self::strategy::operations;
pub use self::syncs::RandomRecord;
use crate::Ports;

/// A random operation. It names a contact by its index in the list, oldest first, modulo the length
/// of the list.
#[derive(Clone, Debug)]
pub enum Operation {
    /// Adds a contact.
    Create(Profile),
    /// Changes a contact. Blank fields are left out; a field whose flag in `clear` is set is
    /// cleared.
    Patch {
        /// Index of the contact.
        who: usize,
        /// Fields to set.
        set: Profile,
        /// Whether to clear the name, the phone number and a custom value.
        clear: [bool; 3],
        /// Whether the tags of `set` replace those of the contact.
        with_tags: bool,
        /// Whether the request has a version, and whether that is the current one.
        version: Option<bool>,
    },
    /// Adds an address to a contact, or removes one.
    Address {
        /// Index of the contact.
        who: usize,
        /// The address.
        email: &'static str,
        /// Whether the address is removed.
        is_removed: bool,
    },
    /// Adds and removes tags.
    Tag {
        /// Index of the contact.
        who: usize,
        /// Tags to add.
        add: Vec<&'static str>,
        /// Tags to remove, except those that are also added.
        remove: Vec<&'static str>,
    },
    /// Deletes a contact.
    Delete {
        /// Index of the contact.
        who: usize,
        /// Whether the request has a version, and whether that is the current one.
        version: Option<bool>,
    },
    /// Merges a contact into another, or into itself.
    Merge {
        /// Index of the contact that stays.
        who: usize,
        /// Index of the contact that is merged.
        other: usize,
        /// Whether the request has a version, and whether that is the current one.
        version: Option<bool>,
    },
    /// Adds, changes or deletes a note.
    Note {
        /// Index of the contact.
        who: usize,
        /// Index of the contact's note, modulo their number. `None` for a new note.
        which: Option<usize>,
        /// Text of the note. `None` deletes the note.
        text: Option<&'static str>,
    },
    /// Captures a visitor's details, if they have a name or an address.
    Capture {
        /// Id of the visitor.
        visitor: &'static str,
        /// Number of the conversation.
        conversation: u128,
        /// Details that the visitor gives.
        said: Profile,
    },
    /// Reports a conversation.
    Report {
        /// Id of the visitor.
        visitor: &'static str,
        /// Number of the conversation.
        conversation: u128,
        /// Time of the last message, in seconds since the start of the sequence.
        second: i64,
        /// Number of messages.
        messages: u32,
    },
    /// Dismisses a pair of contacts, or takes its dismissal back.
    Dismiss {
        /// Index of the first contact.
        who: usize,
        /// Index of the second contact.
        other: usize,
        /// False to take the dismissal back.
        dismissed: bool,
    },
    /// Creates a tag unless it exists.
    EnsureTag(&'static str),
    /// Renames a tag, or merges it into another.
    RenameTag(&'static str, &'static str),
    /// Deletes a tag.
    DeleteTag(&'static str),
    /// Defines a custom field.
    Define(&'static str, FieldType),
    /// Changes a custom field's type, and whether it is archived and searchable.
    Redefine(&'static str, FieldPatch),
    /// Moves a custom field to the first position.
    First(&'static str),
    /// Imports a small file.
    Import {
        /// Rows of the file. `None` is a row that is skipped.
        rows: Vec<Option<Profile>>,
        /// Which changes the import can make.
        policy: Policy,
        /// Number of rows in a chunk.
        size: usize,
        /// Whether every chunk is applied twice.
        twice: bool,
        /// Number of chunks after which the import is cancelled, if it is still running.
        cancel: Option<usize>,
    },
    /// Adds and changes contacts with one request.
    Batch {
        /// The items, in order.
        items: Vec<RandomItem>,
        /// Which changes the items can make.
        policy: Policy,
        /// The only key that finds contacts, if there is one.
        key: Option<MatchKey>,
    },
    /// Undoes an import or a bulk action.
    Undo {
        /// Index among the imports and then the actions, newest first, modulo their number.
        which: usize,
        /// Number of chunks after which the undo fails and is requested again.
        fails: Option<usize>,
    },
    /// Registers or renames a campaign.
    Register {
        /// Number of the campaign.
        campaign: u8,
        /// Kind of the campaign.
        kind: CampaignKind,
        /// Name of the campaign.
        name: &'static str,
    },
    /// Adds contacts to a campaign.
    Join {
        /// Indexes of the contacts.
        who: Vec<usize>,
        /// Number of the campaign.
        campaign: u8,
    },
    /// Reports deliveries of campaigns.
    Deliver(Vec<ReportedDelivery>),
    /// Changes the consent of a contact.
    Consent {
        /// Index of the contact.
        who: usize,
        /// The change.
        change: ConsentChange,
    },
    /// Selects contacts and freezes the selection.
    Select {
        /// Indexes of the contacts. `None` selects the contacts that match the filter, without
        /// those of `except`.
        target: Option<Vec<usize>>,
        /// The filter.
        filter: Box<ContactFilter>,
        /// Indexes of the contacts to leave out.
        except: Vec<usize>,
        /// Maximum number of contacts in a chunk.
        chunk: usize,
    },
    /// Runs bulk actions on a selection, chunk by chunk.
    Act {
        /// Index of the selection, newest first, modulo their number.
        which: usize,
        /// The actions, in order.
        deeds: Vec<BulkOperation>,
        /// Whether every chunk is applied twice.
        twice: bool,
        /// Number of chunks after which the action is cancelled, if it is still running.
        cancel: Option<usize>,
    },
    /// Runs steps of a webhook, one per second.
    Hook(Vec<Step>),
    /// Runs a connected source.
    Sync {
        /// Index of the connected source.
        source: usize,
        /// Records of each chunk.
        chunks: Vec<Vec<RandomRecord>>,
        /// Which values the source can overwrite.
        overwrite: Overwrite,
        /// Whether the run reads all records, so that contacts without a record have vanished.
        full: bool,
        /// Whether every chunk is applied twice.
        twice: bool,
        /// Whether another worker claims the run before the second chunk.
        taken_up: bool,
        /// Number of chunks after which the run is cancelled.
        cancel: Option<usize>,
    },
    /// Lists contacts page by page, and counts them.
    List {
        /// The filter of the list.
        filter: Box<ContactFilter>,
        /// The order of the list.
        sort: Sort,
        /// Number of contacts on a page.
        size: u16,
    },
}

/// Values of a contact's fields. Empty ones are left out.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// Name of the contact.
    pub name: &'static str,
    /// The address.
    pub email: &'static str,
    /// The phone number.
    pub phone: &'static str,
    /// The tags.
    pub tags: Vec<&'static str>,
    /// Values of custom fields.
    pub custom: Vec<(&'static str, FieldValue)>,
}

/// The result of an operation, as text that does not depend on a store's own ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// The operation.
    pub operation: String,
    /// The outcome of the operation.
    pub outcome: String,
}

/// Runs `cases` random sequences of operations on two stores. Compares every outcome, and
/// everything that can be read at the end. The stores can be new or the same for each sequence,
/// because each sequence has its own organisation.
///
/// # Panics
///
/// When an outcome differs. The message has the shortest sequence for which it does.
pub fn compare(make_a: impl Fn() -> Ports, make_b: impl Fn() -> Ports, cases: u32) {
    let config =
        Config { cases, failure_persistence: None, max_shrink_iters: 500, ..Config::default() };
    let outcome = TestRunner::new(config).run(&operations(), |operations| {
        let (a, b) = (run(&make_a(), &operations), run(&make_b(), &operations));
        for (at, (a, b)) in a.iter().zip(&b).enumerate() {
            if a != b {
                let reason = format!(
                    "step {at}, {}\none answers:\n{}\nthe other answers:\n{}",
                    a.operation, a.outcome, b.outcome
                );
                return Err(TestCaseError::fail(reason));
            }
        }
        prop_assert_eq!(a.len(), b.len());
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}
