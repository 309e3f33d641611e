//! Access rules: an operator states which people may sign in at an issuer, and which role they get.

use std::collections::{BTreeMap, BTreeSet};

use super::Claims;
use crate::key::Role;

/// The access rules of an issuer: which people may sign in, and which role they get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessRules {
    /// Claims that a person must have, each with one of its values.
    pub required: BTreeMap<String, String>,
    /// The claim that gives the role, if there is one.
    pub roles: Option<RoleClaim>,
    /// Domains of verified addresses whose owners need no invitation, in lower case.
    pub domains: BTreeSet<String>,
    /// The role of users who are made because of their domain.
    pub default_role: Role,
}

/// A claim that gives the role of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleClaim {
    /// Name of the claim, as in [`Claims::values`].
    pub claim: String,
    /// Roles by the values of the claim.
    pub roles: BTreeMap<String, Role>,
}

/// What the rules grant to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// The role that the claim gives. It replaces that of a user at each sign-in.
    pub role: Option<Role>,
    /// The role of a user who is made without an invitation; `None` when an invitation is needed.
    pub new_user: Option<Role>,
}

impl AccessRules {
    /// Returns what is granted to a person; `None` when the person must not sign in: a required
    /// claim is missing, or roles are given by a claim and none of its values gives one.
    pub fn decide(&self, claims: &Claims) -> Option<Access> {
        let has = |(name, value): (&String, &String)| {
            claims.values.get(name).is_some_and(|values| values.contains(value))
        };
        if !self.required.iter().all(has) {
            return None;
        }
        let domain = claims.email.as_ref().map(|email| email.domain().to_lowercase());
        let is_of_domain = domain.is_some_and(|domain| self.domains.contains(&domain));
        match &self.roles {
            Some(roles) => {
                let role = roles.role(claims)?;
                Some(Access { role: Some(role), new_user: Some(role) })
            }
            None => {
                Some(Access { role: None, new_user: is_of_domain.then_some(self.default_role) })
            }
        }
    }
}

impl RoleClaim {
    /// Returns the highest role that a value of the claim gives.
    fn role(&self, claims: &Claims) -> Option<Role> {
        let values = claims.values.get(&self.claim)?;
        values.iter().filter_map(|value| self.roles.get(value).copied()).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::EmailAddress;
    use crate::identity::Identity;

    fn rules() -> AccessRules {
        AccessRules {
            required: BTreeMap::new(),
            roles: None,
            domains: BTreeSet::new(),
            default_role: Role::Viewer,
        }
    }

    fn person(email: Option<&str>, values: &[(&str, &[&str])]) -> Claims {
        let texts = |values: &[&str]| values.iter().map(ToString::to_string).collect();
        let values = values.iter().map(|(name, values)| ((*name).to_owned(), texts(values)));
        Claims {
            identity: Identity::new("https://login.example.org", "1").unwrap(),
            name: None,
            email: email.map(|email| EmailAddress::parse(email).unwrap()),
            values: values.collect(),
        }
    }

    #[test]
    fn without_rules_a_person_needs_an_invitation() {
        let access = rules().decide(&person(Some("ann@example.org"), &[]));
        assert_eq!(access, Some(Access { role: None, new_user: None }));
    }

    #[test]
    fn owners_of_an_address_of_a_domain_need_none() {
        let rules = AccessRules {
            domains: ["example.org".to_owned()].into(),
            default_role: Role::Editor,
            ..rules()
        };
        let new_user = |email| rules.decide(&person(email, &[])).unwrap().new_user;
        assert_eq!(new_user(Some("ann@Example.ORG")), Some(Role::Editor));
        assert_eq!(new_user(Some("ann@sub.example.org")), None);
        assert_eq!(new_user(Some("ann@notexample.org")), None);
        assert_eq!(new_user(None), None);
    }

    #[test]
    fn a_claim_gives_the_highest_of_its_roles_and_without_one_nobody_signs_in() {
        let given = [("staff", Role::Viewer), ("leads", Role::Manager)];
        let given = given.map(|(value, role)| (value.to_owned(), role));
        let roles = RoleClaim { claim: "groups".to_owned(), roles: given.into() };
        // The domain of the address does not help either.
        let domains = ["example.org".to_owned()].into();
        let rules = AccessRules { roles: Some(roles), domains, ..rules() };
        let decide = |values| rules.decide(&person(Some("ann@example.org"), values));
        let manager = Some(Role::Manager);
        let both: &[(&str, &[&str])] = &[("groups", &["leads", "other", "staff"])];
        assert_eq!(decide(both), Some(Access { role: manager, new_user: manager }));
        assert_eq!(decide(&[("groups", &["other"])]), None);
        assert_eq!(decide(&[("roles", &["staff"])]), None);
        assert_eq!(decide(&[]), None);
    }

    #[test]
    fn a_required_claim_must_have_its_value() {
        let required = [("hd".to_owned(), "example.org".to_owned())].into();
        let rules = AccessRules { required, ..rules() };
        let decide = |values| rules.decide(&person(None, values)).is_some();
        assert!(decide(&[("hd", &["example.org"])]));
        assert!(!decide(&[("hd", &["example.com"])]));
        assert!(!decide(&[]));
    }
}
