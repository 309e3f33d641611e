//! Skipped rows as a file, ready to be corrected and imported again (R34).

use std::collections::VecDeque;
use std::sync::Arc;

use super::{Import, ImportRepository, Issue, Rows, Spreadsheets};
use crate::{Error, Result};

/// The lines of a CSV file with the skipped rows and, in a first column, the reasons. The rows are
/// read from the stored file, so they are not stored twice.
pub struct SkippedRows {
    pub(super) import: Import,
    pub(super) imports: Arc<dyn ImportRepository>,
    pub(super) spreadsheets: Arc<dyn Spreadsheets>,
    pub(super) header: Option<Vec<String>>,
    pub(super) rows: Rows,
    pub(super) read: u64,
    pub(super) issues: VecDeque<Issue>,
    pub(super) noted: u64,
}

impl SkippedRows {
    /// The header of the column of reasons.
    pub(super) const REASON: &str = "reason";

    const BATCH: usize = 1_000;

    /// Returns whether a cell is a reason as these files contain it.
    pub(super) fn is_reason(cell: &str) -> bool {
        Self::line_of(cell).is_some()
    }

    /// Returns the line of the imported file that a reason names.
    pub(super) fn line_of(reason: &str) -> Option<u64> {
        let number = reason.strip_prefix("line ").and_then(|rest| rest.split_once(": "));
        number.and_then(|(line, _)| line.parse().ok())
    }

    fn next_issue(&mut self) -> Result<Option<Issue>> {
        loop {
            if self.issues.is_empty() {
                let Import { org, id, .. } = self.import;
                let batch = self.imports.issues(org, id, self.noted, Self::BATCH)?;
                let Some(last) = batch.last() else { return Ok(None) };
                self.noted = last.row;
                self.issues = batch.into();
            }
            match self.issues.pop_front() {
                Some(issue) if issue.is_skip() => return Ok(Some(issue)),
                _ => {}
            }
        }
    }

    fn cells_of(&mut self, number: u64) -> Result<Vec<String>> {
        for row in self.rows.by_ref() {
            let row = row.map_err(Error::store)?;
            self.read += 1;
            if self.read == number {
                return Ok(row.cells.unwrap_or_default());
            }
        }
        Ok(Vec::new())
    }

    fn line(&self, reason: &str, cells: &[String]) -> Vec<u8> {
        let mut out = Vec::new();
        let cells: Vec<_> =
            std::iter::once(reason).chain(cells.iter().map(String::as_str)).collect();
        self.spreadsheets.write_row(&cells, &mut out);
        out
    }
}

impl Iterator for SkippedRows {
    type Item = Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(header) = self.header.take() {
            return Some(Ok(self.line(Self::REASON, &header)));
        }
        let issue = self.next_issue().transpose()?;
        Some(issue.and_then(|issue| {
            let cells = self.cells_of(issue.row)?;
            Ok(self.line(&format!("line {}: {}", issue.line, issue.reason), &cells))
        }))
    }
}
