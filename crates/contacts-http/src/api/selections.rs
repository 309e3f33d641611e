//! Selections over HTTP (R23).

use actix_web::http::StatusCode;
use actix_web::web::Data;
use contacts_core::Invalid;
use contacts_core::selection::{RawSelectionScope, Selection, SelectionId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::contacts::ActorView;
use crate::parts::answer::{Answer, json, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::body::{Body, present};
use crate::parts::caller::{CanAct, CanRead};
use crate::parts::filter::{FilterBody, FilterView};
use crate::parts::path::Id;
use crate::parts::problem::{Problem, ProblemView};
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(crate) fn routes(table: Table) -> Table {
    table.add::<__path_create, _, _>(create).add::<__path_get, _, _>(get)
}

/// The contacts to select: either `ids`, or all contacts that match `filter` except those in
/// `except`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewSelection)]
struct SelectionBody {
    /// Ids of the contacts: 1 to 10,000.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    ids: Option<Vec<Uuid>>,
    /// A filter that selects all contacts that match it now; `{}` selects all contacts.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    filter: Option<FilterBody>,
    /// Ids of contacts to leave out of those that match `filter`: at most 10,000.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    except: Option<Vec<Uuid>>,
}

impl SelectionBody {
    fn read(self) -> Result<RawSelectionScope, Problem> {
        match (self.ids, self.filter, self.except) {
            (Some(ids), None, None) => Ok(RawSelectionScope::Ids(ids)),
            (None, Some(filter), except) => Ok(RawSelectionScope::Matching {
                filter: filter.into_text(),
                except: except.unwrap_or_default(),
            }),
            (Some(_), Some(_), _) => errors("filter", "cannot stand beside ids"),
            (_, None, Some(_)) => errors("except", "stands beside filter"),
            (None, None, None) => errors("ids", "is required, or filter"),
        }
    }
}

fn errors<T>(member: &str, reason: &str) -> Result<T, Problem> {
    Err(Problem::invalid(Invalid::one(member, reason)))
}

/// A frozen set of selected contacts: contacts that match the filter later are not part of it.
#[derive(Serialize, ToSchema)]
#[schema(as = Selection)]
struct SelectionView {
    /// Id of the selection, for use in a bulk action.
    id: Uuid,
    /// Number of contacts in the selection; each is counted once.
    count: u64,
    /// The filter that selected the contacts; null when ids were given.
    filter: Option<FilterView>,
    /// Who created the selection.
    actor: ActorView,
    /// When the selection was created. It is kept for seven days, or longer while an action needs
    /// it.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

impl From<Selection> for SelectionView {
    fn from(selection: Selection) -> Self {
        Self {
            id: selection.id.0,
            count: selection.contacts,
            filter: selection.filter.as_ref().map(FilterView::from),
            actor: selection.actor.into(),
            created_at: selection.created_at,
        }
    }
}

/// Create a selection: select contacts and freeze the set
#[utoipa::path(
    post, path = "/v1/selections", tag = "selections", operation_id = "create_selection",
    request_body = SelectionBody,
    responses((status = 201, description = "The selection", body = SelectionView))
)]
async fn create(
    CanAct(caller): CanAct,
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
