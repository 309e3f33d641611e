//! What a user should know about an import before the start (R52, R57).

use super::{Analysis, Finding, FindingKind, Import, Plan, Policy, Target};

/// A warning about an import that is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanWarning<'a> {
    /// The column says who wants no messages, and the plan does not read it.
    UnreadOptOut {
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
        let is_opt_out = |target: &Option<Target>| {
            matches!(target, Some(Target::Subscribed | Target::Unsubscribed))
        };
        let unread = self.suggestions.iter().enumerate().filter(|(column, suggestion)| {
            is_opt_out(&suggestion.target) && !plan.columns.get(*column).is_some_and(is_opt_out)
        });
        // An opt-out list needs no such column.
        let unread = unread.filter(|_| plan.policy != Policy::OptOut);
        let unread = unread.map(|(column, _)| PlanWarning::UnreadOptOut { column });
        let is_one_contact = plan.is_one_contact(&self.findings);
        let findings = self.findings.iter().filter_map(|finding| match finding.kind {
            FindingKind::OneValue => (is_one_contact && plan.is_key(finding.column))
                .then_some(PlanWarning::OneContact(finding)),
            _ => plan.concerns(finding).then_some(PlanWarning::Cells(finding)),
        });
        unread.chain(findings).collect()
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
            FindingKind::LongRow => true,
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
