//! What came of everybody, as a file.

use std::fmt::Write;
use std::sync::Arc;

use super::{ActionId, ActionRepository, Piece};
use crate::{OrgId, Result};

/// The lines of a CSV file that tells what came of each person, many at a time: those of the
/// pieces that are done.
pub struct ActionResult {
    pub(super) actions: Arc<dyn ActionRepository>,
    pub(super) org: OrgId,
    pub(super) id: ActionId,
    pub(super) header: Option<&'static str>,
    pub(super) piece: u32,
}

impl ActionResult {
    /// What the columns are called.
    pub const HEADER: &str = "contact_id,outcome,reason\r\n";
}

impl Iterator for ActionResult {
    type Item = Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(header) = self.header.take() {
            return Some(Ok(header.into()));
        }
        let piece = self.actions.piece(self.org, self.id, self.piece).transpose()?;
        self.piece += 1;
        Some(piece.map(|piece| written(&piece).into_bytes()))
    }
}

/// Neither an id nor a reason needs quotes.
fn written(piece: &Piece) -> String {
    piece.lines().into_iter().fold(String::new(), |mut out, (id, outcome, reason)| {
        let _ = write!(out, "{id},{outcome},{reason}\r\n");
        out
    })
}
