//! Pairs of possible duplicates of an organisation (R54).

use super::{DuplicateReason, PairCursor, Strength};
use crate::contact::Contact;

/// Two contacts that may be the same person.
#[derive(Clone, Debug, PartialEq)]
pub struct DuplicatePair {
    /// The contact with the smaller id, which was added first.
    pub one: Contact,
    /// The other contact.
    pub other: Contact,
    /// Reasons, at least one, strongest first.
    pub reasons: Vec<DuplicateReason>,
}

/// Which pairs to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairQuery {
    /// Only pairs of this strength.
    pub strength: Option<Strength>,
    /// Position after which the page begins.
    pub after: Option<PairCursor>,
    /// Maximum number of pairs.
    pub limit: usize,
}

impl PairQuery {
    /// Returns the strongest reasons of the pairs that are still to be listed, in order. Similar
    /// names are not listed: each contact would have to be compared with its neighbours.
    pub fn reasons(&self) -> impl Iterator<Item = DuplicateReason> + use<> {
        let (strength, from) = (self.strength, self.after.as_ref().map(|after| after.reason));
        DuplicateReason::ALL
            .into_iter()
            .filter(|reason| *reason != DuplicateReason::SimilarName)
            .filter(move |reason| strength.is_none_or(|strength| reason.strength() == strength))
            .filter(move |reason| from.is_none_or(|from| *reason >= from))
    }
}

impl DuplicatePair {
    /// Returns the strength of the strongest reason.
    pub fn strength(&self) -> Strength {
        Strength::of(&self.reasons)
    }

    /// Returns the position in the list of all pairs.
    pub fn cursor(&self) -> PairCursor {
        let reason = self.reasons.first().copied().unwrap_or(DuplicateReason::SimilarName);
        let value = match reason {
            DuplicateReason::Captured | DuplicateReason::SimilarName => String::new(),
            DuplicateReason::Phone => {
                let phone = self.one.phone.as_ref().and_then(|phone| phone.e164());
                phone.unwrap_or_default().to_owned()
            }
            DuplicateReason::NameAndDomain | DuplicateReason::Name => self.one.name_key(),
        };
        PairCursor { reason, value, pair: Some((self.one.id, self.other.id)) }
    }
}
