//! Jobs of workers over the in-memory stores (R45).
#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]

use std::fmt::Write;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, mpsc};
use std::thread;
use std::time::Duration;

use contacts_core::contact::{ContactFilter, CountRequest, SortBy};
use contacts_core::file::{FileContent, MockFileStore};
use contacts_core::import::{
    CellKind, Chunks, FileBytes, Import, ImportId, ImportService, ImportState, Inspection, Issue,
    Layout, LayoutChoice, MockImportRepository, Outline, Rows, Spreadsheets, TableProblem, Tally,
};
use contacts_core::job::{ChunkPace, JobQueue, Lane, Outcome, backoff};
use contacts_core::page::Count;
use contacts_core::run::RunState;
use contacts_core::{Actor, Clock, Error, Ids, OrgId, Ports};
use contacts_testkit::{FakeSpreadsheets, World, samples};
use contacts_worker::{Worker, WorkerConfig};

/// Two chunks, and a last one of a single row.
const ROWS: u64 = 2 * Chunks::ROWS as u64 + 1;

/// The rows of the first transaction.
const FIRST_PART: u64 = ChunkPace::FIRST_ROWS as u64;

/// Failures until a job is given up.
const MAX_FAILURES: u32 = 20;

#[test]
fn a_file_is_analysed_and_its_rows_are_imported() {
    let world = World::new();
    let id = uploaded(&world, world.org());
    let worker = worker(&world);
    assert_eq!(worker.run_due().unwrap(), 1);
    assert_eq!(import(&world, id).state, ImportState::Ready);
    service(&world).start(world.org(), id, Actor::System).unwrap();
    assert_eq!(worker.run_due().unwrap(), 1);
    let done = import(&world, id);
    assert_eq!((done.state, done.tally.rows()), (ImportState::Run(RunState::Done), ROWS));
    assert!(done.tally.added > 0 && done.tally.updated > 0 && done.tally.skips() > 0);
    assert!(!is_anything_left(&world));
}

#[test]
fn the_job_of_a_cancelled_import_does_nothing() {
    let world = World::new();
    let [id] = started(&world, [world.org()]);
    service(&world).cancel(world.org(), id, Actor::System).unwrap();
    assert_eq!(worker(&world).run_due().unwrap(), 1);
    let cancelled = import(&world, id);
    assert_eq!(
        (cancelled.state, cancelled.tally.rows()),
        (ImportState::Run(RunState::Cancelled), 0)
    );
    assert!(!is_anything_left(&world));
}

#[test]
fn a_worker_that_stops_gives_the_job_back_and_another_finishes() {
    let world = World::new();
    let [id] = started(&world, [world.org()]);
    let (reached, in_first_chunk) = mpsc::channel();
    let workers = worker_with_hook(&world, move |_| {
        // Consume an earlier wake-up.
        thread::park_timeout(Duration::ZERO);
        reached.send(()).unwrap();
        // Stopping wakes the worker: from here on it is certainly stopping.
        thread::park_timeout(Duration::from_secs(60));
    });
    let workers = workers.start().unwrap();
    in_first_chunk.recv().unwrap();
    workers.stop();
    let given_back = import(&world, id);
    assert_eq!(given_back.state, ImportState::Run(RunState::Running));
    assert_eq!(given_back.tally.rows(), FIRST_PART, "the part was finished");
    assert_eq!(worker(&world).run_due().unwrap(), 1, "at once: no lease has to expire");
    assert_done_as_if_undisturbed(&world, world.org(), id);
}

#[test]
fn a_job_gives_way_after_its_slice_when_another_waits_and_both_finish() {
    let world = World::new();
    let other = world.another_org();
    let [mine, theirs] = started(&world, [world.org(), other]);
    let (taken, order) = mpsc::channel();
    let clock = world.clock();
    let mut worker = worker_with_hook(&world, move |import| {
        clock.tick();
        taken.send(import.id).unwrap();
    });
    worker.config.slice = Duration::ZERO;
    let run = worker.run_due().unwrap();
    drop(worker);
    let turns: Vec<_> = order.iter().collect();
    assert_eq!((run, turns.len() as u64), (turns.len(), 2 * ROWS.div_ceil(FIRST_PART)));
    assert!(turns.chunks(2).all(|pair| pair == [mine, theirs]), "a part each");
    assert_done_as_if_undisturbed(&world, world.org(), mine);
    assert_done_as_if_undisturbed(&world, other, theirs);
}

