//! Selections over HTTP (R23).

use actix_web::http::StatusCode;
use actix_web::web::Data;
use contacts_core::Invalid;
use contacts_core::selection::{RawChosen, Selection, SelectionId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::answer::{Answer, json, ok, to_json};
use crate::auth::{CanRead, CanWrite};
use crate::blocking::blocking;
use crate::body::{Body, present};
use crate::contacts::ActorView;
use crate::filter::{FilterBody, FilterView};
use crate::path::Id;
use crate::problem::{Problem, ProblemView};
use crate::routes::Table;
use crate::shared::Shared;

pub(crate) fn routes(table: Table) -> Table {
    table.add::<__path_create, _, _>(create).add::<__path_get, _, _>(get)
}

/// Whom to choose: `ids`, or everybody on a `filter` less `except`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewSelection)]
struct SelectionBody {
    /// These contacts: 1 to 10,000.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    ids: Option<Vec<Uuid>>,
    /// Everybody that it means now; `{}` means everybody.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<FilterView>, nullable = false)]
    filter: Option<FilterBody>,
    /// Whom not, beside `filter`: 10,000 at most.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    except: Option<Vec<Uuid>>,
}

impl SelectionBody {
    fn read(self) -> Result<RawChosen, Problem> {
        match (self.ids, self.filter, self.except) {
            (Some(ids), None, None) => Ok(RawChosen::Ids(ids)),
            (None, Some(FilterBody(filter)), except) => {
                Ok(RawChosen::Matching { filter, except: except.unwrap_or_default() })
            }
            (Some(_), Some(_), _) => wrong("filter", "cannot stand beside ids"),
            (_, None, Some(_)) => wrong("except", "stands beside filter"),
            (None, None, None) => wrong("ids", "is required, or filter"),
        }
    }
}

fn wrong<T>(member: &str, why: &str) -> Result<T, Problem> {
    Err(Problem::invalid(Invalid::one(member, why)))
}

/// People who were chosen. Who they are is frozen: whoever comes later is not among them.
#[derive(Serialize, ToSchema)]
#[schema(as = Selection)]
struct SelectionView {
    /// Its id, which an action takes.
    id: Uuid,
    /// How many they are, each once.
    count: u64,
    /// By which filter they were chosen; null when their ids were given.
    filter: Option<FilterView>,
    /// Who chose them.
    actor: ActorView,
    /// When. It is kept for seven days, and as long as an action needs it.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

impl From<Selection> for SelectionView {
    fn from(selection: Selection) -> Self {
        Self {
            id: selection.id.0,
            count: selection.people,
            filter: selection.filter.as_ref().map(FilterView::from),
            actor: selection.actor.into(),
            created_at: selection.created_at,
        }
    }
}

/// Choose contacts, and freeze who they are
#[utoipa::path(
    post, path = "/v1/selections", tag = "selections", operation_id = "create_selection",
    request_body = SelectionBody,
    responses((status = 201, description = "The selection", body = SelectionView))
)]
async fn create(
    CanWrite(caller): CanWrite,
    shared: Data<Shared>,
    Body(body): Body<SelectionBody>,
) -> Answer {
    let chosen = body.read()?;
    let body = blocking(&shared, move |api| {
        let selection = api.selections.create(caller.org, &chosen, caller.actor)?;
        to_json(&SelectionView::from(selection))
    });
    Ok(json(StatusCode::CREATED, body.await?))
}

/// Get a selection
#[utoipa::path(
    get, path = "/v1/selections/{id}", tag = "selections", operation_id = "get_selection",
    params(("id" = Uuid, Path, description = "The selection")),
    responses(
        (status = 200, description = "The selection", body = SelectionView),
        (status = 404, description = "There is no such selection", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn get(CanRead(caller): CanRead, shared: Data<Shared>, Id(id): Id<SelectionId>) -> Answer {
    let body = blocking(&shared, move |api| {
        to_json(&SelectionView::from(api.selections.get(caller.org, id)?))
    });
    Ok(ok(body.await?))
}
