//! The table of all checks. A new check is one entry here, and one in each store.

/// Declares [`Check`] from one table.
macro_rules! checks {
    ($($(#[doc = $doc:literal])+ $check:ident: $name:literal, $sentence:literal;)+) => {
        /// An invariant that the rows of an organisation must fulfil.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Check {
            $($(#[doc = $doc])+ $check,)+
        }

        impl Check {
            /// All checks, in the order in which they run.
            pub const ALL: &[Self] = &[$(Self::$check),+];

            /// Returns the stable name of the check, for programs.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$check => $name,)+
                }
            }

            /// Returns what is wrong with the rows of a finding.
            pub const fn fault(self) -> &'static str {
                match self {
                    $(Self::$check => $sentence,)+
                }
            }
        }
    };
}

checks! {
    /// No two contacts have the same address (R7).
    DuplicateAddress: "duplicate_address", "another contact has the same address";
    /// The addresses of a contact are those that find it (R48).
    AddressRows: "address_rows", "the addresses of the contact are not those that find it";
    /// A contact has a first source (R15).
    MissingSource: "missing_source", "the contact has no first source";
    /// A contact that is unsubscribed is not subscribed to a campaign afterwards (R28).
    ///
    /// A contact that is in a campaign and unsubscribes later stays in it. So does one that gets
    /// an unsubscribed address, is merged with an unsubscribed contact, or whose unsubscribe is
    /// reported late: contacts for which one of these may be the reason are not found.
    SubscribedLater: "subscribed_later", "the contact was subscribed after it had unsubscribed";
    /// A contact that unsubscribed from one campaign is unsubscribed from all (R28).
    UnsubscribeNotKept: "unsubscribe_not_kept",
        "the contact unsubscribed from a campaign and may still be added to others";
    /// The survivor of a merge exists, and was not merged itself; the merged contact is gone (R13).
    MergeChain: "merge_chain", "the merged id does not lead to a contact";
    /// The counter of the change feed is the greatest number of an event (R42).
    FeedCounter: "feed_counter", "the counter of the feed is not the last event's number";
    /// The number of contacts, as the change feed tells it, is that of the rows (R21).
    ContactTotal: "contact_total", "the number of contacts is not that of the rows";
    /// The numbers of the change feed have no gap from the first kept event to the last (R42).
    FeedGap: "feed_gap", "the number after that of the event is missing in the feed";
    /// The cursor of a webhook is not beyond the last number of the change feed (R42).
    WebhookAhead: "webhook_ahead", "the cursor of the webhook is beyond the end of the feed";
    /// The counts of a selection are those of its chunks (R23).
    SelectionCount: "selection_count", "the counts of the selection are not those of its chunks";
    /// The count of an action is that of its chunks, and one that is done counts every contact once
    /// (R24).
    ActionCount: "action_count", "the counts of the action are not those of its chunks";
    /// Added, updated and skipped rows of an import or a dry run are the rows read (R35).
    ImportCount: "import_count", "added, updated and skipped rows are not the rows read";
    /// The chunks of an undo are those that are done and those that are left (R37). The journal of
    /// an action expires, so its undo may have fewer chunks left (R53).
    UndoCount: "undo_count", "the counts of the undo are not those of the stored chunks";
    /// An open run, a connected source and an active webhook have a job (R63).
    RunWithoutJob: "run_without_job", "no job continues the row's work";
    /// The subject of a job exists. Jobs of deleted subjects end when a worker claims them, so only
    /// those are found that have been due for an hour (R63).
    JobWithoutRun: "job_without_run", "the subject of the job does not exist";
    /// A file belongs to an import or to an export, and a delivery to a campaign. Foreign keys
    /// ensure the same for other rows.
    OrphanRow: "orphan_row", "what the row belongs to does not exist";
    /// No time is more than a minute in the future.
    FutureTime: "future_time", "a time of the row is in the future";
}

impl Check {
    /// Finds the check of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|check| check.as_str() == name)
    }
}
