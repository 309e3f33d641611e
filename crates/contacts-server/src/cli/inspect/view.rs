//! What `contacts inspect` found, as JSON.

use contacts_core::import::{Format, Preview, Target};
use serde::Serialize;

use super::inspected::InspectedFile;

/// The most values of a column that are shown.
const MAX_SAMPLES: usize = 5;

/// The output of `contacts inspect --json`.
#[derive(Serialize)]
pub(super) struct InspectView<'a> {
    encoding: Option<&'a str>,
    delimiter: Option<char>,
    sheet: Option<&'a str>,
    sheets: Vec<String>,
    header_line: Option<u64>,
    columns: Vec<ColumnView<'a>>,
    rows: u64,
    added: u64,
    updated: u64,
    skipped: u64,
    warnings: u64,
    skips: Vec<SkipView<'a>>,
    /// Number of skipped rows that are not in the list.
    #[serde(skip_serializing_if = "is_zero")]
    skips_left_out: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<&'a str>,
}

#[derive(Serialize)]
struct ColumnView<'a> {
    header: &'a str,
    target: Option<String>,
    confidence: f64,
    samples: Vec<&'a str>,
}

#[derive(Serialize)]
struct SkipView<'a> {
    line: u64,
    reason: &'a str,
}

impl<'a> InspectView<'a> {
    pub(super) fn new(
        inspected: Option<&'a InspectedFile>,
        sheets: Vec<String>,
        effect: &'a Result<Preview, String>,
    ) -> Self {
        let (text, sheet) = match inspected.map(|inspected| &inspected.0.layout.format) {
            Some(Format::Text(text)) => (Some(text), None),
            Some(Format::Sheet(sheet)) => (None, Some(sheet.as_str())),
            None => (None, None),
        };
        let preview = effect.as_ref().ok();
        let tally = preview.map(|preview| &preview.tally);
        let issues = preview.into_iter().flat_map(|preview| &preview.issues);
        let skipped = tally.map_or(0, |tally| tally.skips());
        let skips: Vec<_> = issues
            .filter(|issue| issue.is_skip())
            .map(|issue| SkipView { line: issue.line, reason: &issue.reason })
            .collect();
        Self {
            encoding: text.map(|text| text.encoding.as_str()),
            delimiter: text.map(|text| text.delimiter),
            sheet,
            sheets,
            header_line: inspected
                .filter(|inspected| inspected.0.layout.has_header)
                .map(|inspected| inspected.0.layout.header_line),
            columns: inspected.map(columns).unwrap_or_default(),
            rows: inspected.map_or(0, |inspected| inspected.0.rows),
            added: tally.map_or(0, |tally| tally.added),
            updated: tally.map_or(0, |tally| tally.updated),
            skipped,
            warnings: tally.map_or(0, |tally| tally.warnings),
            skips_left_out: skipped - skips.len() as u64,
            skips,
            problem: effect.as_ref().err().map(String::as_str),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

fn columns(inspected: &InspectedFile) -> Vec<ColumnView<'_>> {
    let mut columns = Vec::with_capacity(inspected.0.layout.header.len());
    for (at, (header, suggestion)) in
        inspected.0.layout.header.iter().zip(&inspected.0.suggestions).enumerate()
    {
        columns.push(ColumnView {
            header,
            target: suggestion.target.as_ref().map(Target::to_string),
            confidence: (f64::from(suggestion.confidence) * 100.0).round() / 100.0,
            samples: inspected
                .0
                .samples
                .iter()
                .take(MAX_SAMPLES)
                .map(|row| row.get(at).map_or("", String::as_str))
                .collect(),
        });
    }
    columns
}
