//! Writes rows, and disarms cells that a spreadsheet program would run as a formula (R25).

use std::borrow::Cow;

/// Appends one row in the format of RFC 4180, each cell guarded by [`guard`].
///
/// A cell that contains a semicolon is quoted too: a program that separates by semicolons as well
/// as commas, as spreadsheets in some locales do, must not split it.
pub(crate) fn row(cells: &[&str], out: &mut Vec<u8>) {
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        let cell = guard(cell);
        // A row of one empty cell would be an empty line, which readers skip.
        let lone = cells.len() == 1 && cell.is_empty();
        if lone || cell.bytes().any(|byte| matches!(byte, b',' | b';' | b'"' | b'\r' | b'\n')) {
            quote(&cell, out);
        } else {
            out.extend_from_slice(cell.as_bytes());
        }
    }
    out.extend_from_slice(b"\r\n");
}

fn quote(cell: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in cell.bytes() {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

/// Puts an apostrophe before a cell that a spreadsheet program would run as a formula (R25).
///
/// Numbers and phone numbers stay as they are. A cell that already looks guarded is guarded once
/// more, so that [`unguard`] restores every text exactly.
pub fn guard(cell: &str) -> Cow<'_, str> {
    let marked = cell.starts_with('\'') && is_signed(cell.trim_start_matches('\''));
    if marked || is_formula(cell) {
        let mut guarded = String::with_capacity(cell.len() + 1);
        guarded.push('\'');
        guarded.push_str(cell);
        Cow::Owned(guarded)
    } else {
        Cow::Borrowed(cell)
    }
}

/// Undoes [`guard`].
///
/// It also removes the apostrophe that other programs put before a phone number in international
/// form, such as `'+31 6 1234 5678`.
pub fn unguard(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if is_signed(rest.trim_start_matches('\'')) => rest,
        _ => cell,
    }
}

/// Whether a cell begins as a formula may. It accepts every cell that [`is_formula`] accepts and
/// more, so that [`unguard`] recognises every apostrophe that [`guard`] has added.
fn is_signed(cell: &str) -> bool {
    cell.starts_with(['\t', '\r', '\n'])
        || skip_space(cell).starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

fn is_formula(cell: &str) -> bool {
    is_signed(cell) && !is_number(cell) && !is_phone(cell) && !is_dashes(cell)
}

/// Removes what spreadsheet programs ignore before a formula.
fn skip_space(cell: &str) -> &str {
    cell.trim_start_matches(|c: char| c.is_whitespace() || c == '\0' || c == '\u{feff}')
}

/// Whether a cell is a signed number, such as `-5`, `+1.5`, `-1 234,50`, `-4e-5` or `-12%`.
fn is_number(cell: &str) -> bool {
    let Some(digits) = cell.trim_matches(' ').strip_prefix(['+', '-']) else { return false };
    let digits = digits.strip_suffix('%').unwrap_or(digits);
    let (digits, exponent) = digits.split_once(['e', 'E']).unwrap_or((digits, "1"));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    !exponent.is_empty()
        && exponent.bytes().all(|byte| byte.is_ascii_digit())
        && digits.bytes().any(|byte| byte.is_ascii_digit())
        && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b',' | b' '))
}

/// Whether a cell is a phone number in international form, such as `+1 (202) 555-0101`. Fewer
/// than five digits could be a sum: `+1-1`.
fn is_phone(cell: &str) -> bool {
    let Some(rest) = cell.trim_matches(' ').strip_prefix('+') else { return false };
    rest.bytes().filter(u8::is_ascii_digit).count() >= 5
        && rest.chars().all(|c| matches!(c, '0'..='9' | ' ' | '(' | ')' | '-' | '.' | '\u{a0}'))
}

/// Whether a cell has dashes only, such as `-` or `---`, which people write for "no value".
fn is_dashes(cell: &str) -> bool {
    cell.bytes().all(|byte| byte == b'-')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("=1+1")]
    #[case(" =1+1")]
    #[case("\u{a0}@sum(1)")]
    #[case("+1+1")]
    #[case("-1+1")]
    #[case("+1-1")]
    #[case("+44-12")]
    #[case("-2+3+run|' /C x'!A0")]
    #[case("@handle")]
    #[case("\tx")]
    #[case("\rx")]
    #[case("＝1+1")]
    #[case("+cmd 12345")]
    #[case("'=1+1")]
    #[case("'+31 6 1234 5678")]
    fn formulas_get_an_apostrophe(#[case] cell: &str) {
        assert_eq!(guard(cell), format!("'{cell}"));
        assert_eq!(unguard(&guard(cell)), cell);
    }

    #[rstest]
    #[case("")]
    #[case("Ann")]
    #[case("-5")]
    #[case("+1.5")]
    #[case("-1,2")]
    #[case("-1 234,50")]
    #[case("-4e-5")]
    #[case("-12%")]
    #[case("+44 123")]
    #[case("+44-123")]
    #[case("+1 (202) 555-0101")]
    #[case("+49.30.123456")]
    #[case("-")]
    #[case("---")]
    #[case("1=3")]
    #[case("ann@example.org")]
    #[case("'quoted'")]
    #[case("'n beetje")]
    fn numbers_phone_numbers_and_words_stay_as_they_are(#[case] cell: &str) {
        assert_eq!(guard(cell), cell);
        assert_eq!(unguard(cell), cell);
    }

    #[test]
    fn an_apostrophe_before_an_international_number_is_removed() {
        assert_eq!(unguard("'+31612345678"), "+31612345678");
        assert_eq!(unguard("'0612345678"), "'0612345678");
    }

    #[rstest]
    #[case(&["Ann", "a,b", ""], "Ann,\"a,b\",\r\n")]
    #[case(&["say \"hi\"", "two\nlines"], "\"say \"\"hi\"\"\",\"two\nlines\"\r\n")]
    #[case(&["=A1,B1"], "\"'=A1,B1\"\r\n")]
    #[case(&[""], "\"\"\r\n")]
    #[case(&[" x ", "a;b"], " x ,\"a;b\"\r\n")]
    fn rows_follow_rfc_4180(#[case] cells: &[&str], #[case] expected: &str) {
        let mut out = Vec::new();
        row(cells, &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn unguarding_restores_every_text(cell in "[ '=+\\-@\t\r\n0-9.a(]{0,8}|\\PC*") {
            let guarded = guard(&cell);
            prop_assert_eq!(unguard(&guarded), cell.as_str());
        }

        #[test]
        fn a_guarded_cell_is_not_a_formula(cell in "[ '=+\\-@\t\r0-9.a(]{0,8}") {
            prop_assert!(!is_formula(&guard(&cell)));
        }
    }
}
