//! The view of a warning about the plan of an import.

use contacts_core::import::{Finding, Import, PlanWarning};
use serde::Serialize;
use utoipa::ToSchema;

/// A warning about the plan of an import.
#[derive(Serialize, ToSchema)]
#[schema(as = PlanWarning)]
pub(super) struct PlanWarningView {
    /// What the warning is about:
    ///
    /// - `unread_opt_out`: the column says who wants no messages, and is not mapped to `subscribed`
    ///   or `unsubscribed`.
    /// - `unclear_opt_out`: the column seems to say so, but its header is not clear, or `example` cannot
    ///   be read. It is not mapped.
    /// - `unread_id`: the column is named `id` or `external_id`, and is not mapped. Rows find their
    ///   contacts by other keys only.
    /// - `one_contact`: the column finds the contacts, and has the same value in every row, so all
    ///   rows would be one contact.
    /// - `damaged_text`: cells contain characters that could not be decoded.
    /// - `garbled_text`: another program has decoded cells in the wrong encoding, such as `JÃ¼rgen`.
    ///   The layout's `repair_text` repairs them.
    /// - `long_row`: rows have more cells than the header; those beyond it are not read.
    /// - `header_row`: rows look like a header. The rows below them are read by the columns of the first
    ///   header, so a second table belongs in a file of its own.
    /// - `ambiguous_date`: dates such as `03/04/2026` have two readings; date fields leave them out.
    /// - `ambiguous_number`: numbers such as `1.234` have two readings. A point is read as a decimal
    ///   point, unless other cells have a decimal comma; a comma is left out.
    /// - `exponent`: a spreadsheet program has shortened phone numbers, such as `4.91512E+12`; they
    ///   are left out.
    code: &'static str,
    /// The column, counted from 0; null if whole rows are concerned.
    column: Option<usize>,
    /// Name of the column in the file.
    header: Option<String>,
    /// Number of rows that are concerned; null if the whole column is.
    rows: Option<u64>,
    /// The line of the file, counted from 1, on which the first of them begins.
    line: Option<u64>,
    /// The cell of that row, or one that cannot be read.
    example: Option<String>,
    /// Garbled text in `example` as it would be repaired; null for other warnings.
    repaired: Option<String>,
}

impl PlanWarningView {
    /// Returns the warnings about an import.
    pub(super) fn all(import: &Import) -> Vec<Self> {
        let warnings = import.warnings().into_iter();
        warnings.map(|warning| Self::new(import, warning)).collect()
    }

    fn new(import: &Import, warning: PlanWarning<'_>) -> Self {
        let (column, finding): (_, Option<&Finding>) = match warning {
            PlanWarning::UnreadOptOut { column }
            | PlanWarning::UnclearOptOut { column, .. }
            | PlanWarning::UnreadId { column } => (Some(column), None),
            PlanWarning::OneContact(finding) | PlanWarning::Cells(finding) => {
                (finding.column, Some(finding))
            }
        };
        let cell = match warning {
            PlanWarning::UnclearOptOut { cell, .. } => cell.map(str::to_owned),
            _ => finding.map(|finding| finding.example.clone()),
        };
        let header = column.and_then(|column| import.analysis.as_ref()?.layout.header.get(column));
        Self {
            code: warning.code(),
            column,
            header: header.cloned(),
            rows: finding.map(|finding| finding.rows),
            line: finding.map(|finding| finding.line),
            example: cell,
            repaired: finding.and_then(Finding::repaired),
        }
    }
}
