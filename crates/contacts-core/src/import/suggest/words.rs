//! The meanings of words in headers, in the languages of common exports.
//!
//! Words are listed as people write them, and compared folded (see `tokens`).

mod languages;
mod lists;

use std::collections::HashMap;
use std::sync::LazyLock;

use self::languages::LANGUAGES;
use self::lists::LISTS;
use super::tokens::fold;

/// The meaning of a word in a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// Noun for an e-mail address.
    Email,
    /// Noun for a phone number.
    Phone,
    /// Noun for a mobile number, which is preferred to other phone numbers.
    Mobile,
    /// Noun for the phone number of a messenger.
    Messenger,
    /// Noun for a name of any kind.
    Name,
    /// Noun for a name that is the first name when there is a column of last names.
    NameOrFirst,
    /// Noun for a name that is the last name when there is a column of first names.
    NameOrLast,
    /// One word for the whole name.
    FullName,
    /// One word for the first name.
    FirstName,
    /// One word for the last name.
    LastName,
    /// Noun for tags, whatever the other words are.
    Tags,
    /// Noun for groups, which are tags unless another word is unknown.
    Groups,
    /// Adjective for the whole name.
    Full,
    /// Adjective for the first name.
    First,
    /// Adjective for the last name.
    Last,
    /// Adjective for a middle name.
    Middle,
    /// A word without meaning here, such as an article.
    Filler,
    /// A word such as `number`, which means a count or nothing.
    Number,
    /// A word for a postal address; with a word for e-mail, an e-mail address.
    Address,
    /// A word for the contact.
    Person,
    /// A word for the contact as a user, whose "name" is a login name.
    User,
    /// Adjective for the preferred one of several.
    Best,
    /// Adjective for a private address or number.
    Home,
    /// Adjective for a business address or number.
    Work,
    /// A word for the second or a later one of several.
    Lesser,
    /// A word for further ones of several.
    Other,
    /// A word for another person, such as an assistant.
    Someone,
    /// A word for a thing with names and numbers of its own, such as a company.
    Thing,
    /// A word for an identifier. People also write `Email ID` for an address.
    Id,
    /// A word for a fax machine.
    Fax,
    /// A word for a fact about the noun, or for a secret: never suggested.
    Fact,
}

/// Returns the meaning of a folded word.
pub(super) fn meaning(word: &str) -> Option<Word> {
    static WORDS: LazyLock<HashMap<String, Word>> = LazyLock::new(|| {
        // Where a word has two meanings, the one in `LISTS` counts.
        let words = LANGUAGES
            .iter()
            .chain(LISTS)
            .flat_map(|(meaning, list)| list.split_whitespace().map(|word| (fold(word), *meaning)));
        words.collect()
    });
    if let Ok(number) = word.parse::<u32>() {
        return Some(if number <= 1 { Word::Best } else { Word::Lesser });
    }
    WORDS.get(word).copied()
}

/// Headers that are recognised when they are mistyped, with their meanings.
pub(super) const TYPED: &[(&str, &[Word])] = &[
    ("email", &[Word::Email]),
    ("emailaddress", &[Word::Email]),
    ("phone", &[Word::Phone]),
    ("phonenumber", &[Word::Phone]),
    ("telephone", &[Word::Phone]),
    ("telefon", &[Word::Phone]),
    ("mobile", &[Word::Mobile]),
    ("mobilephone", &[Word::Mobile]),
    ("firstname", &[Word::First, Word::Name]),
    ("givenname", &[Word::First, Word::Name]),
    ("vorname", &[Word::FirstName]),
    ("prenom", &[Word::FirstName]),
    ("lastname", &[Word::Last, Word::Name]),
    ("familyname", &[Word::Last, Word::Name]),
    ("surname", &[Word::LastName]),
    ("nachname", &[Word::LastName]),
    ("apellido", &[Word::LastName]),
    ("fullname", &[Word::FullName]),
];
