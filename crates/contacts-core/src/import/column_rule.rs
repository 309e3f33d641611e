//! Rules of columns: whether their cells overwrite, and the word that clears a value (R58).

use super::{Plan, Target};
use crate::{Invalid, Result, text};

/// What the cells of a column do to contacts that exist, in place of the policy of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellRule {
    /// A cell overwrites the value of the contact.
    Overwrite,
    /// A cell fills a value that is blank.
    FillBlanks,
    /// A cell adds to the values of the contact. Tags and further addresses have no other rule.
    Add,
}

/// The rules of a column that a user chose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnRule {
    /// The column, from 0.
    pub column: usize,
    /// What its cells do; `None` follows the policy of the file.
    pub rule: Option<CellRule>,
    /// The word that clears the value of the contact.
    pub clear: Option<ClearWord>,
}

/// The text of a cell that clears the value of the contact. Two words that differ in case or in
/// white space around them are equal. The word `""` stands for a blank cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClearWord(String);

impl CellRule {
    /// Every rule.
    pub const ALL: [Self; 3] = [Self::Overwrite, Self::FillBlanks, Self::Add];

    /// The name of the rule.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Overwrite => "overwrite",
            Self::FillBlanks => "fill_blanks",
            Self::Add => "add",
        }
    }

    /// The rule of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.as_str() == name)
    }
}

impl ClearWord {
    /// Maximum length of a word in characters.
    pub const MAX: usize = 50;

    /// The word for a blank cell.
    const BLANK: &str = "\"\"";

    /// Reads a word.
    ///
    /// # Errors
    ///
    /// A fragment that says what is wrong.
    pub fn parse(word: &str) -> std::result::Result<Self, String> {
        let word = text::trim(word);
        let is_valid = !word.is_empty()
            && word.chars().count() <= Self::MAX
            && !word.chars().any(char::is_control);
        match is_valid {
            true => Ok(Self(word.to_lowercase())),
            false => Err(format!("must be text of 1 to {} characters", Self::MAX)),
        }
    }

    /// Returns the word, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether a cell is the word.
    pub(super) fn is(&self, cell: &str) -> bool {
        let cell = text::trim(cell);
        cell.to_lowercase() == self.0 || (cell.is_empty() && self.0 == Self::BLANK)
    }
}

impl ColumnRule {
    /// Checks the rules of a file with a number of columns.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Invalid`] naming the rule of a column that the file does not have, or that has
    /// another one.
    pub(super) fn check_all(rules: &[Self], columns: usize) -> Result<()> {
        let mut errors = Vec::new();
        for (at, rule) in rules.iter().enumerate() {
            let member = format!("rules[{at}].column");
            if rule.column >= columns {
                errors.push(Invalid::new(member, "must be a column of the file"));
            } else if rules[..at].iter().any(|other| other.column == rule.column) {
                errors.push(Invalid::new(member, "is given twice"));
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(errors.into()) }
    }
}

impl Target {
    /// Returns whether values of contacts are added to, and never overwritten.
    fn is_added_to(&self) -> bool {
        matches!(self, Self::Tags | Self::OtherEmails)
    }

    /// Returns whether a cell may have a rule.
    fn takes_rule(&self, rule: CellRule) -> bool {
        match self {
            Self::Id | Self::Subscribed | Self::Unsubscribed => false,
            _ => (rule == CellRule::Add) == self.is_added_to(),
        }
    }

    /// Returns whether a cell may clear the value. Names and addresses stay: every contact needs them
    /// (R6), and addresses identify contacts.
    fn can_be_cleared(&self) -> bool {
        matches!(self, Self::ExternalId | Self::Phone | Self::Field(_))
    }

    /// Returns the target whose rule decides about the cells: that of the name for its parts.
    pub(super) fn ruled(&self) -> &Self {
        match self {
            Self::FirstName | Self::MiddleName | Self::LastName => &Self::Name,
            target => target,
        }
    }
}

impl Plan {
    /// Returns the rule that a user chose for a column.
    pub(super) fn rule(&self, column: usize) -> Option<&ColumnRule> {
        self.rules.iter().find(|rule| rule.column == column)
    }

    /// Returns what is wrong with rules of columns. Those of columns that are skipped have no effect.
    pub(super) fn wrong_rules(&self) -> impl Iterator<Item = Invalid> {
        self.rules.iter().enumerate().filter_map(|(at, rule)| {
            let target = self.columns.get(rule.column)?.as_ref()?;
            let wrong =
                |member, reason| Some(Invalid::new(format!("rules[{at}].{member}"), reason));
            if rule.rule.is_some_and(|rule| !target.takes_rule(rule)) {
                return wrong("rule", format!("cannot be chosen for {target}"));
            }
            if rule.clear.is_some() && !target.can_be_cleared() {
                let reason = format!(
                    "cannot be chosen for {target}: only phone numbers, external ids and custom \
                     fields are cleared"
                );
                return wrong("clear", reason);
            }
            None
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_in_any_case_and_among_spaces() {
        let word = ClearWord::parse(" NULL ").unwrap();
        assert!(["null", "NULL", " Null\u{a0}"].iter().all(|cell| word.is(cell)));
        assert!(!["", "nul", "NULL!"].iter().any(|cell| word.is(cell)));
        assert!(["", " ", "a\tb"].iter().all(|word| ClearWord::parse(word).is_err()));
        assert!(ClearWord::parse(&"x".repeat(51)).is_err());
    }

    #[test]
    fn two_quotation_marks_are_a_blank_cell() {
        let word = ClearWord::parse("\"\"").unwrap();
        assert!(["", " \t", "\"\""].iter().all(|cell| word.is(cell)));
        assert!(!["\"", "x", "NULL"].iter().any(|cell| word.is(cell)));
    }

    #[test]
    fn rules_must_fit_the_targets_of_their_columns() {
        let wrong = |target: &str, rule: Option<CellRule>, clear: Option<&str>| {
            let clear = clear.map(|word| ClearWord::parse(word).unwrap());
            let plan = Plan {
                columns: vec![Target::parse(target)],
                rules: vec![ColumnRule { column: 0, rule, clear }],
                ..Plan::default()
            };
            plan.wrong_rules().next().map(|invalid| invalid.field)
        };
        let (overwrite, add) = (Some(CellRule::Overwrite), Some(CellRule::Add));
        for target in ["name", "first_name", "email", "phone", "external_id", "custom:tier"] {
            assert_eq!(wrong(target, overwrite, None), None, "{target}");
            assert_eq!(wrong(target, add, None).as_deref(), Some("rules[0].rule"), "{target}");
        }
        for target in ["tags", "other_emails"] {
            assert_eq!(wrong(target, add, None), None, "{target}");
            assert_eq!(wrong(target, overwrite, None).as_deref(), Some("rules[0].rule"));
        }
        for target in ["phone", "external_id", "custom:tier", "nothing"] {
            assert_eq!(wrong(target, None, Some("null")), None, "{target}");
        }
        for target in ["id", "name", "last_name", "email", "other_emails", "tags", "subscribed"] {
            assert_eq!(wrong(target, None, Some("null")).as_deref(), Some("rules[0].clear"));
        }
    }
}
