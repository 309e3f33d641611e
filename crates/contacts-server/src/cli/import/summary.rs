//! The summary of an import, for people and for programs.

use std::collections::BTreeMap;

use contacts_core::import::{Import, Issue, IssueCode, Plan, Policy, SkipCode, Tally};
use serde::Serialize;

use crate::cli::out;

/// The most skipped rows and lost cells that are shown.
pub(super) const MAX_ISSUES: usize = 10;

/// The counts, the skipped rows by reason, and the first issues, a line each.
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
        lines
            .push(format!("  {:>9} cells lost, their rows imported", out::grouped(tally.warnings)));
    }
    let worth_a_look = issues.filter(|issue| issue.code != IssueCode::Skip(SkipCode::Unchanged));
    for (shown, issue) in worth_a_look.take(MAX_ISSUES + 1).enumerate() {
        match shown {
            MAX_ISSUES => lines.push("    …".to_owned()),
            _ => lines.push(format!("    line {}: {}", issue.line, issue.reason)),
        }
    }
    lines
}

fn reason(code: SkipCode) -> &'static str {
    match code {
        SkipCode::Unreadable => "the row cannot be read",
        SkipCode::MissingName => "the name is missing",
        SkipCode::InvalidName => "the name is not valid",
        SkipCode::Nobody => "there is neither a name nor an email address",
        SkipCode::InvalidId => "the id is not valid",
        SkipCode::NotFound => "no contact has the id",
        SkipCode::Ambiguous => "the id, external id and email address are of different contacts",
        SkipCode::TooManyAddresses => "the contact has no room for another email address",
        SkipCode::MissingEmail => "the email address is missing",
        SkipCode::InvalidEmail => "the email address is not valid",
        SkipCode::Unchanged => "the row changes nothing",
        SkipCode::Known => "the contact exists, and this import only adds",
        SkipCode::Unknown => "the contact does not exist, and this import adds nobody",
        SkipCode::Suppressed => {
            "no contact has the address; a contact that gets it will be unsubscribed"
        }
    }
}

/// A sentence that explains the policy of a plan.
pub(super) fn policy(plan: &Plan) -> &'static str {
    match plan.policy {
        Policy::Overwrite => {
            "New contacts are added; values in the file overwrite existing ones, blank cells do not."
        }
        Policy::FillBlanks => {
            "New contacts are added; existing ones get values for blank fields only."
        }
        Policy::AddOnly => "New contacts are added; existing ones are skipped.",
        Policy::UpdateOnly => "Existing contacts are overwritten; new ones are skipped.",
        Policy::OptOut if !plan.opts_all_out() => {
            "Everyone whose row says so is unsubscribed; nobody is added, and nothing else is changed."
        }
        Policy::OptOut => {
            "Everyone in the file is unsubscribed; nobody is added, and nothing else is changed."
        }
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
    // Numbers and text can always be written as JSON.
    serde_json::to_string(&view).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use contacts_core::import::Target;

    use super::*;

    #[test]
    fn an_opt_out_list_says_whom_it_unsubscribes() {
        let sentence = |columns: &[&str]| {
            let columns = columns.iter().map(|name| Target::parse(name)).collect();
            policy(&Plan { columns, policy: Policy::OptOut, ..Plan::default() })
        };
        assert!(sentence(&["email"]).starts_with("Everyone in the file is unsubscribed"));
        let by_column = sentence(&["email", "unsubscribed"]);
        assert!(by_column.starts_with("Everyone whose row says so is unsubscribed"));
    }
}
