//! Why two contacts may be the same person, and how strong that is (R54).

use std::collections::BTreeSet;

use super::similarity::are_similar;
use crate::contact::Contact;

/// Reason why two contacts may be the same person. Ordered from the strongest to the weakest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DuplicateReason {
    /// A visitor of a widget left the addresses of both, or the address of one and the name of the
    /// other.
    Captured,
    /// Both have the same phone number in E.164.
    Phone,
    /// Both have the same name, ignoring case and accents, and addresses of one domain.
    NameAndDomain,
    /// Both have the same name, ignoring case and accents, and one of them has no address.
    Name,
    /// Both have [similar](are_similar) names.
    SimilarName,
}

/// Strength of a pair of possible duplicates. Ordered from the strongest to the weakest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// Captured together, or the same phone number.
    Strong,
    /// The same name and the same domain.
    Medium,
    /// The same name without an address to compare, or similar names.
    Weak,
}

/// Values of a contact that are compared with those of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComparedValues {
    /// Phone number in E.164.
    pub number: Option<String>,
    /// Folded name. Empty without a name.
    pub name: String,
    /// Normalised domain of the primary address.
    pub domain: Option<String>,
}

/// Values that too many contacts share to be a reason, such as the number of a switchboard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SharedValues {
    /// Phone numbers in E.164 that more than [`SharedValues::MAX_CONTACTS`] contacts have.
    pub numbers: BTreeSet<String>,
    /// Folded names that more than [`SharedValues::MAX_CONTACTS`] contacts have.
    pub names: BTreeSet<String>,
}

impl SharedValues {
    /// Maximum number of contacts that may have one phone number, or one name, for it to be a
    /// reason.
    pub const MAX_CONTACTS: usize = 5;
}

impl Strength {
    /// Every strength, strongest first.
    pub const ALL: [Self; 3] = [Self::Strong, Self::Medium, Self::Weak];

    /// Returns the name of the strength.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Strong => "strong",
            Self::Medium => "medium",
            Self::Weak => "weak",
        }
    }

    /// Parses the name of a strength.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|strength| strength.as_str() == name)
    }

    /// Returns the strength of the strongest reason. Without a reason, a pair is weak.
    pub fn of(reasons: &[DuplicateReason]) -> Self {
        reasons.iter().map(|reason| reason.strength()).min().unwrap_or(Self::Weak)
    }
}

impl DuplicateReason {
    /// Every reason, strongest first.
    pub const ALL: [Self; 5] =
        [Self::Captured, Self::Phone, Self::NameAndDomain, Self::Name, Self::SimilarName];

    /// Returns the name of the reason.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Captured => "captured",
            Self::Phone => "phone",
            Self::NameAndDomain => "name_and_domain",
            Self::Name => "name",
            Self::SimilarName => "similar_name",
        }
    }

    /// Parses the name of a reason.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }

    /// Returns the strength that the reason gives a pair.
    pub fn strength(self) -> Strength {
        match self {
            Self::Captured | Self::Phone => Strength::Strong,
            Self::NameAndDomain => Strength::Medium,
            Self::Name | Self::SimilarName => Strength::Weak,
        }
    }

    /// Returns the reasons that follow from the values of two contacts, strongest first. A value
    /// that too many contacts share is no reason.
    pub fn between(
        one: &ComparedValues,
        other: &ComparedValues,
        shared: &SharedValues,
    ) -> Vec<Self> {
        let mut reasons = Vec::new();
        let number = one.number.as_ref().filter(|number| !shared.numbers.contains(*number));
        if number.is_some() && number == other.number.as_ref() {
            reasons.push(Self::Phone);
        }
        let is_usable = |name: &String| !name.is_empty() && !shared.names.contains(name);
        if !is_usable(&one.name) || !is_usable(&other.name) {
            return reasons;
        }
        if one.name == other.name {
            match (&one.domain, &other.domain) {
                (Some(domain), Some(other)) if domain == other => {
                    reasons.push(Self::NameAndDomain);
                }
                (Some(_), Some(_)) => {}
                _ => reasons.push(Self::Name),
            }
        } else if are_similar(&one.name, &other.name) {
            reasons.push(Self::SimilarName);
        }
        reasons
    }
}

impl ComparedValues {
    /// Takes the values as a store has them: the number in E.164, the folded name and the
    /// normalised primary address. Name and address are empty when they are missing.
    pub fn new(number: Option<String>, name: String, email_key: &str) -> Self {
        let domain = email_key.rsplit_once('@').map(|(_, domain)| domain.to_owned());
        Self { number, name, domain }
    }
}

impl From<&Contact> for ComparedValues {
    fn from(contact: &Contact) -> Self {
        let number = contact.phone.as_ref().and_then(|phone| phone.e164()).map(str::to_owned);
        Self::new(number, contact.name_key(), contact.email_key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use DuplicateReason::{Name, NameAndDomain, Phone, SimilarName};

    fn values(number: &str, name: &str, email: &str) -> ComparedValues {
        let number = (!number.is_empty()).then(|| number.to_owned());
        ComparedValues::new(number, name.to_owned(), email)
    }

    #[test]
    fn reasons_follow_from_numbers_names_and_domains() {
        let cases: [(_, _, &[DuplicateReason]); 9] = [
            (values("+1", "ann", "a@x.org"), values("+1", "bo", "b@y.org"), &[Phone]),
            (values("", "ann lee", "a@x.org"), values("", "ann lee", "al@x.org"), &[NameAndDomain]),
            (values("", "ann lee", "a@x.org"), values("", "ann lee", "a@y.org"), &[]),
            (values("", "ann lee", ""), values("", "ann lee", "a@y.org"), &[Name]),
            (values("", "ann lee", ""), values("", "ann lee", ""), &[Name]),
            (values("", "anna schmidt", "a@x.org"), values("", "anna schmitt", ""), &[SimilarName]),
            (
                values("+1", "ann", "a@x.org"),
                values("+1", "ann", "b@x.org"),
                &[Phone, NameAndDomain],
            ),
            (values("", "", ""), values("", "", ""), &[]),
            (values("", "", "a@x.org"), values("", "", "b@x.org"), &[]),
        ];
        for (one, other, expected) in &cases {
            let shared = SharedValues::default();
            assert_eq!(
                DuplicateReason::between(one, other, &shared),
                *expected,
                "{one:?} {other:?}"
            );
            assert_eq!(
                DuplicateReason::between(other, one, &shared),
                *expected,
                "{one:?} {other:?}"
            );
        }
    }

    #[test]
    fn a_value_that_many_share_is_no_reason() {
        let (one, other) = (values("+1", "info", ""), values("+1", "info", ""));
        let numbers = SharedValues { numbers: ["+1".to_owned()].into(), ..SharedValues::default() };
        assert_eq!(DuplicateReason::between(&one, &other, &numbers), [Name]);
        let names = SharedValues { names: ["info".to_owned()].into(), ..SharedValues::default() };
        assert_eq!(DuplicateReason::between(&one, &other, &names), [Phone]);
    }

    #[test]
    fn the_strongest_reason_decides() {
        assert_eq!(Strength::of(&[Name, Phone]), Strength::Strong);
        assert_eq!(Strength::of(&[NameAndDomain]), Strength::Medium);
        assert_eq!(Strength::of(&[SimilarName]), Strength::Weak);
    }
}