#[test]
fn a_job_goes_on_after_its_slice_when_none_waits() {
    let world = World::new();
    let [id] = started(&world, [world.org()]);
    let mut worker = worker(&world);
    worker.config.slice = Duration::ZERO;
    assert_eq!(worker.run_due().unwrap(), 1);
    assert_done_as_if_undisturbed(&world, world.org(), id);
}

#[test]
fn a_job_that_fails_is_tried_again_after_a_pause() {
    let world = World::new();
    let [id] = started(&world, [world.org()]);
    let mut files = MockFileStore::new();
    files.expect_open().times(2).returning(|_, _| Err(Error::store("no connection")));
    let kept = world.ports().files.clone();
    files.expect_open().returning(move |org, file| kept.open(org, file));
    let worker = worker_with_files(&world, files);
    for failures in 0..2 {
        assert_eq!(worker.run_due().unwrap(), 1);
        world.clock().advance(backoff(failures) - Duration::from_millis(1));
        assert_eq!(worker.run_due().unwrap(), 0, "it pauses");
        world.clock().advance(Duration::from_millis(1));
    }
    assert_eq!(worker.run_due().unwrap(), 1);
    assert_done_as_if_undisturbed(&world, world.org(), id);
}

#[test]
fn a_job_that_keeps_failing_is_given_up_and_its_import_fails() {
    for is_started in [false, true] {
        let world = World::new();
        let id = if is_started {
            let [id] = started(&world, [world.org()]);
            id
        } else {
            uploaded(&world, world.org())
        };
        let before = import(&world, id).state;
        let mut files = MockFileStore::new();
        files.expect_open().returning(|_, _| Err(Error::store("no connection")));
        let worker = worker_with_files(&world, files);
        for failures in 0..MAX_FAILURES {
            assert_eq!(import(&world, id).state, before, "after {failures} failures");
            assert_eq!(worker.run_due().unwrap(), 1);
            world.clock().advance(backoff(failures));
        }
        let failed = import(&world, id);
        assert_eq!(failed.state, ImportState::Run(RunState::Failed));
        assert!(failed.problem.unwrap().contains("failed 20 times"));
        assert!(!is_anything_left(&world));
    }
}

#[test]
fn a_job_is_not_given_up_while_its_import_cannot_be_failed() {
    let world = World::new();
    let [id] = started(&world, [world.org()]);
    let mut broken = MockImportRepository::new();
    broken.expect_get().returning(|_, _| Err(Error::store("no connection")));
    broken.expect_end().returning(|_, _, _, _, _, _| Err(Error::store("no connection")));
    let broken = worker_with_imports(&world, broken);
    for failures in 0..MAX_FAILURES + 5 {
        assert_eq!(broken.run_due().unwrap(), 1);
        world.clock().advance(backoff(failures));
    }
    assert_eq!(worker(&world).run_due().unwrap(), 1);
    assert_done_as_if_undisturbed(&world, world.org(), id);
}

#[test]
fn a_panic_in_a_job_does_not_end_the_worker() {
    let world = World::new();
    let other = world.another_org();
    let [mine, theirs] = started(&world, [world.org(), other]);
    let mut files = MockFileStore::new();
    files.expect_open().times(1).returning(|_, _| panic!("the test wants a panic"));
    let kept = world.ports().files.clone();
    files.expect_open().returning(move |org, file| kept.open(org, file));
    let worker = worker_with_files(&world, files);
    assert_eq!(worker.run_due().unwrap(), 2);
    assert_eq!(import(&world, mine).state, ImportState::Run(RunState::Queued));
    assert_done_as_if_undisturbed(&world, other, theirs);
    world.clock().advance(backoff(0));
    assert_eq!(worker.run_due().unwrap(), 1);
    assert_done_as_if_undisturbed(&world, world.org(), mine);
}

#[test]
fn a_panic_while_reading_ahead_is_not_the_end_of_the_file() {
    let world = World::new();
    let [id] = started(&world, [world.org()]);
    let trap = Trap(Arc::new(AtomicBool::new(true)));
    let worker = with(&world, |ports| ports.spreadsheets = Arc::new(trap));
    assert_eq!(worker.run_due().unwrap(), 1);
    assert_eq!(import(&world, id).state, ImportState::Run(RunState::Running));
    world.clock().advance(backoff(0));
    assert_eq!(worker.run_due().unwrap(), 1);
    assert_done_as_if_undisturbed(&world, world.org(), id);
}

