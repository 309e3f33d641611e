//! Recognises columns that say who wants no messages, and reads their cells (R52).
//!
//! Such a column lists either those who opted out (`Unsubscribed`, `Abgemeldet`) or those who agreed
//! (`Opt-in`, `subscribed_to_emails`). Words are compared by their folded letters, so a list names
//! the part that the forms of a word share.

#[cfg(test)]
mod tests;

use super::Target;
use super::suggest::{header_key, is_date};
use crate::text;
use crate::yes_no::yes_or_no;

/// Parts of words, in headers and cells, for people who opted out.
const OPTED_OUT: [&str; 46] = [
    "unsub",
    "optout",
    "optedout",
    "optingout",
    "blacklist",
    "blocklist",
    "suppress",
    "donotemail",
    "donotmail",
    "donotcontact",
    "donotsend",
    "dontemail",
    "dontcontact",
    // German, Dutch and the languages of the north.
    "abgemeldet",
    "abmeld",
    "ausgetragen",
    "widerspr",
    "keinewerbung",
    "afgemeld",
    "uitgeschreven",
    "afmeldt",
    "frameldt",
    "avmeldt",
    "avanmal",
    "avregistrer",
    "avprenumer",
    "peruut",
    // Romance languages.
    "desabon",
    "desinscri",
    "disiscri",
    "dadodebaja",
    "dadadebaja",
    "dezabon",
    // Slavic languages, Hungarian, Turkish and Greek.
    "wypisan",
    "odhlas",
    "отпис",
    "відпис",
    "leiratk",
    "abonelikten",
    "διαγρα",
    // East Asia.
    "退订",
    "退訂",
    "配信停止",
    "購読解除",
    "수신거부",
    "구독취소",
];

/// Parts of words, in headers, for people who agreed.
const AGREED: [&str; 45] = [
    "optin",
    "optedin",
    "subscrib",
    "subscription",
    "newsletter",
    "consent",
    "marketingpermission",
    "acceptsmarketing",
    "acceptsemail",
    "marketingallowed",
    "emailallowed",
    "einwillig",
    "angemeldet",
    "zustimmung",
    "abonniert",
    "werbeerlaubnis",
    "nieuwsbrief",
    "toestemming",
    "ingeschreven",
    "prenumer",
    "samtyck",
    "samtykke",
    "tilmeldt",
    "pameldt",
    "suostumus",
    "abonne",
    "suscri",
    "iscritt",
    "iscrizione",
    "inscrito",
    "inscrita",
    "consimt",
    "abonat",
    "zgoda",
    "souhlas",
    "odber",
    "feliratk",
    "hozzajarul",
    "подпис",
    "соглас",
    "підпис",
    "订阅",
    "購読",
    "구독",
    "수신동의",
];

/// Parts of words, in cells only, for people who want no messages.
const DECLINED: [&str; 12] = [
    "nonsubscribed",
    "notsubscribed",
    "neversubscribed",
    "notopted",
    "noconsent",
    "cleaned",
    "bounced",
    "complain",
    "denied",
    "declined",
    "revoked",
    "withdrawn",
];

/// Parts of words, in cells only, for people who want messages.
const WANTED: [&str; 5] = ["subscribed", "optin", "optedin", "angemeldet", "transactional"];

/// Whole words, in cells only, for people who want messages, or have not decided.
const NOT_DECLINED: [&str; 7] =
    ["active", "aktiv", "agreed", "granted", "confirmed", "allowed", "pending"];

/// Parts of headers about the circumstances, not about who.
const CIRCUMSTANCES: [&str; 9] =
    ["reason", "grund", "motiv", "campaign", "kampagne", "link", "url", "title", "comment"];

/// Parts of headers whose cells may name the state of a subscription.
const STATUS: [&str; 6] = ["status", "state", "estado", "stato", "statut", "durum"];

/// What a cell of such a column says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Yes,
    No,
    /// The day or time of what the column is about.
    When,
    Declined,
    Wanted,
}

/// Returns whether a cell says that the person wants no messages; `None` when that is not clear.
/// `column` is [`Target::Unsubscribed`] or [`Target::Subscribed`].
pub(super) fn is_opted_out(column: &Target, cell: &str) -> Option<bool> {
    let lists_opted_out = *column == Target::Unsubscribed;
    Some(match Said::of(cell)? {
        Said::Yes | Said::When => lists_opted_out,
        Said::No => !lists_opted_out,
        Said::Declined => true,
        Said::Wanted => false,
    })
}

/// Returns the target of a column that says who wants no messages; `None` for any other column.
/// `cells` are samples.
pub(super) fn opt_out_target<'a>(
    header: &str,
    cells: impl Iterator<Item = &'a str>,
) -> Option<Target> {
    let header = header_key(header);
    if has(&header, &CIRCUMSTANCES) {
        return None;
    }
    let cells: Vec<_> = cells.map(text::trim).filter(|cell| !cell.is_empty()).collect();
    // A cell that says something else means that the header was misread.
    let said: Vec<_> = cells.iter().map(|cell| Said::of(cell)).collect::<Option<_>>()?;
    if has(&header, &OPTED_OUT) {
        return Some(Target::Unsubscribed);
    }
    // The time at which somebody agreed tells nothing about those who did not.
    let is_clear = !said.is_empty() && !said.contains(&Said::When);
    (is_clear && (has(&header, &AGREED) || is_status(&header, &cells)))
        .then_some(Target::Subscribed)
}

/// Returns whether a column contains states of subscriptions. Other columns of states have words
/// such as `declined`, too.
fn is_status(header: &str, cells: &[&str]) -> bool {
    let mut keys = cells.iter().map(|cell| header_key(cell));
    has(header, &STATUS) && keys.any(|key| key.contains("subscri") || has(&key, &OPTED_OUT))
}

fn has(key: &str, parts: &[&str]) -> bool {
    parts.iter().any(|part| key.contains(part))
}

impl Said {
    fn of(cell: &str) -> Option<Self> {
        if let Some(is_yes) = yes_or_no(cell) {
            return Some(if is_yes { Self::Yes } else { Self::No });
        }
        let key = header_key(cell);
        Some(match key.as_str() {
            _ if is_moment(cell) => Self::When,
            key if has(key, &OPTED_OUT) || has(key, &DECLINED) => Self::Declined,
            key if has(key, &WANTED) || NOT_DECLINED.contains(&key) => Self::Wanted,
            _ => return None,
        })
    }
}

/// Returns whether a cell is a date, with or without a time, such as `2024-01-31 10:00` or
/// `January 31, 2024`.
fn is_moment(cell: &str) -> bool {
    let numbers = cell.split(|c: char| !c.is_ascii_digit()).filter(|number| !number.is_empty());
    let numbers: Vec<_> = numbers.collect();
    let is_year =
        |number: &&str| number.len() == 4 && (number.starts_with("19") || number.starts_with("20"));
    is_date(text::trim(cell)) || (numbers.len() > 1 && numbers.iter().any(is_year))
}
