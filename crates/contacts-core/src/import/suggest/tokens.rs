//! Splits a header into words, and looks up their meanings.

use unicode_normalization::UnicodeNormalization;

use super::words::{TYPED, Word, meaning};

/// Minimum similarity of a mistyped header.
const MIN_TYPO_SIMILARITY: f64 = 0.75;

/// Folds case and accents of a text.
pub(super) fn fold(text: &str) -> String {
    let bare = text.nfkd().filter(|c| !matches!(c, '\u{300}'..='\u{36f}' | '\u{fe0f}'));
    let mut folded = String::with_capacity(text.len());
    for c in bare.nfc().flat_map(char::to_lowercase) {
        match c {
            'ı' => folded.push('i'),
            'ł' => folded.push('l'),
            'ø' => folded.push('o'),
            'đ' | 'ð' => folded.push('d'),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ß' => folded.push_str("ss"),
            'ς' => folded.push('σ'),
            '\u{300}'..='\u{36f}' => {}
            other => folded.push(other),
        }
    }
    folded
}

/// Returns the meanings of a header's words in order; `None` for an unknown word.
pub(super) fn words(header: &str) -> Vec<Option<Word>> {
    let tokens = tokens(header);
    let mut words: Vec<_> = tokens.iter().flat_map(|token| parts(token)).collect();
    if words.contains(&None)
        && let Some(typed) = mistyped(&tokens.concat())
        && !words.iter().any(|word| matches!(word, Some(Word::Fact | Word::Thing | Word::Someone)))
    {
        words = typed.iter().map(|word| Some(*word)).collect();
    }
    words
}

/// Returns the folded letters and digits of a text, for comparing spellings of a header.
pub(crate) fn key(text: &str) -> String {
    tokens(text).concat()
}

/// Splits a header at every character that is not a letter or digit, at the humps of camelCase,
/// between letters and digits, and between scripts.
pub(in crate::import) fn tokens(header: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut token = String::new();
    let chars: Vec<char> = header.chars().collect();
    let mut before = None;
    for (index, &c) in chars.iter().enumerate() {
        if is_inside_word(&chars, index) {
            continue;
        }
        let kind = Kind::of(c);
        let hump = c.is_uppercase()
            && before == Some(Kind::Letter)
            && (chars[index - 1].is_lowercase()
                || (chars[index - 1].is_uppercase()
                    && chars.get(index + 1).is_some_and(|c| c.is_lowercase())));
        if (before != Some(kind) || hump || kind == Kind::Sign) && !token.is_empty() {
            tokens.push(fold(&std::mem::take(&mut token)));
        }
        if kind != Kind::Other {
            token.push(c);
        }
        before = Some(kind);
    }
    if !token.is_empty() {
        tokens.push(fold(&token));
    }
    join_e_mail(&mut tokens);
    tokens
}

/// Joins the two tokens of `E-Mail` or `e-postadress`, which are one word.
fn join_e_mail(tokens: &mut Vec<String>) {
    let e_mail = |pair: &[String]| pair[0] == "e" && meaning(&pair.concat()).is_some();
    while let Some(at) = tokens.windows(2).position(e_mail) {
        let rest = tokens.remove(at + 1);
        tokens[at].push_str(&rest);
    }
}

/// Whether a character is an apostrophe within a Ukrainian word, or a quotation mark within a
/// Hebrew abbreviation.
fn is_inside_word(chars: &[char], index: usize) -> bool {
    let joins = matches!(chars[index], '\'' | '’' | 'ʼ' | '"' | '״' | '׳');
    let of_word = |c: &char| matches!(c, '\u{400}'..='\u{52f}' | '\u{5d0}'..='\u{5ea}');
    joins && index > 0 && of_word(&chars[index - 1]) && chars.get(index + 1).is_some_and(of_word)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Letter,
    /// A character of a script without spaces between words.
    Ideograph,
    Digit,
    /// An emoji with a meaning, such as a telephone, a letter, a label or a person.
    Sign,
    Other,
}

impl Kind {
    fn of(c: char) -> Self {
        match c {
            '\u{e00}'..='\u{e7f}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' => {
                Self::Ideograph
            }
            '\u{ac00}'..='\u{d7a3}' => Self::Ideograph,
            // Combining marks of Devanagari, Arabic and Hebrew.
            '\u{900}'..='\u{dff}' | '\u{64b}'..='\u{65f}' | '\u{591}'..='\u{5c7}' => Self::Letter,
            '\u{300}'..='\u{36f}' => Self::Letter,
            _ if c.is_numeric() => Self::Digit,
            _ if c.is_alphabetic() => Self::Letter,
            _ if !c.is_ascii() && meaning(c.encode_utf8(&mut [0; 4])).is_some() => Self::Sign,
            _ => Self::Other,
        }
    }
}

/// Returns the meanings of a token: its own, or those of the words it is composed of.
fn parts(token: &str) -> Vec<Option<Word>> {
    if let Some(word) = meaning(token) {
        return vec![Some(word)];
    }
    if token.chars().next().is_some_and(|c| Kind::of(c) == Kind::Ideograph) {
        return longest_words(token);
    }
    compound(token).unwrap_or_else(|| {
        let typed = TYPED.iter().find(|(typed, words)| {
            words.len() == 1
                && token.len() >= 5
                && strsim::normalized_damerau_levenshtein(token, typed) >= 0.8
        });
        vec![typed.map(|(_, words)| words[0])]
    })
}

/// Splits a token of a script without spaces into known words, always the longest first.
fn longest_words(token: &str) -> Vec<Option<Word>> {
    let mut words = Vec::new();
    let mut rest = token;
    while let Some(first) = rest.chars().next() {
        let ends = rest.char_indices().map(|(at, c)| at + c.len_utf8());
        let known =
            ends.filter_map(|end| meaning(&rest[..end]).map(|word| (end, word))).next_back();
        let (end, word) = known.map_or((first.len_utf8(), None), |(end, word)| (end, Some(word)));
        if word.is_some() || words.last() != Some(&None) {
            words.push(word);
        }
        rest = &rest[end..];
    }
    words
}

/// Splits a compound, such as `firstname`, `Firmentelefon` or `emailaddress`, into the fewest known
/// words of three letters or more.
fn compound(token: &str) -> Option<Vec<Option<Word>>> {
    if token.len() > 40 {
        return None;
    }
    let bounds: Vec<usize> = token.char_indices().map(|(at, _)| at).chain([token.len()]).collect();
    let mut best: Vec<Option<Vec<Option<Word>>>> = vec![None; bounds.len()];
    best[0] = Some(Vec::new());
    for end in 3..bounds.len() {
        for start in 0..=end - 3 {
            let Some(before) = &best[start] else { continue };
            let Some(word) = meaning(&token[bounds[start]..bounds[end]]) else { continue };
            if best[end].as_ref().is_none_or(|found| found.len() > before.len() + 1) {
                let mut words = before.clone();
                words.push(Some(word));
                best[end] = Some(words);
            }
        }
    }
    best.pop().flatten()
}

/// Returns the meaning of the known header that is most similar to a mistyped one.
fn mistyped(header: &str) -> Option<&'static [Word]> {
    let alike = TYPED
        .iter()
        .map(|(typed, words)| (strsim::normalized_damerau_levenshtein(header, typed), words));
    let best = alike.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 >= MIN_TYPO_SIMILARITY && header.len() >= 5).then_some(*best.1)
}
