//! What one column is by itself: what its header's words and its values say.

use super::super::mapping::Target;
use super::tokens;
use super::values::Values;
use super::words::Word;

/// From this confidence on, a column is tags by its own name, not a group that may serve as one.
pub(super) const REAL_TAGS: f32 = 0.8;

/// What a column claims to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aim {
    Email,
    Phone,
    Tags,
    Whole,
    First,
    Last,
    /// `First`, without a noun: a first name only beside a `Last`.
    LoneFirst,
    LoneLast,
    /// A name; the columns beside it say which.
    Name,
    NameOrFirst,
    NameOrLast,
    /// Names of people under a header that does not say so.
    Nobody,
}

impl Aim {
    /// Where a column with this aim goes.
    pub(super) fn target(self) -> Option<Target> {
        Some(match self {
            Self::Email => Target::Email,
            Self::Phone => Target::Phone,
            Self::Tags => Target::Tags,
            Self::Whole | Self::Name | Self::NameOrFirst | Self::NameOrLast => Target::Name,
            Self::First | Self::LoneFirst => Target::FirstName,
            Self::Last | Self::LoneLast => Target::LastName,
            Self::Nobody => return None,
        })
    }
}

/// A column's claim on a target.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claim {
    pub(super) aim: Aim,
    pub(super) score: f32,
    /// Somebody else's: better than nothing, if there is nothing.
    pub(super) weak: bool,
}

/// What a column is, if anything.
pub(super) fn claim(header: &str, values: &Values, turkish: bool) -> Option<Claim> {
    let words = Header::of(header, turkish);
    let claim = words.claim(values)?;
    let rank = words.rank(claim.aim);
    let contradicted = match claim.aim {
        Aim::Email => {
            values.addresses == 0 && (values.often(values.plain) || values.often(values.links))
        }
        Aim::Phone => {
            values.often(values.addresses)
                || values.often(values.links)
                || values.mostly(values.wordy)
                || (values.phones == 0 && values.often(values.plain))
        }
        Aim::Tags => values.mostly(values.plain) || values.often(values.links),
        _ => {
            values.often(values.addresses)
                || values.often(values.links)
                || values.often(values.plain)
        }
    };
    (!contradicted).then_some(Claim { score: claim.score + rank, ..claim })
}

/// Whether a column holds what must not be kept, whatever it is mapped to.
pub(super) fn is_secret(header: &str) -> bool {
    const SECRETS: &[&str] =
        &["password", "passwort", "kennwort", "passwd", "пароль", "パスワード", "密码"];
    let key = tokens::key(header);
    SECRETS.iter().any(|secret| key.contains(&tokens::fold(secret)))
}

/// Whether a header says "surname" in Turkish, where `Ad` is a name and no advertisement.
pub(super) fn has_turkish_surname(header: &str) -> bool {
    let key = tokens::key(header);
    key.contains("soyad") || key.contains("soyisim")
}

struct Header {
    words: Vec<Option<Word>>,
}

impl Header {
    fn of(header: &str, turkish: bool) -> Self {
        let ad = turkish && tokens::key(header).starts_with("ad");
        let mut words = tokens::words(header);
        if ad && let Some(word) = words.first_mut() {
            *word = Some(Word::NameOrFirst);
        }
        Self { words }
    }

    fn has(&self, words: &[Word]) -> bool {
        self.words.iter().flatten().any(|word| words.contains(word))
    }

    fn unknown(&self) -> usize {
        self.words.iter().filter(|word| word.is_none()).count()
    }

    /// Whether every word is one of these, and there is one.
    fn only(&self, words: &[Word]) -> bool {
        !self.words.is_empty() && self.words.iter().all(|w| w.is_some_and(|w| words.contains(&w)))
    }

    /// Whether something unknown follows the last word that heads: an aspect of the thing.
    fn trails_off(&self, heads: &[Word]) -> bool {
        let head = self.words.iter().rposition(|w| w.is_some_and(|w| heads.contains(&w)));
        head.is_some_and(|at| self.words[at..].contains(&None))
    }

    fn claim(&self, values: &Values) -> Option<Claim> {
        let sure = |aim, score| Some(Claim { aim, score, weak: false });
        let weak = |aim, score| Some(Claim { aim, score, weak: true });
        let email = self.has(&[Word::Email]);
        let phone = self.has(PHONES);
        if self.has(&[Word::Fact]) {
            let addressed = email && !self.has(&[Word::Someone, Word::Thing]);
            return if addressed && values.mostly(values.addresses) {
                weak(Aim::Email, 0.5)
            } else {
                None
            };
        }
        if self.has(&[Word::Id]) {
            let plain = self.only(&[
                Word::Email,
                Word::Id,
                Word::Person,
                Word::User,
                Word::Best,
                Word::Address,
                Word::Filler,
            ]);
            let fits = email && plain && (values.filled == 0 || values.addresses > 0);
            return if fits { sure(Aim::Email, 0.75) } else { None };
        }
        if self.has(&[Word::Fax]) {
            return if self.has(&[Word::Other]) { weak(Aim::Phone, 0.3) } else { None };
        }
        if self.has(&[Word::Someone]) {
            return if phone && !email { weak(Aim::Phone, 0.4) } else { None };
        }
        match (email, phone) {
            (true, true) if values.addresses > 0 || values.filled == 0 => sure(Aim::Email, 0.6),
            (true, true) | (false, true) => self.phone(values),
            (true, false) => self.email(values),
            (false, false) if self.has(&[Word::Tags, Word::Groups]) => self.tags(),
            (false, false) if self.has(NAMES) => self.name(),
            (false, false) => self.by_values(values),
        }
    }

