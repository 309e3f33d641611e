//! The runs of connected sources read only the rows that they need, through the right indexes, in
//! an organisation of any size.

use std::sync::Arc;
use std::time::Duration;

use contacts_core::contact::ContactId;
use contacts_core::job::Lane;
use contacts_core::sync::{
    Chunk, ConnectedSource, Mode, RecordReader, RunStart, SourceDefinition, SyncRun, SyncRunId,
    VanishPolicy,
};
use contacts_core::{Actor, Clock, Ids, OrgId};
use contacts_pg::testing::{Scan, Step, explain_claim, scans};
use contacts_pg::{Database, PoolConfig};
use contacts_testkit::{FakeConnector, Ports, samples};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

use crate::support;

/// Number of contacts, links and old runs in the database.
const MANY: usize = 30_000;

/// Number of records of each kind in a chunk.
const FEW: usize = 300;

/// A source with a link to every contact, and with a run in progress.
struct Large {
    ports: Ports,
    url: String,
    database: Database,
    source: ConnectedSource,
    run: SyncRun,
}

impl Large {
    fn new() -> Self {
        let (mut ports, url) = support::ports_and_url();
        ports.connectors = Self::connector().connectors();
        let config = PoolConfig::new(1, Duration::from_secs(10));
        let ids = Arc::new(ports.ids.clone());
        let database = Database::open(&url, config, ids, support::KEY).unwrap();
        let (org, service) = (ports.org(), ports.services().sources);
        let vanish = VanishPolicy::Tag(samples::tag("Gone"));
        let definition = SourceDefinition { mode: Mode::Full, vanish, ..samples::definition() };
        let source = service.create(org, definition, Actor::System).unwrap();
        let large = Self { run: Self::begin(&ports, &source), ports, url, database, source };
        large.fill();
        large
    }

    fn connector() -> FakeConnector {
        FakeConnector::default()
    }

    fn begin(ports: &Ports, source: &ConnectedSource) -> SyncRun {
        let (org, now) = (source.org, ports.clock.now());
        let id = SyncRunId(ports.ids.next());
        let run = SyncRun::queued(source.id, id, Some(Actor::System), now);
        ports.sources.ask(org, &run, false, now).unwrap();
        match ports.sources.begin(org, source.id, id, now).unwrap() {
            RunStart::Run(_, run) => *run,
            started => panic!("{started:?}"),
        }
    }

    fn execute(&self, statements: &str) {
        PgConnection::establish(&self.url).unwrap().batch_execute(statements).unwrap();
    }

    fn fill(&self) {
        let (org, source) = (self.source.org, self.source.id);
        self.execute(&format!(
            "INSERT INTO contacts SELECT '{org}', gen_random_uuid(), 'Person ' || n, 'person ' || n,
                'p' || n || '@example.org', 'p' || n || '@example.org', NULL, NULL,
                ' person ' || n || ' p' || n || '@example.org', '{{}}', now(), now(), 1
                FROM generate_series(1, {MANY}) n;
             INSERT INTO addresses SELECT org_id, email_key, id, email, true, now(), 'connected'
                FROM contacts;
             INSERT INTO contact_sources SELECT org_id, id, 'connected', '{source}',
                substr(name, 8), NULL, NULL, now(), true FROM contacts;
             INSERT INTO source_links SELECT org_id, '{source}', substr(name, 8), id, '', false,
                gen_random_uuid() FROM contacts;
             INSERT INTO sync_runs SELECT '{org}', gen_random_uuid(), '{source}', 'done', NULL, NULL,
                '{{}}', 0, 1, 0, NULL, '{{}}', now(), now(), now()
                FROM generate_series(1, {MANY}) n;
             INSERT INTO jobs (org_id, id, kind, subject_id, due_at, failures)
                SELECT '{org}', gen_random_uuid(), 'run_import', gen_random_uuid(),
                now() + interval '1 day', 0 FROM generate_series(1, {MANY}) n;"
        ));
    }

    /// Returns a chunk with three kinds of records: linked ones, ones that match a contact by
    /// address, and new ones.
    fn chunk(&self) -> Chunk {
        let reader = RecordReader::new(&self.source.mapping, &[], None);
        let record = |id: String, email: String| {
            let record = samples::record(&id, &[("name", "New"), ("email", &email)]);
            reader.read(&record, ContactId(self.ports.ids.next()))
        };
        let existing = (1..=FEW).map(|n| record(n.to_string(), format!("p{n}@example.org")));
        let met = (1..=FEW).map(|n| record(format!("m{n}"), format!("p{}@example.org", 9_000 + n)));
        let new = (1..=FEW).map(|n| record(format!("n{n}"), format!("n{n}@example.org")));
        Chunk { records: existing.chain(met).chain(new).collect(), ..Chunk::default() }
    }

    /// Runs a step, and checks that it scans no table and reads at most `most` rows from any index.
    #[track_caller]
    fn reads(&self, step: Step<'_>, most: usize, indexes: &[&str]) {
        let now = self.ports.clock.tick();
        let read = scans(&self.database, &self.source, &self.run, step, now).unwrap();
        for Scan { name, rows, .. } in &read {
            let is_index =
                name.ends_with("_idx") || name.ends_with("_key") || name.ends_with("_pkey");
            assert!(is_index, "{name} is read as a whole: {read:#?}");
            assert!(*rows <= most as i64, "{name} gives too many rows: {read:#?}");
        }
        for index in indexes {
            assert!(read.iter().any(|scan| scan.name == *index), "{index} is not asked: {read:#?}");
        }
    }

    fn reads_little(&self) {
        // The rows are read, written, and checked by foreign keys.
        let most = 3 * FEW * 4;
        self.reads(
            Step::Commit(&self.chunk()),
            most,
            &["source_links_pkey", "contacts_pkey", "addresses_pkey", "sync_runs_pkey"],
        );
        self.reads(Step::Commit(&self.chunk()), most, &["source_links_pkey"]);
        self.reads(Step::VanishPolicy, 4 * 1_000, &["source_links_pkey", "contacts_pkey"]);
        self.reads(Step::Begin, 10, &["sync_runs_org_id_source_id_open_idx"]);
    }
}

#[test]
fn a_chunk_reads_only_its_own_contacts() {
    let large = Large::new();
    large.execute("ANALYZE");
    large.reads_little();
}

/// As in the first run of a source, before the statistics are updated.
#[test]
fn a_chunk_reads_no_more_rows_without_statistics() {
    Large::new().reads_little();
}

#[test]
fn a_job_is_claimed_by_the_time_at_which_it_is_due() {
    let large = Large::new();
    large.execute("ANALYZE");
    let (org, now): (OrgId, _) = (large.source.org, large.ports.clock.now());
    for lane in [Lane::Sync, Lane::Work] {
        let plan = explain_claim(&large.database, org, lane, now).unwrap();
        assert!(plan.contains("jobs_org_id_due_at_idx"), "{plan}");
        assert!(!plan.contains("Seq Scan"), "{plan}");
    }
}
