//! Recognises columns that say who wants no messages, and reads their cells (R52).
//!
//! Such a column lists either those who opted out (`Unsubscribed`, `Newsletter abbestellt`) or those
//! who agreed (`Opt-in`, `subscribed_to_emails`). Words are compared by their folded letters, so a
//! list names the part that the forms of a word share.

mod said;
mod stance;
#[cfg(test)]
mod tests;
mod words;

use self::said::Said;
use self::stance::Stance;
use self::words::{CHANNEL_WORDS, CHANNELS, CIRCUMSTANCE_WORDS, CIRCUMSTANCES, OPTED_OUT, STATUS};
use super::Target;
use super::suggest::header_words as words;
use crate::text;

/// What the header and the samples of a column say about consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum OptOutColumn<'a> {
    /// The column says who wants no messages: [`Target::Unsubscribed`] or [`Target::Subscribed`].
    Clear(Target),
    /// The column seems to say so, but its header is not clear, or it has this cell, which cannot be
    /// read.
    Unclear(Option<&'a str>),
    /// The column says something else.
    Other,
}

/// Returns whether a cell says that the person wants no messages; `None` when that is not clear.
/// `column` is [`Target::Unsubscribed`] or [`Target::Subscribed`].
pub(super) fn is_opted_out(column: &Target, cell: &str) -> Option<bool> {
    let lists_opted_out = *column == Target::Unsubscribed;
    Some(match Said::of(cell)? {
        Said::Yes | Said::When => lists_opted_out,
        Said::No => !lists_opted_out,
        Said::Declined => true,
        Said::Wanted | Said::Nothing => false,
    })
}

impl<'a> OptOutColumn<'a> {
    /// Reads a column. `cells` are samples.
    pub(super) fn of(header: &str, cells: impl Iterator<Item = &'a str>) -> Self {
        let header_words = words(header);
        let key = header_words.concat();
        let is_circumstance = |word: &String| CIRCUMSTANCE_WORDS.contains(&&**word);
        // Who wants no text messages may want email.
        let is_channel = |word: &String| CHANNEL_WORDS.contains(&&**word);
        let names_channel = contains_any(&key, &CHANNELS) || header_words.iter().any(is_channel);
        let is_other_channel = names_channel && !key.contains("mail");
        let is_about_it = header_words.iter().any(is_circumstance);
        if contains_any(&key, &CIRCUMSTANCES) || is_about_it || is_other_channel {
            return Self::Other;
        }
        let cells: Vec<_> = cells.map(text::trim).filter(|cell| !cell.is_empty()).collect();
        let said: Vec<_> = cells.iter().map(|cell| (*cell, Said::of(cell))).collect();
        let unread = said.iter().find(|(_, said)| said.is_none()).map(|(cell, _)| *cell);
        let count =
            |is: fn(Option<Said>) -> bool| said.iter().filter(|(_, said)| is(*said)).count();
        let is_answered = count(|said| said.is_some_and(|said| said != Said::When)) > 0;
        match Stance::of(header) {
            Stance::OptedOut | Stance::NotAgreed => match unread {
                Some(cell) => Self::Unclear(Some(cell)),
                None => Self::Clear(Target::Unsubscribed),
            },
            Stance::NotOptedOut => Self::Unclear(unread),
            // The time at which something began or ended tells nothing about those without one.
            Stance::Unclear if is_answered => Self::Unclear(unread),
            Stance::Agreed => match unread {
                None if is_answered && count(|said| said == Some(Said::When)) == 0 => {
                    Self::Clear(Target::Subscribed)
                }
                // A few other words among answers; the names of plans are another column.
                Some(cell) if is_answered && count(|said| said.is_none()) * 2 <= cells.len() => {
                    Self::Unclear(Some(cell))
                }
                _ => Self::Other,
            },
            _ if unread.is_none() && is_status(&key, &cells) => Self::Clear(Target::Subscribed),
            _ => Self::Other,
        }
    }
}

/// Returns whether a column contains states of subscriptions. Other columns of states have words
/// such as `declined`, too.
fn is_status(header: &str, cells: &[&str]) -> bool {
    let mut keys = cells.iter().map(|cell| words(cell).concat());
    contains_any(header, &STATUS)
        && keys.any(|key| key.contains("subscri") || contains_any(&key, &OPTED_OUT))
}

fn contains_any(key: &str, parts: &[&str]) -> bool {
    parts.iter().any(|part| key.contains(part))
}
