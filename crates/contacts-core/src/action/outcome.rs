//! Results of an action by contact (R24).

use std::collections::BTreeMap;

use crate::contact::ContactId;

/// Counts of contacts; each contact counts once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Contacts that were changed.
    pub changed: u64,
    /// Contacts that were in the wanted state already. In an export: contacts in the file, which
    /// does not change them.
    pub unchanged: u64,
    /// Skipped contacts, by reason.
    pub skipped: BTreeMap<SkipReason, u64>,
}

/// Reason why a contact is skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SkipReason {
    /// The contact does not exist, or was deleted meanwhile.
    NotFound,
    /// The contact was merged into another meanwhile.
    Merged,
    /// The contact no longer matches the filter of the selection.
    Changed,
    /// The contact has no e-mail address (R6).
    Unreachable,
    /// The person unsubscribed (R28).
    Unsubscribed,
    /// The campaign has reached the contact, so that it is not removed from it (R29).
    Delivered,
    /// Together, the contacts of a merge have too many addresses (R48).
    TooManyAddresses,
}

/// Results of the contacts of one chunk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chunk {
    /// Changed contacts.
    pub changed: Vec<ContactId>,
    /// Contacts that were in the wanted state already.
    pub unchanged: Vec<ContactId>,
    /// Skipped contacts, by reason.
    pub skipped: BTreeMap<SkipReason, Vec<ContactId>>,
}

impl Tally {
    /// Returns the number of counted contacts.
    pub fn contacts(&self) -> u64 {
        self.changed + self.unchanged + self.skips()
    }

    /// Returns the number of skipped contacts.
    pub fn skips(&self) -> u64 {
        self.skipped.values().sum()
    }

    /// Adds the contacts of a chunk.
    pub fn add(&mut self, chunk: &Chunk) {
        self.changed += chunk.changed.len() as u64;
        self.unchanged += chunk.unchanged.len() as u64;
        for (reason, ids) in &chunk.skipped {
            *self.skipped.entry(*reason).or_default() += ids.len() as u64;
        }
    }
}

impl Chunk {
    /// Skips contacts for a reason.
    pub fn skip(&mut self, reason: SkipReason, ids: impl IntoIterator<Item = ContactId>) {
        let mut ids = ids.into_iter().peekable();
        if ids.peek().is_some() {
            self.skipped.entry(reason).or_default().extend(ids);
        }
    }

    /// Returns each contact with its result and reason, sorted by id.
    pub fn lines(&self) -> Vec<(ContactId, &'static str, &'static str)> {
        let changed = self.changed.iter().map(|id| (*id, "changed", ""));
        let unchanged = self.unchanged.iter().map(|id| (*id, "unchanged", ""));
        let skipped = self
            .skipped
            .iter()
            .flat_map(|(reason, ids)| ids.iter().map(move |id| (*id, "skipped", reason.as_str())));
        let mut lines: Vec<_> = changed.chain(unchanged).chain(skipped).collect();
        lines.sort_unstable();
        lines
    }
}

impl SkipReason {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::NotFound,
        Self::Merged,
        Self::Changed,
        Self::Unreachable,
        Self::Unsubscribed,
        Self::Delivered,
        Self::TooManyAddresses,
    ];

    /// Returns the name of the reason.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Merged => "merged",
            Self::Changed => "changed",
            Self::Unreachable => "unreachable",
            Self::Unsubscribed => "unsubscribed",
            Self::Delivered => "delivered",
            Self::TooManyAddresses => "too_many_addresses",
        }
    }

    /// Parses the name of a reason.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }
}
