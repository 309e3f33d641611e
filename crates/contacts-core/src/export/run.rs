//! A file that is written piece by piece, in memory that does not grow with it.

use std::sync::Arc;

use super::{ExportPage, ExportRepository, People, Sheet};
use crate::contact::{ContactFilter, ContactId};
use crate::{OrgId, Result};

/// The bytes of a file, piece by piece. A piece may be empty: then people were looked at of whom
/// nobody is meant.
pub struct Export {
    pub(super) people: Arc<dyn ExportRepository>,
    pub(super) sheet: Sheet,
    pub(super) org: OrgId,
    pub(super) filter: ContactFilter,
    pub(super) next: Next,
    pub(super) look_at: usize,
    pub(super) written: u64,
}

/// What comes next.
pub(super) enum Next {
    /// The header, and the first people.
    Header,
    /// Those after somebody.
    After(ContactId),
    End,
}

/// At first so many are looked at, that the first piece comes at once; ...
pub(super) const FIRST_LOOK: usize = 500;

/// ... and at most so many, ...
const LONGEST_LOOK: usize = 8_000;

/// ... as long as a piece is about as large as this.
const PIECE: usize = 1 << 20;

impl Export {
    /// How many people are written so far.
    pub fn written(&self) -> u64 {
        self.written
    }

    fn piece(&mut self) -> Result<Option<Vec<u8>>> {
        let mut out = Vec::new();
        let after = match self.next {
            Next::End => return Ok(None),
            Next::Header => {
                self.sheet.header(&mut out);
                None
            }
            Next::After(id) => Some(id),
        };
        let people = People::Matching(&self.filter, self.look_at);
        let ExportPage { rows, next } =
            self.people.page(self.org, people, after, self.sheet.columns())?;
        rows.iter().for_each(|row| self.sheet.row(row, &mut out));
        self.written += rows.len() as u64;
        if out.len() < PIECE / 2 {
            self.look_at = (self.look_at * 2).min(LONGEST_LOOK);
        } else if out.len() > PIECE * 2 {
            self.look_at = (self.look_at / 2).max(1);
        }
        self.next = next.map_or(Next::End, Next::After);
        Ok(Some(out))
    }
}

impl Iterator for Export {
    type Item = Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        let piece = self.piece().transpose();
        if matches!(piece, Some(Err(_))) {
            self.next = Next::End;
        }
        piece
    }
}
