//! The audit trail over HTTP (R61).

use actix_web::web::Data;
use contacts_core::page::TimeCursor;
use contacts_core::trail::{TrailEntry, TrailFilter, TrailKind};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::contacts::ActorView;
use crate::parts::answer::{Answer, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::caller::CanAdmin;
use crate::parts::download::StartedDownload;
use crate::parts::enumerated::{Enumerated, enumeration};
use crate::parts::page::{FilteredPaging, PageParams, page_view};
use crate::parts::params::{QueryParams, query};
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(crate) fn routes(table: Table) -> Table {
    table.add::<__path_list, _, _>(list).add::<__path_download, _, _>(download)
}

enumeration! {
    /// Kind of a recorded change. `subject_id` is the id of the changed resource: the session,
    /// user, key, import, contact, bulk action, tag, webhook, source or widget. Custom fields have
    /// keys instead.
    ///
    /// - `export_started`, `export_ended`: an export of contacts, as a download or as a bulk action,
    ///   which has no `export_ended`.
    /// - `contacts_deleted`, `contacts_merged`: the start of a bulk action.
    /// - `import_undone`, `merge_undone`, `action_undone`: the start of an undo.
    /// - `field_changed`, `webhook_changed`, `source_changed`: also archived, paused or resumed.
    pub(crate) TrailKindView = TrailKind as "AuditKind" in TrailKind::ALL.iter().copied()
}

query! {
    /// Parameters that select entries of the audit trail.
    struct TrailQuery {
        /// Only entries of the user or the key with this id.
        actor: Option<Uuid>,
        /// Only entries of this kind.
        kind: Option<TrailKindView>,
        /// Only entries at this time or later.
        #[param(value_type = Option<String>, format = DateTime)]
        from: Option<OffsetDateTime>,
        /// Only entries before this time.
        #[param(value_type = Option<String>, format = DateTime)]
        until: Option<OffsetDateTime>,
    }
}

impl From<TrailQuery> for TrailFilter {
    fn from(query: TrailQuery) -> Self {
        let TrailQuery { actor, kind, from, until } = query;
        Self { actor, kind: kind.map(Enumerated::value), from, until }
    }
}

/// An entry of the audit trail. It contains no personal data of contacts.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEntry)]
struct TrailEntryView {
    /// Id of the entry.
    id: Uuid,
    /// Time of the recorded change.
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    /// Actor of the recorded change.
    actor: ActorView,
    /// Kind of the recorded change.
    kind: TrailKindView,
    /// Id of the changed resource; null when it has none.
    subject_id: Option<Uuid>,
    /// Number of contacts that are exported, deleted or merged, where there may be many.
    contacts: Option<u64>,
    /// Words that describe the change: the scopes of a key, a role, the key of a custom field, or
    /// the names of the filter's parameters of an export, without their values.
    details: Vec<String>,
}

impl From<TrailEntry> for TrailEntryView {
    fn from(entry: TrailEntry) -> Self {
        let TrailEntry { id, at, actor, event } = entry;
        Self {
            id: id.0,
            at,
            actor: actor.into(),
            kind: event.kind.into(),
            subject_id: event.subject,
            contacts: event.contacts,
            details: event.details,
        }
    }
}

page_view! {
    /// A page of the audit trail.
    struct TrailView as AuditEntries {
        /// The entries, newest first.
        items: TrailEntryView,
    }
}

/// List the audit trail
///
/// Who did what, and when. Entries are kept for 400 days and cannot be changed.
#[utoipa::path(
    get, path = "/v1/audit", tag = "audit", operation_id = "list_audit",
    params(TrailQuery, PageParams),
    responses((status = 200, description = "A page, the newest first", body = TrailView))
)]
async fn list(
    CanAdmin(caller): CanAdmin,
    shared: Data<Shared>,
    FilteredPaging { page, query }: FilteredPaging<TimeCursor, TrailQuery>,
) -> Answer {
    let filter = TrailFilter::from(query);
    let body = blocking(&shared, move |api| {
        let entries = api.trail.list(caller.org, &filter, page.after, page.rows())?;
        let page = page.cut(entries, TrailEntry::cursor);
        to_json(&TrailView::from(page.map(TrailEntryView::from)))
    });
    Ok(ok(body.await?))
}

/// Download the audit trail as CSV
///
/// The columns are `at`, `actor`, `actor_id`, `kind`, `subject_id`, `contacts` and `details`, whose
/// words are separated by spaces. The newest entries come first.
#[utoipa::path(
    get, path = "/v1/audit.csv", tag = "audit", operation_id = "download_audit",
    params(TrailQuery),
    responses((status = 200, description = "The file", body = String, content_type = "text/csv"))
)]
async fn download(
    CanAdmin(caller): CanAdmin,
    shared: Data<Shared>,
    QueryParams(query): QueryParams<TrailQuery>,
) -> Answer {
    let slot = shared.downloads.take(caller.org)?;
    let started = blocking(&shared, move |api| {
        StartedDownload::new(Box::new(api.trail.file(caller.org, query.into())))
    });
    Ok(started.await?.csv(shared, slot, "audit.csv"))
}
