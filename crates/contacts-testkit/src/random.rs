//! Random operations on two stores, every outcome compared: the world in memory is the oracle.
//!
//! The alphabets are small, so that addresses, tags and people meet all the time.

mod bulk;
mod campaigns;
mod hooks;
mod run;
mod shown;
mod strategy;
mod syncs;

use contacts_core::campaign::CampaignKind;
use contacts_core::contact::{ContactFilter, Sort};
use contacts_core::field::{FieldType, FieldValue};
use contacts_core::import::Policy;
use contacts_core::sync::Overwrite;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

pub use self::bulk::Deed;
pub use self::campaigns::Told;
pub use self::hooks::Step;
pub use self::run::run;
pub use self::strategy::operations;
pub use self::syncs::Said;
use crate::Ports;

/// One operation. A person is meant by place in the list, oldest first, counted round.
#[derive(Clone, Debug)]
pub enum Operation {
    /// Add a contact.
    Create(Profile),
    /// Change one: blank fields stay, a field is cleared where the second flag says so.
    Patch {
        /// Whom.
        who: usize,
        /// What to set.
        set: Profile,
        /// Whether to clear the name, the phone number and a custom value.
        clear: [bool; 3],
        /// Whether a version is given, and whether it is the current one.
        version: Option<bool>,
    },
    /// Put tags on and take others off.
    Tag {
        /// Whom.
        who: usize,
        /// Those to put on.
        add: Vec<&'static str>,
        /// Those to take off, unless they are put on.
        remove: Vec<&'static str>,
    },
    /// Delete one.
    Delete {
        /// Whom.
        who: usize,
        /// Whether a version is given, and whether it is the current one.
        version: Option<bool>,
    },
    /// Fold one into another, or into itself.
    Merge {
        /// Who stays.
        who: usize,
        /// Who goes.
        other: usize,
        /// Whether a version is given, and whether it is the current one.
        version: Option<bool>,
    },
    /// Write a note, or change or delete one.
    Note {
        /// About whom.
        who: usize,
        /// Which of their notes is changed, counted round; nothing for a new one.
        which: Option<usize>,
        /// What it says; nothing to delete it.
        text: Option<&'static str>,
    },
    /// Take what a visitor says, if it is a name or an address.
    Capture {
        /// Who says it.
        visitor: &'static str,
        /// In which conversation.
        conversation: u128,
        /// What.
        said: Profile,
    },
    /// Take a report of a conversation.
    Report {
        /// With whom.
        visitor: &'static str,
        /// Which.
        conversation: u128,
        /// When something was last said, counted from the beginning.
        second: i64,
        /// How many messages it has.
        messages: u32,
    },
    /// Say that two are two people.
    Dismiss {
        /// The one.
        who: usize,
        /// The other.
        other: usize,
    },
    /// Make a tag.
    EnsureTag(&'static str),
    /// Rename a tag, or merge it into another.
    RenameTag(&'static str, &'static str),
    /// Delete a tag.
    DeleteTag(&'static str),
    /// Define a field.
    Define(&'static str, FieldType),
    /// Change a field's type and whether it is archived.
    Redefine(&'static str, FieldType, bool),
    /// Put a field first.
    First(&'static str),
    /// Import a small file.
    Import {
        /// Its rows; nothing for one that is skipped.
        rows: Vec<Option<Profile>>,
        /// What may happen.
        policy: Policy,
        /// How many rows a chunk has.
        size: usize,
        /// Whether every chunk is sent twice.
        twice: bool,
        /// After how many chunks it is cancelled, if it is still running.
        cancel: Option<usize>,
    },
    /// Undo an import, the newest first, counted round.
    Undo {
        /// Which.
        which: usize,
        /// After how many pieces the undo fails, and is asked for again.
        fails: Option<usize>,
    },
    /// Register a campaign, or rename it.
    Register {
        /// Which.
        campaign: u8,
        /// Its kind.
        kind: CampaignKind,
        /// Its name.
        name: &'static str,
    },
    /// Put people into a campaign.
    Join {
        /// Whom.
        who: Vec<usize>,
        /// Into which.
        campaign: u8,
    },
    /// Tell what campaigns did to people.
    Deliver(Vec<Told>),
    /// Choose people, and freeze who they are.
    Select {
        /// These, or when it is nothing those that the filter means, less those of `except`.
        whom: Option<Vec<usize>>,
        /// The filter.
        filter: Box<ContactFilter>,
        /// Whom not.
        except: Vec<usize>,
        /// How many a piece has at most.
        piece: usize,
    },
    /// Do something to a selection, piece by piece.
    Act {
        /// To which selection, the newest first, counted round.
        which: usize,
        /// What, one after the other.
        deeds: Vec<Deed>,
        /// Whether every piece is done twice.
        twice: bool,
        /// After how many pieces it is cancelled, if it is still running.
        cancel: Option<usize>,
    },
    /// Go some steps with a webhook, a second each.
    Hook(Vec<Step>),
    /// Read a connected source.
    Sync {
        /// Which.
        source: usize,
        /// What it says, piece by piece.
        pieces: Vec<Vec<Said>>,
        /// What it may overwrite.
        overwrite: Overwrite,
        /// Whether that is everybody, so that the others have vanished.
        full: bool,
        /// Whether every piece comes twice.
        twice: bool,
        /// Whether another worker takes the run up before the second piece.
        taken_up: bool,
        /// After how many pieces it is cancelled.
        cancel: Option<usize>,
    },
    /// Read the list by pages, and count.
    List {
        /// Of whom.
        filter: Box<ContactFilter>,
        /// In which order.
        sort: Sort,
        /// How many on a page.
        size: u16,
    },
}

/// What is said of a person. What is empty is not said.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// The name.
    pub name: &'static str,
    /// The address.
    pub email: &'static str,
    /// The phone number.
    pub phone: &'static str,
    /// Tags.
    pub tags: Vec<&'static str>,
    /// Values of custom fields.
    pub custom: Vec<(&'static str, FieldValue)>,
}

/// What an operation did, in words that do not depend on a store's own ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// The operation.
    pub operation: String,
    /// What it answered.
    pub outcome: String,
}

/// Runs so many random sequences of operations on two stores and compares every outcome, and
/// everything that can be read in the end. The stores may be new ones or the same ones every
/// time: each sequence has an organisation of its own.
///
/// # Panics
///
/// When an outcome differs; with the shortest sequence for which it does.
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
