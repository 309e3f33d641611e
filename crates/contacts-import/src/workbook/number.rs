//! Numbers of cells as text: dates and times by the format of the cell, and no exponents (R56).

use time::Date;

/// What the format of a cell makes of its number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum NumberFormat {
    /// A number, whatever its decimals, currency or percent sign.
    #[default]
    Number,
    /// A number with zeros in front, up to this number of digits.
    Padded(usize),
    /// A day.
    Date,
    /// A day with a time.
    DateTime,
    /// A time of day.
    Time,
    /// A duration, which may be longer than a day.
    Duration,
}

/// The day from which the dates of a workbook count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Epoch {
    /// Day 1 is the first of January 1900.
    Year1900,
    /// Day 0 is the first of January 1904.
    Year1904,
}

impl Epoch {
    /// Returns the date of a day, if dates reach that far.
    fn date(self, day: f64) -> Option<Date> {
        if !(0.0..3_000_000.0).contains(&day) {
            return None;
        }
        let day = day as i32;
        let julian_day = match (self, day) {
            (Self::Year1904, _) => 2_416_481 + day,
            // The 29th of February 1900, which spreadsheet programs count, never was.
            (Self::Year1900, 0 | 60) => return None,
            (Self::Year1900, ..60) => 2_415_020 + day,
            (Self::Year1900, _) => 2_415_019 + day,
        };
        Date::from_julian_day(julian_day).ok().filter(|date| date.year() < 10_000)
    }
}

impl NumberFormat {
    /// Returns the format that has no code in the workbook, by its number in ECMA-376, 18.8.30.
    pub(super) fn built_in(id: u32) -> Self {
        match id {
            14..=17 | 27..=31 | 36 | 50..=54 | 57 | 58 => Self::Date,
            18..=21 | 32..=35 | 45 | 47 | 55 | 56 => Self::Time,
            22 => Self::DateTime,
            46 => Self::Duration,
            _ => Self::Number,
        }
    }

    /// Parses the code of a format, such as `dd/mm/yyyy`. Its first section counts, that of
    /// positive numbers.
    pub(super) fn parse(code: &str) -> Self {
        let (mut has_day, mut has_time, mut has_month) = (false, false, false);
        let mut chars = code.chars();
        let mut zeros = Some(0);
        while let Some(c) = chars.next() {
            match c {
                ';' => break,
                '0' => {
                    zeros = zeros.map(|zeros| zeros + 1);
                    continue;
                }
                '"' => drop(chars.by_ref().find(|c| *c == '"')),
                '\\' | '_' | '*' => drop(chars.next()),
                '[' => {
                    let inside: String = chars.by_ref().take_while(|c| *c != ']').collect();
                    let is_elapsed = |unit: char| {
                        !inside.is_empty() && inside.chars().all(|c| c.eq_ignore_ascii_case(&unit))
                    };
                    if ['h', 'm', 's'].into_iter().any(is_elapsed) {
                        return Self::Duration;
                    }
                }
                'd' | 'D' | 'y' | 'Y' | 'b' | 'B' => has_day = true,
                'h' | 'H' | 's' | 'S' => has_time = true,
                'm' | 'M' => has_month = true,
                _ => {}
            }
            zeros = None;
        }
        match (has_day, has_time, has_month) {
            (true, true, _) => Self::DateTime,
            (true, false, _) | (false, false, true) => Self::Date,
            (false, true, _) => Self::Time,
            (false, false, false) => {
                zeros.filter(|zeros| *zeros > 1).map_or(Self::Number, Self::Padded)
            }
        }
    }

    /// Returns the text of a number that is written as `stored`.
    pub(super) fn text(self, stored: &str, epoch: Epoch) -> String {
        let number = number(stored);
        let Ok(value) = stored.trim().parse::<f64>() else { return number };
        let seconds = (value.fract() * 86_400.0).round();
        let (days, seconds) = (value.trunc() + (seconds / 86_400.0).trunc(), seconds % 86_400.0);
        let time = || clock(0.0, seconds);
        let date = |day| epoch.date(day).map(date_text);
        let time_stamp = || date(days).map(|date| format!("{date}T{}", time()));
        match self {
            Self::Number => None,
            Self::Padded(digits) => {
                let is_whole = number.bytes().all(|byte| byte.is_ascii_digit());
                is_whole.then(|| format!("{number:0>digits$}"))
            }
            Self::Date => date(value.trunc()),
            Self::Time if days == 0.0 && value >= 0.0 => Some(time()),
            Self::DateTime | Self::Time => time_stamp(),
            Self::Duration => (0.0..1e9).contains(&value).then(|| clock(days, seconds)),
        }
        .unwrap_or(number)
    }
}

fn date_text(date: Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
}

