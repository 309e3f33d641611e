//! The entry point for the fuzz target.

use contacts_core::sync::{Flow, Mode};

use super::catalog::Catalog;
use super::reading::StreamReading;
use crate::batches::Batches;
use crate::fuzzing::Unobserved;

/// Reads the output of a connector: a catalog in the first line, and messages of its first stream.
pub fn fuzz(output: &[u8]) {
    let mut lines = output.split(|byte| *byte == b'\n');
    let Some(first) = lines.next() else { return };
    let Ok(catalog) = serde_json::from_slice::<Catalog>(first) else { return };
    let Some(found) = catalog.streams().next() else { return };
    let _ = found.configured(&Mode::Full);
    let _ = found.configured(&Mode::Incremental { cursor: None });
    let mut take = |_| Flow::Next;
    let mut reading = StreamReading::new(&found, Batches::new(&mut take), &Unobserved);
    for line in lines {
        if reading.line(line).is_err() {
            return;
        }
    }
}
