//! Runs a job once for every step at which its worker can die or freeze.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use contacts_core::action::Action;
use contacts_core::job::Lane;
use contacts_core::org::Organisation;
use contacts_core::seal::Sealer;
use contacts_core::sync::Connectors;
use contacts_core::webhook::WebhookSender;
use contacts_core::{Clock, Ids, OrgId, Ports};
use contacts_embed::{Contacts, Secret};
use contacts_testkit::{CountedIds, StoppedClock};
use contacts_worker::{Worker, WorkerConfig};
use uuid::Uuid;

use crate::digest::Digests;
use crate::fault::{Fault, Killed, Moment};
use crate::support::Scratch;

const LEASE: Duration = Duration::from_secs(3_600);

/// Maximum number of steps, more than any job here has: a walk that does not end is an error.
const STEPS: u32 = 1_000;

/// Ids that start over with every run, so that two runs differ only by what happened to the worker.
#[derive(Default)]
struct RunIds(AtomicU64);

impl Ids for RunIds {
    fn next(&self) -> Uuid {
        CountedIds::nth(self.0.fetch_add(1, Ordering::SeqCst) + 1)
    }
}

/// A job to walk through.
pub(crate) trait Walk {
    /// Prepares data and leaves jobs that are due.
    fn queue(&self, contacts: &Contacts, org: OrgId);

    /// Completes work that continues by itself after the jobs, before the final state is compared.
    fn settle(&self, _stage: &Stage, _org: OrgId) {}

    /// Returns the moments at which the worker freezes while another takes its job.
    fn freezes(&self) -> &[Moment] {
        &[Moment::Begin, Moment::BeforeCommit]
    }

    /// Ends the jobs that have no end of their own.
    fn close(&self, _contacts: &Contacts, _org: OrgId) {}
}

impl<F: Fn(&Contacts, OrgId)> Walk for F {
    fn queue(&self, contacts: &Contacts, org: OrgId) {
        self(contacts, org);
    }
}

