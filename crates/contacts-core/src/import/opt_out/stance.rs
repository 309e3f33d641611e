//! What the words of a header or a cell say about consent.

use super::words::{
    AGREED, ASKED, ENDED, NEGATION_PARTS, NEGATIONS, NO, OPTED_OUT, OPTED_OUT_NEGATED, PERIOD_ENDS,
    REVOKED,
};
use super::{contains_any, words};
use crate::yes_no::yes_or_no;

/// The meaning of words about consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stance {
    /// People who opted out: `Unsubscribed`, `Do not email`.
    OptedOut,
    /// A negated opt-out: `Not unsubscribed`.
    NotOptedOut,
    /// People who agreed: `Newsletter`, `Opt-in`.
    Agreed,
    /// People who did not agree, or no longer: `No newsletter`, `Consent withdrawn`.
    NotAgreed,
    /// Something has ended or was refused: `Blocked`, `Revoked`.
    Ended,
    /// Words about consent that contradict each other: `Opt-out revoked`.
    Unclear,
    /// No words about consent.
    Silent,
}

impl Stance {
    pub(super) fn of(text: &str) -> Self {
        let words = words(text);
        let key = words.concat();
        let has = |parts: &[&str]| contains_any(&key, parts);
        if has(&OPTED_OUT_NEGATED) {
            return Self::OptedOut;
        }
        let is_negated = is_negated(&words);
        if has(&OPTED_OUT) {
            return match () {
                () if has(&REVOKED) => Self::Unclear,
                () if is_negated => Self::NotOptedOut,
                () => Self::OptedOut,
            };
        }
        // Word by word: `newsletters topic` has no `stop`.
        let is_ended = words.iter().any(|word| contains_any(word, &ENDED));
        let is_period = words.iter().any(|word| PERIOD_ENDS.contains(&&**word));
        match (has(&AGREED), is_negated, is_ended) {
            (true, ..) if is_period => Self::Unclear,
            (true, true, true) => Self::Unclear,
            // A last `no` is the number of a subscription, or an answer.
            (true, true, false) if words.last().is_some_and(|word| word == "no") => Self::Unclear,
            (true, false, false) => Self::Agreed,
            (true, ..) => Self::NotAgreed,
            (false, false, true) => Self::Ended,
            (false, true, true) => Self::Unclear,
            (false, _, false) => Self::Silent,
        }
    }
}

/// Returns whether words contain a negation, also one that is written together with a word for
/// consent, such as `nonewsletter`. The answers in `Newsletter (yes/no)` negate nothing.
fn is_negated(words: &[String]) -> bool {
    let asks = words.iter().any(|word| ASKED.contains(&&**word));
    words.iter().any(|word| {
        let is_no = NO.contains(&&**word) || yes_or_no(word) == Some(false);
        let is_answer = asks && is_no;
        let is_joined = |negation: &&str| {
            let consent = word.strip_prefix(*negation);
            consent.is_some_and(|rest| AGREED.iter().any(|agreed| rest.starts_with(agreed)))
        };
        let is_negation = NEGATIONS.contains(&&**word) || contains_any(word, &NEGATION_PARTS);
        !is_answer && (is_negation || NEGATIONS.iter().any(is_joined))
    })
}
