//! Search (R19): the searched text and the query.
//!
//! [`text::fold`] folds both. The searched text has a space before every word, including the first.
//! A word of three letters or more matches anywhere (`smith`), a shorter one at the start of a word
//! (` xq`). Both are one substring search, which a trigram index can answer.

mod relevance;
mod spelling;

pub use self::relevance::{ExactMatch, Relevance};
use self::spelling::{is_number, joined, number_digits, parts, spellings, without_scheme};
use super::{EmailAddress, Name, Phone};
use crate::tag::TagName;
use crate::text;

/// Version of the text that [`search_text`] makes. Stored texts of an older version are rebuilt.
pub const SEARCH_VERSION: u32 = 2;

/// Returns the text that search matches: name, addresses, the digits of the phone number, and the
/// values of searchable fields (R59), folded, with a space before every word.
///
/// A word with signs within it is followed by its joined form and by its parts, so that `oneil` and
/// `ne` find O'Neil. An address is one word. Stores keep the text, and rebuild it when
/// [`SEARCH_VERSION`] has increased: each change of this function needs a new version.
pub fn search_text<'a>(
    name: Option<&Name>,
    emails: impl IntoIterator<Item = &'a EmailAddress>,
    phone: Option<&Phone>,
    values: impl IntoIterator<Item = &'a str>,
) -> String {
    let mut out = String::with_capacity(64);
    if let Some(name) = name {
        push_text(&mut out, name.as_str());
    }
    for email in emails {
        push_words(&mut out, email.as_str());
    }
    if let Some(phone) = phone {
        let e164 = phone.e164().map(number_digits).unwrap_or_default();
        let typed = number_digits(phone.as_str());
        let typed = if typed == e164 { String::new() } else { typed };
        for number in [e164, typed].iter().filter(|number| !number.is_empty()) {
            out.push(' ');
            out.push_str(number);
        }
        // Words in a phone number, such as "reception", can be searched too.
        if phone.as_str().contains(char::is_alphabetic) {
            push_words(&mut out, phone.as_str());
        }
    }
    for value in values {
        push_text(&mut out, value);
    }
    out
}

/// A search query: every term must match.
///
/// ```
/// use contacts_core::contact::{Name, SearchQuery, search_text};
///
/// let name = Name::parse("José O'Brien")?;
/// let text = search_text(Some(&name), None, None, None);
/// assert_eq!(text, " jose o'brien obrien brien");
///
/// assert!(SearchQuery::parse("JOSE rien").matches(&text));
/// assert!(SearchQuery::parse("jo").matches(&text)); // short: at the start of a word only
/// assert!(!SearchQuery::parse("os").matches(&text));
/// # Ok::<(), contacts_core::contact::InvalidName>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchQuery {
    terms: Vec<Term>,
    exact: ExactMatch,
}

/// One word of a query, as substrings of which at least one must occur.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term(Vec<String>);

impl SearchQuery {
    /// Maximum length of a query in characters. The rest is ignored.
    pub const MAX: usize = 200;

    /// Parses a query. Any text is a query; no sign has a special meaning.
    pub fn parse(query: &str) -> Self {
        let query: String = query.chars().filter(|c| *c != '\0').take(Self::MAX).collect();
        let query = text::nfc(&query);
        let words: Vec<_> = query.split_whitespace().map(without_scheme).collect();
        let mut terms = Vec::new();
        for run in words.chunk_by(|one, other| is_number(one) && is_number(other)) {
            // A number typed in groups that are too short to search, `+49 (30) 901-820`, or with
            // the prefix of its country or area, `0171 5551234`.
            let is_short = |word: &&str| number_digits(word).len() < 3;
            let is_prefixed =
                run[0].starts_with(['+', '(']) || number_digits(run[0]).starts_with('0');
            if run.len() > 1 && (is_prefixed || run.iter().any(is_short)) {
                terms.extend(Term::new(&run.concat()));
            } else {
                terms.extend(run.iter().filter_map(|word| Term::new(word)));
            }
        }
        Self { terms, exact: ExactMatch::of(&query) }
    }

    /// Returns the terms.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// Returns the name and the address that match the whole query.
    pub fn exact(&self) -> &ExactMatch {
        &self.exact
    }

    /// Returns whether the query has no term.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Returns whether the query matches a text of [`search_text`].
    pub fn matches(&self, text: &str) -> bool {
        self.terms.iter().all(|term| term.matches(text))
    }

    /// Returns whether the query matches a contact with this text and these tags: each term must
    /// match the text or the name of a tag (R59).
    pub fn matches_tagged(&self, text: &str, tags: &[TagName]) -> bool {
        self.terms
            .iter()
            .all(|term| term.matches(text) || tags.iter().any(|tag| term.matches_tag(tag)))
    }
}

impl Term {
    fn new(word: &str) -> Option<Self> {
        let mut needles = Vec::new();
        for spelling in spellings(text::trim(word)) {
            let needle = needle(&words(&spelling)).filter(|needle| !needles.contains(needle));
            needles.extend(needle);
        }
        (!needles.is_empty()).then_some(Self(needles))
    }