/// Returns hours, minutes and seconds of a duration.
fn clock(days: f64, seconds: f64) -> String {
    let seconds = days as u64 * 86_400 + seconds as u64;
    format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// Returns a number without exponent, and with the 15 digits that spreadsheet programs show: the
/// sum of 0.1 and 0.2 is stored as 0.30000000000000004. Whole numbers keep all their digits.
pub(super) fn number(stored: &str) -> String {
    let stored = stored.trim();
    let digits = stored.strip_prefix('-').unwrap_or(stored);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return stored.to_owned();
    }
    match stored.parse::<f64>() {
        Ok(value) if value.is_finite() => {
            let rounded = format!("{value:.14e}").parse::<f64>().unwrap_or(value);
            // Adding zero makes the negative zero positive.
            (rounded + 0.0).to_string()
        }
        _ => stored.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("493012345678", "493012345678")]
    #[case("4.93012345678E+11", "493012345678")]
    #[case("0.30000000000000004", "0.3")]
    #[case("0.10000000000000001", "0.1")]
    #[case("1234567890123456789", "1234567890123456789")]
    #[case("1E-7", "0.0000001")]
    #[case("-12.50", "-12.5")]
    #[case("-0.0", "0")]
    #[case("1e400", "1e400")]
    #[case(" 5 ", "5")]
    fn numbers_have_no_exponent_and_no_binary_noise(#[case] stored: &str, #[case] expected: &str) {
        assert_eq!(number(stored), expected);
    }

    #[rstest]
    #[case("General", NumberFormat::Number)]
    #[case("0.00E+00", NumberFormat::Number)]
    #[case("#,##0.00 [$€-407];[Red]-#,##0.00", NumberFormat::Number)]
    #[case("0\" days\"", NumberFormat::Number)]
    #[case("0", NumberFormat::Number)]
    #[case("00000", NumberFormat::Padded(5))]
    #[case("00000;@", NumberFormat::Padded(5))]
    #[case("[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy", NumberFormat::Date)]
    #[case("mmm", NumberFormat::Date)]
    #[case("TT.MM.JJJJ", NumberFormat::Date)]
    #[case("yyyy-mm-dd hh:mm", NumberFormat::DateTime)]
    #[case("h:mm AM/PM", NumberFormat::Time)]
    #[case("mm:ss.0", NumberFormat::Time)]
    #[case("[h]:mm:ss", NumberFormat::Duration)]
    #[case("0;yyyy", NumberFormat::Number)]
    fn the_code_of_a_format_says_what_a_number_is(
        #[case] code: &str,
        #[case] expected: NumberFormat,
    ) {
        assert_eq!(NumberFormat::parse(code), expected);
    }

    #[rstest]
    #[case(NumberFormat::Date, "46354", "2026-11-28")]
    #[case(NumberFormat::Date, "46354.75", "2026-11-28")]
    #[case(NumberFormat::DateTime, "46354.395833333336", "2026-11-28T09:30:00")]
    #[case(NumberFormat::DateTime, "46354.999999999", "2026-11-29T00:00:00")]
    #[case(NumberFormat::Time, "0.395833333333333", "09:30:00")]
    #[case(NumberFormat::Time, "46354.5", "2026-11-28T12:00:00")]
    #[case(NumberFormat::Duration, "1.5", "36:00:00")]
    #[case(NumberFormat::Date, "61", "1900-03-01")]
    #[case(NumberFormat::Date, "60", "60")]
    #[case(NumberFormat::Date, "59", "1900-02-28")]
    #[case(NumberFormat::Date, "1", "1900-01-01")]
    #[case(NumberFormat::Date, "0", "0")]
    #[case(NumberFormat::Date, "-5", "-5")]
    #[case(NumberFormat::Date, "2958465", "9999-12-31")]
    #[case(NumberFormat::Date, "2958466", "2958466")]
    #[case(NumberFormat::Date, "1e300", "1000000000000000000")]
    #[case(NumberFormat::Padded(5), "1067", "01067")]
    #[case(NumberFormat::Padded(5), "123456", "123456")]
    #[case(NumberFormat::Padded(5), "10.5", "10.5")]
    fn the_format_of_a_cell_makes_a_date_of_its_number(
        #[case] format: NumberFormat,
        #[case] stored: &str,
        #[case] expected: &str,
    ) {
        let text = format.text(stored, Epoch::Year1900);
        assert!(text.starts_with(expected), "{text}");
        assert!(text.len() == expected.len() || stored.contains('e'), "{text}");
    }

    #[rstest]
    #[case("0", "1904-01-01")]
    #[case("44892", "2026-11-28")]
    fn days_may_count_from_1904(#[case] stored: &str, #[case] expected: &str) {
        assert_eq!(NumberFormat::Date.text(stored, Epoch::Year1904), expected);
    }
}
