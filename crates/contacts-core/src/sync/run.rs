//! The job of a connected source: reads its stream and stores the records.

use std::sync::Mutex;
use std::time::Duration;

use time::OffsetDateTime;

use super::observer::RunObserver;
use super::{
    Batch, Chunk, Committed, ConnectedSource, ConnectorError, End, Flow, Log, PlannedRecord,
    Reading, RecordReader, RunStart, Settings, SourceId, State, SyncRun, SyncRunId, SyncService,
    VanishedChunk, pause_after,
};
use crate::contact::ContactId;
use crate::job::{ChunkPace, Interrupt, Outcome};
use crate::run::RunState;
use crate::{Error, OrgId, Result};

/// Approximate maximum number of records that are collected before they are stored.
const RECORDS: usize = 4_000;

/// Longest time for which records are collected before they are stored.
const MAX_COLLECT_TIME: Duration = Duration::from_secs(5);

/// Number of attempts without progress after which a run fails.
const TRIES: u32 = 10;

/// Pause before the job checks again, after a run or when there was nothing to do: a user may have
/// requested another run while the job was in progress.
const RECHECK_AFTER: Duration = Duration::from_secs(2);
const IDLE_RECHECK_AFTER: Duration = Duration::from_secs(300);

/// The reason why reading stopped before the end of the stream.
#[derive(Debug)]
enum Stop {
    /// Other jobs wait, or the worker stops.
    Interrupted,
    /// Another worker has begun the run, or the run has ended.
    Lost,
    /// The store failed.
    Failed(Error),
}

/// Stores the batches of a stream while it is read.
struct BatchWriter<'a> {
    service: &'a SyncService,
    source: &'a ConnectedSource,
    run: &'a SyncRun,
    observer: &'a RunObserver<'a>,
    reader: RecordReader,
    waiting: Batch,
    collected_since: OffsetDateTime,
    /// Whether this job has stored a state, from which another worker can continue.
    has_stored_state: bool,
    /// Number of records that the run has applied.
    applied: u64,
    /// Number of records that have changed a contact.
    updated: u64,
    pace: ChunkPace,
    stop: Option<Stop>,
}

impl BatchWriter<'_> {
    fn take(&mut self, batch: Batch) -> Flow {
        self.waiting.records.extend(batch.records);
        // The later state also covers the records of the earlier one.
        self.waiting.state = batch.state.or(self.waiting.state.take());
        let now = self.service.clock.now();
        let is_time =
            now - self.collected_since >= MAX_COLLECT_TIME || self.observer.interrupt.must_end();
        if self.waiting.records.len() < RECORDS && !is_time {
            return Flow::Next;
        }
        if let Err(stop) = self.store() {
            self.stop = Some(stop);
            return Flow::Stop;
        }
        let may_continue = !self.observer.interrupt.must_end()
            && (!self.has_stored_state || self.observer.interrupt.may_continue());
        if may_continue {
            return Flow::Next;
        }
        self.stop = Some(Stop::Interrupted);
        Flow::Stop
    }

    /// Stores the collected records.
    fn store(&mut self) -> Result<(), Stop> {
        let Batch { records, state } = std::mem::take(&mut self.waiting);
        self.collected_since = self.service.clock.now();
        if records.is_empty() && state.is_none() {
            return Ok(());
        }
        let planned = records
            .iter()
            .map(|record| self.reader.read(record, ContactId(self.service.ids.next())));
        let mut records: Vec<_> = planned.collect();
        loop {
            let rest = records.split_off(self.pace.next_part(records.len()));
            let part = std::mem::replace(&mut records, rest);
            // The state covers all records, so it is stored with the last ones.
            let state = if records.is_empty() { state.clone() } else { None };
            self.commit(part, state)?;
            if records.is_empty() {
                return Ok(());
            }
        }
    }

    /// Commits records in one transaction.
    fn commit(&mut self, records: Vec<PlannedRecord>, state: Option<State>) -> Result<(), Stop> {
        let (number, has_state, started) =
            (records.len(), state.is_some(), self.service.clock.now());
        let chunk = Chunk { records, state, log: self.observer.log().lines() };
        let sources = &self.service.sources;
        match sources.commit(self.source, self.run, &chunk, started).map_err(Stop::Failed)? {
            Committed::Lost => Err(Stop::Lost),
            Committed::Records(tally, log_lines) => {
                // Nobody else can edit a contact that is added.
                let locks = std::mem::replace(&mut self.updated, tally.updated) < tally.updated;
                let took =
                    if locks { self.service.clock.now() - started } else { Default::default() };
                self.pace.record(number, took.unsigned_abs());
                self.applied = tally.rows();
                self.has_stored_state |= has_state;
                let mut log = self.observer.log();
                log_lines.iter().for_each(|line| log.add(line));
                Ok(())
            }
        }
    }
}

impl SyncService {
    /// Runs the job of a source: continues the open run, or starts one that is due, and reads the
    /// stream to its end. Safe to run twice, and at any time.
    ///
    /// # Errors
    ///
    /// [`Error::Store`]; then it can be run again.
    pub fn run(&self, org: OrgId, id: SourceId, interrupt: &dyn Interrupt) -> Result<Outcome> {
        let now = self.clock.now();
        match self.sources.begin(org, id, SyncRunId(self.ids.next()), now)? {
            RunStart::Gone => Ok(Outcome::Done),
            RunStart::Rest(until) => {
                let next_check = now + IDLE_RECHECK_AFTER;
                Ok(Outcome::Rest(until.map_or(next_check, |until| until.min(next_check))))
            }
            RunStart::Run(source, run) => self.carry_on(&source, &run, interrupt),
        }
    }

