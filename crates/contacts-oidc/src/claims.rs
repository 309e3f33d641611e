//! The claims of an ID token, as the core takes them.

use std::collections::{BTreeMap, BTreeSet};

use contacts_core::contact::EmailAddress;
use contacts_core::identity::{Claims, Identity};
use openidconnect::core::CoreGenderClaim;
use openidconnect::{AdditionalClaims, IdTokenClaims};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The claims that OpenID Connect does not define, such as groups.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct OtherClaims {
    #[serde(flatten)]
    values: Map<String, Value>,
}

impl AdditionalClaims for OtherClaims {}

/// How many claims within claims are read.
const MAX_DEPTH: usize = 4;

/// Reads verified claims; `None` when issuer and subject make no identity.
pub(crate) fn read(claims: &IdTokenClaims<OtherClaims, CoreGenderClaim>) -> Option<Claims> {
    let identity = Identity::new(claims.issuer(), claims.subject())?;
    let name = claims.name().and_then(|names| names.get(None)).map(|name| name.to_string());
    let user_name = claims.preferred_username().map(|name| name.to_string());
    let is_verified = claims.email_verified() == Some(true);
    let email = claims.email().filter(|_| is_verified);
    let mut values = BTreeMap::new();
    for (claim, value) in &claims.additional_claims().values {
        collect(claim, value, MAX_DEPTH, &mut values);
    }
    Some(Claims {
        identity,
        name: name.filter(|name| !name.trim().is_empty()).or(user_name),
        email: email.and_then(|email| EmailAddress::parse(email).ok()),
        values,
    })
}

/// Collects the texts of a claim under its name, and those of the claims within it.
fn collect(
    name: &str,
    value: &Value,
    depth: usize,
    values: &mut BTreeMap<String, BTreeSet<String>>,
) {
    let mut add = |text: String| {
        values.entry(name.to_owned()).or_default().insert(text);
    };
    match value {
        Value::String(text) => add(text.clone()),
        Value::Bool(value) => add(value.to_string()),
        Value::Number(number) => add(number.to_string()),
        Value::Array(items) => items.iter().for_each(|item| match item {
            Value::Array(_) | Value::Object(_) => {}
            item => collect(name, item, depth, values),
        }),
        Value::Object(members) if depth > 0 => {
            for (member, value) in members {
                collect(&format!("{name}.{member}"), value, depth - 1, values);
            }
        }
        Value::Object(_) | Value::Null => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn claims_within_claims_have_names_with_dots() {
        let claims = json!({
            "groups": ["staff", "leads"], "hd": "example.org", "level": 3,
            "realm_access": {"roles": ["editor"]}, "nothing": null,
            "deep": {"a": {"b": {"c": {"d": {"e": "x"}}}}}, "lists": [["x"], {"y": 1}],
        });
        let mut values = BTreeMap::new();
        for (name, value) in claims.as_object().unwrap() {
            collect(name, value, MAX_DEPTH, &mut values);
        }
        let values: Vec<_> =
            values.iter().map(|(name, texts)| (name.as_str(), Vec::from_iter(texts))).collect();
        assert_eq!(
            format!("{values:?}"),
            r#"[("groups", ["leads", "staff"]), ("hd", ["example.org"]), ("level", ["3"]), ("realm_access.roles", ["editor"])]"#
        );
    }
}
