//! The change feed over HTTP (R42).

mod stream;
mod view;

use actix_web::HttpRequest;
use actix_web::web::Data;
use contacts_core::OrgId;
use contacts_core::event::FeedStart;
use contacts_core::page::PageSize;

pub(crate) use self::view::EventTypeView;
use self::view::EventsView;
use crate::parts::answer::{Answer, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::caller::CanRead;
use crate::parts::cursor::ListCursors;
use crate::parts::enumerated::{Enumerated, enumeration};
use crate::parts::page;
use crate::parts::params::{FromParams, Params, query};
use crate::parts::problem::{Problem, ProblemView};
use crate::parts::services::Api;
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(crate) fn routes(table: Table) -> Table {
    stream::routes(table.add::<__path_list, _, _>(list))
}

query! {
    /// Parameters that select events. The paths of the feed share their cursors.
    pub(crate) struct FeedParams {
        /// The `next` of a page, or the id of an event of the stream.
        cursor: Option<String>,
        /// Where to start without a cursor: at the oldest stored event, or after the latest one.
        #[param(inline)]
        from: Option<FeedStartView>,
    }
}

query! {
    /// Parameters that select a page of events.
    struct PageSizeParams {
        /// Number of events per page.
        #[param(value_type = Option<u16>, minimum = 1, maximum = 200, default = 50)]
        limit: PageSize,
    }
}

enumeration! {
    /// Where the feed is read from without a cursor.
    ///
    /// - `oldest`: at the oldest stored event.
    /// - `latest`: after the latest event.
    FeedStartView = FeedStart as "FeedStart" {
        "oldest" => FeedStart::Oldest,
        "latest" => FeedStart::Latest,
    }
}

/// Where to start reading the feed, as the query parameters of both paths give it.
pub(crate) struct FeedQuery {
    /// `None` without both parameters.
    pub(crate) start: Option<FeedStart>,
    /// Signs the cursors of the feed.
    pub(crate) cursors: ListCursors,
}

impl FeedQuery {
    /// Takes the parameters of the feed. An invalid cursor is recorded in `params`.
    fn take(params: &mut Params, cursors: ListCursors) -> Self {
        let FeedParams { cursor, from } = FeedParams::from_params(params);
        if cursor.is_some() && from.is_some() {
            params.refuse("from", "cannot be combined with a cursor");
        }
        let number = cursor.and_then(|cursor| page::open(&cursors, &cursor, params));
        Self { start: number.map(FeedStart::After).or(from.map(Enumerated::value)), cursors }
    }

    /// Reads the parameters of the feed, and those of one of its paths.
    pub(crate) fn read<Q>(
        req: &HttpRequest,
        api: &Api,
        org: OrgId,
        take: impl FnOnce(&mut Params) -> Q,
    ) -> Result<(Self, Q), Problem> {
        let mut params = Params::read(req.query_string())?;
        let query = Self::take(&mut params, api.cursors.of_feed(org));
        let filters = take(&mut params);
        params.finish()?;
        Ok((query, filters))
    }
}

/// Read the change feed
///
/// Returns an event for every contact that was created, updated, merged or deleted, in an order in
/// which no event is ever missed. Events contain ids and names of fields, and no personal data.
/// They are kept for 30 days.
#[utoipa::path(
    get, path = "/v1/events", tag = "events", operation_id = "list_events",
    params(FeedParams, PageSizeParams),
    responses(
        (status = 200, description = "A page, the oldest first", body = EventsView),
        (status = 410, description = "`cursor_expired`: the feed does not reach back to the cursor; ask with `from=latest` for a new one, read the whole list of contacts, and go on from that cursor", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn list(CanRead(caller): CanRead, shared: Data<Shared>, req: HttpRequest) -> Answer {
    let org = caller.org;
    let (query, PageSizeParams { limit }) =
        FeedQuery::read(&req, &shared.api, org, PageSizeParams::from_params)?;
    let body = blocking(&shared, move |api| {
        let page = api.feed.read(org, query.start.unwrap_or(FeedStart::Oldest), limit)?;
        to_json(&EventsView::new(page, &query.cursors))
    });
    Ok(ok(body.await?))
}
