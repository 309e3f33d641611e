//! The use cases of the audit trail.

use std::fmt::Write;
use std::sync::Arc;

use time::format_description::well_known::Rfc3339;

use super::{TrailEntry, TrailEvent, TrailFilter, TrailRepository};
use crate::page::TimeCursor;
use crate::{Actor, Clock, OrgId, Ports, Result};

/// The use cases of the audit trail (R61).
#[derive(Clone)]
pub struct TrailService {
    trail: Arc<dyn TrailRepository>,
    clock: Arc<dyn Clock>,
}

impl TrailService {
    pub(crate) fn over(ports: &Ports) -> Self {
        Self { trail: ports.trail.clone(), clock: ports.clock.clone() }
    }

    /// Records a download, before anything of it is sent.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`].
    pub fn record(&self, org: OrgId, event: &TrailEvent, actor: Actor) -> Result<()> {
        self.trail.record(org, event, actor, self.clock.now())
    }

    /// Returns up to `limit` entries after a place, the newest first.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`].
    pub fn list(
        &self,
        org: OrgId,
        filter: &TrailFilter,
        after: Option<TimeCursor>,
        limit: usize,
    ) -> Result<Vec<TrailEntry>> {
        self.trail.list(org, filter, after, limit)
    }

    /// Opens the entries as a CSV file, the newest first.
    pub fn file(&self, org: OrgId, filter: TrailFilter) -> TrailFile {
        TrailFile { trail: self.trail.clone(), org, filter, next: Next::Header }
    }
}

/// Chunks of a CSV file with the entries of the trail.
pub struct TrailFile {
    trail: Arc<dyn TrailRepository>,
    org: OrgId,
    filter: TrailFilter,
    next: Next,
}

enum Next {
    Header,
    After(Option<TimeCursor>),
    End,
}

impl TrailFile {
    /// Header of the file.
    pub const HEADER: &str = "at,actor,actor_id,kind,subject_id,contacts,details\r\n";

    /// Number of entries of a chunk.
    const CHUNK: usize = 1_000;
}

impl Iterator for TrailFile {
    type Item = Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        let after = match self.next {
            Next::Header => {
                self.next = Next::After(None);
                return Some(Ok(Self::HEADER.into()));
            }
            Next::After(after) => after,
            Next::End => return None,
        };
        self.next = Next::End;
        let entries = match self.trail.list(self.org, &self.filter, after, Self::CHUNK) {
            Ok(entries) => entries,
            Err(error) => return Some(Err(error)),
        };
        let last = entries.last().map(TrailEntry::cursor)?;
        self.next = Next::After(Some(last));
        Some(Ok(entries.iter().map(line).collect::<String>().into_bytes()))
    }
}

/// Returns the line of an entry. No cell needs quotes: they hold times, ids, numbers, and words
/// without commas.
fn line(entry: &TrailEntry) -> String {
    let TrailEntry { at, actor, event, .. } = entry;
    let (actor, actor_id) = actor.parts();
    let id = |id: Option<uuid::Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    let contacts = event.contacts.map(|count| count.to_string()).unwrap_or_default();
    let mut line = at.format(&Rfc3339).unwrap_or_default();
    let _ = write!(
        line,
        ",{actor},{},{},{},{contacts},{}\r\n",
        id(actor_id),
        event.kind.as_str(),
        id(event.subject),
        event.details.join(" ")
    );
    line
}
