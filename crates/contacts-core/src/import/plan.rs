//! What is to be done with a file (R32, R33).

use super::Target;
use crate::tag::TagName;
use crate::{Invalid, Result};

/// What is to be done with a file.
///
/// ```
/// use contacts_core::import::{Plan, Policy, Target};
///
/// let plan = |columns: &[&str]| Plan {
///     columns: columns.iter().map(|name| Target::parse(name)).collect(),
///     policy: Policy::Overwrite,
///     tags: Vec::new(),
/// };
/// assert!(plan(&["email", "last_name", "custom:tier", "tags", "tags"]).check().is_ok());
/// assert!(plan(&["email", "phone"]).check().is_err(), "nothing goes to the name");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Where each column goes, in the order of the header; nothing skips it.
    pub columns: Vec<Option<Target>>,
    /// What may happen to contacts.
    pub policy: Policy,
    /// Tags for everybody in the file.
    pub tags: Vec<TagName>,
}

/// What may happen to contacts (R33).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// New people are added; cells that are not blank overwrite what is known.
    #[default]
    Overwrite,
    /// New people are added; cells fill only what is blank.
    FillBlanks,
    /// New people are added; known ones are skipped.
    AddOnly,
    /// Known people are overwritten; new ones are skipped.
    UpdateOnly,
}

impl Policy {
    /// Every policy.
    pub const ALL: [Self; 4] = [Self::Overwrite, Self::FillBlanks, Self::AddOnly, Self::UpdateOnly];

    /// The policy's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Overwrite => "overwrite",
            Self::FillBlanks => "fill_blanks",
            Self::AddOnly => "add_only",
            Self::UpdateOnly => "update_only",
        }
    }

    /// The policy of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.as_str() == name)
    }
}

impl Plan {
    /// Checks that the file can be imported so.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Invalid`] naming `columns`: when two columns have the same target that
    /// takes one only, or nothing is mapped to the name or to the address.
    pub fn check(&self) -> Result<()> {
        let mut wrong = Vec::new();
        let goes_to =
            |target: &Target| self.columns.iter().flatten().filter(|t| *t == target).count();
        let mut seen: Vec<&Target> = Vec::new();
        for target in self.columns.iter().flatten() {
            if *target != Target::Tags && goes_to(target) > 1 && !seen.contains(&target) {
                seen.push(target);
                wrong.push(Invalid::new(
                    "columns",
                    format!("map two columns to {target}: only tags take several"),
                ));
            }
        }
        let has_name =
            [Target::Name, Target::FirstName, Target::LastName].iter().any(|t| goes_to(t) > 0);
        let has_email = goes_to(&Target::Email) > 0;
        let missing = match (has_name, has_email) {
            (true, true) => None,
            (false, true) => Some("no column is mapped to the name"),
            (true, false) => Some("no column is mapped to email"),
            (false, false) => Some("no column is mapped to the name, and none to email"),
        };
        wrong.extend(
            missing.map(|what| Invalid::new("columns", format!("cannot be imported: {what}"))),
        );
        if wrong.is_empty() { Ok(()) } else { Err(wrong.into()) }
    }
}
