//! Random runs of connected sources: in chunks, repeated, by workers that lost their lease,
//! cancelled, and with records that vanished.

use std::time::Duration;

use contacts_core::contact::ContactId;
use contacts_core::run::RunState;
use contacts_core::sync::{
    Chunk, Committed, ConnectedSource, End, Mode, Overwrite, Record, RecordReader, RunStart,
    SourceDefinition, SourcePatch, State, SyncRun, SyncRunId, Value, VanishPolicy, VanishedChunk,
};
use contacts_core::{Actor, Ids};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::run::Run;
use super::{Operation, Profile};
use crate::samples;

/// Number of connected sources. Each treats vanished contacts in its own way.
const SOURCES: usize = 3;

/// A random record of a connected source.
#[derive(Clone, Debug)]
pub struct RandomRecord {
    /// Id of the record. Empty for none.
    pub id: &'static str,
    /// Field values of the record.
    pub profile: Profile,
    /// Whether the record is marked as deleted.
    pub deleted: bool,
}

pub(super) fn operation(
    profile: impl Strategy<Value = Profile>,
) -> impl Strategy<Value = Operation> {
    let id = prop_oneof![6 => select(&["1", "2", "3", "4"][..]), 1 => Just("")];
    let said = (id, profile, prop::bool::weighted(0.1))
        .prop_map(|(id, profile, deleted)| RandomRecord { id, profile, deleted });
    let flags = (any::<bool>(), prop::bool::weighted(0.2), prop::bool::weighted(0.2));
    let cancel = option::weighted(0.2, 0..3usize);
    let chunks = vec(vec(said, 0..4), 0..4);
    (0..SOURCES, chunks, select(&Overwrite::ALL[..]), flags, cancel).prop_map(
        |(source, chunks, overwrite, (full, twice, taken_up), cancel)| Operation::Sync {
            source,
            chunks,
            overwrite,
            full,
            twice,
            taken_up,
            cancel,
        },
    )
}

/// The course of a random run.
pub(super) struct Way<'a> {
    pub(super) chunks: &'a [Vec<RandomRecord>],
    pub(super) overwrite: Overwrite,
    pub(super) full: bool,
    pub(super) twice: bool,
    pub(super) taken_up: bool,
    pub(super) cancel: Option<usize>,
}

