//! E-mail addresses (R7).

mod written;

use std::borrow::Cow;
use std::fmt;

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};
use unicode_normalization::char::is_combining_mark;

use crate::text;

/// An e-mail address as it was typed.
///
/// Two addresses are equal when they differ at most in case, in Unicode form (NFC) or in the IDNA
/// form of the domain (R7). Dots and `+suffix` are significant.
///
/// ```
/// use contacts_core::contact::{EmailAddress, InvalidEmail};
///
/// let typed = EmailAddress::parse(" Ann@Bücher.example ")?;
/// assert_eq!(typed.as_str(), "Ann@Bücher.example");
/// assert_eq!(typed.key(), "ann@xn--bcher-kva.example");
/// assert_eq!(EmailAddress::parse("Ann Lee <ann@example.org>")?.as_str(), "ann@example.org");
/// assert_eq!(EmailAddress::parse("ann"), Err(InvalidEmail::NoAt));
/// # Ok::<(), InvalidEmail>(())
/// ```
#[derive(Clone)]
pub struct EmailAddress {
    typed: String,
    key: String,
}

/// Reason why a text is not an e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum InvalidEmail {
    /// The text is blank.
    #[error("is empty")]
    Empty,
    /// There is no `@`.
    #[error("has no @")]
    NoAt,
    /// The part before the `@` is empty, longer than 64 octets, or contains a character that is not
    /// allowed there.
    #[error("contains a character that is not allowed before the @")]
    Local,
    /// The part after the `@` is not a valid domain name.
    #[error("needs a valid domain after the @ (such as example.com)")]
    Domain,
    /// The address is longer than 254 characters.
    #[error("is longer than 254 characters")]
    TooLong,
    /// The address contains a line break. Other white space around it is trimmed; a line break is
    /// refused, because it could inject a header into a message.
    #[error("holds a line break")]
    LineBreak,
    /// The address contains white space.
    #[error("contains a space")]
    Space,
    /// The text contains several addresses.
    #[error("contains several addresses: keep one of them")]
    Several,
}

/// The addresses of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenAddresses {
    /// The first address.
    pub first: EmailAddress,
    /// The other addresses, in the order of the text, without repetitions.
    pub others: Vec<EmailAddress>,
    /// Whether the text contains a word that looks like an address and cannot be read.
    pub has_unreadable: bool,
}

impl From<EmailAddress> for WrittenAddresses {
    /// A text with one address.
    fn from(first: EmailAddress) -> Self {
        Self { first, others: Vec::new(), has_unreadable: false }
    }
}

impl EmailAddress {
    const MAX: usize = 254;
    const MAX_LOCAL: usize = 64;

    /// Parses an address as people use them: RFC 5321 and 5322 addr-spec with internationalised
    /// addresses (RFC 6531), without quoted local parts, comments and address literals.
    ///
    /// A name before an address in angle brackets, `mailto:`, quotation marks and punctuation
    /// around the address are removed, and full-width letters become ASCII.
    ///
    /// # Errors
    ///
    /// The first [`InvalidEmail`] found.
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        match Self::parse_bare(text) {
            Err(InvalidEmail::LineBreak) => Err(InvalidEmail::LineBreak),
            Err(reason) => written::only(text, reason),
            read => read,
        }
    }

    /// Parses the addresses of a text, which may contain several, such as a cell of a file.
    ///
    /// # Errors
    ///
    /// Those of [`EmailAddress::parse`], if the text does not contain several addresses.
    pub fn parse_all(text: &str) -> Result<WrittenAddresses, InvalidEmail> {
        match Self::parse(text) {
            Err(reason @ (InvalidEmail::Several | InvalidEmail::LineBreak)) => {
                written::several(text).ok_or(reason)
            }
            read => read.map(WrittenAddresses::from),
        }
    }

    /// Parses a text that is an address and nothing else.
    fn parse_bare(text: &str) -> Result<Self, InvalidEmail> {
        if text.contains(is_line_break) {
            return Err(InvalidEmail::LineBreak);
        }
        let typed = text::trim(text);
        if typed.is_empty() {
            return Err(InvalidEmail::Empty);
        }
        // No spelling of a valid address in another Unicode form is longer than this.
        if typed.len() > 4 * Self::MAX {
            return Err(InvalidEmail::TooLong);
        }
        let typed = text::nfc(typed);
        if typed.contains('@') && typed.contains(char::is_whitespace) {
            return Err(InvalidEmail::Space);
        }
        let (local, domain) = typed.rsplit_once('@').ok_or(InvalidEmail::NoAt)?;
        if local.is_empty() || local.len() > Self::MAX_LOCAL || !is_dot_atom(local) {
            return Err(InvalidEmail::Local);
        }
        let domain = domain_key(domain).ok_or(InvalidEmail::Domain)?;
        if typed.len() > Self::MAX || local.len() + 1 + domain.len() > Self::MAX {
            return Err(InvalidEmail::TooLong);
        }
        let mut key = text::caseless(local);
        key.push('@');
        key.push_str(&domain);
        Ok(Self { typed, key })
    }

    /// Returns the address as it was typed.
    pub fn as_str(&self) -> &str {
        &self.typed
    }

    /// Returns the normalised address, which is the same for every spelling (R7).
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl EmailAddress {
    /// The domain, as the key has it.
    pub fn domain(&self) -> &str {
        self.key.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl PartialEq for EmailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for EmailAddress {}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.typed)
    }
}

