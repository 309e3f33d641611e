//! Writes a file chunk by chunk; memory use does not grow with the file.

use std::sync::Arc;

use super::{ExportPage, ExportRepository, ExportScope, Sheet};
use crate::contact::{ContactFilter, ContactId};
use crate::trail::{TrailEvent, TrailRepository};
use crate::{Actor, Clock, OrgId, Result};

/// The bytes of a file, chunk by chunk. A chunk is empty when none of the examined contacts
/// matches.
pub struct Export {
    pub(super) contacts: Arc<dyn ExportRepository>,
    pub(super) sheet: Sheet,
    pub(super) trail: Arc<dyn TrailRepository>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) org: OrgId,
    pub(super) actor: Actor,
    pub(super) filter: ContactFilter,
    pub(super) next: Next,
    /// Number of contacts that the next page examines.
    pub(super) page_size: usize,
    pub(super) written: u64,
    /// Whether the end was recorded.
    pub(super) has_ended: bool,
}

/// The next part of the file.
pub(super) enum Next {
    /// The header and the first contacts.
    Header,
    /// The contacts after this one.
    After(ContactId),
    End,
}

/// Number of contacts that the first page examines: few, so that the first chunk comes at once.
pub(super) const FIRST_PAGE_SIZE: usize = 500;

/// Maximum number of contacts that a page examines.
const MAX_PAGE_SIZE: usize = 8_000;

/// Approximate size of a chunk; the page size is adapted to it.
const CHUNK_BYTES: usize = 1 << 20;

impl Export {
    /// Number of contacts written so far.
    pub fn written(&self) -> u64 {
        self.written
    }

    fn chunk(&mut self) -> Result<Option<Vec<u8>>> {
        let mut out = Vec::new();
        let after = match self.next {
            Next::End => return Ok(None),
            Next::Header => {
                self.sheet.header(&mut out);
                None
            }
            Next::After(id) => Some(id),
        };
        let scope = ExportScope::Matching(&self.filter, self.page_size);
        let ExportPage { rows, next } =
            self.contacts.page(self.org, scope, after, self.sheet.columns())?;
        rows.iter().for_each(|row| self.sheet.row(row, &mut out));
        self.written += rows.len() as u64;
        if out.len() < CHUNK_BYTES / 2 {
            self.page_size = (self.page_size * 2).min(MAX_PAGE_SIZE);
        } else if out.len() > CHUNK_BYTES * 2 {
            self.page_size = (self.page_size / 2).max(1);
        }
        self.next = next.map_or(Next::End, Next::After);
        if matches!(self.next, Next::End) {
            self.record_end(&TrailEvent::export_ended(self.written))?;
        }
        Ok(Some(out))
    }

    fn record_end(&mut self, event: &TrailEvent) -> Result<()> {
        self.trail.record(self.org, event, self.actor, self.clock.now())?;
        self.has_ended = true;
        Ok(())
    }
}

/// Records the end of an export that the client broke off, or that failed, with the number of
/// contacts that were read: some of them may have been sent. An error of the store is ignored,
/// because dropping a value cannot return one.
impl Drop for Export {
    fn drop(&mut self) {
        if !self.has_ended {
            let _unrecorded = self.record_end(&TrailEvent::export_broken_off(self.written));
        }
    }
}

impl Iterator for Export {
    type Item = Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        let chunk = self.chunk().transpose();
        if matches!(chunk, Some(Err(_))) {
            self.next = Next::End;
        }
        chunk
    }
}
