//! Users over HTTP (R2, R4, R60).

use actix_web::web::Data;
use contacts_core::key::Role;
use contacts_core::session::{User, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::edge::gate::Gate;
use crate::parts::answer::{Answer, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::body::Body;
use crate::parts::caller::{CanAdmin, CanRead};
use crate::parts::enumerated::enumeration;
use crate::parts::page::{PageParams, Paging, page_view};
use crate::parts::path::Id;
use crate::parts::problem::ProblemView;
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(crate) fn routes(table: Table) -> Table {
    table.add::<__path_list, _, _>(list).add::<__path_patch, _, _>(patch)
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
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self { id: user.id.0, name: user.name, role: user.role.into() }
    }
}

/// A change of a user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = UserPatch)]
struct UserPatchBody {
    /// What the user may do from now on.
    role: RoleView,
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
        to_json(&UsersView::from(paging.cut(users, |user| user.id).map(UserView::from)))
    });
    Ok(ok(body.await?))
}

/// Set the role of a user
#[utoipa::path(
    patch, path = "/v1/users/{id}", tag = "sessions", operation_id = "patch_user",
    params(("id" = Uuid, Path, description = "The user")),
    request_body = UserPatchBody,
    responses(
        (status = 200, description = "The user; within seconds every server applies the role", body = UserView),
        (status = 404, description = "There is no such user", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: the organisation would have no administrator", body = ProblemView, content_type = "application/problem+json"),
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
        to_json(&UserView::from(api.sessions.set_role(org, id, body.role.value(), caller.actor)?))
    })
    .await?;
    gate.credentials.forget(org, id.0);
    Ok(ok(body))
}
