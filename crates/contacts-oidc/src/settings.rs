//! Reads the file in which the operator lists the issuers.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::{fmt, fs};

use contacts_core::OrgId;
use contacts_core::identity::{AccessRules, OrganisationRule, Provider, Providers, RoleClaim};
use contacts_core::key::Role;
use openidconnect::{ClientId, ClientSecret, IssuerUrl};
use serde::Deserialize;
use url::Url;
use uuid::Uuid;

use crate::client::{IssuerClient, Limits, is_loopback};
use crate::issuer::OidcIssuer;
use crate::metadata::MetadataCache;

/// The list of issuers is invalid; the message is a sentence for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidIssuerList(String);

impl fmt::Display for InvalidIssuerList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidIssuerList {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    issuers: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    name: String,
    issuer: String,
    client_id: String,
    client_secret: Option<String>,
    /// Name of the environment variable with the client's secret.
    client_secret_env: Option<String>,
    #[serde(default)]
    scopes: Vec<String>,
    organisation: Option<Uuid>,
    organisation_claim: Option<String>,
    #[serde(default)]
    required: BTreeMap<String, String>,
    roles: Option<RolesEntry>,
    #[serde(default)]
    domains: BTreeSet<String>,
    default_role: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RolesEntry {
    claim: String,
    values: BTreeMap<String, String>,
}

/// Returns the issuers that a file lists. `environment` returns the value of a variable that the
/// list names.
///
/// # Errors
///
/// [`InvalidIssuerList`] when the file cannot be read or an entry is invalid.
pub fn providers(
    file: &Path,
    environment: &dyn Fn(&str) -> Option<OsString>,
    limits: Limits,
) -> Result<Providers, InvalidIssuerList> {
    let invalid =
        |what: &str| InvalidIssuerList(format!("the list of issuers {} {what}", file.display()));
    let text = fs::read(file).map_err(|error| invalid(&format!("cannot be read: {error}")))?;
    read(&text, environment, limits).map_err(|what| invalid(&format!("is invalid{what}")))
}

/// Reads a list; the error follows "is invalid".
fn read(
    text: &[u8],
    environment: &dyn Fn(&str) -> Option<OsString>,
    limits: Limits,
) -> Result<Providers, String> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let list: List = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| format!(" at {}: {}", error.path(), error.inner()))?;
    let (mut ids, mut urls) = (BTreeSet::new(), BTreeSet::new());
    let mut providers = Vec::new();
    for entry in list.issuers {
        let id = entry.id.clone();
        let is_new = ids.insert(id.clone()) && urls.insert(entry.issuer.clone());
        let provider = provider(entry, environment, limits)
            .map_err(|what| format!(": the issuer {id} {what}"))?;
        if !is_new {
            return Err(format!(": the id or the URL of the issuer {id} is listed twice"));
        }
        providers.push(provider);
    }
    Ok(providers.into_iter().collect())
}

fn provider(
    entry: Entry,
    environment: &dyn Fn(&str) -> Option<OsString>,
    limits: Limits,
) -> Result<Provider, String> {
    let is_id = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if entry.id.is_empty() || entry.id.len() > 60 || !entry.id.chars().all(is_id) {
        return Err("must have an id of at most 60 lower-case letters, digits and hyphens".into());
    }
    let name = entry.name.trim();
    if name.is_empty() || name.chars().count() > 60 || name.chars().any(char::is_control) {
        return Err("must have a name of 1 to 60 characters".to_owned());
    }
    let rules = rules(&entry)?;
    let organisation = match (entry.organisation, &entry.organisation_claim) {
        (None, None) => OrganisationRule::Only,
        (Some(id), None) => OrganisationRule::Fixed(OrgId(id)),
        (None, Some(claim)) if !claim.is_empty() => OrganisationRule::Claim(claim.clone()),
        _ => return Err("must have either organisation or organisation_claim".to_owned()),
    };
    let issuer = OidcIssuer {
        client_secret: client_secret(&entry, environment)?,
        http: IssuerClient::new(is_local(&entry.issuer)?, limits),
        url: IssuerUrl::new(entry.issuer)
            .map_err(|error| format!("has an invalid URL: {error}"))?,
        client_id: ClientId::new(entry.client_id),
        scopes: entry.scopes,
        metadata: MetadataCache::default(),
    };
    if issuer.client_id.is_empty() {
        return Err("must have a client_id".to_owned());
    }
    let name = name.to_owned();
    Ok(Provider { id: entry.id, name, organisation, rules, issuer: Arc::new(issuer) })
}

