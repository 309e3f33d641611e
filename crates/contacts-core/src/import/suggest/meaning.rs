//! Interprets one column by the words of its header and by its values.

use super::super::mapping::Target;
use super::tokens;
use super::values::Values;
use super::words::Word;

/// From this confidence on, a column is named as tags. Below, it is groups that may serve as tags.
pub(super) const REAL_TAGS: f32 = 0.8;

/// The meaning of a column, before it is compared with the other columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ColumnClaim {
    Email,
    Phone,
    Tags,
    Whole,
    First,
    Last,
    /// `First` without a noun: a first name only when there is a `Last` too.
    LoneFirst,
    LoneLast,
    /// A middle name, when there are a first and a last name.
    Middle,
    /// A name; the other columns decide whether it is the whole name.
    Name,
    NameOrFirst,
    NameOrLast,
    /// Names of people under a header that does not mention names.
    UnnamedPeople,
}

impl ColumnClaim {
    /// The target of a column with this meaning.
    pub(super) fn target(self) -> Option<Target> {
        Some(match self {
            Self::Email => Target::Email,
            Self::Phone => Target::Phone,
            Self::Tags => Target::Tags,
            Self::Whole | Self::Name | Self::NameOrFirst | Self::NameOrLast => Target::Name,
            Self::First | Self::LoneFirst => Target::FirstName,
            Self::Last | Self::LoneLast => Target::LastName,
            Self::Middle => Target::MiddleName,
            Self::UnnamedPeople => return None,
        })
    }
}

/// The claim of a column to a target.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claim {
    pub(super) target: ColumnClaim,
    pub(super) score: f32,
    /// Whether the column is about another person or a company. It is used only when there is no
    /// better column.
    pub(super) weak: bool,
}

/// Interprets a column; `None` when it should be skipped.
pub(super) fn claim(header: &str, values: &Values, turkish: bool) -> Option<Claim> {
    let words = Header::of(header, turkish);
    let claim = words.claim(values)?;
    let rank = words.rank(claim.target);
    let contradicted = match claim.target {
        ColumnClaim::Email => {
            values.addresses == 0 && (values.often(values.plain) || values.often(values.links))
        }
        ColumnClaim::Phone => {
            values.often(values.addresses)
                || values.often(values.links)
                || values.mostly(values.wordy)
                || (values.phones == 0 && values.often(values.plain))
        }
        ColumnClaim::Tags => values.mostly(values.plain) || values.often(values.links),
        _ => {
            values.often(values.addresses)
                || values.often(values.links)
                || values.often(values.plain)
        }
    };
    let mut score = claim.score + rank;
    if claim.target == ColumnClaim::Tags && claim.score >= REAL_TAGS {
        score = score.max(REAL_TAGS);
    }
    // A value that all rows share is not the value of each contact, but of somebody on our side.
    let is_ours = values.is_constant && claim.target != ColumnClaim::Tags || is_our_side(header);
    let weak = claim.weak || (is_ours && claim.target == ColumnClaim::Email);
    if is_ours {
        score -= 0.3;
    }
    (!contradicted).then_some(Claim { score, weak, ..claim })
}

/// Returns whether a header names our side of a message, which was sent to us.
fn is_our_side(header: &str) -> bool {
    const OURS: &[&str] = &["to", "toemail", "toaddress", "toname", "tophone", "tonumber"];
    OURS.contains(&tokens::key(header).as_str())
}

/// Whether a column contains secrets, which are never suggested.
pub(super) fn is_secret(header: &str) -> bool {
    const SECRETS: &[&str] =
        &["password", "passwort", "kennwort", "passwd", "пароль", "パスワード", "密码"];
    let key = tokens::key(header);
    SECRETS.iter().any(|secret| key.contains(&tokens::fold(secret)))
}

/// Returns whether a header names an email address of the contact and nothing else, with or without
/// the place where it is used: `Email`, `Work email`.
pub(super) fn is_placed_address(header: &str) -> bool {
    const PLACED: &[Word] = &[
        Word::Email,
        Word::Address,
        Word::Best,
        Word::Home,
        Word::Work,
        Word::Lesser,
        Word::Other,
        Word::Filler,
    ];
    let header = Header::of(header, false);
    header.has(&[Word::Email]) && header.only(PLACED)
}