    fn carry_on(
        &self,
        source: &ConnectedSource,
        run: &SyncRun,
        interrupt: &dyn Interrupt,
    ) -> Result<Outcome> {
        let settings = match self.opened(source) {
            Ok(settings) => settings,
            Err(_) => {
                let reason = "its secret settings cannot be opened: they were sealed with a key that \
                           is not in the configuration, so set them again";
                return self.fail(
                    source,
                    run,
                    &ConnectorError::Settings(reason.to_owned()),
                    Vec::new(),
                );
            }
        };
        let log = Log::after(&run.log, &settings, |path| source.secrets.contains_key(path));
        let observer = RunObserver {
            interrupt,
            sources: &*self.sources,
            clock: &*self.clock,
            org: source.org,
            run,
            log: Mutex::new(log),
            last_check: Mutex::new((self.clock.now(), true)),
        };
        let (read, writer) = self.read(source, run, &settings, &observer)?;
        let (applied, stop) = (writer.applied, writer.stop);
        match (stop, read) {
            (Some(Stop::Failed(error)), _) => return Err(error),
            (Some(Stop::Lost), _) => return Ok(self.recheck()),
            (Some(Stop::Interrupted), _) => return Ok(Outcome::Again),
            (None, _) if !observer.is_current() => return Ok(self.recheck()),
            (None, _) if interrupt.must_end() => return Ok(Outcome::Again),
            (None, Err(trouble)) => {
                let lines = observer.log().lines();
                let trouble = trouble.cleaned(&observer.log());
                return self.fail(source, run, &trouble, lines);
            }
            (None, Ok(())) => {}
        }
        // A stream that is suddenly empty means an outage, not that every contact has vanished.
        while source.watches_for_vanished() && applied > 0 {
            match self.sources.vanish(source, run, self.clock.now())? {
                VanishedChunk::More if interrupt.must_end() => return Ok(Outcome::Again),
                VanishedChunk::More => {}
                VanishedChunk::Done => break,
                VanishedChunk::Lost => return Ok(self.recheck()),
            }
        }
        self.succeed(source, run, &observer)
    }

    fn succeed(
        &self,
        source: &ConnectedSource,
        run: &SyncRun,
        observer: &RunObserver<'_>,
    ) -> Result<Outcome> {
        let now = self.clock.now();
        let end = End {
            state: RunState::Done,
            problem: None,
            failures: 0,
            next_run_at: source.next_after(run.started_at.unwrap_or(now)).map(|at| at.max(now)),
            source_version: source.version,
            log: observer.log().lines(),
        };
        self.sources.end(source.org, run.id, Some(run.attempt), &end, now)?;
        Ok(self.recheck())
    }

    /// Reads the stream, and stores its records.
    fn read<'a>(
        &'a self,
        source: &'a ConnectedSource,
        run: &'a SyncRun,
        settings: &Settings,
        observer: &'a RunObserver<'a>,
    ) -> Result<(Result<(), ConnectorError>, BatchWriter<'a>)> {
        let fields = self.fields.list(source.org)?;
        let region = self.organisations.get(source.org)?.and_then(|org| org.region);
        let mut writer = BatchWriter {
            service: self,
            source,
            run,
            observer,
            reader: RecordReader::new(&source.mapping, &fields, region),
            waiting: Batch::default(),
            collected_since: self.clock.now(),
            has_stored_state: false,
            applied: run.tally.rows(),
            updated: run.tally.updated,
            pace: ChunkPace::new(RECORDS),
            stop: None,
        };
        if run.stalled > TRIES {
            let reason =
                format!("it was tried {TRIES} times, and each time the service died of it");
            return Ok((Err(ConnectorError::Limit(reason)), writer));
        }
        let Some(connector) = self.connectors.get(&source.connector) else {
            let reason = "its connector is no longer available: ask your administrator".to_owned();
            return Ok((Err(ConnectorError::Settings(reason)), writer));
        };
        let reading = Reading {
            settings,
            stream: &source.stream,
            mode: &source.mode,
            state: source.state.as_ref(),
        };
        let read = connector.read(&reading, observer, &mut |batch| match writer.stop {
            None => writer.take(batch),
            Some(_) => Flow::Stop,
        });
        // Records that were read before the connector failed are stored, too.
        if writer.stop.is_none()
            && let Err(stop) = writer.store()
        {
            writer.stop = Some(stop);
        }
        Ok((read, writer))
    }

    fn fail(
        &self,
        source: &ConnectedSource,
        run: &SyncRun,
        trouble: &ConnectorError,
        log: Vec<String>,
    ) -> Result<Outcome> {
        let now = self.clock.now();
        let failures = source.failures.saturating_add(1);
        let scheduled = source.next_after(now);
        let again = match trouble {
            ConnectorError::Settings(_) => None,
            ConnectorError::Down { retry_after, .. } => {
                // No source can request a pause of more than a day.
                let requested =
                    retry_after.unwrap_or_default().min(Duration::from_secs(24 * 60 * 60));
                Some(now + pause_after(failures).max(requested))
            }
            ConnectorError::Broken(_) | ConnectorError::Limit(_) | ConnectorError::Stopped => {
                Some(now + pause_after(failures))
            }
        };
        let end = End {
            state: RunState::Failed,
            problem: Some(trouble.to_string()),
            failures,
            // Without a schedule, somebody must request the next run.
            next_run_at: scheduled.map(|scheduled| again.unwrap_or(scheduled)),
            source_version: source.version,
            log,
        };
        self.sources.end(source.org, run.id, Some(run.attempt), &end, now)?;
        Ok(self.recheck())
    }

    fn recheck(&self) -> Outcome {
        Outcome::Rest(self.clock.now() + RECHECK_AFTER)
    }
}
