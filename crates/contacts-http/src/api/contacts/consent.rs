//! The consent of a contact (R51).

use actix_web::web::Data;
use contacts_core::consent::{Consent, ConsentReason, RawConsent};
use contacts_core::contact::ContactId;
use contacts_core::key::Scope;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::view::ActorView;
use crate::parts::answer::{Answer, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::body::Body;
use crate::parts::caller::{CanRead, CanWrite};
use crate::parts::enumerated::enumeration;
use crate::parts::path::Id;
use crate::parts::problem::ProblemView;
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(super) fn routes(table: Table) -> Table {
    table.add::<__path_get, _, _>(get).add::<__path_put, _, _>(put)
}

/// Whether a contact wants messages.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ConsentState)]
pub(super) enum ConsentStateView {
    /// Campaigns may include the contact.
    Subscribed,
    /// The contact is not added to any campaign.
    Unsubscribed,
}

impl From<&Consent> for ConsentStateView {
    fn from(consent: &Consent) -> Self {
        match consent {
            Consent::Subscribed => Self::Subscribed,
            Consent::Unsubscribed(_) => Self::Unsubscribed,
        }
    }
}

enumeration! {
    /// The reason why a contact is unsubscribed: the person unsubscribed in a message of a
    /// `campaign`, `asked` the organisation, the address `bounced`, the person `complained` about
    /// spam, a file (`imported`) or a connected `source` said so.
    pub(super) ConsentReasonView = ConsentReason as "ConsentReason" in ConsentReason::ALL
}

/// The consent of a contact, as lists contain it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ConsentSummary)]
pub(super) struct ConsentSummaryView {
    /// Whether the contact wants messages.
    state: ConsentStateView,
    /// Why the contact is unsubscribed; null when it is subscribed.
    reason: Option<ConsentReasonView>,
    /// When the contact was unsubscribed; null when it is subscribed.
    #[serde(with = "time::serde::rfc3339::option")]
    at: Option<OffsetDateTime>,
}

impl From<&Consent> for ConsentSummaryView {
    fn from(consent: &Consent) -> Self {
        let unsubscribe = consent.unsubscribe();
        Self {
            state: consent.into(),
            reason: unsubscribe.map(|unsubscribe| unsubscribe.reason.into()),
            at: unsubscribe.map(|unsubscribe| unsubscribe.at),
        }
    }
}

/// The consent of a contact.
#[derive(Serialize, ToSchema)]
#[schema(as = Consent)]
struct ConsentView {
    /// The state, its reason and its time.
    #[serde(flatten)]
    summary: ConsentSummaryView,
    /// Who unsubscribed the contact; null when it is subscribed.
    actor: Option<ActorView>,
    /// Free text about the unsubscribe.
    note: Option<String>,
}

impl From<&Consent> for ConsentView {
    fn from(consent: &Consent) -> Self {
        let unsubscribe = consent.unsubscribe();
        let note = unsubscribe.and_then(|unsubscribe| unsubscribe.note.as_ref());
        Self {
            summary: consent.into(),
            actor: unsubscribe.map(|unsubscribe| unsubscribe.actor.into()),
            note: note.map(|note| note.as_str().to_owned()),
        }
    }
}

/// A change of consent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = ConsentChange)]
struct ConsentBody {
    /// `unsubscribed`, or `subscribed`, which needs the scope `admin` and a note.
    #[schema(example = "unsubscribed")]
    state: String,
    /// Why the contact is unsubscribed: `asked` (the default), `campaign`, `bounced` or
    /// `complained`.
    #[serde(default)]
    #[schema(example = "asked")]
    reason: Option<String>,
    /// Free text of 1 to 1,000 characters. Required for `subscribed`: how the person agreed.
    #[serde(default)]
    #[schema(example = "Asked on the phone")]
    note: Option<String>,
}

/// Get the consent of a contact
#[utoipa::path(
    get, path = "/v1/contacts/{id}/consent", tag = "contacts", operation_id = "get_consent",
    params(("id" = Uuid, Path, description = "The contact")),
    responses(
        (status = 200, description = "The consent", body = ConsentView),
        (status = 404, description = "There is no such contact", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn get(CanRead(caller): CanRead, shared: Data<Shared>, Id(id): Id<ContactId>) -> Answer {
    let body = blocking(&shared, move |api| {
        to_json(&ConsentView::from(&api.consents.get(caller.org, id)?))
    });
    Ok(ok(body.await?))
}

/// Unsubscribe a contact, or subscribe it again
///
/// The consent is stored for all addresses of the contact, and survives its deletion. An
/// unsubscribe of an unsubscribed contact changes nothing: the first one is kept.
#[utoipa::path(
    put, path = "/v1/contacts/{id}/consent", tag = "contacts", operation_id = "put_consent",
    params(("id" = Uuid, Path, description = "The contact")),
    request_body = ConsentBody,
    responses(
        (status = 200, description = "The consent after the change", body = ConsentView),
        (status = 403, description = "`scope_missing`: the credential cannot write, or it would subscribe a contact again without the scope `admin`", body = ProblemView, content_type = "application/problem+json"),
        (status = 404, description = "There is no such contact", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn put(
    CanWrite(caller): CanWrite,
    shared: Data<Shared>,
    Id(id): Id<ContactId>,
    Body(body): Body<ConsentBody>,
) -> Answer {
    let body = blocking(&shared, move |api| {
        let ConsentBody { state, reason, note } = &body;
        let raw = RawConsent { state, reason: reason.as_deref(), note: note.as_deref() };
        let is_admin = caller.may(Scope::Admin);
        let consent = api.consents.change(caller.org, id, &raw, caller.actor, is_admin)?;
        to_json(&ConsentView::from(&consent))
    });
    Ok(ok(body.await?))
}
