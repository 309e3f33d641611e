//! Changes of the plan of an import.

use super::{Analysis, ColumnFormat, ColumnRule, DomainReplacements, Plan, Policy, Target};
use crate::tag::TagName;

/// Changes of a plan; a field that is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewPlan {
    /// Whether the suggestions replace the choices of an earlier import, before the other changes
    /// are made. Tags stay.
    pub uses_suggestions: bool,
    /// A target for every column, or nothing to skip it.
    pub columns: Option<Vec<Option<Target>>>,
    /// What rows may do to contacts.
    pub policy: Option<Policy>,
    /// Tags for every contact of the file.
    pub tags: Option<Vec<TagName>>,
    /// The domains of addresses that are replaced.
    pub domains: Option<DomainReplacements>,
    /// The formats of columns.
    pub formats: Option<Vec<ColumnFormat>>,
    /// The rules of columns.
    pub rules: Option<Vec<ColumnRule>>,
}

impl NewPlan {
    /// Changes a plan.
    pub fn apply_to(&self, plan: &mut Plan) {
        if self.uses_suggestions {
            plan.choices_of = None;
        }
        if let Some(columns) = &self.columns {
            plan.columns.clone_from(columns);
        }
        plan.policy = self.policy.unwrap_or(plan.policy);
        if let Some(tags) = &self.tags {
            plan.tags.clone_from(tags);
        }
        if let Some(domains) = &self.domains {
            plan.domains.clone_from(domains);
        }
        if let Some(formats) = &self.formats {
            plan.formats.clone_from(formats);
        }
        if let Some(rules) = &self.rules {
            plan.rules.clone_from(rules);
        }
    }

    /// Returns the changes together with those that go back to the suggestions.
    pub(super) fn over_suggestions(self, analysis: &Analysis) -> Self {
        let suggested = || analysis.suggestions.iter().map(|s| s.target.clone()).collect();
        Self {
            uses_suggestions: true,
            columns: Some(self.columns.unwrap_or_else(suggested)),
            policy: Some(self.policy.unwrap_or_default()),
            tags: self.tags,
            domains: Some(self.domains.unwrap_or_default()),
            formats: Some(self.formats.unwrap_or_default()),
            rules: Some(self.rules.unwrap_or_default()),
        }
    }
}

impl From<Plan> for NewPlan {
    /// Returns the change that makes any plan this one, whatever import its choices are from.
    fn from(plan: Plan) -> Self {
        let Plan { columns, policy, tags, domains, formats, rules, choices_of } = plan;
        Self {
            uses_suggestions: choices_of.is_none(),
            columns: Some(columns),
            policy: Some(policy),
            tags: Some(tags),
            domains: Some(domains),
            formats: Some(formats),
            rules: Some(rules),
        }
    }
}