#[test]
fn a_worker_that_lost_its_job_imports_no_row_twice() {
    let world = World::new();
    let [id] = started(&world, [world.org()]);
    // The other fails after a chunk, so that the import still runs when the first one goes on.
    let mut other = Some(worker_with_one_chunk(&world));
    let (lease, clock) = (WorkerConfig::default().lease, world.clock());
    let slow = worker_with_hook(&world, move |_| {
        if let Some(other) = other.take() {
            assert_eq!(other.run_due().unwrap(), 0, "the job is held");
            clock.advance(lease);
            assert_eq!(other.run_due().unwrap(), 1, "its lease has run out");
        }
    });
    assert_eq!(slow.run_due().unwrap(), 1);
    let superseded = import(&world, id);
    assert_eq!(
        superseded.state,
        ImportState::Run(RunState::Running),
        "it does not end what is another's"
    );
    assert_eq!(superseded.tally.rows(), FIRST_PART);
    world.clock().advance(backoff(0));
    assert_eq!(worker(&world).run_due().unwrap(), 1);
    assert_done_as_if_undisturbed(&world, world.org(), id);
}

#[test]
fn workers_find_a_run_whose_job_was_lost() {
    let world = World::new();
    let [id] = started(&world, [world.org()]);
    let (ours, now) = (world.ids().next(), world.clock().now());
    let lost = world.claim(Lane::Work, ours, Duration::from_secs(1), now).unwrap().unwrap();
    world.finish(&lost, ours, Outcome::Done, now).unwrap();
    assert_eq!(worker(&world).run_due().unwrap(), 0, "there is no job");
    let (reached, taken) = mpsc::channel();
    let mut workers = worker_with_hook(&world, move |import| reached.send(import.id).unwrap());
    workers.config.poll = Duration::from_millis(1);
    let workers = workers.start().unwrap();
    assert_eq!(taken.recv_timeout(Duration::from_secs(60)), Ok(id));
    workers.stop();
}

/// What an import leaves behind.
#[derive(Debug, PartialEq)]
struct End {
    tally: Tally,
    issues: Vec<Issue>,
    contacts: Option<Count>,
}

impl End {
    fn of(world: &World, org: OrgId, id: ImportId) -> Self {
        let import = service(world).get(org, id).unwrap();
        assert_eq!((import.state, import.problem), (ImportState::Run(RunState::Done), None));
        let issues = service(world).issues(org, id, 0, usize::MAX).unwrap();
        let (filter, page) = (ContactFilter::default(), samples::page(SortBy::Name, false, 1));
        let list =
            world.services().contacts.list(org, &filter, &page, CountRequest::Exact).unwrap();
        Self { tally: import.tally, issues, contacts: list.1 }
    }
}

fn assert_done_as_if_undisturbed(world: &World, org: OrgId, id: ImportId) {
    static UNDISTURBED: OnceLock<End> = OnceLock::new();
    let undisturbed = UNDISTURBED.get_or_init(|| {
        let world = World::new();
        let [id] = started(&world, [world.org()]);
        assert_eq!(worker(&world).run_due().unwrap(), 1);
        End::of(&world, world.org(), id)
    });
    assert_eq!(End::of(world, org, id), *undisturbed);
}

fn import(world: &World, id: ImportId) -> Import {
    service(world).get(world.org(), id).unwrap()
}

/// Whether there is a job that will be due, or whose lease will run out.
fn is_anything_left(world: &World) -> bool {
    let in_a_day = world.clock().now() + Duration::from_secs(86_400);
    world.ports().jobs.is_waiting(Lane::Work, in_a_day).unwrap()
}

/// Reads as the fake does, but for a panic at the last row, once.
struct Trap(Arc<AtomicBool>);

impl Spreadsheets for Trap {
    fn inspect(
        &self,
        file: Box<dyn FileContent>,
        choice: &LayoutChoice,
    ) -> io::Result<Result<Inspection, TableProblem>> {
        FakeSpreadsheets.inspect(file, choice)
    }

