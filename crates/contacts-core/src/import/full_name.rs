//! Joins the parts of a name, in the order of its language (R32).

use crate::text;

/// The cells of a row that contain parts of a name; blank when there are none.
#[derive(Clone, Copy, Default)]
pub(super) struct NameParts<'a> {
    pub(super) first: &'a str,
    pub(super) middle: &'a str,
    pub(super) last: &'a str,
}

impl NameParts<'_> {
    /// Joins the parts. The family name comes first where the language of the header writes it so,
    /// and in Chinese, Japanese and Korean script, where no spaces separate the parts.
    pub(super) fn join(self, family_name_first: bool) -> String {
        let Self { first, middle, last } = self;
        let is_east_asian = !first.is_empty()
            && !last.is_empty()
            && [first, middle, last].iter().all(|part| part.chars().all(is_east_asian));
        let parts = if family_name_first || is_east_asian {
            [last, middle, first]
        } else {
            [first, middle, last]
        };
        // Names of foreigners are written in katakana, with a space.
        let is_foreign = [first, last].iter().all(|part| part.chars().all(is_katakana));
        let space = if is_east_asian && !is_foreign { "" } else { " " };
        let mut name = String::with_capacity(first.len() + middle.len() + last.len() + 2);
        for part in parts.into_iter().filter(|part| !part.is_empty()) {
            if !name.is_empty() {
                name.push_str(space);
            }
            name.push_str(part);
        }
        name
    }
}

/// Turns `Last, First` into `First Last`; `None` for a name of another form.
pub(super) fn turned(name: &str) -> Option<String> {
    let (last, first) = name.split_once(',')?;
    let (last, first) = (text::trim(last), text::trim(first));
    let is_name = |part: &str| {
        let is_sign = |c: char| c.is_alphabetic() || c.is_whitespace() || ".'’-".contains(c);
        part.chars().any(char::is_alphabetic) && part.chars().all(is_sign)
    };
    let is_addition = ADDITIONS.contains(&text::fold(first.trim_end_matches('.')).as_str());
    (is_name(last) && is_name(first) && !is_addition).then(|| format!("{first} {last}"))
}

/// Additions to the names of people and companies, folded.
const ADDITIONS: [&str; 26] = [
    "jr", "sr", "ii", "iii", "iv", "phd", "ph.d", "md", "m.d", "mba", "msc", "ma", "ba", "cpa",
    "esq", "dds", "rn", "inc", "ltd", "llc", "llp", "corp", "gmbh", "ag", "s.a", "s.l",
];

/// Returns whether a header is of a language that writes the family name first: Chinese, Japanese,
/// Korean, Hungarian or Vietnamese.
pub(super) fn is_family_name_first(header: &[String]) -> bool {
    const WORDS: [&str; 8] = [
        "vezetéknév",
        "vezeteknev",
        "keresztnév",
        "keresztnev",
        "családnév",
        "csaladnev",
        "utónév",
        "họ",
    ];
    header.iter().any(|name| {
        let name = text::caseless(name);
        name.chars().any(is_east_asian)
            || name.split(|c: char| !c.is_alphabetic()).any(|word| WORDS.contains(&word))
    })
}

/// Returns whether a character is a Chinese, Japanese or Korean letter.
fn is_east_asian(c: char) -> bool {
    is_katakana(c)
        || matches!(c, '々' | '\u{3041}'..='\u{309f}' | '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{20000}'..='\u{3ffff}')
}

fn is_katakana(c: char) -> bool {
    matches!(c, '\u{30a0}'..='\u{30ff}')
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Ann", "", "Lee", false, "Ann Lee")]
    #[case("Ann", "Mae", "Lee", false, "Ann Mae Lee")]
    #[case("", "", "Lee", false, "Lee")]
    #[case("", "", "", true, "")]
    #[case("Éva", "", "Nagy", true, "Nagy Éva")]
    #[case("Hương", "Thị", "Nguyễn", true, "Nguyễn Thị Hương")]
    #[case("太郎", "", "佐藤", false, "佐藤太郎")]
    #[case("민준", "", "김", true, "김민준")]
    #[case("ジョン", "", "スミス", true, "スミス ジョン")]
    #[case("太郎", "", "Smith", false, "太郎 Smith")]
    fn parts_are_joined_in_the_order_of_their_language(
        #[case] first: &str,
        #[case] middle: &str,
        #[case] last: &str,
        #[case] family_name_first: bool,
        #[case] expected: &str,
    ) {
        assert_eq!(NameParts { first, middle, last }.join(family_name_first), expected);
    }

    #[rstest]
    #[case("Lee, Ann", Some("Ann Lee"))]
    #[case("van der Berg, Jan Piet", Some("Jan Piet van der Berg"))]
    #[case("Ann Lee, Jr.", None)]
    #[case("Acme, Inc.", None)]
    #[case("Lee, Ann, 3", None)]
    #[case("Ann Lee", None)]
    #[case("Lee,", None)]
    fn a_name_is_turned_where_it_says_last_and_first(
        #[case] name: &str,
        #[case] expected: Option<&str>,
    ) {
        assert_eq!(turned(name).as_deref(), expected);
    }

    #[rstest]
    #[case("Vezetéknév", true)]
    #[case("Họ", true)]
    #[case("姓", true)]
    #[case("Last name", false)]
    fn the_header_tells_the_order_of_names(#[case] header: &str, #[case] expected: bool) {
        assert_eq!(is_family_name_first(&["E-mail".to_owned(), header.to_owned()]), expected);
    }
}