/// Hides the address: debug output ends up in logs.
impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(…)")
    }
}

fn is_line_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{0B}' | '\u{0C}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_dot_atom(local: &str) -> bool {
    local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atom_text))
        && !local.starts_with(is_combining_mark)
}

fn is_atom_text(c: char) -> bool {
    match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' => true,
        c if c.is_ascii() => "!#$%&'*+-/=?^_`{|}~".contains(c),
        c => !(c.is_control() || c.is_whitespace() || text::is_invisible(c) || is_unassignable(c)),
    }
}

/// Returns whether a character is for private use, the replacement character or a noncharacter:
/// nobody can type those into a form.
fn is_unassignable(c: char) -> bool {
    matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{FDD0}'..='\u{FDEF}' | '\u{FFF0}'..='\u{FFFF}')
        || u32::from(c) >= 0xE_0000
        || u32::from(c) & 0xFFFE == 0xFFFE
}

/// Returns the domain in lower case and ASCII (IDNA), or `None` when it cannot be the domain of a
/// mailbox.
fn domain_key(domain: &str) -> Option<String> {
    let key = Uts46::new()
        .to_ascii(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::Check, DnsLength::Verify)
        .map(Cow::into_owned)
        .ok()
        .or_else(|| undecodable(domain))?;
    // UTS 46 accepts symbols and emoji; no registry does.
    if !domain.is_ascii() && !domain.chars().all(is_domain_text) {
        return None;
    }
    let (_, top) = key.rsplit_once('.')?;
    let is_number = top.bytes().all(|b| b.is_ascii_digit());
    (!is_number).then(|| key.clone())
}

/// Accepts a domain that claims to be internationalised but cannot be decoded: it still consists of
/// letters, digits and hyphens, which is all that mail requires.
fn undecodable(domain: &str) -> Option<String> {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
            && (label.get(2..4) != Some("--") || label.starts_with("xn--"))
    };
    let domain = domain.to_ascii_lowercase();
    (domain.len() <= 253 && domain.split('.').all(is_label)).then_some(domain)
}