    fn matches(&self, text: &str) -> bool {
        self.0.iter().any(|needle| text.contains(needle))
    }

    /// Returns whether the term matches the name of a tag, by the same rules as the searched text
    /// (R59).
    ///
    /// ```
    /// use contacts_core::{contact::SearchQuery, tag::TagName};
    ///
    /// let tag = TagName::parse("Café guests")?;
    /// let matches = |query| SearchQuery::parse(query).terms()[0].matches_tag(&tag);
    /// assert!(matches("CAFE") && matches("uest") && matches("gu"));
    /// assert!(!matches("ue")); // short: at the start of a word only
    /// # Ok::<(), contacts_core::tag::InvalidTag>(())
    /// ```
    pub fn matches_tag(&self, tag: &TagName) -> bool {
        let mut text = String::with_capacity(64);
        push_text(&mut text, tag.as_str());
        self.matches(&text)
    }

    /// Returns the substrings of which one must occur in a text of [`search_text`].
    pub fn needles(&self) -> &[String] {
        &self.0
    }

    /// Returns the substrings of which one must occur at the start of a word.
    pub fn beginnings(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|needle| format!(" {}", needle.trim_start()))
    }
}

/// Returns the substring to search for a word that has a space before it.
fn needle(spaced: &str) -> Option<String> {
    let word = spaced.strip_prefix(' ')?;
    // A given name in Korean has two signs, and follows the family name without a space.
    let is_korean = word.chars().count() == 2 && word.chars().all(is_hangul);
    let is_short = word.chars().count() < 3 && !is_korean;
    // Every ideograph is a word of its own, so it has a space before it in the text.
    let starts_with_ideograph = word.starts_with(is_ideographic);
    Some(if is_short || starts_with_ideograph { spaced } else { word }.to_owned())
}

fn words(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 4);
    push_words(&mut out, text);
    out
}

/// Appends the folded words of a text, each with its joined form and its parts.
fn push_text(out: &mut String, text: &str) {
    for word in text.split_whitespace() {
        push_words(out, word);
        for form in joined(word).into_iter().chain(parts(word).map(str::to_owned)) {
            push_words(out, &form);
        }
    }
}

/// Appends the folded words, each with a space before it. In scripts without spaces, every sign
/// gets a space.
fn push_words(out: &mut String, text: &str) {
    for word in text.split(|c: char| c.is_whitespace() || text::is_invisible(c)) {
        let mut at_start = true;
        for c in text::fold(word).chars().filter(|c| !c.is_whitespace()) {
            let is_ideographic = is_ideographic(c);
            if at_start || is_ideographic {
                out.push(' ');
            }
            out.push(c);
            at_start = false;
        }
    }
}

