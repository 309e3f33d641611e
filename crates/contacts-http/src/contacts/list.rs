//! What a list of contacts is asked for, and what it answers.

use contacts_core::contact::{
    ContactFilter, ContactId, CountRequest, Cursor, Listed, PageRequest, Sort, SortBy,
};
use contacts_core::conversation::Conversation;
use contacts_core::page::Count;
use contacts_core::{Error, OrgId};
use serde::Serialize;
use std::collections::BTreeMap;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::view::ContactView;
use crate::Api;
use crate::conversations::ConversationView;
use crate::params::Params;
use crate::problem::Problem;

/// What a list is asked for.
pub(super) struct ListRequest {
    pub(super) filter: ContactFilter,
    pub(super) page: PageRequest,
    pub(super) count: CountRequest,
}

impl ListRequest {
    /// Reads the query.
    pub(super) fn read(query: &str, org: OrgId, api: &Api) -> Result<Self, Problem> {
        let mut params = Params::read(query)?;
        let filter = read_filter(&mut params, org, api)?;
        let sort = params.parsed("sort", parse_sort).unwrap_or_default();
        let size = params.limit();
        let after = params.parsed("cursor", |text| {
            Cursor::decode(text, sort).ok_or("is no cursor of this order: take next of a page")
        });
        let count = params.parsed("count", parse_count);
        params.finish()?;
        // The count comes with the first page (R21).
        let usual = if after.is_some() { CountRequest::None } else { CountRequest::Bounded };
        let page = PageRequest { sort, size, after };
        Ok(Self { filter, page, count: count.unwrap_or(usual) })
    }
}

/// Takes the parameters that make a filter.
pub(super) fn read_filter(
    params: &mut Params,
    org: OrgId,
    api: &Api,
) -> Result<ContactFilter, Problem> {
    match api.segments.read(org, &params.filter(), api.clock.now()) {
        Err(Error::Invalid(wrong)) => {
            params.refuse_all(wrong);
            Ok(ContactFilter::default())
        }
        filter => Ok(filter?),
    }
}

fn parse_sort(text: &str) -> Result<Sort, &'static str> {
    let (by, descending) = text.strip_prefix('-').map_or((text, false), |by| (by, true));
    let by = match by {
        "name" => SortBy::Name,
        "email" => SortBy::Email,
        "created" => SortBy::Created,
        "updated" => SortBy::Updated,
        _ => return Err("must be name, email, created or updated, or one of them after a -"),
    };
    Ok(Sort { by, descending })
}

fn parse_count(text: &str) -> Result<CountRequest, &'static str> {
    match text {
        "none" => Ok(CountRequest::None),
        "bounded" => Ok(CountRequest::Bounded),
        "exact" => Ok(CountRequest::Exact),
        _ => Err("must be bounded, exact or none"),
    }
}

/// A page of contacts.
#[derive(Serialize, ToSchema)]
#[schema(as = Contacts)]
pub(super) struct ContactsView {
    /// The contacts, in order.
    items: Vec<ListedContactView>,
    /// What `cursor` takes to get the next page; null on the last one.
    next: Option<String>,
    /// How many the filter means; null when they were not counted.
    count: Option<CountView>,
}

impl ContactsView {
    pub(super) fn new(
        listed: &Listed,
        mut last: BTreeMap<ContactId, Conversation>,
        count: Option<Count>,
    ) -> Self {
        let items = listed.items.iter().map(|contact| ListedContactView {
            contact: contact.into(),
            last_conversation: last.remove(&contact.id).map(Into::into),
        });
        Self {
            items: items.collect(),
            next: listed.next.as_ref().map(Cursor::encode),
            count: count.map(CountView::from),
        }
    }
}

/// A contact with all that its row shows.
#[derive(Serialize, ToSchema)]
#[schema(as = ListedContact)]
struct ListedContactView {
    #[serde(flatten)]
    contact: ContactView,
    /// The newest of its conversations; null when it has none.
    last_conversation: Option<ConversationView>,
}

/// How many there are.
#[derive(Serialize, ToSchema)]
#[schema(as = Count)]
struct CountView {
    /// So many, or at least so many.
    value: u64,
    /// Whether it is exact; otherwise there are more, and nobody counted on.
    exact: bool,
}

