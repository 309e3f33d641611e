//! What came of the people of an action (R24).

use std::collections::BTreeMap;

use crate::contact::ContactId;

/// Counts what came of people: each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Something of them changed.
    pub changed: u64,
    /// They were so before. Of an export: they are in the file, which changes nobody.
    pub unchanged: u64,
    /// They were skipped, by reason.
    pub skipped: BTreeMap<SkipReason, u64>,
}

/// Why a person is skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SkipReason {
    /// There is no such contact: it never was, or is deleted meanwhile.
    NotFound,
    /// It was merged into another meanwhile.
    Merged,
    /// The filter by which it was chosen does not mean it any more.
    Changed,
    /// It has no address (R6).
    Unreachable,
    /// The person has unsubscribed (R28).
    Unsubscribed,
}

/// What came of the people of one piece.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Piece {
    /// Something of these changed.
    pub changed: Vec<ContactId>,
    /// These were so before.
    pub unchanged: Vec<ContactId>,
    /// These were skipped, by reason.
    pub skipped: BTreeMap<SkipReason, Vec<ContactId>>,
}

impl Tally {
    /// How many people were done or skipped.
    pub fn people(&self) -> u64 {
        self.changed + self.unchanged + self.skips()
    }

    /// How many people were skipped, for any reason.
    pub fn skips(&self) -> u64 {
        self.skipped.values().sum()
    }

    /// Adds the people of a piece.
    pub fn add(&mut self, piece: &Piece) {
        self.changed += piece.changed.len() as u64;
        self.unchanged += piece.unchanged.len() as u64;
        for (reason, ids) in &piece.skipped {
            *self.skipped.entry(*reason).or_default() += ids.len() as u64;
        }
    }
}

impl Piece {
    /// Skips people for a reason.
    pub fn skip(&mut self, reason: SkipReason, ids: impl IntoIterator<Item = ContactId>) {
        let mut ids = ids.into_iter().peekable();
        if ids.peek().is_some() {
            self.skipped.entry(reason).or_default().extend(ids);
        }
    }

    /// Each person, in the order of their ids, with what came of them and why.
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
    pub const ALL: [Self; 5] =
        [Self::NotFound, Self::Merged, Self::Changed, Self::Unreachable, Self::Unsubscribed];

    /// The reason's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Merged => "merged",
            Self::Changed => "changed",
            Self::Unreachable => "unreachable",
            Self::Unsubscribed => "unsubscribed",
        }
    }

    /// The reason of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }
}
