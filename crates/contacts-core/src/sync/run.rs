//! One run of a connected source.

use std::sync::Mutex;
use std::time::Duration;

use time::OffsetDateTime;

use super::watch::InRun;
use super::{
    Batch, Begun, Committed, ConnectedSource, End, Flow, Log, Piece, Reading, RecordReader,
    Settings, SourceId, SyncRun, SyncRunId, SyncService, SyncState, Trouble, VanishedPiece,
    pause_after,
};
use crate::contact::ContactId;
use crate::import::Turn;
use crate::job::Outcome;
use crate::{Error, OrgId, Result};

/// About the most records of a transaction.
const RECORDS: usize = 4_000;

/// When what has come is stored, though it is little.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often a run is taken up without getting on before it is given up.
const TRIES: u32 = 10;

/// When a source that was run looks again whether somebody asks for another run, and one that had
/// nothing to do: somebody may have asked while the job was held.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
const LOOK_LATER: Duration = Duration::from_secs(300);

/// Why the taking of batches ended before the stream did.
#[derive(Debug)]
enum Stop {
    /// Others wait, or the worker ends.
    GiveWay,
    /// The run is not this worker's any more.
    Lost,
    /// The store failed.
    Failed(Error),
}

/// What comes of a stream while it is read.
struct Taking<'a> {
    service: &'a SyncService,
    source: &'a ConnectedSource,
    run: &'a SyncRun,
    watch: &'a InRun<'a>,
    reader: RecordReader,
    waiting: Batch,
    since: OffsetDateTime,
    /// Whether a state was stored in this piece of work, from which another can go on.
    got_on: bool,
    /// How many records the run has taken.
    taken: u64,
    stop: Option<Stop>,
}

impl Taking<'_> {
    fn take(&mut self, batch: Batch) -> Flow {
        self.waiting.records.extend(batch.records);
        // An earlier state that waits covers less, and nothing that is not stored with it.
        self.waiting.state = batch.state.or(self.waiting.state.take());
        let now = self.service.clock.now();
        let is_time = now - self.since >= PATIENCE || self.watch.turn.must_end();
        if self.waiting.records.len() < RECORDS && !is_time {
            return Flow::Next;
        }
        if let Err(stop) = self.store() {
            self.stop = Some(stop);
            return Flow::Stop;
        }
        let goes_on = !self.watch.turn.must_end() && (!self.got_on || self.watch.turn.may_go_on());
        if goes_on {
            return Flow::Next;
        }
        self.stop = Some(Stop::GiveWay);
        Flow::Stop
    }

    /// Stores what waits.
    fn store(&mut self) -> Result<(), Stop> {
        let Batch { records, state } = std::mem::take(&mut self.waiting);
        self.since = self.service.clock.now();
        if records.is_empty() && state.is_none() {
            return Ok(());
        }
        let planned = records
            .iter()
            .map(|record| self.reader.read(record, ContactId(self.service.ids.next())));
        let records: Vec<_> = planned.collect();
        let got_on = state.is_some();
        let piece = Piece { records, state, log: self.watch.log().lines() };
        let sources = &self.service.sources;
        match sources.commit(self.source, self.run, &piece, self.since).map_err(Stop::Failed)? {
            Committed::Lost => Err(Stop::Lost),
            Committed::Taken(tally, said) => {
                self.taken = tally.rows();
                self.got_on |= got_on;
                let mut log = self.watch.log();
                said.iter().for_each(|line| log.add(line));
                Ok(())
            }
        }
    }
}

impl SyncService {
    /// The job of a source: takes up the run that is open, or begins one that is due, and reads
    /// the stream to its end. Safe to run twice, and at any time.
    ///
    /// # Errors
    ///
    /// [`Error::Store`]; then it may be tried again.
    pub fn run(&self, org: OrgId, id: SourceId, turn: &dyn Turn) -> Result<Outcome> {
        let now = self.clock.now();
        match self.sources.begin(org, id, SyncRunId(self.ids.next()), now)? {
            Begun::Gone => Ok(Outcome::Done),
            Begun::Rest(until) => {
                let look = now + LOOK_LATER;
                Ok(Outcome::Rest(until.map_or(look, |until| until.min(look))))
            }
            Begun::Run(source, run) => self.carry_on(&source, &run, turn),
        }
    }

