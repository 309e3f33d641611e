//! What a user should know about an import before the start (R50, R52, R57).

use super::opt_out::OptOutColumn;
use super::suggest::header_key;
use super::{Analysis, Finding, FindingKind, Import, Plan, Policy, Target};

/// A warning about an import that is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanWarning<'a> {
    /// The column says who wants no messages, and the plan does not read it.
    UnreadOptOut {
        /// The column, from 0.
        column: usize,
    },
    /// The column seems to say who wants no messages, and the plan does not read it.
    UnclearOptOut {
        /// The column, from 0.
        column: usize,
        /// The cell that cannot be read; `None` when the header is not clear.
        cell: Option<&'a str>,
    },
    /// The column is named like an id, and no other column is mapped to that id: rows find their
    /// contacts by other keys only.
    UnreadId {
        /// The column, from 0.
        column: usize,
    },
    /// All rows have the only key by which the plan finds contacts, so they would be one contact.
    OneContact(&'a Finding),
    /// Cells that the plan reads are damaged, ambiguous or left out.
    Cells(&'a Finding),
}

impl PlanWarning<'_> {
    /// The warning's name.
    pub fn code(self) -> &'static str {
        match self {
            Self::UnreadOptOut { .. } => "unread_opt_out",
            Self::UnclearOptOut { .. } => "unclear_opt_out",
            Self::UnreadId { .. } => "unread_id",
            Self::OneContact(_) => "one_contact",
            Self::Cells(finding) => finding.kind.as_str(),
        }
    }
}

impl Import {
    /// Returns the warnings about the plan; none before the analysis has ended.
    pub fn warnings(&self) -> Vec<PlanWarning<'_>> {
        let (Some(analysis), Some(plan)) = (&self.analysis, &self.plan) else { return Vec::new() };
        analysis.warnings(plan)
    }
}

impl Analysis {
    /// Returns the warnings about a plan.
    pub fn warnings(&self, plan: &Plan) -> Vec<PlanWarning<'_>> {
        let columns = 0..self.layout.header.len();
        let unread = columns.filter_map(|column| self.unread_column(plan, column));
        let is_one_contact = plan.is_one_contact(&self.findings);
        let findings = self.findings.iter().filter_map(|finding| match finding.kind {
            FindingKind::OneValue => (is_one_contact && plan.is_key(finding.column))
                .then_some(PlanWarning::OneContact(finding)),
            _ => (plan.concerns(finding) && !plan.settles(finding.kind, finding.column))
                .then_some(PlanWarning::Cells(finding)),
        });
        unread.chain(findings).collect()
    }

    /// Returns the warning about a column that the plan does not read. An opt-out list needs no
    /// column that says who wants no messages.
    fn unread_column(&self, plan: &Plan, column: usize) -> Option<PlanWarning<'_>> {
        let header = &self.layout.header[column];
        let target = plan.target(Some(column));
        if target.is_none() && self.layout.has_header && is_unread_id(header, plan) {
            return Some(PlanWarning::UnreadId { column });
        }
        if plan.policy == Policy::OptOut || target.is_some_and(Target::is_opt_out) {
            return None;
        }
        let suggested = self.suggestions.get(column).and_then(|s| s.target.as_ref());
        if suggested.is_some_and(Target::is_opt_out) {
            return Some(PlanWarning::UnreadOptOut { column });
        }
        let cells = self.samples.iter().filter_map(|row| row.get(column)).map(String::as_str);
        match OptOutColumn::of(header, cells) {
            OptOutColumn::Unclear(cell) if target.is_none() => {
                Some(PlanWarning::UnclearOptOut { column, cell })
            }
            _ => None,
        }
    }
}

impl Plan {
    fn target(&self, column: Option<usize>) -> Option<&Target> {
        self.columns.get(column?)?.as_ref()
    }

    /// Returns whether a column finds the contacts of rows (R50).
    fn is_key(&self, column: Option<usize>) -> bool {
        matches!(self.target(column), Some(Target::Id | Target::ExternalId | Target::Email))
    }

    /// Returns whether each column that finds contacts has the same value in every row.
    fn is_one_contact(&self, findings: &[Finding]) -> bool {
        let has_one_value = |column| {
            let is_it = |found: &Finding| found.kind == FindingKind::OneValue;
            findings.iter().any(|found| is_it(found) && found.column == Some(column))
        };
        let mut keys = (0..self.columns.len()).filter(|column| self.is_key(Some(*column)));
        keys.all(has_one_value)
    }

    /// Returns whether the plan reads the cells of a finding.
    fn concerns(&self, finding: &Finding) -> bool {
        let target = self.target(finding.column);
        match finding.kind {
            FindingKind::LongRow | FindingKind::HeaderRow => true,
            FindingKind::DamagedText | FindingKind::GarbledText | FindingKind::OneValue => {
                target.is_some()
            }
            FindingKind::AmbiguousDate | FindingKind::AmbiguousNumber => {
                matches!(target, Some(Target::Field(_)))
            }
            FindingKind::Exponent => target == Some(&Target::Phone),
        }
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
    use crate::import::{Format, Layout, Reading, TextFormat, suggest};

    /// Returns the warnings about a file, as `column code cell`. `mapped` are the targets that
    /// differ from the suggestions.
    fn warnings(header: &str, rows: &str, policy: Policy, mapped: &[(usize, &str)]) -> Vec<String> {
        let cells = |row: &str| row.split('|').map(str::to_owned).collect::<Vec<_>>();
        let (header, samples) = (cells(header), rows.split(';').map(cells).collect::<Vec<_>>());
        let suggestions = suggest(&header, &samples, &[]);
        let mut columns: Vec<_> = suggestions.iter().map(|s| s.target.clone()).collect();
        for (column, target) in mapped {
            columns[*column] = Target::parse(target);
        }
        let format = Format::Text(TextFormat::standard());
        let layout = Layout { format, header_line: 1, has_header: true, header };
        let analysis = Analysis {
            layout,
            sheets: Vec::new(),
            samples,
            rows: 1,
            suggestions,
            reading: Reading::default(),
            findings: Vec::new(),
            domains: Vec::new(),
        };
        let plan = Plan { columns, policy, ..Plan::default() };
        let columns = 0..analysis.layout.header.len();
        let found = columns.filter_map(|column| {
            let warning = analysis.unread_column(&plan, column)?;
            let cell = match warning {
                PlanWarning::UnclearOptOut { cell: Some(cell), .. } => format!(" {cell}"),
                _ => String::new(),
            };
            Some(format!("{column} {}{cell}", warning.code()))
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
