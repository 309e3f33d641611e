//! HTML entities in cells, which exports of web shops and forms leave behind (R57).

/// Named entities of the letters of Latin-1 begin with the base letter and end with the accent.
const ACCENTS: [(&str, char); 7] = [
    ("grave", '\u{300}'),
    ("acute", '\u{301}'),
    ("circ", '\u{302}'),
    ("tilde", '\u{303}'),
    ("uml", '\u{308}'),
    ("cedil", '\u{327}'),
    ("caron", '\u{30c}'),
];

/// Named entities without an accent.
const NAMED: [(&str, char); 25] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", ' '),
    ("rsquo", '’'),
    ("lsquo", '‘'),
    ("rdquo", '”'),
    ("ldquo", '“'),
    ("ndash", '–'),
    ("mdash", '—'),
    ("hellip", '…'),
    ("euro", '€'),
    ("szlig", 'ß'),
    ("aring", 'å'),
    ("Aring", 'Å'),
    ("aelig", 'æ'),
    ("AElig", 'Æ'),
    ("oslash", 'ø'),
    ("Oslash", 'Ø'),
    ("eth", 'ð'),
    ("ETH", 'Ð'),
    ("thorn", 'þ'),
    ("THORN", 'Þ'),
];

/// Returns a cell with its entities as characters; `None` if it has none. Other ampersands stay.
pub(super) fn decoded(cell: &str) -> Option<String> {
    let mut text = String::with_capacity(cell.len());
    let (mut rest, mut is_changed) = (cell, false);
    while let Some(at) = rest.find('&') {
        let (before, entity) = rest.split_at(at);
        text.push_str(before);
        let name = entity[1..].split_once(';').map(|(name, _)| name);
        rest = match name.filter(|name| push(name, &mut text)) {
            Some(name) => {
                is_changed = true;
                &entity[name.len() + 2..]
            }
            None => {
                text.push('&');
                &entity[1..]
            }
        };
    }
    text.push_str(rest);
    is_changed.then_some(text)
}

/// Appends the character of an entity; returns whether there is one.
fn push(name: &str, text: &mut String) -> bool {
    let number = name.strip_prefix('#').and_then(|number| match number.strip_prefix(['x', 'X']) {
        Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok(),
        None => number.parse().ok(),
    });
    let named = || NAMED.iter().find(|(known, _)| *known == name).map(|(_, c)| *c);
    if let Some(c) = number.and_then(char::from_u32).filter(|c| !c.is_control()).or_else(named) {
        text.push(c);
        return true;
    }
    let accented = ACCENTS.iter().find_map(|(accent, mark)| {
        let letter = name.strip_suffix(accent)?;
        let is_letter = letter.len() == 1 && letter.bytes().all(|byte| byte.is_ascii_alphabetic());
        is_letter.then_some((letter, *mark))
    });
    let Some((letter, mark)) = accented else { return false };
    text.push_str(&crate::text::nfc(&format!("{letter}{mark}")));
    true
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Tess O&#039;Neil", Some("Tess O'Neil"))]
    #[case("And&eacute; Mu&ntilde;oz", Some("Andé Muñoz"))]
    #[case("S&oslash;ren &#x160;koda", Some("Søren Škoda"))]
    #[case("R&amp;D; &lt;b&gt;", Some("R&D; <b>"))]
    #[case("&Uuml;", Some("Ü"))]
    #[case("AT&T", None)]
    #[case("Tom & Jerry;", None)]
    #[case("&nothing;", None)]
    #[case("&#0;", None)]
    fn entities_become_characters(#[case] cell: &str, #[case] expected: Option<&str>) {
        assert_eq!(decoded(cell).as_deref(), expected);
    }
}
