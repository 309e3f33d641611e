//! The mapping of a stream's fields to targets.

use std::collections::BTreeMap;

use crate::Invalid;
use crate::import::Target;

/// The mapping of the fields of a source's records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// Fields of the stream, each with the value of a contact that it supplies.
    pub fields: Vec<MappedField>,
    /// The field that contains the external id; without one, the key of the stream.
    pub id_field: Option<String>,
}

/// A field of a stream, and the value of a contact that it supplies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappedField {
    /// The name of the field in the stream.
    pub field: String,
    /// The target.
    pub target: Target,
    /// Which existing values it may overwrite.
    pub overwrite: Overwrite,
}

/// Which existing values a source may overwrite (R39). A value that the source has sent before is
/// never written again, so edits by users stay until the source sends a new value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overwrite {
    /// Blank values, and values that the source wrote and nobody has changed since.
    #[default]
    Own,
    /// Blank values only.
    Blanks,
    /// All values.
    Everything,
}

impl Overwrite {
    /// Every policy.
    pub const ALL: [Self; 3] = [Self::Own, Self::Blanks, Self::Everything];

    /// The name in the API and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Blanks => "blanks",
            Self::Everything => "everything",
        }
    }

    /// Reads a name; `None` when it is unknown.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|overwrite| overwrite.as_str() == name)
    }
}

impl Mapping {
    /// Maximum number of mapped fields.
    pub const MAX_FIELDS: usize = 500;

    /// Lists what is wrong with the mapping: two fields with the same target that takes one only, a
    /// field for a target that only files have, or no field for the name or the address.
    pub fn errors(&self) -> Vec<Invalid> {
        let mut errors = Vec::new();
        let mut invalid = |reason: String| errors.push(Invalid::new("mapping", reason));
        if self.fields.len() > Self::MAX_FIELDS {
            invalid(format!("must have at most {} fields", Self::MAX_FIELDS));
        }
        let mut targets: BTreeMap<&Target, usize> = BTreeMap::new();
        for mapped in &self.fields {
            *targets.entry(&mapped.target).or_default() += 1;
        }
        for (target, fields) in &targets {
            if *fields > 1 && !target.takes_several() {
                invalid(format!("maps two fields to {target}, which takes one"));
            }
        }
        for target in targets.keys().filter(|target| target.is_for_files_only()) {
            invalid(format!("must not map a field to {target}, which only files have"));
        }
        let tells_who = [Target::Name, Target::FirstName, Target::LastName, Target::Email];
        if !tells_who.iter().any(|target| targets.contains_key(target)) {
            invalid("must map a field to the name or to the email".to_owned());
        }
        errors
    }

    /// Returns what may be overwritten at the targets.
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
    fn a_mapping_needs_a_name_or_an_address_and_unique_targets(
        #[case] targets: &[&str],
        #[case] errors: usize,
    ) {
        let mapped = |target: &&str| MappedField {
            field: "x".to_owned(),
            target: Target::parse(target).unwrap(),
            overwrite: Overwrite::Own,
        };
        let mapping = Mapping { fields: targets.iter().map(mapped).collect(), id_field: None };
        assert_eq!(mapping.errors().len(), errors);
    }
}
