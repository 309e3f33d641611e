//! The plan of an import: mapping, policy and tags (R32, R33).

use super::{ChoicesOrigin, ColumnFormat, ColumnRule, DomainReplacements, Target};
use crate::tag::TagName;
use crate::{Invalid, Result};

/// The plan of an import.
///
/// ```
/// use contacts_core::import::{Plan, Policy, Target};
///
/// let plan = |columns: &[&str]| Plan {
///     columns: columns.iter().map(|name| Target::parse(name)).collect(),
///     policy: Policy::Overwrite,
///     ..Plan::default()
/// };
/// assert!(plan(&["email", "last_name", "custom:tier", "tags", "tags"]).check().is_ok());
/// assert!(plan(&["name", "email", "email"]).check().is_ok(), "the first with a value is read");
/// assert!(plan(&["name", "name", "email"]).check().is_err());
/// assert!(plan(&["email", "phone"]).check().is_err(), "nothing goes to the name");
/// let updates = Plan { policy: Policy::UpdateOnly, ..plan(&["external_id", "tags"]) };
/// assert!(updates.check().is_ok(), "contacts that exist have names");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The target of each column, in the order of the header; `None` skips the column.
    pub columns: Vec<Option<Target>>,
    /// What rows may do to contacts.
    pub policy: Policy,
    /// Tags for every contact of the file.
    pub tags: Vec<TagName>,
    /// The domains of addresses that are replaced (R58).
    pub domains: DomainReplacements,
    /// The formats of columns whose values do not show them, each column once (R58).
    pub formats: Vec<ColumnFormat>,
    /// The rules of columns that differ from the policy, each column once (R58).
    pub rules: Vec<ColumnRule>,
    /// The earlier import whose choices the plan began with; `None` if it began with the
    /// suggestions (R58).
    pub choices_of: Option<ChoicesOrigin>,
}

/// What rows may do to contacts (R33).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// New contacts are added; cells with a value overwrite fields of existing ones.
    #[default]
    Overwrite,
    /// New contacts are added; cells fill only blank fields of existing ones.
    FillBlanks,
    /// New contacts are added; rows about existing ones are skipped.
    AddOnly,
    /// Existing contacts are overwritten; rows about new ones are skipped.
    UpdateOnly,
    /// The file is an opt-out list: existing contacts are unsubscribed, and addresses without a
    /// contact are suppressed. Nothing else is written, and no contact is added (R52).
    OptOut,
}

impl Policy {
    /// Every policy.
    pub const ALL: [Self; 5] =
        [Self::Overwrite, Self::FillBlanks, Self::AddOnly, Self::UpdateOnly, Self::OptOut];

    /// Returns whether rows may add contacts.
    pub fn adds(self) -> bool {
        !matches!(self, Self::UpdateOnly | Self::OptOut)
    }

    /// The policy's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Overwrite => "overwrite",
            Self::FillBlanks => "fill_blanks",
            Self::AddOnly => "add_only",
            Self::UpdateOnly => "update_only",
            Self::OptOut => "opt_out",
        }
    }

    /// The policy of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.as_str() == name)
    }
}

impl Plan {
    /// Returns whether every row says that its person wants no messages: in an opt-out list without
    /// a column that decides row by row (R52).
    pub fn opts_all_out(&self) -> bool {
        let decides = self.columns.iter().flatten().any(Target::is_opt_out);
        self.policy == Policy::OptOut && !decides
    }

    /// Checks that the file can be imported by this plan.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Invalid`] naming a rule that its column cannot have, or `columns`: when two columns have the same target that
    /// takes one only, or a column is missing. Contacts are found by an id, an external id or an
    /// address; name and address are needed only by an import that adds contacts (R50).
    pub fn check(&self) -> Result<()> {
        let mut errors: Vec<_> = self.wrong_rules().collect();
        let targets_field =
            |target: &Target| self.columns.iter().flatten().filter(|t| *t == target).count();
        let mut seen: Vec<&Target> = Vec::new();
        for target in self.columns.iter().flatten() {
            let takes_one = !target.takes_several() && !target.takes_alternatives();
            if takes_one && targets_field(target) > 1 && !seen.contains(&target) {
                seen.push(target);
                errors.push(Invalid::new(
                    "columns",
                    format!("map two columns to {target}, which takes one"),
                ));
            }
        }
        let has_name = [Target::Name, Target::FirstName, Target::LastName]
            .iter()
            .any(|t| targets_field(t) > 0);
        let has_email = targets_field(&Target::Email) > 0;
        let has_id = targets_field(&Target::Id) + targets_field(&Target::ExternalId) > 0;
        let missing = match (has_name, has_email) {
            _ if !self.policy.adds() => (!has_email && !has_id).then_some(
                "no column is mapped to email, to an external id or to the contact's id",
            ),
            (true, true) => None,
            (false, true) => {
                Some("no column is mapped to the name: map one, or only update contacts that exist")
            }
            (true, false) => {
                Some("no column is mapped to email: map one, or only update contacts that exist")
            }
            (false, false) => Some("no column is mapped to the name, and none to email"),
        };
        errors.extend(
            missing.map(|what| Invalid::new("columns", format!("cannot be imported: {what}"))),
        );
        if errors.is_empty() { Ok(()) } else { Err(errors.into()) }
    }
}
