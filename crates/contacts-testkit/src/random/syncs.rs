//! Random connected sources: read in pieces, again, by workers that lost their run, cancelled,
//! and without those who vanished.

use std::time::Duration;

use contacts_core::contact::ContactId;
use contacts_core::sync::{
    Begun, Committed, ConnectedSource, Definition, End, Mode, Overwrite, Piece, Record,
    RecordReader, State, SyncRun, SyncRunId, SyncState, Value, Vanish, VanishedPiece,
};
use contacts_core::{Actor, Ids};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::run::Run;
use super::{Operation, Profile};
use crate::{FakeConnector, samples};

/// How many sources there are, each with what it does to those who vanish.
const SOURCES: usize = 3;

/// A record that is said.
#[derive(Clone, Debug)]
pub struct Said {
    /// Its id; none when it is empty.
    pub id: &'static str,
    /// What it says.
    pub profile: Profile,
    /// Whether it says that it was deleted.
    pub deleted: bool,
}

pub(super) fn operation(
    profile: impl Strategy<Value = Profile>,
) -> impl Strategy<Value = Operation> {
    let id = prop_oneof![6 => select(&["1", "2", "3", "4"][..]), 1 => Just("")];
    let said = (id, profile, prop::bool::weighted(0.1)).prop_map(|(id, profile, deleted)| Said {
        id,
        profile,
        deleted,
    });
    let flags = (any::<bool>(), prop::bool::weighted(0.2), prop::bool::weighted(0.2));
    let cancel = option::weighted(0.2, 0..3usize);
    let pieces = vec(vec(said, 0..4), 0..4);
    (0..SOURCES, pieces, select(&Overwrite::ALL[..]), flags, cancel).prop_map(
        |(source, pieces, overwrite, (full, twice, taken_up), cancel)| Operation::Sync {
            source,
            pieces,
            overwrite,
            full,
            twice,
            taken_up,
            cancel,
        },
    )
}

/// How a random run goes.
pub(super) struct Way<'a> {
    pub(super) pieces: &'a [Vec<Said>],
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
        let mut told = vec![format!("from {:?}", source.state)];
        for (at, piece) in way.pieces.iter().enumerate() {
            self.ports.clock.tick();
            if way.cancel == Some(at) {
                told.push(self.end_run(&run, None, SyncState::Cancelled));
            }
            let planned = || self.piece(&source, piece, at);
            if way.taken_up && at == 1 && way.cancel.is_none_or(|cancel| cancel > at) {
                // Another worker takes it up; the first one has not heard of that.
                let lost = std::mem::replace(&mut run, self.take_up(&source).1);
                told.push(self.commit(&source, &lost, &planned()));
            }
            for _ in 0..=u8::from(way.twice) {
                told.push(self.commit(&source, &run, &planned()));
            }
        }
        if way.full {
            for _ in 0..2 {
                told.push(self.vanish(&source, &run));
            }
        }
        told.push(self.end_run(&run, Some(run.attempt), SyncState::Done));
        let (run, source) = (run.id, source.id);
        let run = sources.run(self.org, run).unwrap().unwrap();
        told.push(format!(
            "{:?} {:?} {} {} {} {:?}",
            run.state, run.tally, run.vanished, run.attempt, run.stalled, run.log
        ));
        let source = sources.get(self.org, source).unwrap().unwrap();
        told.push(format!("up to {:?} {}", source.state, source.failures));
        self.tell.lines(told.into_iter())
    }

    /// The source of a number, which is made when it is first met, and is to be read in this way.
    fn source(&self, number: usize, way: &Way<'_>) -> ConnectedSource {
        let sources = &self.ports.sources;
        let known = || sources.list(self.org).unwrap().into_iter().map(|(source, _)| source);
        let name = format!("CRM {number}");
        let source = known().find(|source| source.name == name).unwrap_or_else(|| {
            let service = self.ports.sync_service(FakeConnector::default().connectors());
            let vanish = match number {
                0 => Vanish::Nothing,
                1 => Vanish::Tag(samples::tag("vip")),
                _ => Vanish::Unlink,
            };
            let definition = Definition { name: name.clone(), vanish, ..samples::definition() };
            service.create(self.org, definition).unwrap()
        });
        let mut source = source;
        source.mode = if way.full { Mode::Full } else { Mode::Incremental { cursor: None } };
        for mapped in &mut source.mapping.fields {
            mapped.overwrite = way.overwrite;
        }
        sources.update(&source, false, self.now()).unwrap();
        source
    }

    fn take_up(&self, source: &ConnectedSource) -> (ConnectedSource, SyncRun) {
        let (id, now) = (SyncRunId(self.ports.ids.next()), self.now());
        match self.ports.sources.begin(self.org, source.id, id, now).unwrap() {
            Begun::Run(source, run) => (*source, *run),
            begun => panic!("{begun:?}"),
        }
    }

    fn piece(&self, source: &ConnectedSource, said: &[Said], at: usize) -> Piece {
        let reader = RecordReader::new(&source.mapping, &[], None);
        let plan = |said: &Said| {
            let Profile { name, email, phone, .. } = said.profile;
            let texts = [("name", name), ("email", email), ("phone", phone)];
            let mut record: Record = samples::record(said.id, &texts);
            let tags = said.profile.tags.iter().map(|tag| (*tag).to_owned()).collect();
            record.fields.insert("tags".to_owned(), Value::List(tags));
            record.deleted = said.deleted;
            reader.read(&record, ContactId(self.ports.ids.next()))
        };
        // Not every piece has a state.
        let state = at.is_multiple_of(2).then(|| State(at.to_string().into_bytes()));
        Piece { records: said.iter().map(plan).collect(), state, log: vec![format!("piece {at}")] }
    }

    fn commit(&self, source: &ConnectedSource, run: &SyncRun, piece: &Piece) -> String {
        match self.ports.sources.commit(source, run, piece, self.now()) {
            Ok(Committed::Taken(tally, said)) => format!("took {tally:?} {said:?}"),
            Ok(Committed::Lost) => "lost".to_owned(),
            Err(error) => self.tell.error(&error),
        }
    }

    fn vanish(&self, source: &ConnectedSource, run: &SyncRun) -> String {
        match self.ports.sources.vanish(source, run, self.ports.clock.tick()) {
            Ok(VanishedPiece::More) => "more".to_owned(),
            Ok(VanishedPiece::Done) => "that was all".to_owned(),
            Ok(VanishedPiece::Lost) => "lost".to_owned(),
            Err(error) => self.tell.error(&error),
        }
    }

    fn end_run(&self, run: &SyncRun, attempt: Option<u32>, state: SyncState) -> String {
        let now = self.ports.clock.tick();
        let next_run_at = Some(now + Duration::from_secs(3_600));
        let end = End { state, problem: None, failures: 2, next_run_at, log: Vec::new() };
        let ended = self.ports.sources.end(self.org, run.id, attempt, &end, now).unwrap();
        format!("ended: {ended}")
    }
}
