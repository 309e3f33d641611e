//! Dates.

use super::Evidence;
use crate::text;

/// The order of day and month in dates such as `03/04/2026`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateOrder {
    /// Day, month, year.
    DayFirst,
    /// Month, day, year.
    MonthFirst,
}

impl DateOrder {
    /// Every order.
    pub const ALL: [Self; 2] = [Self::DayFirst, Self::MonthFirst];

    /// Returns the name of the order.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DayFirst => "day_first",
            Self::MonthFirst => "month_first",
        }
    }
}

/// A date as it was written.
enum Written {
    Ymd(u32, u32, u32),
    /// Two numbers of which one is the day, and the year.
    Unordered(u32, u32, u32),
}

/// Returns the day of a date in ISO form; `None` if the text is no date, or if the order of day and
/// month is unknown. A time after the date is left out.
pub(in crate::import) fn iso_day(text: &str, order: Option<DateOrder>) -> Option<String> {
    let (year, month, day) = match written(text)? {
        Written::Ymd(year, month, day) => (year, month, day),
        Written::Unordered(one, two, year) => match only_order(one, two).or(order)? {
            DateOrder::DayFirst => (year, two, one),
            DateOrder::MonthFirst => (year, one, two),
        },
    };
    let exists = (1..=12).contains(&month) && (1..=31).contains(&day);
    exists.then(|| format!("{year:04}-{month:02}-{day:02}"))
}

/// Returns what a cell shows about the order of day and month in its column; `None` if it shows
/// nothing.
pub(in crate::import) fn date_evidence(text: &str) -> Option<Evidence<DateOrder>> {
    let Written::Unordered(one, two, _) = written(text)? else { return None };
    Some(only_order(one, two).map_or(Evidence::Ambiguous, Evidence::Only))
}

/// Returns the only possible order of two numbers; `None` if both orders are possible.
fn only_order(one: u32, two: u32) -> Option<DateOrder> {
    match (one > 12, two > 12) {
        (true, false) => Some(DateOrder::DayFirst),
        (false, true) => Some(DateOrder::MonthFirst),
        _ => None,
    }
}

/// Splits a date: `1999/12/31`, `31.12.1999`, `12/31/1999 10:00`, `31-Dec-1999`,
/// `December 31, 1999`. Years have four digits. Points stand in dates with the day first only.
fn written(text: &str) -> Option<Written> {
    let is_separator = |c: char| c.is_whitespace() || matches!(c, '.' | '/' | '-' | ',');
    // The parts of a time belong to no date.
    let time = text
        .find(':')
        .map_or(text.len(), |colon| text[..colon].rfind([' ', 'T']).unwrap_or_default());
    let date = text.get(..time).filter(|date| date.len() <= 40)?;
    let separator = date.chars().find(|c| !c.is_alphanumeric())?;
    let mut parts = date.split(is_separator).filter(|part| !part.is_empty());
    let [one, two, three] = [parts.next()?, parts.next()?, parts.next()?];
    if parts.next().is_some() {
        return None;
    }
    let number = |part: &str, digits: usize| {
        let is_number = part.len() <= digits && part.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { part.parse().ok() } else { None }
    };
    let year = |part: &str| if part.len() == 4 { number(part, 4) } else { None };
    if let Some(year) = year(one) {
        return Some(Written::Ymd(year, number(two, 2)?, number(three, 2)?));
    }
    let year = year(three)?;
    if let Some(month) = month(two) {
        return Some(Written::Ymd(year, month, number(one, 2)?));
    }
    if let Some(month) = month(one) {
        return Some(Written::Ymd(year, month, number(two, 2)?));
    }
    let (one, two) = (number(one, 2)?, number(two, 2)?);
    match separator {
        '.' => Some(Written::Ymd(year, two, one)),
        '/' | '-' => Some(Written::Unordered(one, two, year)),
        _ => None,
    }
}

/// The beginnings of the months' names in English, German, French, Spanish, Italian, Portuguese and
/// Dutch, folded.
const MONTHS: [&[&str]; 12] = [
    &["jan", "ene", "gen"],
    &["feb", "fev"],
    &["mar", "mrt", "maa"],
    &["apr", "abr", "avr"],
    &["may", "mai", "mei", "mag"],
    &["jun", "juin", "giu"],
    &["jul", "juil", "lug"],
    &["aug", "ago", "aou"],
    &["sep", "set"],
    &["oct", "okt", "out", "ott"],
    &["nov"],
    &["dec", "dez", "dic"],
];

fn month(name: &str) -> Option<u32> {
    if !name.chars().all(char::is_alphabetic) {
        return None;
    }
    let name = text::fold(name);
    let is_month = |names: &[&str]| names.iter().any(|month| name.starts_with(month));
    MONTHS.iter().position(|names| is_month(names)).and_then(|at| u32::try_from(at + 1).ok())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("1999/12/31", Some("1999-12-31"))]
    #[case("1999-1-2", Some("1999-01-02"))]
    #[case("1999-12-31 00:00", Some("1999-12-31"))]
    #[case("31.12.1999", Some("1999-12-31"))]
    #[case("01.02.2003", Some("2003-02-01"))]
    #[case("1. 2. 2003 10:30", Some("2003-02-01"))]
    #[case("31/12/1999", Some("1999-12-31"))]
    #[case("12/31/1999 10:00:00", Some("1999-12-31"))]
    #[case("31-Dec-1999", Some("1999-12-31"))]
    #[case("31. März 1999", Some("1999-03-31"))]
    #[case("December 31, 1999", Some("1999-12-31"))]
    #[case("3 juillet 2020", Some("2020-07-03"))]
    #[case("03/04/2026", None)]
    #[case("31.12.99", None)]
    #[case("13/13/2026", None)]
    #[case("36525", None)]
    #[case("1.2.3.2004", None)]
    #[case("soon", None)]
    fn a_date_is_read_when_it_has_one_reading(#[case] text: &str, #[case] day: Option<&str>) {
        assert_eq!(iso_day(text, None).as_deref(), day);
    }

    #[rstest]
    #[case(DateOrder::DayFirst, "2026-04-03")]
    #[case(DateOrder::MonthFirst, "2026-03-04")]
    fn the_order_of_the_column_decides_about_the_others(
        #[case] order: DateOrder,
        #[case] day: &str,
    ) {
        assert_eq!(iso_day("03/04/2026", Some(order)).as_deref(), Some(day));
    }

    #[rstest]
    #[case("31/12/1999", Some(Evidence::Only(DateOrder::DayFirst)))]
    #[case("12-31-1999", Some(Evidence::Only(DateOrder::MonthFirst)))]
    #[case("03/04/2026", Some(Evidence::Ambiguous))]
    #[case("31.12.1999", None)]
    #[case("030 901820", None)]
    fn a_cell_shows_the_order_of_its_column(
        #[case] text: &str,
        #[case] evidence: Option<Evidence<DateOrder>>,
    ) {
        assert_eq!(date_evidence(text), evidence);
    }
}
