//! Records on their way to whoever takes them.

use contacts_core::sync::{Batch, Flow, Record, State, Trouble};

use crate::limits::amount;
use crate::process::Ended;
use crate::record::size;

/// Makes batches of records.
pub(crate) struct Batches<'a> {
    take: &'a mut dyn FnMut(Batch) -> Flow,
    waiting: Batch,
    bytes: usize,
    is_over: bool,
}

impl<'a> Batches<'a> {
    pub(crate) fn new(take: &'a mut dyn FnMut(Batch) -> Flow) -> Self {
        Self { take, waiting: Batch::default(), bytes: 0, is_over: false }
    }

    /// A record came.
    pub(crate) fn record(&mut self, record: Record) -> Flow {
        self.bytes += size(&record);
        self.waiting.records.push(record);
        let is_full = self.waiting.records.len() >= Batch::RECORDS || self.bytes >= Batch::BYTES;
        if is_full { self.hand_over() } else { Flow::Next }
    }

    /// A state came, which covers the records before it.
    pub(crate) fn state(&mut self, state: Vec<u8>) -> Result<Flow, Trouble> {
        if state.len() > State::BYTES {
            let most = amount(State::BYTES as u64);
            return Err(Trouble::Limit(format!("it sent a state of more than {most}")));
        }
        self.waiting.state = Some(State(state));
        Ok(self.hand_over())
    }

    /// No more will come: hands over what is left, unless nobody wants it.
    pub(crate) fn rest(&mut self) {
        if !self.is_over && !self.waiting.records.is_empty() {
            self.hand_over();
        }
    }

    /// The program ended: when that was trouble, no more will come; who stopped it wants no more.
    pub(crate) fn ended(&mut self, ended: Result<Ended, Trouble>) -> Result<Ended, Trouble> {
        if ended.as_ref().is_err_and(|trouble| *trouble != Trouble::Stopped) {
            self.rest();
        }
        ended
    }

    fn hand_over(&mut self) -> Flow {
        self.bytes = 0;
        let flow = (self.take)(std::mem::take(&mut self.waiting));
        self.is_over |= flow == Flow::Stop;
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

    /// The batches that come of it: how many records each, and whether with a state.
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
            (0..1_500).for_each(|_| assert_eq!(batches.record(record(1)), Flow::Next));
            batches.state(b"1".to_vec()).unwrap();
            batches.state(b"2".to_vec()).unwrap();
            batches.record(record(1));
            batches.rest();
        });
        assert_eq!(all, [(1_000, false), (500, true), (0, true), (1, false)]);
    }

    #[test]
    fn large_records_make_small_batches() {
        let all = batches(|batches| {
            (0..4).for_each(|_| assert_eq!(batches.record(record(600_000)), Flow::Next));
        });
        assert_eq!(all, [(2, false), (2, false)]);
    }

    #[test]
    fn a_state_without_measure_is_refused() {
        let all = batches(|batches| {
            let refused = batches.state(vec![b' '; State::BYTES + 1]).unwrap_err();
            assert_eq!(refused.to_string(), "it sent a state of more than 1 MiB");
        });
        assert_eq!(all, []);
    }

    #[test]
    fn who_wants_no_more_is_given_no_more() {
        let mut given = 0;
        let mut take = |_| {
            given += 1;
            Flow::Stop
        };
        let mut batches = Batches::new(&mut take);
        batches.state(Vec::new()).unwrap();
        batches.record(record(1));
        batches.rest();
        assert_eq!(given, 1);
    }
}
