//! Results of an action by contact, as a file.

use std::fmt::Write;
use std::sync::Arc;

use super::{ActionId, ActionRepository, Chunk};
use crate::{OrgId, Result};

/// Lines of a CSV file with the result of each contact in the applied parts, in blocks.
pub struct ActionResult {
    pub(super) actions: Arc<dyn ActionRepository>,
    pub(super) org: OrgId,
    pub(super) id: ActionId,
    pub(super) header: Option<&'static str>,
    pub(super) part: u32,
}

impl ActionResult {
    /// Header of the file.
    pub const HEADER: &str = "contact_id,outcome,reason\r\n";
}

impl Iterator for ActionResult {
    type Item = Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(header) = self.header.take() {
            return Some(Ok(header.into()));
        }
        let part = self.actions.part(self.org, self.id, self.part).transpose()?;
        self.part += 1;
        Some(part.map(|chunk| written(&chunk).into_bytes()))
    }
}

/// Neither ids nor reasons need quotes.
fn written(chunk: &Chunk) -> String {
    chunk.lines().into_iter().fold(String::new(), |mut out, (id, outcome, reason)| {
        let _ = write!(out, "{id},{outcome},{reason}\r\n");
        out
    })
}
