//! Other spellings of a word of a query, each of which may be that of the contact.

/// Signs around words of a text that was pasted, such as `Lee, Ann` or `Ann <ann@example.org>`.
const AROUND: &[char] =
    &[',', ';', '<', '>', '"', '“', '”', '„', '«', '»', '(', ')', '[', ']', '#', '\'', '’', '‘'];

const APOSTROPHES: [char; 5] = ['\'', '’', 'ʼ', '‘', '`'];

const HYPHENS: [char; 4] = ['-', '\u{2010}', '\u{2011}', '\u{2013}'];

/// The forms of the letter alef.
const ALEFS: [char; 4] = ['ا', 'أ', 'إ', 'آ'];

/// What programs put before an address or a number that is a link.
const SCHEMES: [&str; 2] = ["mailto:", "tel:"];

/// Minimum number of digits behind a trunk prefix, as in `01715551234`.
const MIN_NATIONAL_DIGITS: usize = 6;

/// Minimum length in letters of a word in which `ue` may stand for `ü`.
const MIN_UMLAUT_WORD: usize = 5;

/// The decimal zeros of the scripts of the world; the other digits follow.
const ZEROS: [u32; 19] = [
    0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66,
    0xe50, 0xed0, 0x1040, 0x17e0, 0x1810, 0xff10,
];

/// Returns the word, and its other spellings.
pub(super) fn spellings(word: &str) -> Vec<String> {
    let mut spellings = vec![word.to_owned()];
    let bare = word.trim_matches(AROUND);
    if is_number(word) {
        let digits = number_digits(word);
        // The prefix of calls abroad, which is a plus sign in the stored number.
        let abroad = digits.strip_prefix("00");
        // The prefix of calls within the country, which the international form lacks.
        let national = digits.strip_prefix('0').filter(|rest| rest.len() >= MIN_NATIONAL_DIGITS);
        spellings.extend(abroad.or(national).map(str::to_owned));
        spellings.push(digits);
        return spellings;
    }
    if bare != word {
        spellings.push(bare.to_owned());
    }
    spellings.extend(joined(bare).filter(|joined| joined.chars().all(char::is_alphabetic)));
    let of_bare = [apostrophes(bare), umlauts(bare), kana(bare), alefs(bare)];
    spellings.extend(of_bare.into_iter().flatten());
    spellings.extend(domain(bare));
    spellings
}

/// Returns whether a word can be part of a phone number.
pub(super) fn is_number(word: &str) -> bool {
    word.chars().all(|c| digit(c).is_some() || "+-()./＋－（）".contains(c))
        && word.contains(|c| digit(c).is_some())
}

/// Returns the digits of a word, of any script, as ASCII. A prefix that is dialled within the country
/// only, as in `+49 (0)171`, is left out.
pub(super) fn number_digits(word: &str) -> String {
    word.replace("(0)", "").chars().filter_map(digit).collect()
}

/// Returns the word without the scheme of a link.
pub(super) fn without_scheme(word: &str) -> &str {
    let is_scheme = |scheme: &&str| {
        word.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    SCHEMES.iter().find(|scheme| is_scheme(scheme)).map_or(word, |scheme| &word[scheme.len()..])
}

/// Returns the parts of a word that begin behind a sign: `Ng` of `Smith-Ng`, and `Jo` of `(Jo)`.
pub(super) fn parts(word: &str) -> impl Iterator<Item = &str> {
    let is_sign = |c: char| {
        c.is_ascii_punctuation()
            || APOSTROPHES.contains(&c)
            || HYPHENS.contains(&c)
            || AROUND.contains(&c)
    };
    let skipped = usize::from(!word.starts_with(is_sign));
    word.split(is_sign).filter(|part| !part.is_empty()).skip(skipped)
}

/// Returns the word without the apostrophes and hyphens within it, such as `ONeil` for `O'Neil`.
/// Returns `None` when there are none within it, or when less than three letters are left, which
/// would match the start of too many words.
pub(super) fn joined(word: &str) -> Option<String> {
    let is_mark = |c: char| APOSTROPHES.contains(&c) || HYPHENS.contains(&c);
    if !word.trim_matches(is_mark).contains(is_mark) {
        return None;
    }
    Some(word.replace(is_mark, "")).filter(|joined| joined.chars().nth(2).is_some())
}

fn digit(c: char) -> Option<char> {
    let value = ZEROS.iter().find_map(|zero| (c as u32).checked_sub(*zero).filter(|v| *v < 10))?;
    char::from_digit(value, 10)
}

fn apostrophes(word: &str) -> Vec<String> {
    if !word.contains(APOSTROPHES) {
        return Vec::new();
    }
    APOSTROPHES.map(|sign| word.replace(APOSTROPHES, sign.encode_utf8(&mut [0; 4]))).into()
}

/// The other form of an internationalised domain, of a word that is one or ends with one:
/// `bücher.example` for `xn--bcher-kva.example`, and the other way round.
fn domain(word: &str) -> Option<String> {
    let (before, domain) = word.split_at(word.rfind('@').map_or(0, |at| at + 1));
    let other = if domain.to_ascii_lowercase().contains("xn--") {
        idna::domain_to_unicode(domain).0
    } else if !domain.is_ascii() && domain.contains('.') {
        idna::domain_to_ascii(domain).ok()?
    } else {
        return None;
    };
    Some(format!("{before}{other}"))
}

/// `ü` for `ue`, and `ue` for `ü`. Before an `l` both letters belong to names such as Samuel.
fn umlauts(word: &str) -> Vec<String> {
    let word = word.to_lowercase();
    let mut spelled_out = word.clone();
    for (umlaut, letters) in [('ä', "ae"), ('ö', "oe"), ('ü', "ue"), ('å', "aa"), ('ø', "oe")]
    {
        spelled_out = spelled_out.replace(umlaut, letters);
    }
    let mut umlauts = word.clone();
    if word.chars().count() >= MIN_UMLAUT_WORD {
        for (letters, umlaut) in [("ae", "ä"), ("oe", "ö"), ("ue", "ü")] {
            // Umlauts have as many bytes as the letters, so the indices stay the same.
            for (at, _) in word.match_indices(letters) {
                if !word[at + 2..].starts_with('l') && at + 2 < word.len() {
                    umlauts.replace_range(at..at + 2, umlaut);
                }
            }
        }
    }
    [spelled_out, umlauts].into_iter().filter(|spelling| *spelling != word).collect()
}

/// Hiragana for katakana, and katakana for hiragana.
fn kana(word: &str) -> Vec<String> {
    let shifted = |c: char, by: i32| (c as u32).checked_add_signed(by).and_then(char::from_u32);
    let other = |c: char| match c {
        '\u{3041}'..='\u{3096}' => shifted(c, 0x60),
        '\u{30a1}'..='\u{30f6}' => shifted(c, -0x60),
        _ => None,
    };
    let converted: String = word.chars().map(|c| other(c).unwrap_or(c)).collect();
    if converted == word { Vec::new() } else { vec![converted] }
}

/// The forms of the first alef after the article. The others are plain.
fn alefs(word: &str) -> Vec<String> {
    if !word.contains(ALEFS) {
        return Vec::new();
    }
    let plain = word.replace(ALEFS, "ا");
    let article = if plain.starts_with("ال") { "ال".len() } else { 0 };
    let Some(at) = plain[article..].find('ا').map(|at| at + article) else { return vec![plain] };
    let with = |alef: char| format!("{}{alef}{}", &plain[..at], &plain[at + 'ا'.len_utf8()..]);
    ALEFS.map(with).into()
}
