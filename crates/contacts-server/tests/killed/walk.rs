//! Walking through a job: a run for every step at which its worker can die or freeze.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use contacts_core::action::Action;
use contacts_core::job::Lane;
use contacts_core::org::Organisation;
use contacts_core::sync::Connectors;
use contacts_core::webhook::{Sealer, WebhookSender};
use contacts_core::{Clock, Ids, OrgId};
use contacts_embed::{Contacts, Secret};
use contacts_pg::{Database, PoolConfig};
use contacts_testkit::{CountedIds, StoppedClock};
use contacts_worker::{Worker, WorkerConfig};
use uuid::Uuid;

use crate::digest::Digests;
use crate::fault::{Fault, Killed, Moment};
use crate::support::Scratch;

const LEASE: Duration = Duration::from_secs(3_600);

/// More steps than any job here has: a walk that does not end is an error.
const STEPS: u32 = 1_000;

/// Ids that begin anew with every run, so that two runs differ in nothing but what happened.
#[derive(Default)]
struct RunIds(AtomicU64);

impl Ids for RunIds {
    fn next(&self) -> Uuid {
        CountedIds::nth(self.0.fetch_add(1, Ordering::SeqCst) + 1)
    }
}

/// What is walked through.
pub(crate) trait Walk {
    /// Leaves jobs that are due.
    fn queue(&self, contacts: &Contacts, org: OrgId);

    /// Sees to what goes on by itself for longer, before the end is looked at.
    fn settle(&self, _stage: &Stage, _org: OrgId) {}

    /// Ends the jobs that stay as long as they are wanted.
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
    /// The worker to whom things happen.
    doomed: Contacts,
    fault: Arc<Fault>,
    /// The other.
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
            let config = PoolConfig { size: 4, wait: Duration::from_secs(20) };
            let database = Database::open(url, config, ids.clone(), secret.addresses()).unwrap();
            Contacts::over(database, &secret, Arc::new(clock.clone()), ids.clone())
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

    /// The database's connection string.
    pub(crate) fn url(&self) -> &str {
        &self.scratch.url
    }

    /// The same database with another sender of webhooks, and with secrets that are not sealed.
    pub(crate) fn sending(mut self, sender: &Arc<impl WebhookSender + 'static>) -> Self {
        for contacts in [&mut self.doomed, &mut self.services] {
            contacts.webhooks.sender = sender.clone();
            contacts.webhooks.sealer = Arc::new(Unsealed);
        }
        self
    }

    /// The same database with these connectors.
    pub(crate) fn connecting(mut self, connectors: &Connectors) -> Self {
        for contacts in [&mut self.doomed, &mut self.services] {
            contacts.sources.connectors = connectors.clone();
        }
        self
    }

    /// Runs the jobs that are queued, with a worker that dies at each step and with one that
    /// freezes, and compares the ends.
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
        let steps = (1..STEPS).find(|&nth| {
            let org = self.prepare(&walk);
            let froze = self.freeze(nth);
            self.compare(&walk, org, &undisturbed, (Moment::Begin, nth));
            !froze
        });
        assert!(steps.unwrap() > 2, "the worker is not watched");
    }

    /// An organisation with jobs that are due.
    fn prepare(&mut self, walk: &impl Walk) -> OrgId {
        self.runs += 1;
        self.ids.0.store(0, Ordering::SeqCst);
        let org = OrgId(CountedIds::nth(1_000_000 + self.runs));
        let made = Organisation::new(org, "Walked", None, self.clock.now()).unwrap();
        self.services.organisations.insert(&made).unwrap();
        walk.queue(&self.services, org);
        org
    }

    /// Kills the worker at a step, lets its lease run out, and lets the other go on. Says whether
    /// it came to that.
    fn kill(&self, moment: Moment, nth: u32) -> bool {
        self.fault.plan(moment, nth);
        let run = catch_unwind(AssertUnwindSafe(|| worker(&self.doomed).run_due()));
        let died = self.fault.clear();
        match run {
            Ok(run) => assert!(!died || run.is_err(), "{moment:?} {nth}: the dead go on"),
            Err(panic) => assert!(died || panic.is::<Killed>(), "{moment:?} {nth}"),
        }
        self.go_on();
        died
    }

    /// Freezes the worker before a transaction, lets the other take its job, and wakes it up.
    fn freeze(&self, nth: u32) -> bool {
        self.fault.plan(Moment::Begin, nth);
        let ended = AtomicBool::new(false);
        let (doomed, fault) = (&self.doomed, &self.fault);
        let (ended_there, ended) = (&ended, &ended);
        thread::scope(|scope| {
            let run = scope.spawn(|| {
                let run = worker(doomed).run_due();
                ended_there.store(true, Ordering::SeqCst);
                fault.look_again();
                run
            });
            let froze = self.fault.wait_for_frost(|| ended.load(Ordering::SeqCst));
            if froze {
                self.go_on();
            }
            self.fault.clear();
            run.join().unwrap().unwrap();
            self.go_on();
            froze
        })
    }

    /// Lets every lease run out, and does what is due. The server may still be about to hear that
    /// the dead one's connection is gone, and hold its locks so long.
    fn go_on(&self) {
        let now = self.clock.advance(LEASE);
        let (worker, began) = (worker(&self.services), Instant::now());
        loop {
            worker.run_due().unwrap();
            if ![Lane::Work, Lane::Sync]
                .iter()
                .any(|lane| worker.jobs.is_waiting(*lane, now).unwrap())
            {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "a job cannot be taken");
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

    /// Lets files be deleted whose time is over, and ends what stays.
    fn close(&mut self, walk: &impl Walk, org: OrgId, step: Option<(Moment, u32)>) {
        walk.close(&self.services, org);
        self.clock.advance(Action::FILE_KEPT);
        finish(&self.services);
        assert_eq!(self.digests.jobs(org), 0, "{step:?}: jobs are left");
    }
}

fn worker(services: &Contacts) -> Worker {
    let config = WorkerConfig { lease: LEASE, ..WorkerConfig::default() };
    services.worker(config)
}

/// Hides nothing: what is sealed differs each time, and could not be compared.
struct Unsealed;

impl Sealer for Unsealed {
    fn seal(&self, _place: &[u8], plain: &[u8]) -> contacts_core::Result<Vec<u8>> {
        Ok(plain.to_vec())
    }

    fn open(&self, _place: &[u8], sealed: &[u8]) -> contacts_core::Result<Vec<u8>> {
        Ok(sealed.to_vec())
    }
}

/// Does what is due, undisturbed.
pub(crate) fn finish(services: &Contacts) {
    worker(services).run_due().unwrap();
}
