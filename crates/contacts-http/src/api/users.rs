//! Users over HTTP (R2, R4, R60).

use std::collections::{BTreeMap, BTreeSet};

use actix_web::web::Data;
use contacts_core::OrgId;
use contacts_core::key::{Role, Scope};
use contacts_core::session::{User, UserId, UserPatch};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::edge::gate::Gate;
use crate::parts::answer::{Answer, nothing, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::body::{Body, present};
use crate::parts::caller::{CanAdmin, CanRead};
use crate::parts::enumerated::enumeration;
use crate::parts::page::{PageParams, Paging, page_view};
use crate::parts::path::Id;
use crate::parts::problem::{Problem, ProblemView};
use crate::parts::services::Api;
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(crate) fn routes(table: Table) -> Table {
    table
        .add::<__path_list, _, _>(list)
        .add::<__path_patch, _, _>(patch)
        .add::<__path_end_sessions, _, _>(end_sessions)
}

enumeration! {
    /// What a user may do.
    ///
    /// - `viewer`: the scope `read`.
    /// - `editor`: also `write`.
    /// - `manager`: also `export`, `import`, `merge` and `bulk_delete`.
    /// - `administrator`: also `admin`.
    pub(crate) RoleView = Role as "Role" in Role::ALL
}

/// A user of the organisation.
#[derive(Serialize, ToSchema)]
#[schema(as = User)]
struct UserView {
    /// Id of the user, as in actors.
    id: Uuid,
    /// The name of the user.
    name: String,
    /// What the user may do.
    role: RoleView,
    /// Whether the user can sign in.
    active: bool,
    /// The address by which the user was invited. Null for callers without the scope `admin`.
    email: Option<String>,
    /// When the user was last seen, accurate to the hour. Null for callers without the scope
    /// `admin`.
    #[serde(with = "time::serde::rfc3339::option")]
    last_seen_at: Option<OffsetDateTime>,
    /// Names of the issuers at which the user signs in; empty for a user who signs in by links. Null
    /// for callers without the scope `admin`, unless the user is the caller.
    issuers: Option<Vec<String>>,
    /// Number of the user's active sessions. Null for callers without the scope `admin`.
    sessions: Option<u64>,
}

impl UserView {
    /// Returns the view for callers without the scope `admin`.
    fn of(user: User) -> Self {
        Self {
            id: user.id.0,
            active: user.is_active(),
            name: user.name,
            role: user.role.into(),
            email: None,
            last_seen_at: None,
            issuers: None,
            sessions: None,
        }
    }

    /// Returns the view for callers with the scope `admin`.
    fn whole(user: User, details: &Details) -> Self {
        let sessions = details.sessions.get(&user.id).copied().unwrap_or_default();
        let issuers = details.issuers.get(&user.id).cloned().unwrap_or_default();
        Self {
            email: user.email.as_ref().map(ToString::to_string),
            last_seen_at: user.last_seen_at,
            issuers: Some(issuers.into_iter().collect()),
            sessions: Some(sessions),
            ..Self::of(user)
        }
    }
}

/// What callers with the scope `admin` see of users.
struct Details {
    sessions: BTreeMap<UserId, u64>,
    issuers: BTreeMap<UserId, BTreeSet<String>>,
}

impl Details {
    fn of(api: &Api, org: OrgId, users: &[User]) -> Result<Self, Problem> {
        let (sessions, issuers) =
            (api.sessions.count(org, users)?, api.sign_ins.names(org, users)?);
        Ok(Self { sessions, issuers })
    }
}

/// A change of a user; absent members stay unchanged.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = UserPatch)]
struct UserPatchBody {
    /// What the user may do from now on.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    role: Option<RoleView>,
    /// Whether the user can sign in. False ends all sessions of the user.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    active: Option<bool>,
}

page_view! {
    /// A page of users.
    struct UsersView as Users {
        /// The users, oldest first.
        items: UserView,
    }
}

/// List users
#[utoipa::path(
    get, path = "/v1/users", tag = "sessions", operation_id = "list_users",
    params(PageParams),
    responses((status = 200, description = "A page, the oldest first", body = UsersView))
)]
async fn list(CanRead(caller): CanRead, shared: Data<Shared>, paging: Paging<UserId>) -> Answer {
    let body = blocking(&shared, move |api| {
        let users = api.sessions.users(caller.org, paging.after, paging.rows())?;
        let view: Box<dyn Fn(User) -> UserView> = if caller.may(Scope::Admin) {
            let details = Details::of(api, caller.org, &users)?;
            Box::new(move |user| UserView::whole(user, &details))
        } else {
            let own = users.iter().find(|user| user.id.0 == caller.credential());
            let own = api.sign_ins.names(caller.org, own.map_or(&[], std::slice::from_ref))?;
            let credential = caller.credential();
            Box::new(move |user| {
                let is_own = user.id.0 == credential;
                let issuers = own.get(&user.id).cloned().unwrap_or_default();
                let issuers = is_own.then(|| issuers.into_iter().collect());
                UserView { issuers, ..UserView::of(user) }
            })
        };
        to_json(&UsersView::from(paging.cut(users, |user| user.id).map(view)))
    });
    Ok(ok(body.await?))
}

/// Set the role of a user, deactivate or reactivate one
#[utoipa::path(
    patch, path = "/v1/users/{id}", tag = "sessions", operation_id = "patch_user",
    params(("id" = Uuid, Path, description = "The user")),
    request_body = UserPatchBody,
    responses(
        (status = 200, description = "The user; within seconds every server applies the change", body = UserView),
        (status = 404, description = "There is no such user", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: the organisation would have no active administrator", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn patch(
    CanAdmin(caller): CanAdmin,
    shared: Data<Shared>,
    gate: Data<Gate>,
    Id(id): Id<UserId>,
    Body(body): Body<UserPatchBody>,
) -> Answer {
    let org = caller.org;
    let body = blocking(&shared, move |api| {
        let patch = UserPatch { role: body.role.map(|role| role.value()), active: body.active };
        let user = api.sessions.change_user(org, id, patch, caller.actor)?;
        let details = Details::of(api, org, std::slice::from_ref(&user))?;
        to_json(&UserView::whole(user, &details))
    })
    .await?;
    gate.credentials.forget(org, id.0);
    Ok(ok(body))
}

/// End all sessions of a user
#[utoipa::path(
    delete, path = "/v1/users/{id}/sessions", tag = "sessions", operation_id = "end_sessions_of_user",
    params(("id" = Uuid, Path, description = "The user")),
    responses(
        (status = 204, description = "They have ended; within seconds no server takes their cookies any more"),
        (status = 404, description = "There is no such user", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn end_sessions(
    CanAdmin(caller): CanAdmin,
    shared: Data<Shared>,
    gate: Data<Gate>,
    Id(id): Id<UserId>,
) -> Answer {
    let org = caller.org;
    blocking(&shared, move |api| Ok(api.sessions.end_all(org, id, caller.actor)?)).await?;
    gate.credentials.forget(org, id.0);
    Ok(nothing())
}
