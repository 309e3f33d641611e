//! The rules of columns that a user chose (R58).

use contacts_core::Invalid;
use contacts_core::import::{CellRule, ClearWord, ColumnRule};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::parts::enumerated::enumeration;

enumeration! {
    /// What the cells of a column do to contacts that exist.
    ///
    /// - `overwrite`: a cell that is not blank overwrites the value.
    /// - `fill_blanks`: a cell fills a blank value.
    /// - `add`: a cell adds to the values. Tags and further addresses have no other rule.
    CellRuleView = CellRule as "CellRule" in CellRule::ALL
}

/// The rules of a column.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = ColumnRule)]
pub(super) struct RuleView {
    /// Number of the column, starting at 0.
    column: usize,
    /// What its cells do to contacts that exist; null follows the policy.
    rule: Option<CellRuleView>,
    /// The text of a cell that clears the value of the contact, of 1 to 50 characters in any case; `""`
    /// for a blank cell; null for none. Phone numbers, external ids and custom fields can be cleared.
    #[schema(min_length = 1, max_length = 50, example = "NULL")]
    clear: Option<String>,
}

impl RuleView {
    /// Reads the rule at an index of the body.
    pub(super) fn read(self, at: usize, errors: &mut Vec<Invalid>) -> ColumnRule {
        let word = self.clear.as_deref().map(ClearWord::parse).transpose();
        let clear = word.unwrap_or_else(|reason| {
            errors.push(Invalid::new(format!("rules[{at}].clear"), reason));
            None
        });
        ColumnRule { column: self.column, rule: self.rule.map(|rule| rule.0), clear }
    }
}

impl From<ColumnRule> for RuleView {
    fn from(ColumnRule { column, rule, clear }: ColumnRule) -> Self {
        let clear = clear.map(|word| word.as_str().to_owned());
        Self { column, rule: rule.map(Into::into), clear }
    }
}
