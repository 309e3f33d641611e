//! Surveys the rows of a file before an import starts (R57).

use super::domains::DomainCounts;
use super::full_name::{is_family_name_first, turned};
use super::garbled::{is_garbled, repaired};
use super::local_value::{DateOrder, DecimalMark, Evidence, date_evidence, number_evidence};
use super::phone_cell::is_exponent;
use super::suggest::names_address;
use super::{
    ColumnReading, DomainOffer, Finding, FindingKind, KnownDomains, LayoutChoice, Reading, Row,
    Target, entities, suggest,
};
use crate::export;
use crate::field::Field;
use crate::text;

/// Reads every row once, in memory that does not grow with the file.
pub struct Survey {
    family_name_first: bool,
    /// Whether we exported the file: then its names and values are ours, as they stand.
    is_ours: bool,
    /// Whether garbled text is repaired before anything is found in it.
    repairs_text: bool,
    columns: Vec<ColumnSurvey>,
    domains: KnownDomains,
    long_rows: Found,
    header_rows: Found,
}

/// What the cells of a column have shown so far.
#[derive(Default)]
struct ColumnSurvey {
    filled: u64,
    /// The first value, as long as all rows have it.
    only_value: Option<String>,
    first_line: u64,
    day_first: u64,
    month_first: u64,
    decimal_comma: u64,
    decimal_point: u64,
    inverted: u64,
    has_entities: bool,
    damaged: Found,
    garbled: Found,
    exponents: Found,
    ambiguous_dates: Found,
    ambiguous_numbers: Found,
    domains: DomainCounts,
}

/// The rows in which something was found.
#[derive(Default)]
struct Found {
    rows: u64,
    line: u64,
    example: String,
}

impl Survey {
    /// Starts a survey of the rows below a header.
    pub fn new(header: &[String], fields: &[Field]) -> Self {
        Self {
            family_name_first: is_family_name_first(header),
            is_ours: export::recognise(header, fields, str::to_owned).iter().all(Option::is_some),
            repairs_text: false,
            columns: header.iter().map(|_| ColumnSurvey::default()).collect(),
            domains: KnownDomains::default(),
            long_rows: Found::default(),
            header_rows: Found::default(),
        }
    }

    /// Repairs garbled text, if the choice says so.
    #[must_use]
    pub fn repairing(mut self, choice: &LayoutChoice) -> Self {
        self.repairs_text = choice.repair_text;
        self
    }

    /// Compares domains of addresses with those that many contacts of the organisation have, and not
    /// only with common ones.
    pub fn compare_domains(&mut self, own: Vec<String>) {
        self.domains = KnownDomains::new(own);
    }

    /// Takes the domains that seem to be misspelt, column by column.
    pub fn take_domains(&mut self) -> Vec<DomainOffer> {
        let columns = self.columns.iter_mut().enumerate();
        columns.flat_map(|(at, column)| std::mem::take(&mut column.domains).finish(at)).collect()
    }

    /// Adds a row.
    pub fn add(&mut self, row: &Row) {
        let Ok(cells) = &row.cells else { return };
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            let repaired = self.repairs_text.then(|| repaired(cell)).flatten();
            let cell = text::trim(repaired.as_deref().unwrap_or(cell));
            if !cell.is_empty() {
                column.add(cell, row.line, self.is_ours);
                if cell.contains('@') {
                    column.domains.add(cell, &self.domains);
                }
            }
        }
        let mut further = cells.iter().skip(self.columns.len()).map(|cell| text::trim(cell));
        if let Some(cell) = further.find(|cell| !cell.is_empty()) {
            self.long_rows.add(cell, row.line);
        }
        if is_header(cells) {
            let shown: Vec<_> = cells.iter().map(|cell| text::trim(cell)).collect();
            self.header_rows.add(&shown.join(", "), row.line);
        }
    }

    /// Returns how the cells are read, and what a user should know before the start.
    pub fn finish(self) -> (Reading, Vec<Finding>) {
        let mut findings = Vec::new();
        findings.extend(self.long_rows.finding(FindingKind::LongRow, None));
        findings.extend(self.header_rows.finding(FindingKind::HeaderRow, None));
        let mut columns = Vec::with_capacity(self.columns.len());
        for (at, column) in self.columns.into_iter().enumerate() {
            let reading = column.finish(at, &mut findings);
            columns.push(ColumnReading { repairs_text: self.repairs_text, ..reading });
        }
        (Reading { family_name_first: self.family_name_first, columns }, findings)
    }
}