    fn carry_on(
        &self,
        source: &ConnectedSource,
        run: &SyncRun,
        turn: &dyn Turn,
    ) -> Result<Outcome> {
        let settings = match self.opened(source) {
            Ok(settings) => settings,
            Err(_) => {
                let why = "its secret settings cannot be opened: they were sealed with a key that \
                           is not in the configuration, so set them again";
                return self.fail(source, run, &Trouble::Settings(why.to_owned()), Vec::new());
            }
        };
        let log = Log::after(&run.log, &settings, |path| source.secrets.contains_key(path));
        let watch = InRun {
            turn,
            sources: &*self.sources,
            clock: &*self.clock,
            org: source.org,
            run,
            log: Mutex::new(log),
            looked: Mutex::new((self.clock.now(), true)),
        };
        let (read, taking) = self.read(source, run, &settings, &watch)?;
        let (taken, stop) = (taking.taken, taking.stop);
        match (stop, read) {
            (Some(Stop::Failed(error)), _) => return Err(error),
            (Some(Stop::Lost), _) => return Ok(self.look_again()),
            (Some(Stop::GiveWay), _) => return Ok(Outcome::Again),
            (None, _) if !watch.is_ours() => return Ok(self.look_again()),
            (None, _) if turn.must_end() => return Ok(Outcome::Again),
            (None, Err(trouble)) => {
                let lines = watch.log().lines();
                let trouble = trouble.cleaned(&watch.log());
                return self.fail(source, run, &trouble, lines);
            }
            (None, Ok(())) => {}
        }
        // A list that is suddenly empty is an outage, and not the loss of everybody.
        while source.watches_for_vanished() && taken > 0 {
            match self.sources.vanish(source, run, self.clock.now())? {
                VanishedPiece::More if turn.must_end() => return Ok(Outcome::Again),
                VanishedPiece::More => {}
                VanishedPiece::Done => break,
                VanishedPiece::Lost => return Ok(self.look_again()),
            }
        }
        self.succeed(source, run, &watch)
    }

    fn succeed(
        &self,
        source: &ConnectedSource,
        run: &SyncRun,
        watch: &InRun<'_>,
    ) -> Result<Outcome> {
        let now = self.clock.now();
        let end = End {
            state: SyncState::Done,
            problem: None,
            failures: 0,
            next_run_at: source.next_after(run.started_at.unwrap_or(now)).map(|at| at.max(now)),
            log: watch.log().lines(),
        };
        self.sources.end(source.org, run.id, Some(run.attempt), &end, now)?;
        Ok(self.look_again())
    }

    /// Reads the stream, and stores what comes of it.
    fn read<'a>(
        &'a self,
        source: &'a ConnectedSource,
        run: &'a SyncRun,
        settings: &Settings,
        watch: &'a InRun<'a>,
    ) -> Result<(Result<(), Trouble>, Taking<'a>)> {
        let fields = self.fields.list(source.org)?;
        let region = self.organisations.get(source.org)?.and_then(|org| org.region);
        let mut taking = Taking {
            service: self,
            source,
            run,
            watch,
            reader: RecordReader::new(&source.mapping, &fields, region),
            waiting: Batch::default(),
            since: self.clock.now(),
            got_on: false,
            taken: run.tally.rows(),
            stop: None,
        };
        if run.stalled > TRIES {
            let why = format!("it was tried {TRIES} times, and each time the service died of it");
            return Ok((Err(Trouble::Limit(why)), taking));
        }
        let Some(connector) = self.connectors.get(&source.connector) else {
            let why = "the operator does not allow its connector any more".to_owned();
            return Ok((Err(Trouble::Settings(why)), taking));
        };
        let reading = Reading {
            settings,
            stream: &source.stream,
            mode: &source.mode,
            state: source.state.as_ref(),
        };
        let read = connector.read(&reading, watch, &mut |batch| match taking.stop {
            None => taking.take(batch),
            Some(_) => Flow::Stop,
        });
        // What has come before it broke off is stored, too.
        if taking.stop.is_none()
            && let Err(stop) = taking.store()
        {
            taking.stop = Some(stop);
        }
        Ok((read, taking))
    }

    fn fail(
        &self,
        source: &ConnectedSource,
        run: &SyncRun,
        trouble: &Trouble,
        log: Vec<String>,
    ) -> Result<Outcome> {
        let now = self.clock.now();
        let failures = source.failures.saturating_add(1);
        let scheduled = source.next_after(now);
        let again = match trouble {
            Trouble::Settings(_) => None,
            Trouble::Down { retry_after, .. } => {
                // Nobody is left alone for ever because they ask for it.
                let asked = retry_after.unwrap_or_default().min(Duration::from_secs(24 * 60 * 60));
                Some(now + pause_after(failures).max(asked))
            }
            Trouble::Broken(_) | Trouble::Limit(_) | Trouble::Stopped => {
                Some(now + pause_after(failures))
            }
        };
        let end = End {
            state: SyncState::Failed,
            problem: Some(trouble.to_string()),
            failures,
            // Without a schedule it is run by hand, and again by hand.
            next_run_at: scheduled.map(|scheduled| again.unwrap_or(scheduled)),
            log,
        };
        self.sources.end(source.org, run.id, Some(run.attempt), &end, now)?;
        Ok(self.look_again())
    }

    fn look_again(&self) -> Outcome {
        Outcome::Rest(self.clock.now() + LOOK_AGAIN)
    }
}
