//! What an import did, or would do, for people and for programs.

use std::collections::BTreeMap;

use contacts_core::import::{Import, Issue, Policy, SkipCode, Tally};
use serde::Serialize;

use crate::cli::out;

/// How many skipped rows and lost cells are shown.
pub(super) const ISSUES: usize = 10;

/// The counts, the skipped by reason, and the first issues.
pub(in crate::cli) fn lines<'a>(
    tally: &Tally,
    issues: impl Iterator<Item = &'a Issue>,
) -> Vec<String> {
    let mut lines = vec![format!(
        "{}: {} added, {} updated, {} skipped",
        out::count(tally.rows(), "row", "rows"),
        out::grouped(tally.added),
        out::grouped(tally.updated),
        out::grouped(tally.skips()),
    )];
    for (code, rows) in &tally.skipped {
        lines.push(format!("  {:>9} skipped: {}", out::grouped(*rows), reason(*code)));
    }
    if tally.warnings > 0 {
        lines.push(format!("  {:>9} cells lost, their rows taken", out::grouped(tally.warnings)));
    }
    let worth_a_look = issues.filter(|issue| issue.code != SkipCode::Unchanged.as_str());
    for (shown, issue) in worth_a_look.take(ISSUES + 1).enumerate() {
        match shown {
            ISSUES => lines.push("    and so on".to_owned()),
            _ => lines.push(format!("    line {}: {}", issue.line, issue.reason)),
        }
    }
    lines
}

fn reason(code: SkipCode) -> &'static str {
    match code {
        SkipCode::Unreadable => "the row cannot be read",
        SkipCode::MissingName => "the name is missing",
        SkipCode::InvalidName => "the name cannot be kept",
        SkipCode::Nobody => "there is neither a name nor an email address",
        SkipCode::InvalidId => "the id cannot be kept",
        SkipCode::MissingEmail => "the email address is missing",
        SkipCode::InvalidEmail => "the email address is not valid",
        SkipCode::Unchanged => "nothing in the row is new",
        SkipCode::Known => "the contact is known, and this import only adds",
        SkipCode::Unknown => "the contact is not known, and this import only updates",
    }
}

/// What a policy means.
pub(super) fn policy(policy: Policy) -> &'static str {
    match policy {
        Policy::Overwrite => {
            "New people are added; cells that are not blank overwrite what is known."
        }
        Policy::FillBlanks => "New people are added; cells fill only what is blank.",
        Policy::AddOnly => "New people are added; known ones are skipped.",
        Policy::UpdateOnly => "Known people are overwritten; new ones are skipped.",
    }
}

#[derive(Serialize)]
struct SummaryView<'a> {
    id: String,
    state: &'static str,
    rows: u64,
    added: u64,
    updated: u64,
    skipped: u64,
    skipped_by_reason: BTreeMap<&'static str, u64>,
    warnings: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<&'a str>,
}

/// The summary as JSON.
pub(super) fn json(import: &Import) -> String {
    let tally = &import.tally;
    let view = SummaryView {
        id: import.id.to_string(),
        state: import.state.as_str(),
        rows: tally.rows(),
        added: tally.added,
        updated: tally.updated,
        skipped: tally.skips(),
        skipped_by_reason: tally.skipped.iter().map(|(code, n)| (code.as_str(), *n)).collect(),
        warnings: tally.warnings,
        problem: import.problem.as_deref(),
    };
    // Numbers and text always have a form in JSON.
    serde_json::to_string(&view).unwrap_or_default()
}