/// Returns whether a row names an address and another value of contacts, and contains neither
/// addresses nor numbers: it is the header of a second table, or the same header again.
fn is_header(cells: &[String]) -> bool {
    // Most rows end here: reading the words of all would take longer than the rest of the survey.
    let is_value = |cell: &String| cell.bytes().any(|b| b == b'@' || b.is_ascii_digit());
    if cells.iter().any(is_value) || !cells.iter().any(|cell| names_address(cell)) {
        return false;
    }
    let suggestions = suggest(cells, &[], &[]);
    let targets: Vec<_> = suggestions.iter().filter_map(|found| found.target.as_ref()).collect();
    targets.len() > 1 && targets.contains(&&Target::Email)
}

impl ColumnSurvey {
    fn add(&mut self, cell: &str, line: u64, is_ours: bool) {
        self.filled += 1;
        if self.filled == 1 {
            self.only_value = Some(cell.to_owned());
            self.first_line = line;
        } else if self.only_value.as_ref().is_some_and(|only| !only.eq_ignore_ascii_case(cell)) {
            self.only_value = None;
        }
        if !cell.is_ascii() {
            if cell.contains('\u{fffd}') {
                self.damaged.add(cell, line);
            }
            if is_garbled(cell) {
                self.garbled.add(cell, line);
            }
        }
        if is_exponent(cell) {
            self.exponents.add(cell, line);
        }
        if is_ours {
            return;
        }
        let may_have_entities = !self.has_entities && cell.contains('&');
        self.has_entities |= may_have_entities && entities::decoded(cell).is_some();
        if cell.contains(',') && cell.starts_with(char::is_alphabetic) {
            self.inverted += u64::from(turned(cell).is_some());
        }
        if cell.len() <= 40 && cell.contains(|c: char| c.is_ascii_digit()) {
            self.add_local(cell, line);
        }
    }

    /// Adds a cell that may be a date or a number.
    fn add_local(&mut self, cell: &str, line: u64) {
        match date_evidence(cell) {
            Some(Evidence::Only(DateOrder::DayFirst)) => self.day_first += 1,
            Some(Evidence::Only(DateOrder::MonthFirst)) => self.month_first += 1,
            Some(Evidence::Ambiguous) => self.ambiguous_dates.add(cell, line),
            None => {}
        }
        match number_evidence(cell) {
            Some(Evidence::Only(DecimalMark::Comma)) => self.decimal_comma += 1,
            Some(Evidence::Only(_)) => self.decimal_point += 1,
            Some(Evidence::Ambiguous) => self.ambiguous_numbers.add(cell, line),
            None => {}
        }
    }

    fn finish(self, at: usize, findings: &mut Vec<Finding>) -> ColumnReading {
        let reading = ColumnReading {
            date_order: match (self.day_first > 0, self.month_first > 0) {
                (true, false) => Some(DateOrder::DayFirst),
                (false, true) => Some(DateOrder::MonthFirst),
                _ => None,
            },
            decimal_mark: match (self.decimal_comma > 0, self.decimal_point > 0) {
                (true, true) => Some(DecimalMark::Mixed),
                (true, false) => Some(DecimalMark::Comma),
                (false, true) => Some(DecimalMark::Point),
                (false, false) => None,
            },
            has_entities: self.has_entities,
            is_inverted: self.inverted * 2 >= self.filled && self.inverted > 0,
            repairs_text: false,
        };
        let mut push = |found: Found, kind| findings.extend(found.finding(kind, Some(at)));
        push(self.damaged, FindingKind::DamagedText);
        push(self.garbled, FindingKind::GarbledText);
        push(self.exponents, FindingKind::Exponent);
        if reading.date_order.is_none() {
            push(self.ambiguous_dates, FindingKind::AmbiguousDate);
        }
        if matches!(reading.decimal_mark, None | Some(DecimalMark::Mixed)) {
            push(self.ambiguous_numbers, FindingKind::AmbiguousNumber);
        }
        if let Some(only) = self.only_value.filter(|_| self.filled > 1) {
            let mut found = Found::default();
            found.add(&only, self.first_line);
            push(Found { rows: self.filled, ..found }, FindingKind::OneValue);
        }
        reading
    }
}

impl Found {
    fn add(&mut self, cell: &str, line: u64) {
        if self.rows == 0 {
            self.line = line;
            self.example = cell.chars().take(Finding::MAX_EXAMPLE).collect();
        }
        self.rows += 1;
    }

    fn finding(self, kind: FindingKind, column: Option<usize>) -> Option<Finding> {
        let Self { rows, line, example } = self;
        (rows > 0).then_some(Finding { kind, column, rows, line, example })
    }
}

#[cfg(test)]
mod tests;
