//! Live stream of the change feed.

use actix_web::HttpRequest;
use actix_web::web::Data;
use contacts_core::OrgId;
use contacts_core::event::FeedStart;
use contacts_core::page::PageSize;

use super::view::EventView;
use super::{FeedParams, FeedQuery, Include, read_page};
use crate::parts::answer::{Answer, to_json};
use crate::parts::caller::CanRead;
use crate::parts::cursor::ListCursors;
use crate::parts::problem::{Code, Problem, ProblemView};
use crate::parts::services::Api;
use crate::parts::shared::Shared;
use crate::parts::stream::{self, Followed, PolledEvents};
use crate::parts::table::Table;

pub(super) fn routes(table: Table) -> Table {
    table.add::<__path_follow, _, _>(follow)
}

const LAST_EVENT_ID: &str = "Last-Event-ID";

/// Stream the change feed
#[utoipa::path(
    get, path = "/v1/events/stream", tag = "events", operation_id = "follow_events",
    params(
        FeedParams,
        ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that came, as browsers send it. It takes precedence over the parameters"),
    ),
    responses(
        (status = 200, description = "Server-sent events named as their type, each with an event as its data and a cursor as its id. Without a parameter, the stream starts after the latest event. When the stream ends, ask again.", body = EventView, content_type = "text/event-stream"),
        (status = 400, description = "`invalid_header`: Last-Event-ID is not a cursor of this feed", body = ProblemView, content_type = "application/problem+json"),
        (status = 410, description = "`cursor_expired`: the feed does not reach back so far", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn follow(CanRead(caller): CanRead, shared: Data<Shared>, req: HttpRequest) -> Answer {
    let org = caller.org;
    let (FeedQuery { start, include, cursors }, ()) =
        FeedQuery::read(&req, &shared.api, org, |_| ())?;
    let start = last_event(&req, &cursors)?.or(start).unwrap_or(FeedStart::Latest);
    stream::follow(shared, org, FollowedFeed { org, start, include, cursors }).await
}

fn last_event(req: &HttpRequest, cursors: &ListCursors) -> Result<Option<FeedStart>, Problem> {
    let Some(header) = req.headers().get(LAST_EVENT_ID) else { return Ok(None) };
    let number = header.to_str().ok().and_then(|text| cursors.open(text)).ok_or_else(|| {
        Problem::new(
            Code::InvalidHeader,
            "Last-Event-ID is not a cursor of this feed: connect again without it",
        )
    })?;
    Ok(Some(FeedStart::After(number)))
}

#[derive(Clone)]
struct FollowedFeed {
    org: OrgId,
    start: FeedStart,
    include: Option<Include>,
    cursors: ListCursors,
}

impl Followed for FollowedFeed {
    fn poll_events(&mut self, api: &Api) -> Result<PolledEvents, Problem> {
        let size = PageSize::default();
        let (page, contacts) = read_page(api, self.org, self.start, size, self.include)?;
        self.start = FeedStart::After(page.next);
        let mut events = PolledEvents::default();
        for event in page.items {
            let name = format!("contacts.{}", event.event.kind.as_str());
            let cursor = self.cursors.seal(&event.number);
            events.push(&name, Some(&cursor), &to_json(&EventView::new(event, contacts.as_ref()))?);
        }
        Ok(events)
    }
}