fn is_domain_text(c: char) -> bool {
    c.is_alphanumeric()
        || is_combining_mark(c)
        || matches!(c, '-' | '.' | '。' | '．' | '｡' | '·' | '・' | '\u{200C}' | '\u{200D}' | '－')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("ann@example.org")]
    #[case("ann.lee+shop@mail.example.co.uk")]
    #[case("o'neil/x=y@example.org")]
    #[case("δοκιμή@παράδειγμα.gr")]
    #[case("अन्न@उदाहरण.भारत")]
    #[case("x@a--b-c.example")]
    #[case("ann@xn--no-such-letters.example")]
    fn accepts(#[case] address: &str) {
        assert_eq!(EmailAddress::parse(address).unwrap().as_str(), address);
    }

    #[rstest]
    #[case("", InvalidEmail::Empty)]
    #[case(" \u{200B}\u{3000}", InvalidEmail::Empty)]
    #[case("ann", InvalidEmail::NoAt)]
    #[case("@example.org", InvalidEmail::Local)]
    #[case(".ann@example.org", InvalidEmail::Local)]
    #[case("ann..lee@example.org", InvalidEmail::Local)]
    #[case("\"ann\"@example.org", InvalidEmail::Local)]
    #[case("ann(work)@example.org", InvalidEmail::Local)]
    #[case("a b@example.org", InvalidEmail::Space)]
    #[case("Ann <ann@@example.org>", InvalidEmail::Local)]
    #[case("a@b@example.org", InvalidEmail::Local)]
    #[case("ann@localhost", InvalidEmail::Domain)]
    #[case("ann@[192.0.2.1]", InvalidEmail::Domain)]
    #[case("ann@192.0.2.1", InvalidEmail::Domain)]
    #[case("ann@example..org", InvalidEmail::Domain)]
    #[case("ann@example.", InvalidEmail::Domain)]
    #[case("ann@-example.org", InvalidEmail::Domain)]
    #[case("ann@exam_ple.org", InvalidEmail::Domain)]
    #[case("ann@shop€.org", InvalidEmail::Domain)]
    #[case("ann@example.org\n", InvalidEmail::LineBreak)]
    fn refuses(#[case] address: &str, #[case] reason: InvalidEmail) {
        assert_eq!(EmailAddress::parse(address).unwrap_err(), reason);
    }

    #[test]
    fn lengths_are_counted_in_octets() {
        let local = "é".repeat(32);
        assert!(EmailAddress::parse(&format!("{local}@example.org")).is_ok());
        let longer = format!("{local}x@example.org");
        assert_eq!(EmailAddress::parse(&longer).unwrap_err(), InvalidEmail::Local);
        let label = "a".repeat(63);
        let domain = format!("{label}.{label}.{label}.org");
        assert!(EmailAddress::parse(&format!("{}@{domain}", "b".repeat(57))).is_ok());
        let long = format!("{}@{domain}", "b".repeat(59));
        assert_eq!(EmailAddress::parse(&long).unwrap_err(), InvalidEmail::TooLong);
    }

    #[rstest]
    #[case("ANN@Example.ORG", "ann@example.org")]
    #[case("ANN@BÜCHER.example", "ann@xn--bcher-kva.example")]
    #[case("cafe\u{301}@example.org", "CAFÉ@example.org")]
    #[case("\u{FEFF}ann@example.org\u{00A0}", "ann@example.org")]
    fn spellings_of_one_address_are_equal(#[case] one: &str, #[case] other: &str) {
        assert_eq!(EmailAddress::parse(one).unwrap(), EmailAddress::parse(other).unwrap());
    }

    #[test]
    fn dots_and_suffixes_distinguish_addresses() {
        let ann = EmailAddress::parse("annlee@example.org").unwrap();
        assert_ne!(ann, EmailAddress::parse("ann.lee@example.org").unwrap());
        assert_ne!(ann, EmailAddress::parse("annlee+x@example.org").unwrap());
    }

    #[test]
    fn debug_does_not_show_the_address() {
        let ann = EmailAddress::parse("ann@example.org").unwrap();
        assert!(!format!("{ann:?}").contains("ann"));
    }

    proptest! {
        #[test]
        fn an_accepted_address_reads_back_to_itself(text in "\\PC{1,12}@\\PC{1,12}\\.[a-z]{2,3}") {
            if let Ok(address) = EmailAddress::parse(&text) {
                let again = EmailAddress::parse(address.as_str()).unwrap();
                prop_assert_eq!(address.key(), again.key());
                let key = EmailAddress::parse(address.key());
                prop_assert!(key.is_err() || key.unwrap() == address);
            }
        }
    }
}
