//! The change feed over HTTP (R42).

mod stream;
mod view;

use actix_web::HttpRequest;
use actix_web::web::Data;
use contacts_core::event::FeedStart;
use utoipa::IntoParams;

pub(crate) use self::view::EventTypeView;
use self::view::EventsView;
use crate::answer::{Answer, ok, to_json};
use crate::auth::CanRead;
use crate::blocking::blocking;
use crate::params::Params;
use crate::problem::ProblemView;
use crate::routes::Table;
use crate::shared::Shared;

pub(crate) fn routes(table: Table) -> Table {
    stream::routes(table.add::<__path_list, _, _>(list))
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what list reads")]
struct EventsQuery {
    /// `next` of the page before, or `now` for what happens from now on. Without it the page
    /// begins with the oldest event that is kept.
    #[param(example = "4711")]
    after: Option<String>,
    /// How many.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u16>,
}

/// Read the change feed
///
/// Every contact that was created, updated, merged or deleted, in an order in which nothing is
/// ever missed. Events hold ids and names of fields, and no personal data. They are kept for 30
/// days.
#[utoipa::path(
    get, path = "/v1/events", tag = "events", operation_id = "list_events",
    params(EventsQuery),
    responses(
        (status = 200, description = "A page, the oldest first", body = EventsView),
        (status = 410, description = "`cursor_expired`: the feed does not reach back to `after`; read the whole list of contacts and begin anew, at an `after=now` that was asked for before", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn list(CanRead(caller): CanRead, shared: Data<Shared>, req: HttpRequest) -> Answer {
    let mut params = Params::read(req.query_string())?;
    let after = params.parsed("after", start);
    let size = params.limit();
    params.finish()?;
    let body = blocking(&shared, move |api| {
        let page = api.feed.read(caller.org, after.unwrap_or(FeedStart::Oldest), size)?;
        to_json(&EventsView::from(page))
    });
    Ok(ok(body.await?))
}

/// Where a reader wants to begin.
fn start(text: &str) -> Result<FeedStart, &'static str> {
    match text {
        "now" => Ok(FeedStart::Now),
        number => {
            number.parse().map(FeedStart::After).map_err(|_error| "must be now, or next of a page")
        }
    }
}