fn is_ideographic(c: char) -> bool {
    matches!(c, '\u{3041}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

fn is_hangul(c: char) -> bool {
    matches!(c, '\u{ac00}'..='\u{d7a3}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::Region;
    use proptest::prelude::*;
    use rstest::rstest;

    fn text() -> String {
        let name = Name::parse("José O'Brien-Smith").unwrap();
        let email = EmailAddress::parse("jose_b%x@example.org").unwrap();
        let phone = Phone::parse("030 901820", Region::parse("DE")).unwrap();
        search_text(Some(&name), Some(&email), Some(&phone), None)
    }

    #[test]
    fn there_is_a_space_before_every_word() {
        let spaced = " jose o'brien-smith obriensmith brien smith \
             jose_b%x@example.org 4930901820 030901820";
        assert_eq!(text(), spaced);
    }

    #[rstest]
    #[case("jose", true)]
    #[case("JOSÉ smith", true)]
    #[case("rien", true)]
    #[case("jo", true)]
    #[case("os", false)]
    #[case("xample.o", true)]
    #[case("030/901820", true)]
    #[case("+49 (30) 901-820", true)]
    #[case("%", false)]
    #[case("b%x", true)]
    #[case("jose_", true)]
    #[case("jose.b", false)]
    #[case("", true)]
    #[case("jose peter", false)]
    fn finds(#[case] query: &str, #[case] found: bool) {
        assert_eq!(SearchQuery::parse(query).matches(&text()), found, "{query}");
    }

    #[test]
    fn writing_without_spaces_is_found_at_any_sign() {
        let name = Name::parse("山田太郎").unwrap();
        let text = search_text(Some(&name), None, None, None);
        for (query, found) in [("太郎", true), ("山", true), ("田太", true), ("郎太", false)]
        {
            assert_eq!(SearchQuery::parse(query).matches(&text), found, "{query}");
        }
    }

    #[rstest]
    #[case("김민준", "민준")]
    #[case("김민준", "김 민준")]
    #[case("أحمد", "احمد")]
    #[case("احمد", "أحمد")]
    #[case("الأمين", "الامين")]
    #[case("Sean O'Neil", "o’neil")]
    #[case("Sean O’Neil", "o'neil")]
    #[case("Álvaro Núñez", "Núñez, Álvaro")]
    #[case("Jürgen Groß", "juergen gross")]
    #[case("Juergen Gross", "jürgen groß")]
    #[case("Sean O'Neil", "oneil")]
    #[case("Sean O’Neil", "ONEIL sean")]
    #[case("Sean Oneil", "o'neil")]
    #[case("Anne-Marie Lee", "annemarie")]
    #[case("Annemarie Lee", "Anne-Marie")]
    #[case("Anne\u{2010}Marie", "annemarie")]
    #[case("Sean O'Neil", "O`Neil")]
    #[case("Juergen Nfd", "ju\u{308}rgen nfd")]
    #[case("Anna Smith-Ng", "anna ng")]
    #[case("Maria (Jo) Smith", "jo maria")]
    #[case("Ed/Bo Qix", "bo")]
    #[case("Kim.Wu Pak", "wu")]
    #[case("Bob [HR] Green", "hr")]
    #[case("タロウ", "たろう")]
    #[case("たろう", "タロウ")]
    fn a_name_is_found_in_another_spelling(#[case] name: &str, #[case] query: &str) {
        let text = search_text(Some(&Name::parse(name).unwrap()), None, None, None);
        assert!(SearchQuery::parse(query).matches(&text), "{query} in {text}");
    }

    #[rstest]
    #[case("ann@bücher.example", "ann@xn--bcher-kva.example")]
    #[case("ann@bücher.example", "XN--BCHER-KVA.example")]
    #[case("ann@bücher.example", "xn--bcher-kva")]
    #[case("ann@xn--bcher-kva.example", "Ann@Bücher.example")]
    #[case("ann@xn--bcher-kva.example", "bücher.example")]
    fn an_address_is_found_by_the_other_form_of_its_domain(
        #[case] email: &str,
        #[case] query: &str,
    ) {
        let text = search_text(None, Some(&EmailAddress::parse(email).unwrap()), None, None);
        assert!(SearchQuery::parse(query).matches(&text), "{query} in {text}");
    }

    #[rstest]
    #[case("Susan", "sue")]
    #[case("Michal", "michael")]
    #[case("Ann Lee", "a, b")]
    #[case("Ann Lee", "a-n")]
    #[case("D'A", "da")]
    fn another_name_is_not_found(#[case] name: &str, #[case] query: &str) {
        let text = search_text(Some(&Name::parse(name).unwrap()), None, None, None);
        assert!(!SearchQuery::parse(query).matches(&text), "{query} in {text}");
    }

    #[rstest]
    #[case("0049 30 901820")]
    #[case("004930901820")]
    #[case("0049 30901820")]
    #[case("٠٣٠ ٩٠١٨٢٠")]
    #[case("۰۳۰۹۰۱۸۲۰")]
    #[case("０３０ ９０１８２０")]
    #[case("José <jose_b%x@example.org>")]
    #[case("\"O'Brien-Smith,\"")]
    #[case("mailto:jose_b%x@example.org")]
    #[case("tel:+4930901820")]
    #[case("+49 (0)30 901820")]
    #[case("+49(0)30901820")]
    #[case("030/901820")]
    fn a_number_or_an_address_is_found_as_it_was_pasted(#[case] query: &str) {
        assert!(SearchQuery::parse(query).matches(&text()), "{query}");
    }

    #[rstest]
    #[case("+49 171 5551234", "01715551234")]
    #[case("+49 171 5551234", "0171 5551234")]
    #[case("+49 171 5551234", "0171/555 12 34")]
    #[case("٠١٧١ ٨٨٨٨٨٨٨", "٠١٧١ ٨٨٨٨٨٨٨")]
    #[case("٠١٧١ ٨٨٨٨٨٨٨", "01718888888")]
    #[case("０１７１ ６６６６６６６", "0171 6666666")]
    fn a_phone_is_found_by_its_national_form(#[case] stored: &str, #[case] query: &str) {
        let phone = Phone::parse(stored, None).unwrap();
        let text = search_text(None, None, Some(&phone), None);
        assert!(SearchQuery::parse(query).matches(&text), "{query} in {text}");
        assert!(!SearchQuery::parse("0171 5551235").matches(&text), "{text}");
    }

    #[test]
    fn a_value_and_a_tag_are_found_by_their_parts() {
        let text = search_text(None, None, None, ["English (UK)", "https://acme.example/x"]);
        for query in ["english uk", "acme", "ex"] {
            assert!(SearchQuery::parse(query).matches(&text), "{query}");
        }
        let tag = TagName::parse("Ünï-Code").unwrap();
        for query in ["unicode", "uni-code", "co", "#unicode", "'Unicode'"] {
            assert!(SearchQuery::parse(query).terms()[0].matches_tag(&tag), "{query}");
        }
    }

    proptest! {
        #[test]
        fn a_contact_is_found_by_its_own_name_and_address(name in "\\PC{1,40}", local in "[a-z0-9._%+-]{1,20}") {
            let email = EmailAddress::parse(&format!("{local}@example.org")).ok();
            if let Ok(name) = Name::parse(&name) {
                let text = search_text(Some(&name), email.as_ref(), None, None);
                prop_assert!(SearchQuery::parse(name.as_str()).matches(&text));
                if let Some(email) = email {
                    prop_assert!(SearchQuery::parse(email.as_str()).matches(&text));
                }
            }
        }
    }
}
