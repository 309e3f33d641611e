//! The entry point for the fuzz target.

use contacts_core::sync::{Flow, Mode};

use super::catalog::Catalog;
use super::reading::StreamReading;
use crate::batches::Batches;
use crate::fuzzing::Unobserved;

/// Reads the output of a tap: a catalog in the first line, and messages of its first stream.
pub fn fuzz(output: &[u8]) {
    let mut lines = output.split(|byte| *byte == b'\n');
    let Some(mut catalog) = lines.next().and_then(Catalog::read) else { return };
    let Some(stream) = catalog.streams().into_iter().next() else { return };
    let Ok(found) = catalog.select(&stream.name, &Mode::Full) else { return };
    let _ = catalog.to_json();
    let mut take = |_| Flow::Next;
    let mut reading = StreamReading::new(&found, Batches::new(&mut take), &Unobserved);
    for line in lines {
        if reading.line(line).is_err() {
            return;
        }
    }
}
