//! The audit trail: who did what in the organisation, and when (R61).
//!
//! It is called the trail in the code, because an audit is the check of stored rows
//! ([`crate::audit`]). A store writes each entry in the transaction of what it records.

mod event;
mod service;

use time::{Duration, OffsetDateTime};

pub use self::event::{TrailEvent, TrailKind};
pub use self::service::{TrailFile, TrailService};
use crate::org::id;
use crate::page::TimeCursor;
use crate::{Actor, OrgId, Result};

id! {
    /// An entry's id.
    TrailEntryId
}

/// How long entries are kept.
pub const KEEP_TRAIL: Duration = Duration::days(400);

/// An entry of the audit trail. It is never changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrailEntry {
    /// Id of the entry.
    pub id: TrailEntryId,
    /// Time of the recorded change.
    pub at: OffsetDateTime,
    /// Actor of the recorded change.
    pub actor: Actor,
    /// The recorded change.
    pub event: TrailEvent,
}

impl TrailEntry {
    /// The place of the entry in the list.
    pub fn cursor(&self) -> TimeCursor {
        TimeCursor { at: self.at, id: self.id.0 }
    }
}

/// Which entries a list contains.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrailFilter {
    /// Only entries of this user, key or other actor.
    pub actor: Option<uuid::Uuid>,
    /// Only entries of this kind.
    pub kind: Option<TrailKind>,
    /// Only entries at this time or later.
    pub from: Option<OffsetDateTime>,
    /// Only entries before this time.
    pub until: Option<OffsetDateTime>,
}

impl TrailFilter {
    /// Whether an entry belongs to the list.
    pub fn includes(&self, entry: &TrailEntry) -> bool {
        self.actor.is_none_or(|actor| entry.actor.parts().1 == Some(actor))
            && self.kind.is_none_or(|kind| entry.event.kind == kind)
            && self.from.is_none_or(|from| from <= entry.at)
            && self.until.is_none_or(|until| entry.at < until)
    }
}

/// Stores the audit trail. The ports of what is recorded write most entries; see [`TrailKind`].
///
/// Every implementation passes `contacts_testkit::trail_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait TrailRepository: Send + Sync {
    /// Records an event that changes no row, such as an export.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be written.
    fn record(
        &self,
        org: OrgId,
        event: &TrailEvent,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<()>;

    /// Returns up to `limit` entries after a place, the newest first.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be read.
    fn list(
        &self,
        org: OrgId,
        filter: &TrailFilter,
        after: Option<TimeCursor>,
        limit: usize,
    ) -> Result<Vec<TrailEntry>>;
}
