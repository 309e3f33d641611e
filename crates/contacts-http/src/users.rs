//! Users over HTTP (R2, R4).

use actix_web::web::Data;
use contacts_core::session::User;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::answer::{Answer, ok, to_json};
use crate::auth::CanRead;
use crate::blocking::blocking;
use crate::routes::Table;
use crate::shared::Shared;

pub(crate) fn routes(table: Table) -> Table {
    table.add::<__path_list, _, _>(list)
}

/// A person who works for the organisation.
#[derive(Serialize, ToSchema)]
#[schema(as = User)]
struct UserView {
    /// Their id, as actors have it.
    id: Uuid,
    /// What they are called.
    name: String,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self { id: user.id.0, name: user.name }
    }
}

/// All users of the organisation.
#[derive(Serialize, ToSchema)]
#[schema(as = Users)]
struct UsersView {
    /// The users, the oldest first.
    items: Vec<UserView>,
}

/// List users
#[utoipa::path(
    get, path = "/v1/users", tag = "sessions", operation_id = "list_users",
    responses((status = 200, description = "All users, the oldest first", body = UsersView))
)]
async fn list(CanRead(caller): CanRead, shared: Data<Shared>) -> Answer {
    let body = blocking(&shared, move |api| {
        let users = api.sessions.users(caller.org)?;
        to_json(&UsersView { items: users.into_iter().map(UserView::from).collect() })
    });
    Ok(ok(body.await?))
}
