//! Users over HTTP (R2, R4).

use actix_web::web::Data;
use contacts_core::session::{User, UserId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::parts::answer::{Answer, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::caller::CanRead;
use crate::parts::page::{PageParams, Paging, page_view};
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(crate) fn routes(table: Table) -> Table {
    table.add::<__path_list, _, _>(list)
}

/// A user of the organisation.
#[derive(Serialize, ToSchema)]
#[schema(as = User)]
struct UserView {
    /// Id of the user, as in actors.
    id: Uuid,
    /// The name of the user.
    name: String,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self { id: user.id.0, name: user.name }
    }
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
