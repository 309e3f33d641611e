//! The service over the world in memory, for tests of other programs: no database, known keys, a
//! clock that stands still, and jobs that run when the test wants.

mod routes;

use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use contacts_core::key::{NewKey, Role, Scope, Token};
use contacts_core::sync::Connectors;
use contacts_core::{Actor, Clock, OrgId, Result, Services};
use contacts_embed::{HttpSender, OutboundConfig};
use contacts_http::{Answers, Api, ApiConfig, Attempts, Cursors};
use contacts_import::TableFiles;
use contacts_testkit::World;
use contacts_worker::{Worker, WorkerConfig};
use time::OffsetDateTime;

pub use self::routes::{SANDBOX_HEADER, serve};
use crate::report::Done;
use crate::wiring;

/// The name of the sandbox's user.
const USER: &str = "Owner";

/// When jobs run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum JobMode {
    /// Before the answer to the request that queued them.
    AtOnce,
    /// When `POST /sandbox/jobs/run` asks for it.
    OnDemand,
}

/// A world, and what serves it. Clones share the world.
#[derive(Clone)]
pub struct Sandbox {
    world: World,
    services: Services,
    worker: Worker,
    jobs: JobMode,
}

/// The secrets of the sandbox. They are the same after each reset.
#[derive(Debug)]
pub struct Credentials {
    /// Organisation of the keys.
    pub org: OrgId,
    /// An API key for each scope.
    pub keys: Vec<(Scope, String)>,
    /// The token of a sign-in link, which is valid once.
    pub link: String,
}

impl Sandbox {
    /// Makes a sandbox with its credentials and no contacts.
    pub fn new(connectors: Connectors, jobs: JobMode) -> Self {
        let world = World::new();
        let mut ports = world.ports().core;
        ports.spreadsheets = Arc::new(TableFiles);
        ports.connectors = connectors;
        let outbound =
            OutboundConfig { allow_http: true, allow_private: true, ..OutboundConfig::default() };
        ports.webhook_sender = Arc::new(HttpSender::new(outbound));
        let services = Services::over(&ports);
        Self { world, services, worker: Worker::over(ports, WorkerConfig::default()), jobs }
    }

    /// Deletes everything, sets the clock to its start and issues the credentials again. Requests
    /// that are answered meanwhile may find neither.
    ///
    /// # Errors
    ///
    /// None that the world is known to return.
    pub fn reset(&self) -> Result<Credentials> {
        self.world.reset();
        let org = self.world.org();
        let issue = |(number, scope): (u8, Scope)| {
            let new = NewKey {
                name: scope.as_str(),
                scopes: [scope].into(),
                expires_at: None,
                random: [number; 32],
            };
            Ok((scope, self.services.keys.issue(org, &new, Actor::System)?.1.reveal()))
        };
        let keys = (1..).zip(Scope::ALL).map(issue).collect::<Result<_>>()?;
        let user = self.services.sessions.user(org, USER, Role::Administrator)?;
        let link: Token = self.services.sessions.link(&user, [0; 32])?;
        Ok(Credentials { org, keys, link: link.reveal() })
    }

    /// The API over the world. The limits of rates do not apply, and credentials are not cached,
    /// so that a reset takes effect at once.
    ///
    /// # Errors
    ///
    /// A sentence when this process serves already.
    pub fn api(&self, config: ApiConfig) -> Done<Api> {
        const NO_LIMIT: u32 = 1_000_000;
        let config = ApiConfig {
            workers: 1,
            blocking_threads: 8,
            key_cache: Duration::ZERO,
            rate_per_second: NO_LIMIT,
            rate_burst: NO_LIMIT,
            captures_per_minute: NO_LIMIT,
            sign_ins_per_minute: NO_LIMIT,
            events_interval: Duration::from_millis(50),
            ..config
        };
        let answers = Answers::new(Arc::new(self.world.clone()), [0; 32]);
        let (attempts, cursors) = (Attempts::new([0; 32]), Cursors::new([0; 32]));
        let ready = Arc::new(|| Ok(()));
        wiring::api(self.services.clone(), answers, attempts, cursors, ready, config)
    }

    fn now(&self) -> OffsetDateTime {
        self.world.clock().now()
    }

    fn set_clock(&self, now: OffsetDateTime) {
        self.world.clock().set(now);
    }

    /// Runs every job that is due; returns their number.
    fn run_jobs(&self) -> Result<usize> {
        self.worker.run_due()
    }
}
