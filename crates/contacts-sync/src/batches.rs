//! Collects records into batches.

use contacts_core::sync::{Batch, ConnectorError, Flow, Record, State};

use crate::limits::format_bytes;
use crate::process::Exit;
use crate::record::size;

/// Collects records and passes them on in batches of limited size.
pub(crate) struct Batches<'a> {
    take: &'a mut dyn FnMut(Batch) -> Flow,
    pending: Batch,
    pending_bytes: usize,
    /// Whether the receiver wants no more batches.
    is_stopped: bool,
}

impl<'a> Batches<'a> {
    pub(crate) fn new(take: &'a mut dyn FnMut(Batch) -> Flow) -> Self {
        Self { take, pending: Batch::default(), pending_bytes: 0, is_stopped: false }
    }

    /// Adds a record, and passes the batch on when it is full.
    pub(crate) fn push_record(&mut self, record: Record) -> Flow {
        self.pending_bytes += size(&record);
        self.pending.records.push(record);
        let is_full =
            self.pending.records.len() >= Batch::RECORDS || self.pending_bytes >= Batch::BYTES;
        if is_full { self.flush_batch() } else { Flow::Next }
    }

    /// Adds a state, which covers the records before it, and passes the batch on.
    ///
    /// # Errors
    ///
    /// [`ConnectorError::Limit`] when the state is larger than [`State::BYTES`].
    pub(crate) fn push_state(&mut self, state: Vec<u8>) -> Result<Flow, ConnectorError> {
        if state.len() > State::BYTES {
            let most = format_bytes(State::BYTES as u64);
            return Err(ConnectorError::Limit(format!("it sent a state of more than {most}")));
        }
        self.pending.state = Some(State(state));
        Ok(self.flush_batch())
    }

    /// Passes on the remaining records, unless the receiver wants no more.
    pub(crate) fn flush(&mut self) {
        if !self.is_stopped && !self.pending.records.is_empty() {
            self.flush_batch();
        }
    }

    /// Passes on the remaining records when the program failed, but not when it was stopped.
    pub(crate) fn flush_on_error(
        &mut self,
        exit: Result<Exit, ConnectorError>,
    ) -> Result<Exit, ConnectorError> {
        if exit.as_ref().is_err_and(|error| *error != ConnectorError::Stopped) {
            self.flush();
        }
        exit
    }

    fn flush_batch(&mut self) -> Flow {
        self.pending_bytes = 0;
        let flow = (self.take)(std::mem::take(&mut self.pending));
        self.is_stopped |= flow == Flow::Stop;
        flow
    }
}

#[cfg(test)]
mod tests {
    use contacts_core::sync::Value;

    use super::*;

    fn record(bytes: usize) -> Record {
        let fields = [("a".to_owned(), Value::Text("x".repeat(bytes)))].into();
        Record { fields, ..Record::default() }
    }

    /// Returns for each batch the number of its records, and whether it has a state.
    fn batches(feed: impl FnOnce(&mut Batches<'_>)) -> Vec<(usize, bool)> {
        let mut all = Vec::new();
        let mut take = |batch: Batch| {
            all.push((batch.records.len(), batch.state.is_some()));
            Flow::Next
        };
        feed(&mut Batches::new(&mut take));
        all
    }

    #[test]
    fn a_state_closes_its_batch_and_many_records_close_theirs() {
        let all = batches(|batches| {
            (0..1_500).for_each(|_| assert_eq!(batches.push_record(record(1)), Flow::Next));
            batches.push_state(b"1".to_vec()).unwrap();
            batches.push_state(b"2".to_vec()).unwrap();
            batches.push_record(record(1));
            batches.flush();
        });
        assert_eq!(all, [(1_000, false), (500, true), (0, true), (1, false)]);
    }

    #[test]
    fn large_records_make_small_batches() {
        let all = batches(|batches| {
            (0..4).for_each(|_| assert_eq!(batches.push_record(record(600_000)), Flow::Next));
        });
        assert_eq!(all, [(2, false), (2, false)]);
    }

    #[test]
    fn a_state_that_is_too_large_is_refused() {
        let all = batches(|batches| {
            let error = batches.push_state(vec![b' '; State::BYTES + 1]).unwrap_err();
            assert_eq!(error.to_string(), "it sent a state of more than 1 MiB");
        });
        assert_eq!(all, []);
    }

    #[test]
    fn a_receiver_that_stops_gets_no_more_batches() {
        let mut count = 0;
        let mut take = |_| {
            count += 1;
            Flow::Stop
        };
        let mut batches = Batches::new(&mut take);
        batches.push_state(Vec::new()).unwrap();
        batches.push_record(record(1));
        batches.flush();
        assert_eq!(count, 1);
    }
}