/// A database with two workers.
pub(crate) struct Stage {
    pub(crate) clock: StoppedClock,
    ids: Arc<RunIds>,
    /// The worker that dies or freezes.
    doomed: Contacts,
    fault: Arc<Fault>,
    /// The other worker.
    pub(crate) services: Contacts,
    digests: Digests,
    runs: u64,
    scratch: Scratch,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let scratch = Scratch::new();
        let (clock, ids) = (StoppedClock::default(), Arc::new(RunIds::default()));
        let secret = Secret::parse("a secret that only tests may ever know").unwrap();
        let open = |url: &str| {
            let options = Contacts::options(url, &secret).pool_size(4);
            let options = options.pool_wait(Duration::from_secs(20));
            options.clock(Arc::new(clock.clone())).ids(ids.clone()).connect().unwrap()
        };
        let services = open(&scratch.url);
        services.database.migrate().unwrap();
        let sign = if scratch.url.contains('?') { '&' } else { '?' };
        let doomed_url = format!("{}{sign}application_name=doomed", scratch.url);
        let fault = Fault::of(&doomed_url);
        Self {
            doomed: open(&doomed_url),
            digests: Digests::new(&scratch.url),
            clock,
            ids,
            fault,
            services,
            runs: 0,
            scratch,
        }
    }

    /// Returns the database's connection string.
    pub(crate) fn url(&self) -> &str {
        &self.scratch.url
    }

    /// Replaces the sender of webhooks, and disables the encryption of secrets.
    pub(crate) fn sending(self, sender: &Arc<impl WebhookSender + 'static>) -> Self {
        self.replace_ports(|ports| {
            ports.webhook_sender = sender.clone();
            ports.webhook_sealer = Arc::new(Unsealed);
        })
    }

    /// Replaces the connectors.
    pub(crate) fn connecting(self, connectors: &Connectors) -> Self {
        self.replace_ports(|ports| ports.connectors = connectors.clone())
    }

    fn replace_ports(self, replace: impl Fn(&mut Ports)) -> Self {
        let doomed = self.doomed.replace_ports(&replace);
        Self { doomed, services: self.services.replace_ports(&replace), ..self }
    }

    /// Runs the queued jobs with a worker that dies at each step and with one that freezes at each
    /// step, between transactions and inside them, and compares the final states.
    pub(crate) fn walk(&mut self, walk: impl Walk) {
        let org = self.prepare(&walk);
        finish(&self.services);
        let undisturbed = self.end_of(&walk, org);
        assert!(undisturbed.len() > 1, "nothing happened");
        self.close(&walk, org, None);
        for moment in [Moment::Statement, Moment::Commit] {
            let steps = (1..STEPS).find(|&nth| {
                let org = self.prepare(&walk);
                let died = self.kill(moment, nth);
                self.compare(&walk, org, &undisturbed, (moment, nth));
                !died
            });
            assert!(steps.unwrap() > 3, "{moment:?}: the worker is not watched");
        }
        for &moment in walk.freezes() {
            let steps = (1..STEPS).find(|&nth| {
                let org = self.prepare(&walk);
                let froze = self.freeze(moment, nth);
                self.compare(&walk, org, &undisturbed, (moment, nth));
                !froze
            });
            assert!(steps.unwrap() > 2, "{moment:?}: the worker is not watched");
        }
    }

    /// Runs a request in a program that dies at each step, which must leave everything or nothing of
    /// it. Then the client repeats the request, which must lead to the same as if it had been sent
    /// once.
    pub(crate) fn walk_request(
        &mut self,
        prepare: impl Fn(&Contacts, OrgId),
        request: impl Fn(&Contacts, OrgId),
    ) {
        let org = self.prepare(&prepare);
        let before = self.digests.of(org);
        request(&self.services, org);
        let after = self.digests.of(org);
        assert_ne!(before, after, "nothing happened");
        for moment in [Moment::Statement, Moment::Commit] {
            let (mut nothing, mut everything) = (0, 0);
            let died = |nth: &u32| {
                let org = self.prepare(&prepare);
                let died = self.kill_in(moment, *nth, || request(&self.doomed, org));
                let end = self.digests.of(org);
                nothing += u32::from(end == before);
                everything += u32::from(end == after);
                assert!(end == before || end == after, "{moment:?} {nth}: {end:#?}");
                request(&self.services, org);
                assert_eq!(self.digests.of(org), after, "{moment:?} {nth}");
                died
            };
            let steps = (1..STEPS).take_while(died).count();
            let is_watched =
                steps > 0 && everything > 0 && (nothing > 0 || moment != Moment::Statement);
            assert!(is_watched, "{moment:?}: {steps} steps");
        }
    }

    /// Creates an organisation with jobs that are due.
    fn prepare(&mut self, walk: &impl Walk) -> OrgId {
        self.runs += 1;
        self.ids.0.store(0, Ordering::SeqCst);
        let org = OrgId(CountedIds::nth(1_000_000 + self.runs));
        let made = Organisation::new(org, "Walked", None, self.clock.now()).unwrap();
        self.services.organisations.insert(&made).unwrap();
        walk.queue(&self.services, org);
        org
    }

    /// Kills the worker at a step, lets its lease expire, and lets the other worker continue.
    /// Returns whether the worker reached that step.
    fn kill(&self, moment: Moment, nth: u32) -> bool {
        let died = self.kill_in(moment, nth, || worker(&self.doomed).run_due().unwrap());
        self.go_on();
        died
    }

    /// Runs some work of the doomed program, which dies at a step. Returns whether the work reached
    /// that step.
    fn kill_in<T>(&self, moment: Moment, nth: u32, work: impl FnOnce() -> T) -> bool {
        self.fault.plan(moment, nth);
        let run = catch_unwind(AssertUnwindSafe(work));
        let died = self.fault.clear();
        match run {
            Ok(_) => assert!(!died, "{moment:?} {nth}: the dead go on"),
            Err(panic) => assert!(died || panic.is::<Killed>(), "{moment:?} {nth}"),
        }
        died
    }

    /// Freezes the worker, lets the other worker take its job, and wakes the frozen one when the
    /// other has finished or waits for a lock of the frozen one. Returns whether the worker reached
    /// that step.
    fn freeze(&mut self, moment: Moment, nth: u32) -> bool {
        self.fault.plan(moment, nth);
        let ended = AtomicBool::new(false);
        let (doomed, services, fault) = (&self.doomed, &self.services, &self.fault);
        let digests = &mut self.digests;
        let (ended_there, ended) = (&ended, &ended);
        let froze = thread::scope(|scope| {
            let run = scope.spawn(|| {
                let run = worker(doomed).run_due();
                ended_there.store(true, Ordering::SeqCst);
                fault.look_again();
                run
            });
            let froze = fault.wait_for_frost(|| ended.load(Ordering::SeqCst));
            if froze {
                self.clock.advance(LEASE);
                let (done, is_done) = mpsc::channel::<()>();
                let other = scope.spawn(move || {
                    let run = worker(services).run_due();
                    drop(done);
                    run
                });
                let moment = Duration::from_millis(5);
                while is_done.recv_timeout(moment) == Err(RecvTimeoutError::Timeout)
                    && !digests.is_anybody_blocked()
                {}
                fault.clear();
                other.join().unwrap().unwrap();
            }
            fault.clear();
            run.join().unwrap().unwrap();
            froze
        });
        self.go_on();
        froze
    }

    /// Lets every lease expire and runs the jobs that are due. Retries for some seconds, because
    /// the database holds the dead worker's locks until it notices that the connection is closed.
    fn go_on(&self) {
        let now = self.clock.advance(LEASE);
        let (worker, started) = (worker(&self.services), Instant::now());
        loop {
            worker.run_due().unwrap();
            if ![Lane::Work, Lane::Sync]
                .iter()
                .any(|lane| self.services.ports().jobs.is_waiting(*lane, now).unwrap())
            {
                return;
            }
            assert!(started.elapsed() < Duration::from_secs(20), "a job cannot be taken");
        }
    }

    fn end_of(&mut self, walk: &impl Walk, org: OrgId) -> Vec<String> {
        walk.settle(self, org);
        self.digests.of(org)
    }

    fn compare(
        &mut self,
        walk: &impl Walk,
        org: OrgId,
        undisturbed: &[String],
        step: (Moment, u32),
    ) {
        let end = self.end_of(walk, org);
        let missing: Vec<_> = undisturbed.iter().filter(|line| !end.contains(line)).collect();
        let more: Vec<_> = end.iter().filter(|line| !undisturbed.contains(line)).collect();
        assert!(
            end == undisturbed,
            "{step:?}: of {} rows, not there: {missing:#?}\nthere instead: {more:#?}",
            undisturbed.len()
        );
        self.close(walk, org, Some(step));
    }

    /// Deletes expired files, and ends the jobs that have no end of their own.
    fn close(&mut self, walk: &impl Walk, org: OrgId, step: Option<(Moment, u32)>) {
        walk.close(&self.services, org);
        self.clock.advance(Action::FILE_RETENTION);
        finish(&self.services);
        assert_eq!(self.digests.jobs(org), 0, "{step:?}: jobs are left");
    }
}

fn worker(services: &Contacts) -> Worker {
    let config = WorkerConfig { lease: LEASE, ..WorkerConfig::default() };
    services.worker(config)
}

/// A sealer that does not encrypt: encrypted values differ between runs and could not be compared.
struct Unsealed;

impl Sealer for Unsealed {
    fn seal(&self, _place: &[u8], plain: &[u8]) -> contacts_core::Result<Vec<u8>> {
        Ok(plain.to_vec())
    }

    fn open(&self, _place: &[u8], sealed: &[u8]) -> contacts_core::Result<Vec<u8>> {
        Ok(sealed.to_vec())
    }
}

/// Runs the jobs that are due, undisturbed.
pub(crate) fn finish(services: &Contacts) {
    worker(services).run_due().unwrap();
}
