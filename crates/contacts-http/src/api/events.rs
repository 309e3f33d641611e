//! The change feed over HTTP (R42).

mod stream;
mod view;

use actix_web::HttpRequest;
use actix_web::web::Data;
use contacts_core::OrgId;
use contacts_core::event::{CurrentContacts, FeedPage, FeedStart};
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
        /// What events carry beside the ids of their contacts: with `contact`, the contacts as they
        /// are when the feed is read. Then a page may have fewer events, so that it has about a
        /// thousand contacts at most.
        #[param(inline)]
        include: Option<IncludeView>,
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

/// What events and messages carry beside the ids of their contacts.
#[derive(Clone, Copy)]
pub(crate) enum Include {
    /// The current state of each contact.
    Contact,
}

impl Include {
    const ALL: [Self; 1] = [Self::Contact];

    fn as_str(self) -> &'static str {
        match self {
            Self::Contact => "contact",
        }
    }
}

enumeration! {
    /// What events and messages carry beside the ids of their contacts.
    ///
    /// - `contact`: the current state of each contact, without its notes.
    pub(crate) IncludeView = Include as "EventInclude" in Include::ALL
}

/// Where to start reading the feed, as the query parameters of both paths give it.
pub(crate) struct FeedQuery {
    /// `None` without both parameters.
    pub(crate) start: Option<FeedStart>,
    /// What the events carry.
    pub(crate) include: Option<Include>,
    /// Signs the cursors of the feed.
    pub(crate) cursors: ListCursors,
}

impl FeedQuery {
    /// Takes the parameters of the feed. An invalid cursor is recorded in `params`.
    fn take(params: &mut Params, cursors: ListCursors) -> Self {
        let FeedParams { cursor, from, include } = FeedParams::from_params(params);
        if cursor.is_some() && from.is_some() {
            params.refuse("from", "cannot be combined with a cursor");
        }
        let number = cursor.and_then(|cursor| page::open(&cursors, &cursor, params));
        let start = number.map(FeedStart::After).or(from.map(Enumerated::value));
        Self { start, include: include.map(Enumerated::value), cursors }
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
/// which no event is ever missed. Events contain ids and names of fields, and no personal data
/// unless the contacts are included. They are kept for 30 days.
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
        let start = query.start.unwrap_or(FeedStart::Oldest);
        let (page, contacts) = read_page(api, org, start, limit, query.include)?;
        to_json(&EventsView::new(page, contacts.as_ref(), &query.cursors))
    });
    Ok(ok(body.await?))
}

/// Reads a page of events, with the current states of their contacts when these are included.
fn read_page(
    api: &Api,
    org: OrgId,
    start: FeedStart,
    limit: PageSize,
    include: Option<Include>,
) -> Result<(FeedPage, Option<CurrentContacts>), Problem> {
    Ok(match include {
        Some(Include::Contact) => {
            let (page, contacts) = api.feed.read_with_contacts(org, start, limit)?;
            (page, Some(contacts))
        }
        None => (api.feed.read(org, start, limit)?, None),
    })
}
