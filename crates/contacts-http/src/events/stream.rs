//! Following the change feed, live.

use actix_web::HttpRequest;
use actix_web::web::Data;
use contacts_core::OrgId;
use contacts_core::event::FeedStart;
use contacts_core::page::PageSize;
use utoipa::IntoParams;

use super::start;
use super::view::EventView;
use crate::Api;
use crate::answer::{Answer, to_json};
use crate::auth::CanRead;
use crate::params::Params;
use crate::problem::{Code, Problem, ProblemView};
use crate::routes::Table;
use crate::shared::Shared;
use crate::stream::{self, Followed, Told};

pub(super) fn routes(table: Table) -> Table {
    table.add::<__path_follow, _, _>(follow)
}

const LAST_EVENT_ID: &str = "Last-Event-ID";

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what follow reads")]
struct StreamQuery {
    /// Where to begin: `next` of a page, or `now`, which is also what its absence means. The
    /// header `Last-Event-ID` wins.
    #[param(example = "now")]
    after: Option<String>,
}

/// Follow the change feed, live
#[utoipa::path(
    get, path = "/v1/events/stream", tag = "events", operation_id = "follow_events",
    params(
        StreamQuery,
        ("Last-Event-ID" = Option<u64>, Header, description = "The id of the last event that came, as browsers send it"),
    ),
    responses(
        (status = 200, description = "Server-sent events named as their type, each with an event as its data and its number as its id. When the stream ends, ask again.", body = EventView, content_type = "text/event-stream"),
        (status = 400, description = "`invalid_header`: Last-Event-ID is no number", body = ProblemView, content_type = "application/problem+json"),
        (status = 410, description = "`cursor_expired`: the feed does not reach back so far", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn follow(CanRead(caller): CanRead, shared: Data<Shared>, req: HttpRequest) -> Answer {
    let mut params = Params::read(req.query_string())?;
    let after = params.parsed("after", start);
    params.finish()?;
    let start = last_event(&req)?.or(after).unwrap_or(FeedStart::Now);
    stream::follow(shared, FollowedFeed { org: caller.org, start }).await
}

fn last_event(req: &HttpRequest) -> Result<Option<FeedStart>, Problem> {
    let Some(header) = req.headers().get(LAST_EVENT_ID) else { return Ok(None) };
    let number = header.to_str().ok().and_then(|text| text.parse::<i64>().ok());
    let number = number.and_then(|number| number.try_into().ok()).ok_or_else(|| {
        Problem::new(Code::InvalidHeader, "Last-Event-ID must be the number of an event")
    })?;
    Ok(Some(FeedStart::After(number)))
}

#[derive(Clone)]
struct FollowedFeed {
    org: OrgId,
    start: FeedStart,
}

impl Followed for FollowedFeed {
    fn look(&mut self, api: &Api) -> Result<Told, Problem> {
        let page = api.feed.read(self.org, self.start, PageSize::default())?;
        self.start = FeedStart::After(page.next);
        let mut told = Told::default();
        for event in page.items {
            let name = format!("contacts.{}", event.event.kind.as_str());
            let number = event.number;
            told.push(&name, Some(number), &to_json(&EventView::from(event))?);
        }
        Ok(told)
    }
}
