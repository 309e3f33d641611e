//! API keys over HTTP (R2).

use std::collections::BTreeSet;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use contacts_core::Invalid;
use contacts_core::key::{ApiKey, KeyId, NewKey, Scope};
use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, UtcOffset};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::answer::{Answer, json, ok, to_json};
use crate::auth::CanAdmin;
use crate::blocking::blocking;
use crate::body::Body;
use crate::path::Id;
use crate::problem::{Problem, ProblemView};
use crate::routes::Table;
use crate::shared::Shared;

pub(crate) fn routes(table: Table) -> Table {
    table
        .add::<__path_list, _, _>(list)
        .add::<__path_issue, _, _>(issue)
        .add::<__path_revoke, _, _>(revoke)
}

/// A key to be issued.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewKey)]
struct KeyBody {
    /// What people call it: 1 to 100 characters.
    name: String,
    /// What it may do. `capture` stands alone; `write` covers `read`, `admin` covers both.
    #[schema(value_type = Vec<ScopeView>)]
    scopes: Vec<String>,
    /// When it ends by itself; never, when absent.
    #[serde(default, with = "time::serde::rfc3339::option")]
    expires_at: Option<OffsetDateTime>,
}

/// What a credential may do.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Scope)]
pub(crate) enum ScopeView {
    /// Read contacts and everything about them.
    Read,
    /// Change them.
    Write,
    /// Send captures, and nothing else.
    Capture,
    /// Manage keys, fields and settings.
    Admin,
}

impl From<Scope> for ScopeView {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Read => Self::Read,
            Scope::Write => Self::Write,
            Scope::Capture => Self::Capture,
            Scope::Admin => Self::Admin,
        }
    }
}

/// An API key.
#[derive(Serialize, ToSchema)]
#[schema(as = Key)]
struct KeyView {
    /// Its id. Not secret.
    id: Uuid,
    /// What people call it.
    name: String,
    /// What it may do.
    scopes: Vec<ScopeView>,
    /// When it was issued.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When it ends by itself.
    #[serde(with = "time::serde::rfc3339::option")]
    expires_at: Option<OffsetDateTime>,
    /// When it was revoked.
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

/// A key that was issued just now.
#[derive(Serialize, ToSchema)]
#[schema(as = IssuedKey)]
struct IssuedKeyView {
    /// The key.
    #[serde(flatten)]
    key: KeyView,
    /// What `Authorization: Bearer` takes. It is shown this once and kept nowhere.
    token: String,
}

/// All keys of the organisation.
#[derive(Serialize, ToSchema)]
#[schema(as = Keys)]
struct KeysView {
    /// The keys, the newest first, revoked ones too.
    items: Vec<KeyView>,
}

/// List API keys
#[utoipa::path(
    get, path = "/v1/keys", tag = "keys", operation_id = "list_keys",
    responses((status = 200, description = "All keys, the newest first", body = KeysView))
)]
async fn list(CanAdmin(caller): CanAdmin, shared: Data<Shared>) -> Answer {
    let body = blocking(&shared, move |api| {
        let keys = api.keys.list(caller.org)?;
        to_json(&KeysView { items: keys.into_iter().map(KeyView::from).collect() })
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
            expires_at: body.expires_at.map(|at| at.to_offset(UtcOffset::UTC)),
            random: random()?,
        };
        let (key, token) = api.keys.issue(caller.org, &new)?;
        to_json(&IssuedKeyView { key: key.into(), token: token.reveal() })
    });
    Ok(json(StatusCode::CREATED, body.await?))
}

/// 32 bytes that nobody can guess.
pub(crate) fn random() -> Result<[u8; 32], Problem> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(|error| {
        tracing::error!(%error, "the system has no random bytes");
        Problem::internal()
    })?;
    Ok(random)
}

fn scopes(names: &[String]) -> Result<BTreeSet<Scope>, Problem> {
    let scope = |name: &String| {
        let reason = "must be of read, write, capture, admin";
        Scope::parse(name).ok_or_else(|| Problem::invalid(Invalid::one("scopes", reason)))
    };
    names.iter().map(scope).collect()
}

/// Revoke an API key for ever
#[utoipa::path(
    delete, path = "/v1/keys/{id}", tag = "keys", operation_id = "revoke_key",
    params(("id" = Uuid, Path, description = "The key")),
    responses(
        (status = 200, description = "The key, revoked; within seconds no server takes it any more", body = KeyView),
        (status = 404, description = "There is no such key", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn revoke(CanAdmin(caller): CanAdmin, shared: Data<Shared>, Id(id): Id<KeyId>) -> Answer {
    let org = caller.org;
    let body =
        blocking(&shared, move |api| to_json(&KeyView::from(api.keys.revoke(org, id)?))).await?;
    shared.credentials.forget(org, id.0);
    Ok(ok(body))
}
