//! Warnings about the plan of an import, to read before the start (R50, R52).

use super::opt_out::OptOutColumn;
use super::suggest::header_key;
use super::{Analysis, Import, Plan, Policy, Target};

/// A warning about a column that the plan does not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanWarning<'a> {
    /// The column, counted from 0.
    pub column: usize,
    /// Name of the column in the file.
    pub header: &'a str,
    /// What is lost.
    pub problem: PlanProblem<'a>,
}

/// What is lost when a column is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanProblem<'a> {
    /// The column says who wants no messages.
    UnreadOptOut,
    /// The column seems to say who wants no messages, but its header is not clear, or it has this
    /// cell, which cannot be read.
    UnclearOptOut(Option<&'a str>),
    /// The column is named like an id, and no other column is mapped to that id: rows find their
    /// contacts by other keys only.
    UnreadId,
}

impl PlanProblem<'_> {
    /// Returns the name of the problem.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::UnreadOptOut => "unread_opt_out",
            Self::UnclearOptOut(_) => "unclear_opt_out",
            Self::UnreadId => "unread_id",
        }
    }
}

impl Import {
    /// Returns warnings about the plan, in the order of the columns. An opt-out list needs no column
    /// that says who wants no messages.
    pub fn warnings(&self) -> Vec<PlanWarning<'_>> {
        let (Some(analysis), Some(plan)) = (&self.analysis, &self.plan) else { return Vec::new() };
        let warning = |(column, header)| {
            let problem = problem(analysis, plan, column)?;
            Some(PlanWarning { column, header, problem })
        };
        let columns = analysis.layout.header.iter().map(String::as_str).enumerate();
        columns.filter_map(warning).collect()
    }
}

fn problem<'a>(analysis: &'a Analysis, plan: &Plan, column: usize) -> Option<PlanProblem<'a>> {
    let header = &analysis.layout.header[column];
    let target = plan.columns.get(column).and_then(Option::as_ref);
    if target.is_none() && is_unread_id(header, plan) {
        return Some(PlanProblem::UnreadId);
    }
    if plan.policy == Policy::OptOut || target.is_some_and(Target::is_opt_out) {
        return None;
    }
    let suggested = analysis.suggestions.get(column).and_then(|s| s.target.as_ref());
    if suggested.is_some_and(Target::is_opt_out) {
        return Some(PlanProblem::UnreadOptOut);
    }
    let cells = analysis.samples.iter().filter_map(|row| row.get(column)).map(String::as_str);
    match OptOutColumn::of(header, cells) {
        OptOutColumn::Unclear(cell) if target.is_none() => Some(PlanProblem::UnclearOptOut(cell)),
        _ => None,
    }
}

/// Returns whether a column has the name of an id that no column is mapped to.
fn is_unread_id(header: &str, plan: &Plan) -> bool {
    let named = match &*header_key(header) {
        "id" => Target::Id,
        "externalid" => Target::ExternalId,
        _ => return false,
    };
    !plan.columns.contains(&Some(named))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::import::{Layout, suggest};

    /// Returns the warnings about a file, as `column code cell`. `mapped` are the targets that differ
    /// from the suggestions.
    fn warnings(header: &str, rows: &str, policy: Policy, mapped: &[(usize, &str)]) -> Vec<String> {
        let cells = |row: &str| row.split('|').map(str::to_owned).collect::<Vec<_>>();
        let (header, samples) = (cells(header), rows.split(';').map(cells).collect::<Vec<_>>());
        let suggestions = suggest(&header, &samples, &[]);
        let mut columns: Vec<_> = suggestions.iter().map(|s| s.target.clone()).collect();
        for (column, target) in mapped {
            columns[*column] = Target::parse(target);
        }
        let layout =
            Layout { encoding: "utf-8".to_owned(), delimiter: ',', header_line: 1, header };
        let analysis = Analysis { layout, samples, rows: 1, suggestions };
        let plan = Plan { columns, policy, tags: Vec::new() };
        let found = (0..analysis.layout.header.len()).filter_map(|column| {
            let problem = problem(&analysis, &plan, column)?;
            let cell = match problem {
                PlanProblem::UnclearOptOut(Some(cell)) => format!(" {cell}"),
                _ => String::new(),
            };
            Some(format!("{column} {}{cell}", problem.as_str()))
        });
        found.collect()
    }

    #[rstest]
    #[case::all_is_read("name|email|Unsubscribed", "Ann|a@x.org|yes", &[], &[])]
    #[case::an_opt_out("name|email|Unsubscribed", "Ann|a@x.org|yes", &[(2, "")],
        &["2 unread_opt_out"])]
    #[case::an_unclear_cell("name|email|Unsubscribed", "Ann|a@x.org|maybe", &[],
        &["2 unclear_opt_out maybe"])]
    #[case::an_unclear_header("name|email|Not unsubscribed", "Ann|a@x.org|yes", &[],
        &["2 unclear_opt_out"])]
    #[case::one_that_is_mapped("name|email|Unsubscribed", "Ann|a@x.org|maybe",
        &[(2, "unsubscribed")], &[])]
    #[case::an_id_of_others("id|name|email", "17|Ann|a@x.org", &[], &["0 unread_id"])]
    #[case::an_id_as_another("ID|name|email", "17|Ann|a@x.org", &[(0, "external_id")], &[])]
    #[case::an_external_id("External ID|name|email", "7|Ann|a@x.org;7|Bo|b@x.org", &[],
        &["0 unread_id"])]
    #[case::another_column("note|name|email", "maybe|Ann|a@x.org", &[], &[])]
    fn what_is_not_read_is_reported(
        #[case] header: &str,
        #[case] rows: &str,
        #[case] mapped: &[(usize, &str)],
        #[case] expected: &[&str],
    ) {
        assert_eq!(warnings(header, rows, Policy::Overwrite, mapped), expected);
    }

    #[test]
    fn an_opt_out_list_needs_no_such_column() {
        let found =
            |policy| warnings("id|email|Unsubscribed", "17|a@x.org|maybe", policy, &[(2, "tags")]);
        assert_eq!(found(Policy::OptOut), ["0 unread_id"]);
        assert_eq!(found(Policy::Overwrite), ["0 unread_id"], "the column is mapped on purpose");
    }
}