impl From<Count> for CountView {
    fn from(count: Count) -> Self {
        match count {
            Count::Exact(value) => Self { value, exact: true },
            Count::MoreThan(value) => Self { value, exact: false },
        }
    }
}

/// Everything given must hold.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what read_filter reads")]
pub(super) struct FilterQuery {
    /// Words, every one of which must occur in the name, the address or the phone number; case
    /// and accents do not matter. Words of one or two letters begin a word.
    #[param(example = "ann exam")]
    q: Option<String>,
    /// A way the contact came, not only the first: `chat`, `csv_import`, `manual` or `connected`,
    /// or one of these, a colon, and the id of the widget, the import, the user or key, or the
    /// connected source. Repeated: one of them must hold.
    #[param(style = Form, explode)]
    source: Option<Vec<String>>,
    /// When it came that way: from this moment.
    source_from: Option<OffsetDateTime>,
    /// When it came that way: before this moment.
    source_until: Option<OffsetDateTime>,
    /// When it came that way: in the last days, such as `7d`.
    #[param(example = "7d")]
    source_last: Option<String>,
    /// Tags, separated by commas, of which it carries at least one.
    tags_any: Option<String>,
    /// Tags, separated by commas, of which it carries every one.
    tags_all: Option<String>,
    /// Tags, separated by commas, of which it carries none.
    tags_none: Option<String>,
    /// Made from this moment.
    created_from: Option<OffsetDateTime>,
    /// Made before this moment.
    created_until: Option<OffsetDateTime>,
    /// Made in the last days, such as `7d`: from the beginning of the day so many days ago.
    created_last: Option<String>,
    /// Its profile last changed from this moment.
    updated_from: Option<OffsetDateTime>,
    /// Its profile last changed before this moment.
    updated_until: Option<OffsetDateTime>,
    /// Its profile last changed in the last days.
    updated_last: Option<String>,
    /// In which zone days begin, such as `Europe/Berlin`; UTC when absent.
    time_zone: Option<String>,
    /// Whether campaigns can reach it.
    reachable: Option<bool>,
    /// Whether other contacts may be the same person: a visitor of a widget left what belongs to
    /// both, they have one phone number, or one name and one of them no address.
    duplicates: Option<bool>,
    /// The id of a segment, whose filter must hold, too. Repeated: each must hold.
    #[param(style = Form, explode)]
    segment: Option<Vec<Uuid>>,
    /// A campaign that it is in: the id, alone or with a colon and statuses separated by `|`
    /// (`pending`, `sent`, `bounced`, `opened`, `clicked`, `unsubscribed`), one of which it must
    /// have there. Repeated: all must hold.
    #[param(style = Form, explode, example = json!(["019b7904-d100-7000-8000-000000000001:opened|clicked"]))]
    campaign: Option<Vec<String>>,
    /// The id of a campaign that it is not in. Repeated: it is in none of them.
    #[param(style = Form, explode)]
    campaign_none: Option<Vec<String>>,
    /// Conditions on custom fields: parameters named `field.` and the field's key, whose value is
    /// an operator, a colon and what to compare with. Operators: `set` and `unset` (without a
    /// value), `any_of` and `none_of` (values separated by commas), `contains` (text, select,
    /// url), `less`, `at_most`, `greater`, `at_least` (number, date).
    #[param(style = Form, explode, example = json!({"field.tier": "any_of:pro,free", "field.score": "at_least:10"}))]
    fields: Option<BTreeMap<String, String>>,
}

/// Which page of the list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what ListRequest reads")]
pub(super) struct PageQuery {
    /// `name`, `email`, `created` or `updated`; after a `-`, the last comes first.
    #[param(default = "-created")]
    sort: Option<String>,
    /// How many.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u16>,
    /// `next` of the page before; it goes with the same `sort`.
    cursor: Option<String>,
    /// `bounded` (exact up to 10,000), `exact`, or `none`. The first page is counted with
    /// `bounded`, the others are not, unless it is asked for.
    count: Option<String>,
}