/// Checks the URL of an issuer, and returns whether it may be reached without encryption.
fn is_local(issuer: &str) -> Result<bool, String> {
    let url =
        Url::parse(issuer).map_err(|_invalid| "must have the URL of the issuer".to_owned())?;
    let has_more = url.query().is_some()
        || url.fragment().is_some()
        || !url.username().is_empty()
        || url.password().is_some();
    if has_more {
        return Err("must have a URL without a query, a fragment and a user".to_owned());
    }
    match url.scheme() {
        "https" => Ok(false),
        "http" if is_loopback(&url) => Ok(true),
        _ => Err("must have a URL that starts with https://".to_owned()),
    }
}

fn client_secret(
    entry: &Entry,
    environment: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Option<ClientSecret>, String> {
    let secret = match (&entry.client_secret, &entry.client_secret_env) {
        (None, None) => return Ok(None),
        (Some(secret), None) => secret.clone(),
        (None, Some(name)) => environment(name)
            .and_then(|value| value.into_string().ok())
            .ok_or_else(|| format!("needs its secret in the environment variable {name}"))?,
        (Some(_), Some(_)) => {
            return Err("must have either client_secret or client_secret_env".to_owned());
        }
    };
    if secret.trim().is_empty() {
        return Err("has an empty secret".to_owned());
    }
    Ok(Some(ClientSecret::new(secret)))
}

fn rules(entry: &Entry) -> Result<AccessRules, String> {
    let role = |name: &String| {
        Role::parse(name).ok_or_else(|| format!("names the role {name}: use {}", Role::NAMES))
    };
    let roles = match &entry.roles {
        None => None,
        Some(roles) if roles.values.is_empty() || roles.claim.is_empty() => {
            return Err("must name a claim and at least one value of it in roles".to_owned());
        }
        Some(roles) => {
            let given = roles.values.iter().map(|(value, name)| Ok((value.clone(), role(name)?)));
            let given = given.collect::<Result<_, String>>()?;
            Some(RoleClaim { claim: roles.claim.clone(), roles: given })
        }
    };
    let is_unused = roles.is_some() && !entry.domains.is_empty();
    if is_unused || (entry.domains.is_empty() && entry.default_role.is_some()) {
        return Err("uses domains and default_role only together, and without roles".to_owned());
    }
    let is_domain = |domain: &&String| domain.contains('.') && !domain.contains(['@', '*', ' ']);
    if !entry.domains.iter().all(|domain| is_domain(&domain)) {
        return Err("must have domains such as example.org".to_owned());
    }
    Ok(AccessRules {
        required: entry.required.clone(),
        roles,
        domains: entry.domains.iter().map(|domain| domain.to_lowercase()).collect(),
        default_role: entry.default_role.as_ref().map_or(Ok(Role::Viewer), role)?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn entry(more: Value) -> Value {
        let mut entry = json!({
            "id": "example", "name": "Example Ltd", "issuer": "https://login.example.org",
            "client_id": "contacts", "client_secret_env": "SECRET",
        });
        for (name, value) in more.as_object().unwrap() {
            match value {
                Value::Null => drop(entry.as_object_mut().unwrap().remove(name)),
                value => entry[name] = value.clone(),
            }
        }
        entry
    }

    fn list(entries: &[Value]) -> Result<Providers, String> {
        let text = json!({ "issuers": entries }).to_string();
        let environment = |name: &str| (name == "SECRET").then(|| "abc".into());
        read(text.as_bytes(), &environment, Limits::default())
    }

    #[test]
    fn issuers_are_read_in_their_order() {
        let roles = json!({"claim": "groups", "values": {"staff": "editor"}});
        let org = "019b7904-d100-7000-8000-000000000001";
        let second = entry(json!({
            "id": "second", "issuer": "http://127.0.0.1:9000", "client_secret_env": null,
            "organisation": org, "roles": roles, "required": {"hd": "example.org"},
        }));
        let third = entry(json!({
            "id": "third", "issuer": "https://other.example.org/realms/a", "scopes": ["groups"],
            "organisation_claim": "org", "domains": ["Example.org"], "default_role": "editor",
        }));
        let providers = list(&[entry(json!({})), second, third]).unwrap();
        let ids: Vec<_> = providers.iter().map(|provider| &*provider.id).collect();
        assert_eq!(ids, ["example", "second", "third"]);
        let [first, second, third] = &providers[..] else { panic!() };
        assert_eq!(
            (&*first.name, first.issuer.url()),
            ("Example Ltd", "https://login.example.org")
        );
        assert_eq!(first.organisation, OrganisationRule::Only);
        assert_eq!(second.organisation, OrganisationRule::Fixed(OrgId(org.parse().unwrap())));
        assert_eq!(second.rules.roles.as_ref().unwrap().roles["staff"], Role::Editor);
        assert_eq!(third.organisation, OrganisationRule::Claim("org".to_owned()));
        assert_eq!(third.rules.domains, ["example.org".to_owned()].into());
        assert_eq!(third.rules.default_role, Role::Editor);
        assert!(providers.find("second").is_some() && providers.find("none").is_none());
    }

    #[test]
    fn an_invalid_entry_is_named_with_its_reason() {
        let org = "019b7904-d100-7000-8000-000000000001";
        let roles = |values| json!({"roles": {"claim": "groups", "values": values}});
        let wrong = [
            (json!({"id": "Example"}), "an id of"),
            (json!({"name": " "}), "a name of"),
            (json!({"issuer": "http://login.example.org"}), "starts with https://"),
            (json!({"issuer": "ftp://localhost"}), "starts with https://"),
            (json!({"issuer": "login.example.org"}), "the URL of the issuer"),
            (json!({"issuer": "https://login.example.org?a"}), "without a query"),
            (json!({"client_id": ""}), "a client_id"),
            (json!({"client_secret": "a"}), "either client_secret or"),
            (json!({"client_secret_env": "NONE"}), "the environment variable NONE"),
            (json!({"client_secret": " ", "client_secret_env": null}), "an empty secret"),
            (json!({"organisation": org, "organisation_claim": "a"}), "either organisation or"),
            (json!({"default_role": "viewer"}), "only together"),
            (json!({"domains": ["a.org"], "default_role": "owner"}), "names the role owner"),
            (json!({"domains": ["*.org"]}), "domains such as"),
            (roles(json!({"a": "owner"})), "names the role owner"),
            (roles(json!({})), "at least one value"),
        ];
        for (more, reason) in wrong {
            let error = list(&[entry(more.clone())]).unwrap_err();
            assert!(error.starts_with(": the issuer "), "{more}: {error}");
            assert!(error.contains(reason), "{more}: {error}");
        }
        let error = list(&[entry(json!({})), entry(json!({"id": "b"}))]).unwrap_err();
        assert_eq!(error, ": the id or the URL of the issuer b is listed twice");
        let error = list(&[entry(json!({"surprise": 1}))]).unwrap_err();
        assert!(error.starts_with(" at issuers[0].surprise: unknown field"), "{error}");
    }
}
