//! Which field of a record goes where.

use std::collections::BTreeMap;

use crate::Invalid;
use crate::import::Target;

/// What the fields of a source's records become.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// The fields that go somewhere.
    pub fields: Vec<Mapped>,
    /// The field that holds the external id; the stream's own key, without one.
    pub id_field: Option<String>,
}

/// A field that goes somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapped {
    /// Its name in the stream.
    pub field: String,
    /// Where it goes.
    pub target: Target,
    /// What it may overwrite there.
    pub overwrite: Overwrite,
}

/// What a source may overwrite (R39). What it has said before is never new, so that what somebody
/// typed or cleared meanwhile stays until the source says something else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overwrite {
    /// Blanks, and what it wrote itself if that is still so.
    #[default]
    Own,
    /// Blanks only.
    Blanks,
    /// Everything.
    Everything,
}

impl Overwrite {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Own, Self::Blanks, Self::Everything];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Blanks => "blanks",
            Self::Everything => "everything",
        }
    }

    /// The one of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|overwrite| overwrite.as_str() == name)
    }
}

impl Mapping {
    /// The most fields.
    pub const MOST: usize = 500;

    /// What is wrong with it: two fields with the same target that takes one only, or nothing
    /// that goes to the name or to the address.
    pub fn wrong(&self) -> Vec<Invalid> {
        let mut wrong = Vec::new();
        let mut invalid = |why: String| wrong.push(Invalid::new("mapping", why));
        if self.fields.len() > Self::MOST {
            invalid(format!("must have at most {} fields", Self::MOST));
        }
        let mut targets: BTreeMap<&Target, usize> = BTreeMap::new();
        for mapped in &self.fields {
            *targets.entry(&mapped.target).or_default() += 1;
        }
        for (target, fields) in &targets {
            if *fields > 1 && **target != Target::Tags {
                invalid(format!("maps two fields to {target}: only tags take several"));
            }
        }
        let tells_who = [Target::Name, Target::FirstName, Target::LastName, Target::Email];
        if !tells_who.iter().any(|target| targets.contains_key(target)) {
            invalid("must map a field to the name or to the email".to_owned());
        }
        wrong
    }

    /// What may be overwritten of what a target goes to.
    pub(super) fn overwrite(&self, targets: &[Target]) -> Overwrite {
        let mapped = self.fields.iter().find(|mapped| targets.contains(&mapped.target));
        mapped.map(|mapped| mapped.overwrite).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(&["name"], 0)]
    #[case(&["email"], 0)]
    #[case(&["last_name", "tags", "tags"], 0)]
    #[case(&["phone", "tags"], 1)]
    #[case(&[], 1)]
    #[case(&["email", "email", "custom:a", "custom:a"], 2)]
    fn a_mapping_tells_who_and_no_target_takes_two(#[case] targets: &[&str], #[case] wrong: usize) {
        let mapped = |target: &&str| Mapped {
            field: "x".to_owned(),
            target: Target::parse(target).unwrap(),
            overwrite: Overwrite::Own,
        };
        let mapping = Mapping { fields: targets.iter().map(mapped).collect(), id_field: None };
        assert_eq!(mapping.wrong().len(), wrong);
    }
}