    fn outline(&self, file: Box<dyn FileContent>, choice: &LayoutChoice) -> io::Result<Outline> {
        FakeSpreadsheets.outline(file, choice)
    }

    fn rows(&self, file: Box<dyn FileContent>, layout: &Layout) -> Rows {
        let is_set = self.0.clone();
        let rows = (1..).zip(FakeSpreadsheets.rows(file, layout));
        Box::new(rows.map(move |(number, row)| {
            let is_sprung = number == ROWS && is_set.swap(false, Ordering::SeqCst);
            assert!(!is_sprung, "the test wants a panic");
            row
        }))
    }

    fn write_row(&self, cells: &[&str], out: &mut Vec<u8>) {
        FakeSpreadsheets.write_row(cells, out);
    }

    fn workbook(&self, csv: FileBytes, kinds: Vec<CellKind>) -> FileBytes {
        FakeSpreadsheets.workbook(csv, kinds)
    }
}

fn service(world: &World) -> ImportService {
    world.services().imports
}

fn worker(world: &World) -> Worker {
    with(world, |_| {})
}

/// A worker over the world's ports, some of which the test replaces.
fn with(world: &World, replace: impl FnOnce(&mut Ports)) -> Worker {
    let mut ports = world.ports().core;
    replace(&mut ports);
    Worker::over(ports, WorkerConfig::one())
}

/// A worker whose file store is a mock.
fn worker_with_files(world: &World, files: MockFileStore) -> Worker {
    with(world, |ports| ports.repositories.files = Arc::new(files))
}

/// A worker whose repository of imports is a mock.
fn worker_with_imports(world: &World, imports: MockImportRepository) -> Worker {
    with(world, |ports| ports.repositories.imports = Arc::new(imports))
}

/// A worker that calls a function before it writes each chunk.
fn worker_with_hook(world: &World, mut before: impl FnMut(&Import) + Send + 'static) -> Worker {
    let (mut imports, kept) = (imports_without_apply(world), world.ports().imports.clone());
    imports.expect_apply().returning(move |import, chunk, now| {
        before(import);
        kept.apply(import, chunk, now)
    });
    worker_with_imports(world, imports)
}

/// A worker whose store writes one chunk and then fails.
fn worker_with_one_chunk(world: &World) -> Worker {
    let (mut imports, kept) = (imports_without_apply(world), world.ports().imports.clone());
    imports.expect_apply().times(1).returning(move |i, chunk, now| kept.apply(i, chunk, now));
    imports.expect_apply().returning(|_, _, _| Err(Error::store("no connection")));
    worker_with_imports(world, imports)
}

/// The import repository of the world, without `apply`.
fn imports_without_apply(world: &World) -> MockImportRepository {
    let mut imports = MockImportRepository::new();
    let kept = world.ports().imports.clone();
    imports.expect_get().returning(move |org, id| kept.get(org, id));
    let kept = world.ports().imports.clone();
    imports.expect_corrections().returning(move |org, id| kept.corrections(org, id));
    let kept = world.ports().imports.clone();
    let end = imports.expect_end();
    end.returning(move |org, id, state, problem, actor, now| {
        kept.end(org, id, state, problem, actor, now)
    });
    imports
}

/// An import that waits for its analysis.
fn uploaded(world: &World, org: OrgId) -> ImportId {
    let mut upload = service(world).begin(org, "people.csv", Actor::System, 1 << 24).unwrap();
    assert!(upload.push(file().as_bytes()).unwrap());
    upload.finish().unwrap().id
}

/// Imports that were started, one in each organisation.
fn started<const N: usize>(world: &World, orgs: [OrgId; N]) -> [ImportId; N] {
    let ids = orgs.map(|org| (org, uploaded(world, org)));
    assert_eq!(worker(world).run_due().unwrap(), N);
    ids.map(|(org, id)| service(world).start(org, id, Actor::System).unwrap().id)
}

/// A file with new contacts, changes of earlier rows, rows without a name and rows that change
/// nothing.
fn file() -> String {
    let mut file = "Name,Email\n".to_owned();
    for n in 0..ROWS {
        let name = if n % 7 == 0 { "" } else { "Ann" };
        let (name, who) = match n % 10 {
            8 => ("Bo", n - 1),
            9 => (name, n - 4),
            _ => (name, n),
        };
        writeln!(file, "{name},person{who}@example.org").unwrap();
    }
    file
}