    fn email(&self, values: &Values) -> Option<Claim> {
        let addressed = values.mostly(values.addresses);
        let other = self.has(&[Word::Tags, Word::Groups, Word::Number]) || self.has(NAMES);
        if !addressed && (other || self.trails_off(&[Word::Email])) {
            return None;
        }
        let company = self.has(&[Word::Thing]);
        let score = if company { 0.5 } else { 0.9 } + if addressed { 0.04 } else { 0.0 };
        Some(Claim { aim: Aim::Email, score, weak: company })
    }

    fn phone(&self, values: &Values) -> Option<Claim> {
        let dialled = values.mostly(values.phones);
        let other = self.has(&[Word::Tags, Word::Groups]) || self.has(NAMES);
        if other || (!dialled && self.trails_off(PHONES)) {
            return None;
        }
        let company = self.has(&[Word::Thing]);
        Some(Claim { aim: Aim::Phone, score: if company { 0.45 } else { 0.88 }, weak: company })
    }

    fn tags(&self) -> Option<Claim> {
        if self.has(&[Word::Tags]) {
            return Some(Claim { aim: Aim::Tags, score: 0.98, weak: false });
        }
        let plain = self.unknown() == 0 && !self.has(&[Word::Thing, Word::Address]);
        plain.then_some(Claim { aim: Aim::Tags, score: 0.75, weak: false })
    }

    fn name(&self) -> Option<Claim> {
        const OTHERS: &[Word] =
            &[Word::Thing, Word::Lesser, Word::Other, Word::Work, Word::Number, Word::Address];
        let login = self.has(&[Word::User])
            && !self.has(&[Word::Full, Word::FullName, Word::First, Word::Last]);
        if self.has(OTHERS) || self.unknown() > 0 || login {
            return None;
        }
        let noun = self.has(&[Word::Name, Word::NameOrFirst, Word::NameOrLast]);
        let first = self.has(&[Word::FirstName]) || (self.has(&[Word::First]) && noun);
        let last = self.has(&[Word::LastName]) || (self.has(&[Word::Last]) && noun);
        let both = (first && last)
            || (self.has(&[Word::LastName, Word::FirstName]) && noun)
            || (self.has(&[Word::First]) && last)
            || (self.has(&[Word::Last]) && first);
        let full = self.has(&[Word::FullName]) || (self.has(&[Word::Full]) && noun);
        let (aim, score) = match () {
            () if self.has(&[Word::Middle]) && !both => return None,
            () if both && !full && self.has(&[Word::First, Word::Last]) && !(first && last) => {
                (Aim::Whole, 0.8)
            }
            () if both || full => (Aim::Whole, 0.92),
            () if first => (Aim::First, 0.96),
            () if last => (Aim::Last, 0.96),
            () if self.only(&[Word::First, Word::Filler]) => (Aim::LoneFirst, 0.7),
            () if self.only(&[Word::Last, Word::Filler]) => (Aim::LoneLast, 0.7),
            () if self.has(&[Word::NameOrFirst]) => (Aim::NameOrFirst, 0.85),
            () if self.has(&[Word::NameOrLast]) => (Aim::NameOrLast, 0.85),
            () if noun => (Aim::Name, 0.95),
            () => return None,
        };
        Some(Claim { aim, score, weak: false })
    }

    /// A header that says nothing, or only whose the column is.
    fn by_values(&self, values: &Values) -> Option<Claim> {
        const NEUTRAL: &[Word] = &[
            Word::Person,
            Word::User,
            Word::Filler,
            Word::Best,
            Word::Home,
            Word::Work,
            Word::Address,
            Word::Number,
        ];
        if self.words.iter().flatten().any(|word| !NEUTRAL.contains(word)) {
            return None;
        }
        let person =
            self.only(&[Word::Person, Word::Filler, Word::Best]) && self.has(&[Word::Person]);
        let home = self.only(&[Word::Home]) && values.filled == 0;
        let (aim, score) = match () {
            () if values.mostly(values.addresses) => (Aim::Email, 0.6),
            () if person && values.mostly(values.phones) => (Aim::Phone, 0.6),
            () if values.mostly(values.international) => (Aim::Phone, 0.5),
            () if person && values.often(values.people) => (Aim::Nobody, 0.5),
            // Outlook in Spanish calls the telephone at home so, and nothing else.
            () if home => return Some(Claim { aim: Aim::Phone, score: 0.3, weak: true }),
            () => return None,
        };
        Some(Claim { aim, score, weak: false })
    }

    /// How good a column is among several of its kind.
    fn rank(&self, aim: Aim) -> f32 {
        let rank = |word| match word {
            Word::Mobile => 0.06,
            Word::Best => 0.05,
            Word::Person if aim != Aim::Name => -0.01,
            Word::Person => -0.02,
            Word::Home => -0.04,
            Word::Work => -0.08,
            Word::Messenger => -0.15,
            Word::Address if aim == Aim::Phone => -0.1,
            Word::Lesser => -0.2,
            Word::Other => -0.25,
            Word::Thing | Word::Someone => -0.05,
            _ => 0.0,
        };
        let mut seen: Vec<Word> = self.words.iter().flatten().copied().collect();
        seen.dedup();
        seen.into_iter().map(rank).sum::<f32>() - 0.15 * self.unknown() as f32
    }
}

const PHONES: &[Word] = &[Word::Phone, Word::Mobile, Word::Messenger];

const NAMES: &[Word] = &[
    Word::Name,
    Word::NameOrFirst,
    Word::NameOrLast,
    Word::FullName,
    Word::FirstName,
    Word::LastName,
    Word::First,
    Word::Last,
    Word::Full,
];
