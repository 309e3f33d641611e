//! All possible duplicates of an organisation over HTTP (R54).

use actix_web::web::Data;
use contacts_core::OrgId;
use contacts_core::contact::{ContactId, DuplicatePair, MergePair, PairCursor, PairQuery};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::actions::{ActionView, Started};
use crate::api::contacts::{ContactView, DuplicateReasonView, StrengthView};
use crate::parts::answer::{Answer, nothing, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::body::Body;
use crate::parts::caller::{CanMerge, CanRead, CanWrite};
use crate::parts::enumerated::Enumerated;
use crate::parts::page::{FilteredPaging, PageParams, page_view};
use crate::parts::params::query;
use crate::parts::path::{Id, Other};
use crate::parts::problem::ProblemView;
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(crate) fn routes(table: Table) -> Table {
    table
        .add::<__path_list, _, _>(list)
        .add::<__path_dismiss, _, _>(dismiss)
        .add::<__path_restore, _, _>(restore)
        .add::<__path_merge, _, _>(merge)
}

query! {
    /// Parameters that select pairs.
    struct PairsQuery {
        /// Only pairs of this strength. Default: all.
        #[param(inline)]
        strength: Option<StrengthView>,
    }
}

/// Two contacts that may be the same person.
#[derive(Serialize, ToSchema)]
#[schema(as = DuplicatePair)]
struct PairView {
    /// How likely the two contacts are the same person: the strength of the strongest reason.
    strength: StrengthView,
    /// Why they may be the same person: at least one reason, strongest first.
    reasons: Vec<DuplicateReasonView>,
    /// The contact that was added first.
    contact: ContactView,
    /// The other contact.
    other: ContactView,
}

impl From<DuplicatePair> for PairView {
    fn from(pair: DuplicatePair) -> Self {
        Self {
            strength: pair.strength().into(),
            contact: (&pair.one).into(),
            other: (&pair.other).into(),
            reasons: pair.reasons.into_iter().map(Enumerated).collect(),
        }
    }
}

page_view! {
    /// A page of pairs of possible duplicates.
    struct PairsView as DuplicatePairs {
        /// The pairs, strongest first. A page that has `next` may have fewer pairs than `limit`, or
        /// none, because the work of a page is bounded.
        items: PairView,
    }
}

/// List all possible duplicates
///
/// Strongest first. Pairs that only have similar names are not listed here: they are among the
/// possible duplicates of a contact. Follow `next` until it is null, also when a page is empty.
#[utoipa::path(
    get, path = "/v1/duplicates", tag = "contacts", operation_id = "list_duplicates",
    params(PairsQuery, PageParams),
    responses((status = 200, description = "A page, strongest first", body = PairsView))
)]
async fn list(
    CanRead(caller): CanRead,
    shared: Data<Shared>,
    FilteredPaging { page: paging, query }: FilteredPaging<PairCursor, PairsQuery>,
) -> Answer {
    let body = blocking(&shared, move |api| {
        let query = PairQuery {
            strength: query.strength.map(Enumerated::value),
            after: paging.after.clone(),
            limit: paging.size.get(),
        };
        let page = paging.seal(api.duplicates.pairs(caller.org, &query)?);
        to_json(&PairsView::from(page.map(PairView::from)))
    });
    Ok(ok(body.await?))
}

/// Dismiss a pair
///
/// Records that the two contacts are different people. The pair is not listed again, whatever the
/// contacts have in common. The order of the ids does not matter.
#[utoipa::path(
    put, path = "/v1/duplicates/{id}/{other}/dismissal", tag = "contacts", operation_id = "dismiss_duplicate",
    params(
        ("id" = Uuid, Path, description = "One contact"),
        ("other" = Uuid, Path, description = "The other contact"),
    ),
    responses(
        (status = 204, description = "The pair is dismissed"),
        (status = 404, description = "One of the contacts does not exist", body = ProblemView, content_type = "application/problem+json"),
        (status = 422, description = "`invalid`: both ids are the same", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn dismiss(
    CanWrite(caller): CanWrite,
    shared: Data<Shared>,
    Id(id): Id<ContactId>,
    Other(other): Other,
) -> Answer {
    set_dismissed(&shared, caller.org, [id, other], true).await
}

/// Take the dismissal of a pair back
///
/// The pair is listed again as long as the contacts have something in common. The order of the ids
/// does not matter.
#[utoipa::path(
    delete, path = "/v1/duplicates/{id}/{other}/dismissal", tag = "contacts", operation_id = "restore_duplicate",
    params(
        ("id" = Uuid, Path, description = "One contact"),
        ("other" = Uuid, Path, description = "The other contact"),
    ),
    responses(
        (status = 204, description = "The pair is not dismissed"),
        (status = 404, description = "One of the contacts does not exist", body = ProblemView, content_type = "application/problem+json"),
        (status = 422, description = "`invalid`: both ids are the same", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn restore(
    CanWrite(caller): CanWrite,
    shared: Data<Shared>,
    Id(id): Id<ContactId>,
    Other(other): Other,
) -> Answer {
    set_dismissed(&shared, caller.org, [id, other], false).await
}

async fn set_dismissed(
    shared: &Data<Shared>,
    org: OrgId,
    pair: [ContactId; 2],
    dismissed: bool,
) -> Answer {
    blocking(shared, move |api| Ok(api.duplicates.set_dismissed(org, pair, dismissed)?)).await?;
    Ok(nothing())
}

/// Pairs of contacts to merge.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = MergePairs)]
struct MergePairsBody {
    /// The pairs. Each contact is merged into another at most once.
    #[schema(min_items = 1, max_items = 1000)]
    pairs: Vec<MergePairBody>,
}

/// Two contacts to merge.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = MergePair)]
struct MergePairBody {
    /// Id of the contact that stays, with its values.
    survivor_id: Uuid,
    /// Id of the contact that is merged into it.
    other_id: Uuid,
}

/// Merge many pairs
///
/// Runs as a bulk action, at once when it has at most 50 pairs. Each pair is counted once:
/// `changed` when it was merged, `unchanged` when both are one contact already, `skipped` when a
/// contact no longer exists. An id that was merged stands for its survivor.
#[utoipa::path(
    post, path = "/v1/duplicates/merge", tag = "contacts", operation_id = "merge_duplicates",
    request_body = MergePairsBody,
    responses(
        (status = 200, description = "The action, which is done", body = ActionView),
        (status = 202, description = "The action, which runs in the background", body = ActionView, headers(
            ("location" = String, description = "Its path"),
        )),
    )
)]
async fn merge(
    CanMerge(caller): CanMerge,
    shared: Data<Shared>,
    Body(body): Body<MergePairsBody>,
) -> Answer {
    let started = blocking(&shared, move |api| {
        let pairs = body.pairs.iter().map(|pair| MergePair {
            survivor: ContactId(pair.survivor_id),
            other: ContactId(pair.other_id),
        });
        let action = api.actions.start_merge(caller.org, pairs.collect(), caller.actor)?;
        Started::new(action, api.clock.now())
    });
    Ok(started.await?.answer())
}
