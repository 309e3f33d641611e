//! API keys over HTTP (R2).

use std::collections::BTreeSet;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use contacts_core::Invalid;
use contacts_core::key::{ApiKey, KeyId, NewKey, Scope};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::edge::gate::Gate;
use crate::parts::answer::{Answer, json, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::body::{Body, optional_time};
use crate::parts::caller::CanAdmin;
use crate::parts::enumerated::enumeration;
use crate::parts::page::{PageParams, Paging, page_view};
use crate::parts::path::Id;
use crate::parts::problem::{Problem, ProblemView};
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(crate) fn routes(table: Table) -> Table {
    table
        .add::<__path_list, _, _>(list)
        .add::<__path_issue, _, _>(issue)
        .add::<__path_revoke, _, _>(revoke)
}

/// An API key to issue.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewKey)]
struct KeyBody {
    /// The name of the key: 1 to 100 characters.
    name: String,
    /// The scopes of the key. `capture` cannot be combined with others. Every other scope includes
    /// `read`, and `admin` includes all of them.
    #[schema(value_type = Vec<ScopeView>)]
    scopes: Vec<String>,
    /// When the key expires. Default: never.
    #[serde(default, deserialize_with = "optional_time")]
    expires_at: Option<OffsetDateTime>,
}

enumeration! {
    /// A scope of a credential.
    ///
    /// - `read`: read contacts and everything about them.
    /// - `write`: change contacts and everything about them, and delete them one at a time.
    /// - `export`: export contacts to files.
    /// - `import`: import files, and undo imports.
    /// - `merge`: merge contacts, and undo merges.
    /// - `bulk_delete`: delete many contacts at once.
    /// - `capture`: send captures, and nothing else.
    /// - `admin`: everything but captures, also users, keys, fields, webhooks, sources, erasures,
    ///   and subscribing contacts again.
    pub(crate) ScopeView = Scope as "Scope" in Scope::ALL
}

/// An API key.
#[derive(Serialize, ToSchema)]
#[schema(as = Key)]
struct KeyView {
    /// Id of the key. Not secret.
    id: Uuid,
    /// The name of the key.
    name: String,
    /// The scopes of the key.
    scopes: Vec<ScopeView>,
    /// When the key was issued.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When the key expires; null when it does not.
    #[serde(with = "time::serde::rfc3339::option")]
    expires_at: Option<OffsetDateTime>,
    /// When the key was revoked.
    #[serde(with = "time::serde::rfc3339::option")]
    revoked_at: Option<OffsetDateTime>,
}

impl From<ApiKey> for KeyView {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id.0,
            name: key.name,
            scopes: key.scopes.into_iter().map(ScopeView::from).collect(),
            created_at: key.created_at,
            expires_at: key.expires_at,
            revoked_at: key.revoked_at,
        }
    }
}

/// A newly issued key.
#[derive(Serialize, ToSchema)]
#[schema(as = IssuedKey)]
struct IssuedKeyView {
    /// The key.
    #[serde(flatten)]
    key: KeyView,
    /// The token for `Authorization: Bearer`. It is shown only once and not stored.
    token: String,
}

page_view! {
    /// A page of keys.
    struct KeysView as Keys {
        /// The keys, newest first, including revoked ones.
        items: KeyView,
    }
}

/// List API keys
#[utoipa::path(
    get, path = "/v1/keys", tag = "keys", operation_id = "list_keys",
    params(PageParams),
    responses((status = 200, description = "A page, the newest first", body = KeysView))
)]
async fn list(CanAdmin(caller): CanAdmin, shared: Data<Shared>, paging: Paging<KeyId>) -> Answer {
    let body = blocking(&shared, move |api| {
        let keys = api.keys.list(caller.org, paging.after, paging.rows())?;
        to_json(&KeysView::from(paging.cut(keys, |key| key.id).map(KeyView::from)))
    });
    Ok(ok(body.await?))
}

/// Issue an API key
#[utoipa::path(
    post, path = "/v1/keys", tag = "keys", operation_id = "issue_key",
    request_body = KeyBody,
    responses((status = 201, description = "The key and, this once, its token", body = IssuedKeyView))
)]
async fn issue(
    CanAdmin(caller): CanAdmin,
    shared: Data<Shared>,
    Body(body): Body<KeyBody>,
) -> Answer {
    let body = blocking(&shared, move |api| {
        let new = NewKey {
            name: &body.name,
            scopes: scopes(&body.scopes)?,
            expires_at: body.expires_at,
            random: random()?,
        };
        let (key, token) = api.keys.issue(caller.org, &new, caller.actor)?;
        to_json(&IssuedKeyView { key: key.into(), token: token.reveal() })
    });
    Ok(json(StatusCode::CREATED, body.await?))
}

/// Returns 32 random bytes.
pub(crate) fn random() -> Result<[u8; 32], Problem> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(|error| {
        tracing::error!(%error, "failed to read random bytes from the system");
        Problem::internal()
    })?;
    Ok(random)
}

fn scopes(names: &[String]) -> Result<BTreeSet<Scope>, Problem> {
    let scope = |name: &String| {
        let reason = || format!("must be of {}", Scope::NAMES);
        Scope::parse(name).ok_or_else(|| Problem::invalid(Invalid::one("scopes", reason())))
    };
    names.iter().map(scope).collect()
}

/// Revoke an API key permanently
#[utoipa::path(
    delete, path = "/v1/keys/{id}", tag = "keys", operation_id = "revoke_key",
    params(("id" = Uuid, Path, description = "The key")),
    responses(
        (status = 200, description = "The key, revoked; within seconds no server takes it any more", body = KeyView),
        (status = 404, description = "There is no such key", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn revoke(
    CanAdmin(caller): CanAdmin,
    shared: Data<Shared>,
    gate: Data<Gate>,
    Id(id): Id<KeyId>,
) -> Answer {
    let org = caller.org;
    let body = blocking(&shared, move |api| {
        to_json(&KeyView::from(api.keys.revoke(org, id, caller.actor)?))
    })
    .await?;
    gate.credentials.forget(org, id.0);
    Ok(ok(body))
}