/// Whether a header is "surname" in Turkish. Then `Ad` in the same file is a name, not an
/// advertisement.
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

    /// Whether there are words, and each is one of these.
    fn only(&self, words: &[Word]) -> bool {
        !self.words.is_empty() && self.words.iter().all(|w| w.is_some_and(|w| words.contains(&w)))
    }

    fn is_middle(&self) -> bool {
        self.has(&[Word::Middle]) && self.only(&[Word::Middle, Word::Filler])
    }

    /// Whether an unknown word follows the last noun: the column is about an aspect of it.
    fn ends_with_filler(&self, heads: &[Word]) -> bool {
        let head = self.words.iter().rposition(|w| w.is_some_and(|w| heads.contains(&w)));
        head.is_some_and(|at| self.words[at..].contains(&None))
    }

    fn claim(&self, values: &Values) -> Option<Claim> {
        let strong_claim = |target, score| Some(Claim { target, score, weak: false });
        let weak_claim = |target, score| Some(Claim { target, score, weak: true });
        let email = self.has(&[Word::Email]);
        let phone = self.has(PHONES);
        if self.has(&[Word::Fact]) {
            let addressed = email && !self.has(&[Word::Someone, Word::Thing]);
            return if addressed && values.mostly(values.addresses) {
                weak_claim(ColumnClaim::Email, 0.5)
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
            return if fits { strong_claim(ColumnClaim::Email, 0.75) } else { None };
        }
        if self.has(&[Word::Fax]) {
            return if self.has(&[Word::Other]) {
                weak_claim(ColumnClaim::Phone, 0.3)
            } else {
                None
            };
        }
        if self.has(&[Word::Someone]) {
            return if phone && !email { weak_claim(ColumnClaim::Phone, 0.4) } else { None };
        }
        match (email, phone) {
            (true, true) if values.addresses > 0 || values.filled == 0 => {
                strong_claim(ColumnClaim::Email, 0.6)
            }
            (true, true) | (false, true) => self.phone(values),
            (true, false) => self.email(values),
            (false, false) if self.has(&[Word::Tags, Word::Groups]) => self.tags(),
            (false, false) if self.has(NAMES) || self.is_middle() => self.name(),
            (false, false) => self.by_values(values),
        }
    }

    fn email(&self, values: &Values) -> Option<Claim> {
        let addressed = values.mostly(values.addresses);
        let other = self.has(&[Word::Tags, Word::Groups, Word::Number]) || self.has(NAMES);
        if !addressed && (other || self.ends_with_filler(&[Word::Email])) {
            return None;
        }
        let company = self.has(&[Word::Thing]);
        let score = if company { 0.5 } else { 0.9 } + if addressed { 0.04 } else { 0.0 };
        Some(Claim { target: ColumnClaim::Email, score, weak: company })
    }

    fn phone(&self, values: &Values) -> Option<Claim> {
        let dialled = values.mostly(values.phones);
        let other = self.has(&[Word::Tags, Word::Groups]) || self.has(NAMES);
        if other || (!dialled && self.ends_with_filler(PHONES)) {
            return None;
        }
        let company = self.has(&[Word::Thing]);
        Some(Claim {
            target: ColumnClaim::Phone,
            score: if company { 0.45 } else { 0.88 },
            weak: company,
        })
    }

    fn tags(&self) -> Option<Claim> {
        if self.has(&[Word::Tags]) {
            return Some(Claim { target: ColumnClaim::Tags, score: 0.98, weak: false });
        }
        let plain = self.unknown() == 0 && !self.has(&[Word::Thing, Word::Address]);
        plain.then_some(Claim { target: ColumnClaim::Tags, score: 0.75, weak: false })
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
        let (target, score) = match () {
            () if self.has(&[Word::Middle]) && !both => {
                let is_other = first || last || self.has(&[Word::First, Word::Last]);
                if is_other || !(noun || self.is_middle()) {
                    return None;
                }
                (ColumnClaim::Middle, 0.9)
            }
            () if both && !full && self.has(&[Word::First, Word::Last]) && !(first && last) => {
                (ColumnClaim::Whole, 0.8)
            }
            () if both || full => (ColumnClaim::Whole, 0.92),
            () if first => (ColumnClaim::First, 0.96),
            () if last => (ColumnClaim::Last, 0.96),
            () if self.only(&[Word::First, Word::Filler]) => (ColumnClaim::LoneFirst, 0.7),
            () if self.only(&[Word::Last, Word::Filler]) => (ColumnClaim::LoneLast, 0.7),
            () if self.has(&[Word::NameOrFirst]) => (ColumnClaim::NameOrFirst, 0.85),
            () if self.has(&[Word::NameOrLast]) => (ColumnClaim::NameOrLast, 0.85),
            () if noun => (ColumnClaim::Name, 0.95),
            () => return None,
        };
        Some(Claim { target, score, weak: false })
    }

    /// Interprets a column by its values, when its header has no meaning of its own.
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
        let is_home = self.only(&[Word::Home]) && values.filled == 0;
        let (target, score) = match () {
            () if values.mostly(values.addresses) => (ColumnClaim::Email, 0.6),
            () if person && values.mostly(values.phones) => (ColumnClaim::Phone, 0.6),
            () if values.mostly(values.international) => (ColumnClaim::Phone, 0.5),
            () if person && values.often(values.people) => (ColumnClaim::UnnamedPeople, 0.5),
            // Spanish exports of Outlook have this header for the home phone.
            () if is_home => {
                return Some(Claim { target: ColumnClaim::Phone, score: 0.3, weak: true });
            }
            () => return None,
        };
        Some(Claim { target, score, weak: false })
    }

    /// The preference among several columns with the same meaning.
    fn rank(&self, target: ColumnClaim) -> f32 {
        let rank = |word| match word {
            Word::Mobile => 0.06,
            Word::Best => 0.05,
            Word::User if target == ColumnClaim::Email => -0.03,
            Word::Person if target != ColumnClaim::Name => -0.01,
            Word::Person => -0.02,
            Word::Home => -0.04,
            Word::Work => -0.08,
            Word::Messenger => -0.15,
            Word::Address if target == ColumnClaim::Phone => -0.1,
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
