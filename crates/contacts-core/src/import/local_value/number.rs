//! Numbers.

use super::Evidence;

/// The decimal mark of a column of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecimalMark {
    /// A comma, as in `1.234,5`.
    Comma,
    /// A point, as in `1,234.5`.
    Point,
    /// A comma in some cells and a point in others: a cell such as `1.234` has no value.
    Mixed,
}

impl DecimalMark {
    /// The marks that a user can choose.
    pub const CHOICES: [Self; 2] = [Self::Comma, Self::Point];

    /// Returns the name of the mark.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Comma => "comma",
            Self::Point => "point",
            Self::Mixed => "mixed",
        }
    }
}

/// Returns a number with a decimal point and without separators of thousands or a sign of currency;
/// `None` if the text is no such number, or if its mark may be either.
pub(in crate::import) fn plain_number(text: &str, mark: Option<DecimalMark>) -> Option<String> {
    let text = without_currency(text);
    let decimal = match evidence(text)? {
        Some(Evidence::Only(mark)) => Some(mark),
        Some(Evidence::Ambiguous) => match mark {
            Some(DecimalMark::Mixed) => return None,
            Some(mark) => Some(mark),
            // A point alone is the decimal point of programs.
            None if text.contains('.') => Some(DecimalMark::Point),
            None => return None,
        },
        None => None,
    };
    let sign = |c: char| match (c, decimal) {
        (',', Some(DecimalMark::Comma)) | ('.', Some(DecimalMark::Point)) => Some('.'),
        ('0'..='9' | '-' | '+', _) => Some(c),
        _ => None,
    };
    Some(text.chars().filter_map(sign).collect())
}

/// Returns what a cell shows about the decimal mark of its column; `None` if it shows nothing.
pub(in crate::import) fn number_evidence(text: &str) -> Option<Evidence<DecimalMark>> {
    evidence(without_currency(text))?
}

fn without_currency(text: &str) -> &str {
    let is_currency = |c: char| c.is_whitespace() || matches!(c, '€' | '$' | '£' | '¥' | '₹' | '₽');
    text.trim_matches(is_currency)
}

/// Returns `None` if the text is no number, and `Some(None)` if it is one without comma and point.
fn evidence(text: &str) -> Option<Option<Evidence<DecimalMark>>> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_space = |c: char| matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\'' | '’');
    let is_number = |c: char| c.is_ascii_digit() || matches!(c, ',' | '.') || is_space(c);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || matches!(c, ',' | '.'))
        || !digits.contains(|c: char| c.is_ascii_digit())
        || !digits.chars().all(is_number)
    {
        return None;
    }
    let Some(last) = digits.rfind([',', '.']) else {
        return is_grouped(digits, is_space).then_some(None);
    };
    let (whole, fraction) = (&digits[..last], &digits[last + 1..]);
    let (mark, grouping) = if digits[last..].starts_with(',') {
        (DecimalMark::Comma, DecimalMark::Point)
    } else {
        (DecimalMark::Point, DecimalMark::Comma)
    };
    let own = if mark == DecimalMark::Comma { ',' } else { '.' };
    if whole.contains(own) {
        // A mark that occurs twice separates thousands.
        return is_grouped(digits, |c| c == own).then_some(Some(Evidence::Only(grouping)));
    }
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let is_separated = whole.contains(|c: char| !c.is_ascii_digit());
    if is_separated && !is_grouped(whole, |c| is_space(c) || (c != own && matches!(c, ',' | '.'))) {
        return None;
    }
    let may_group =
        fraction.len() == 3 && (1..=3).contains(&whole.len()) && !whole.starts_with('0');
    Some(Some(if may_group { Evidence::Ambiguous } else { Evidence::Only(mark) }))
}

/// Returns whether the digits stand in groups of three, the first of which may be shorter.
fn is_grouped(digits: &str, is_separator: impl Fn(char) -> bool) -> bool {
    let mut groups = digits.split(is_separator);
    let first = groups.next().unwrap_or_default();
    let is_group = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    let mut is_only = true;
    let all = groups.all(|group| {
        is_only = false;
        group.len() == 3 && is_group(group)
    });
    all && is_group(first) && (is_only || (1..=3).contains(&first.len()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("12.50", Some("12.50"))]
    #[case("-5", Some("-5"))]
    #[case("1,5", Some("1.5"))]
    #[case("0,125", Some("0.125"))]
    #[case("1.234,56", Some("1234.56"))]
    #[case("1,234.56", Some("1234.56"))]
    #[case("1.234.567", Some("1234567"))]
    #[case("1 234", Some("1234"))]
    #[case("1\u{a0}234,5", Some("1234.5"))]
    #[case("1'234.50", Some("1234.50"))]
    #[case("€ 12", Some("12"))]
    #[case("1.234", Some("1.234"))]
    #[case("1,234", None)]
    #[case("12 %", None)]
    #[case("1.2.3", None)]
    #[case("12 34", None)]
    #[case("1e5", None)]
    #[case("many", None)]
    #[case("", None)]
    fn a_number_is_read_when_it_has_one_reading(#[case] text: &str, #[case] plain: Option<&str>) {
        assert_eq!(plain_number(text, None).as_deref(), plain);
    }

    #[rstest]
    #[case("1.234", DecimalMark::Comma, Some("1234"))]
    #[case("1.234", DecimalMark::Point, Some("1.234"))]
    #[case("1.234", DecimalMark::Mixed, None)]
    #[case("1,234", DecimalMark::Point, Some("1234"))]
    #[case("1,234", DecimalMark::Comma, Some("1.234"))]
    #[case("1,5", DecimalMark::Mixed, Some("1.5"))]
    fn the_mark_of_the_column_decides_about_the_others(
        #[case] text: &str,
        #[case] mark: DecimalMark,
        #[case] plain: Option<&str>,
    ) {
        assert_eq!(plain_number(text, Some(mark)).as_deref(), plain);
    }

    #[rstest]
    #[case("1,5", Some(Evidence::Only(DecimalMark::Comma)))]
    #[case("1,234.5", Some(Evidence::Only(DecimalMark::Point)))]
    #[case("1,234,567", Some(Evidence::Only(DecimalMark::Point)))]
    #[case("1.234", Some(Evidence::Ambiguous))]
    #[case("1234", None)]
    #[case("01.02.2003", None)]
    fn a_cell_shows_the_mark_of_its_column(
        #[case] text: &str,
        #[case] evidence: Option<Evidence<DecimalMark>>,
    ) {
        assert_eq!(number_evidence(text), evidence);
    }
}