impl Run<'_> {
    pub(super) fn sync(&self, source: usize, way: &Way<'_>) -> String {
        let source = self.source(source, way);
        let (sources, run) = (&self.ports.sources, SyncRunId(self.ports.ids.next()));
        let asked = SyncRun::queued(source.id, run, Some(Actor::System), self.now());
        sources.ask(self.org, &asked, false, self.now()).unwrap();
        let (source, mut run) = self.take_up(&source);
        let mut values = vec![format!("from {:?}", source.state)];
        for (at, chunk) in way.chunks.iter().enumerate() {
            self.ports.clock.tick();
            if way.cancel == Some(at) {
                values.push(self.end_run(&run, None, RunState::Cancelled));
            }
            let planned = || self.chunk(&source, chunk, at);
            if way.taken_up && at == 1 && way.cancel.is_none_or(|cancel| cancel > at) {
                // Another worker claims the run while the first one still believes that it has it.
                let lost = std::mem::replace(&mut run, self.take_up(&source).1);
                values.push(self.commit(&source, &lost, &planned()));
            }
            for _ in 0..=u8::from(way.twice) {
                values.push(self.commit(&source, &run, &planned()));
            }
        }
        if way.full {
            for _ in 0..2 {
                values.push(self.vanish(&source, &run));
            }
        }
        values.push(self.end_run(&run, Some(run.attempt), RunState::Done));
        let (run, source) = (run.id, source.id);
        let run = sources.run(self.org, run).unwrap().unwrap();
        values.push(format!(
            "{:?} {:?} {} {} {} {:?}",
            run.state, run.tally, run.vanished, run.attempt, run.stalled, run.log
        ));
        let source = sources.get(self.org, source).unwrap().unwrap();
        let next = source.next_run_at.map(|at| self.tell.at(at));
        values.push(format!("up to {:?} {} {next:?}", source.state, source.failures));
        self.tell.lines(values.into_iter())
    }

    /// Returns the connected source of a number, with the settings of this run. Creates it on first
    /// use.
    fn source(&self, number: usize, way: &Way<'_>) -> ConnectedSource {
        let sources = &self.ports.sources;
        let known = || sources.list(self.org).unwrap().into_iter().map(|(source, _)| source);
        let name = format!("CRM {number}");
        let source = known().find(|source| source.name == name).unwrap_or_else(|| {
            let service = self.ports.services().sources;
            let vanish = match number {
                0 => VanishPolicy::Nothing,
                1 => VanishPolicy::Tag(samples::tag("vip")),
                _ => VanishPolicy::Unlink,
            };
            let definition =
                SourceDefinition { name: name.clone(), vanish, ..samples::definition() };
            service.create(self.org, definition, Actor::System).unwrap()
        });
        let mode = if way.full { Mode::Full } else { Mode::Incremental { cursor: None } };
        let mut mapping = source.mapping.clone();
        for mapped in &mut mapping.fields {
            mapped.overwrite = way.overwrite;
        }
        let patch =
            SourcePatch { mode: Some(mode), mapping: Some(mapping), ..SourcePatch::default() };
        sources
            .patch(self.org, source.id, &patch, None, Actor::System, self.now())
            .unwrap()
            .unwrap()
    }

    fn take_up(&self, source: &ConnectedSource) -> (ConnectedSource, SyncRun) {
        let (id, now) = (SyncRunId(self.ports.ids.next()), self.now());
        match self.ports.sources.begin(self.org, source.id, id, now).unwrap() {
            RunStart::Run(source, run) => (*source, *run),
            begun => panic!("{begun:?}"),
        }
    }

    fn chunk(&self, source: &ConnectedSource, said: &[RandomRecord], at: usize) -> Chunk {
        let reader = RecordReader::new(&source.mapping, &[], None);
        let plan = |said: &RandomRecord| {
            let Profile { name, email, phone, .. } = said.profile;
            let texts = [("name", name), ("email", email), ("phone", phone)];
            let mut record: Record = samples::record(said.id, &texts);
            let tags = said.profile.tags.iter().map(|tag| (*tag).to_owned()).collect();
            record.fields.insert("tags".to_owned(), Value::List(tags));
            record.deleted = said.deleted;
            reader.read(&record, ContactId(self.ports.ids.next()))
        };
        // Some chunks have no state.
        let state = at.is_multiple_of(2).then(|| State(at.to_string().into_bytes()));
        Chunk { records: said.iter().map(plan).collect(), state, log: vec![format!("chunk {at}")] }
    }

    fn commit(&self, source: &ConnectedSource, run: &SyncRun, chunk: &Chunk) -> String {
        match self.ports.sources.commit(source, run, chunk, self.now()) {
            Ok(Committed::Records(tally, said)) => format!("took {tally:?} {said:?}"),
            Ok(Committed::Lost) => "lost".to_owned(),
            Err(error) => self.tell.error(&error),
        }
    }

    fn vanish(&self, source: &ConnectedSource, run: &SyncRun) -> String {
        match self.ports.sources.vanish(source, run, self.ports.clock.tick()) {
            Ok(VanishedChunk::More) => "more".to_owned(),
            Ok(VanishedChunk::Done) => "that was all".to_owned(),
            Ok(VanishedChunk::Lost) => "lost".to_owned(),
            Err(error) => self.tell.error(&error),
        }
    }

    fn end_run(&self, run: &SyncRun, attempt: Option<u32>, state: RunState) -> String {
        let now = self.ports.clock.tick();
        let next_run_at = Some(now + Duration::from_secs(3_600));
        let source_version = 1;
        let end =
            End { state, problem: None, failures: 2, next_run_at, source_version, log: Vec::new() };
        let ended = self.ports.sources.end(self.org, run.id, attempt, &end, now).unwrap();
        format!("ended: {ended}")
    }
}
