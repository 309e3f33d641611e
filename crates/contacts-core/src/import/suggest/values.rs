//! Counts what the cells of a column look like.

use crate::yes_no::yes_or_no;

/// Number of cells of each kind in a column.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Values {
    /// Cells with text.
    pub(super) filled: usize,
    /// Cells that contain an address.
    pub(super) addresses: usize,
    /// Cells that may be phone numbers.
    pub(super) phones: usize,
    /// Phone numbers in international form.
    pub(super) international: usize,
    /// Numbers, dates and truth values.
    pub(super) plain: usize,
    /// URLs.
    pub(super) links: usize,
    /// Cells without a single digit.
    pub(super) wordy: usize,
    /// Cells that look like the name of a person: two to four words of letters.
    pub(super) people: usize,
    /// Whether several cells have text, and all of them the same.
    pub(super) is_constant: bool,
}

impl Values {
    /// Counts the cells of one column of the samples.
    pub(super) fn of(samples: &[Vec<String>], column: usize) -> Self {
        let mut values = Self::default();
        let mut only_value = None;
        for cell in samples.iter().filter_map(|row| row.get(column)) {
            let cell = cell.trim();
            if cell.is_empty() {
                continue;
            }
            let digits = cell.chars().filter(char::is_ascii_digit).count();
            let date = is_date(cell);
            let number = digits > 0
                && cell.chars().all(|c| c.is_ascii_digit() || " .,+-()/:%'\u{a0}TZ".contains(c));
            let phone = number && !date && (6..=17).contains(&digits);
            values.filled += 1;
            let is_only = only_value.get_or_insert(cell).eq_ignore_ascii_case(cell);
            values.is_constant = is_only && (values.filled == 2 || values.is_constant);
            values.addresses += usize::from(has_address(cell));
            values.phones += usize::from(phone);
            values.international += usize::from(phone && cell.starts_with('+') && digits >= 8);
            values.plain += usize::from(number || date || yes_or_no(cell).is_some());
            values.links += usize::from(cell.contains("://") || cell.starts_with("www."));
            values.wordy += usize::from(digits == 0);
            values.people += usize::from(is_person(cell));
        }
        values
    }

    /// Whether at least four of five filled cells are counted in `count`.
    pub(super) fn mostly(&self, count: usize) -> bool {
        self.filled > 0 && count * 5 >= self.filled * 4
    }

    /// Whether more than half of the filled cells are counted in `count`.
    pub(super) fn often(&self, count: usize) -> bool {
        self.filled > 0 && count * 2 > self.filled
    }
}

fn has_address(cell: &str) -> bool {
    let parts = cell.split(|c: char| c.is_whitespace() || ",;|<>()/".contains(c));
    parts.into_iter().any(|part| {
        part.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty()
                && !local.contains(':')
                && domain.contains('.')
                && !domain.contains('@')
        })
    })
}

/// Whether a cell is a date, such as `2024-01-31`, `31.1.24` or `1/31/2024 10:00`.
pub(in crate::import) fn is_date(cell: &str) -> bool {
    let date = cell.split([' ', 'T']).next().unwrap_or_default();
    let parts: Vec<&str> = date.split(['-', '.', '/']).collect();
    let digits = |part: &&str| {
        !part.is_empty() && part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit())
    };
    parts.len() == 3
        && parts.iter().all(digits)
        && parts[1].len() <= 2
        && (parts[0].len() <= 2 || (parts[0].len() == 4 && parts[2].len() <= 2))
}

fn is_person(cell: &str) -> bool {
    let words = cell.split_whitespace().count();
    let letters = |c: char| c.is_alphabetic() || c.is_whitespace() || ".'’-".contains(c);
    (2..=4).contains(&words) && cell.chars().all(letters) && cell.chars().any(char::is_uppercase)
}
