//! Query and response of the contact list.

use contacts_core::contact::{
    Contact, ContactFilter, ContactId, CountRequest, Cursor, FilterText, Sort,
};
use contacts_core::conversation::Conversation;
use contacts_core::page::{Count, Page};
use contacts_core::{Error, OrgId};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

use super::filter_query::take_filter;
use super::sort::SortView;
use super::view::ContactView;
use crate::api::conversations::ConversationView;
use crate::parts::enumerated::{Enumerated, enumeration};
use crate::parts::page::Paging;
use crate::parts::params::{FromParams, Params, query};
use crate::parts::problem::Problem;
use crate::parts::services::Api;

query! {
    /// Parameters of the list, other than its filter and its page.
    pub(super) struct ListQuery {
        /// Order of the contacts; a leading `-` reverses it. `relevance` lists the best matches
        /// of `q` first: the very name or address, then beginnings of words, then the rest, and
        /// the newest first within each. `field.tier` is the order by the custom field `tier`.
        /// Contacts without a conversation, or without a value, come last in both directions.
        /// Default: `relevance` with `q`, otherwise `-created`.
        #[param(inline)]
        sort: Option<SortView>,
        /// How the matching contacts are counted. `quick` is exact unless counting takes long,
        /// and an estimate then. Default: `quick` for the first page and `none` for later pages
        /// (R21).
        #[param(inline)]
        count: Option<CountRequestView>,
    }
}

enumeration! {
    /// How matching contacts are counted.
    CountRequestView = CountRequest as "CountRequest" {
        "none" => CountRequest::None,
        "quick" => CountRequest::Quick,
        "exact" => CountRequest::Exact,
    }
}

/// A request for a page of contacts.
pub(super) struct ListRequest {
    pub(super) filter: ContactFilter,
    pub(super) sort: Sort,
    pub(super) count: CountRequest,
    pub(super) paging: Paging<Cursor>,
}

impl ListRequest {
    /// Reads a list request from the query string.
    pub(super) fn read(path: &str, query: &str, org: OrgId, api: &Api) -> Result<Self, Problem> {
        let mut params = Params::read(query)?;
        let cursors = api.cursors.of_list(org, path, params.pairs());
        let filter = read_filter(&mut params, org, api)?;
        let ListQuery { sort, count } = ListQuery::from_params(&mut params);
        let paging = Paging::<Cursor>::take(&mut params, cursors);
        params.finish()?;
        let is_first = paging.after.is_none();
        let default = if is_first { CountRequest::Quick } else { CountRequest::None };
        let default_sort = if filter.query.is_empty() { Sort::default() } else { Sort::BEST_FIRST };
        let sort = sort.map_or(default_sort, SortView::value);
        let count = count.map_or(default, Enumerated::value);
        Ok(Self { filter, sort, count, paging })
    }
}

/// Takes the filter parameters out of the query and parses them.
pub(super) fn read_filter(
    params: &mut Params,
    org: OrgId,
    api: &Api,
) -> Result<ContactFilter, Problem> {
    let text = take_filter(params);
    parse_filter(params, &text, org, api)
}

/// Parses a filter. What is wrong is recorded in `params`.
pub(super) fn parse_filter(
    params: &mut Params,
    text: &FilterText,
    org: OrgId,
    api: &Api,
) -> Result<ContactFilter, Problem> {
    match api.segments.read(org, text, api.clock.now()) {
        Err(Error::Invalid(errors)) => {
            params.refuse_all(errors);
            Ok(ContactFilter::default())
        }
        filter => Ok(filter?),
    }
}

/// A page of contacts.
#[derive(Serialize, ToSchema)]
#[schema(as = Contacts)]
pub(super) struct ContactsView {
    /// The contacts, in order.
    items: Vec<ListedContactView>,
    /// The value of `cursor` for the next page; null on the last page.
    next: Option<String>,
    /// Number of matching contacts; null when they were not counted.
    count: Option<CountView>,
}

impl ContactsView {
    pub(super) fn new(
        listed: Page<Contact, String>,
        mut last: BTreeMap<ContactId, Conversation>,
        count: Option<Count>,
    ) -> Self {
        let items = listed.items.iter().map(|contact| ListedContactView {
            contact: contact.into(),
            last_conversation: last.remove(&contact.id).map(Into::into),
        });
        Self { items: items.collect(), next: listed.next, count: count.map(CountView::from) }
    }
}

/// A contact as listed, with everything that its row on the page shows.
#[derive(Serialize, ToSchema)]
#[schema(as = ListedContact)]
struct ListedContactView {
    #[serde(flatten)]
    contact: ContactView,
    /// The most recent conversation of the contact; null when there is none.
    last_conversation: Option<ConversationView>,
}

/// A number of matching contacts.
#[derive(Serialize, ToSchema)]
#[schema(as = Count)]
pub(crate) struct CountView {
    /// The number, or an estimate of it when it is not exact.
    value: u64,
    /// Whether `value` is exact.
    exact: bool,
}

impl From<Count> for CountView {
    fn from(count: Count) -> Self {
        match count {
            Count::Exact(value) => Self { value, exact: true },
            Count::About(value) => Self { value, exact: false },
        }
    }
}
