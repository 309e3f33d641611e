//! Importing a file (R30 to R36), over the world in memory.
#![expect(clippy::unwrap_used, reason = "whatever goes wrong in a test is to fail it")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use contacts_core::contact::{ContactFilter, CountRequest, NewContact, Origin, SortBy};
use contacts_core::field::FieldType;
use contacts_core::file::MockFileStore;
use contacts_core::import::{
    Applied, Chunk, Import, ImportId, ImportService, ImportState, MockImportRepository, NewPlan,
    Policy, SkipCode, Target, Turn,
};
use contacts_core::job::{Job, Lane, Outcome};
use contacts_core::{Actor, Error, Ids, Result};
use contacts_testkit::{FakeSpreadsheets, World, samples};

const FILE: &str = "\
Full name,E-mail,Mobile,Labels,Seats,Shoe size
Ann Lee,Ann@Example.org,+1 202 555 0101,vip;Trade Show,3,38
Bo,bo@example.org,,VIP,many,
,cy@example.org,,,,

Di,no address,,,,
Ann Lee,ANN@example.org,,beta,,
Ann Lee,ann@example.org,,,3,
";

struct Always;

impl Turn for Always {
    fn may_go_on(&self) -> bool {
        true
    }

    fn must_end(&self) -> bool {
        false
    }
}

/// Gives way after so many chunks.
struct After(AtomicUsize);

impl Turn for After {
    fn may_go_on(&self) -> bool {
        self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
    }

    fn must_end(&self) -> bool {
        false
    }
}

fn service(world: &World) -> ImportService {
    world.imports(Arc::new(FakeSpreadsheets))
}

fn columns() -> Vec<Option<Target>> {
    let seats = Target::Field(samples::key("seats"));
    vec![
        Some(Target::Name),
        Some(Target::Email),
        Some(Target::Phone),
        Some(Target::Tags),
        Some(seats),
        None,
    ]
}

fn world() -> World {
    let world = World::new();
    world.fields().define(world.org(), "seats", "Seats", FieldType::Number).unwrap();
    world
}

fn upload(world: &World, file: &str) -> ImportId {
    let mut upload =
        service(world).begin(world.org(), " people.csv ", Actor::System, 1 << 20).unwrap();
    for piece in file.as_bytes().chunks(7) {
        assert!(upload.push(piece).unwrap());
    }
    let import = upload.finish().unwrap();
    assert_eq!((import.state, import.bytes), (ImportState::Analysing, file.len() as u64));
    import.id
}

/// Uploads, looks, confirms and starts.
fn started(world: &World, file: &str, plan: NewPlan) -> ImportId {
    let (imports, id) = (service(world), upload(world, file));
    assert_eq!(imports.analyse(world.org(), id, &Always).unwrap(), Outcome::Done);
    imports.replan(world.org(), id, plan).unwrap();
    assert_eq!(imports.start(world.org(), id).unwrap().state, ImportState::Running);
    id
}

fn plan(policy: Policy) -> NewPlan {
    NewPlan { columns: Some(columns()), policy: Some(policy), tags: None }
}

/// Chunks of the file cut to so many rows, so that few rows make many chunks.
fn cut(
    chunks: impl Iterator<Item = Result<Chunk>>,
    rows: usize,
) -> impl Iterator<Item = Result<Chunk>> {
    chunks.flat_map(move |chunk| {
        let chunk = chunk.unwrap();
        let parts: Vec<_> = (chunk.after..)
            .step_by(rows)
            .zip(chunk.rows.chunks(rows))
            .map(|(after, rows)| Ok(Chunk { after, rows: rows.to_vec() }))
            .collect();
        parts
    })
}

fn work(world: &World, id: ImportId, rows: usize, turn: &dyn Turn) -> Outcome {
    let imports = service(world);
    let (import, chunks) = imports.chunks(world.org(), id).unwrap().unwrap();
    imports.take(&import, cut(chunks, rows), turn).unwrap()
}

fn run(world: &World, file: &str, policy: Policy) -> Import {
    let id = started(world, file, plan(policy));
    assert_eq!(work(world, id, 10_000, &Always), Outcome::Done);
    service(world).get(world.org(), id).unwrap()
}

/// What people see of everybody.
fn everybody(world: &World) -> Vec<String> {
    let page = samples::page(SortBy::Name, false, 200);
    let filter = ContactFilter::default();
    let listed = world.contacts().list(world.org(), &filter, &page, CountRequest::None).unwrap().0;
    let shown = |contact: &contacts_core::contact::Contact| {
        let [name, email] =
            [contact.name.as_ref().unwrap().as_str(), contact.email.as_ref().unwrap().as_str()];
        let phone = contact.phone.as_ref().map_or("", |phone| phone.as_str());
        format!("{name} {email} {phone} {:?} v{}", contact.tags, contact.version)
    };
    listed.items.iter().map(shown).collect()
}

#[test]
fn a_file_is_imported_from_end_to_end() {
    let world = world();
    let imports = service(&world);
    let id = upload(&world, FILE);
    // R30: what was found is shown before anything happens.
    imports.analyse(world.org(), id, &Always).unwrap();
    let ready = imports.get(world.org(), id).unwrap();
    let analysis = ready.analysis.unwrap();
    assert_eq!((ready.state, ready.file_name.as_str()), (ImportState::Ready, "people.csv"));
    assert_eq!((analysis.rows, analysis.layout.header.len(), analysis.samples.len()), (6, 6, 6));
    assert_eq!(analysis.suggestions.len(), 6);
    assert_eq!(everybody(&world), Vec::<String>::new());

    let tags = Some(samples::tags(&["Expo 2026"]));
    imports.replan(world.org(), id, NewPlan { tags, ..plan(Policy::Overwrite) }).unwrap();
    imports.start(world.org(), id).unwrap();
    assert_eq!(work(&world, id, 10_000, &Always), Outcome::Done);

    // R35: added + updated + skipped = rows read.
    let done = imports.get(world.org(), id).unwrap();
    assert_eq!((done.state, done.finished_at.is_some()), (ImportState::Done, true));
    assert_eq!((done.tally.added, done.tally.updated, done.tally.rows()), (2, 1, 6));
    let skipped =
        [(SkipCode::MissingName, 1), (SkipCode::InvalidEmail, 1), (SkipCode::Unchanged, 1)];
    assert_eq!(done.tally.skipped, skipped.into_iter().collect());
    assert_eq!(done.tally.warnings, 1);
    assert_eq!(
        everybody(&world),
        [
            "Ann Lee Ann@Example.org +1 202 555 0101 [TagName(beta), TagName(Expo 2026), TagName(Trade Show), TagName(vip)] v1",
            "Bo bo@example.org  [TagName(Expo 2026), TagName(vip)] v1",
        ]
    );
}

#[test]
fn skipped_rows_are_a_file_that_can_be_corrected_and_imported_again() {
    // R34.
    let world = world();
    let done = run(&world, FILE, Policy::Overwrite);
    let lines = service(&world).skipped_rows(world.org(), done.id).unwrap();
    let file = lines.map(|line| String::from_utf8(line.unwrap()).unwrap()).collect::<String>();
    assert_eq!(
        file,
        "reason,Full name,E-mail,Mobile,Labels,Seats,Shoe size\r\n\
         line 4: the name is missing,,cy@example.org,,,,\r\n\
         line 6: the email address has no @,Di,no address,,,,\r\n"
    );
    let issues = service(&world).issues(world.org(), done.id, 0, 10).unwrap();
    let issues: Vec<_> =
        issues.iter().map(|issue| (issue.row, issue.line, issue.is_skip())).collect();
    assert_eq!(issues, [(2, 3, false), (3, 4, true), (4, 6, true)]);

    let corrected = file.replace(",,cy@", ",Cy,cy@").replace("no address", "di@example.org");
    let mut columns = columns();
    columns.insert(0, None);
    let again = NewPlan { columns: Some(columns), ..NewPlan::default() };
    let id = started(&world, &corrected, again);
    work(&world, id, 10_000, &Always);
    let again = service(&world).get(world.org(), id).unwrap();
    assert_eq!((again.tally.added, again.tally.rows()), (2, 2));
}

#[test]
fn the_same_file_again_changes_nothing() {
    // R33.
    let world = world();
    run(&world, FILE, Policy::Overwrite);
    let before = everybody(&world);
    world.clock().tick();
    let again = run(&world, FILE, Policy::Overwrite);
    assert_eq!((again.tally.added, again.tally.updated), (0, 0));
    assert_eq!(again.tally.skipped[&SkipCode::Unchanged], 4);
    assert_eq!(everybody(&world), before);
}

#[test]
fn the_batch_size_makes_no_difference() {
    // R33, R36.
    let outcome = |rows| {
        let world = world();
        let id = started(&world, FILE, plan(Policy::Overwrite));
        work(&world, id, rows, &Always);
        let import = service(&world).get(world.org(), id).unwrap();
        (everybody(&world), import.tally)
    };
    let whole = outcome(10_000);
    for rows in 1..6 {
        assert_eq!(outcome(rows), whole, "{rows} rows a chunk");
    }
}

#[test]
fn an_import_that_gave_way_or_crashed_goes_on_where_it_was() {
    // R36.
    let undisturbed = world();
    let whole = run(&undisturbed, FILE, Policy::Overwrite);
    for chunks in 0..6 {
        let world = world();
        let id = started(&world, FILE, plan(Policy::Overwrite));
        // The rest of the chunks is dropped with the iterator, as in a crash.
        assert_eq!(work(&world, id, 1, &After(AtomicUsize::new(chunks))), Outcome::Again);
        assert_eq!(service(&world).get(world.org(), id).unwrap().tally.rows(), chunks as u64);
        assert_eq!(work(&world, id, 2, &Always), Outcome::Done);
        let import = service(&world).get(world.org(), id).unwrap();
        assert_eq!((import.state, &import.tally), (ImportState::Done, &whole.tally));
        assert_eq!(everybody(&world), everybody(&undisturbed));
        assert!(service(&world).chunks(world.org(), id).unwrap().is_none(), "there is no more");
    }
}

#[test]
fn two_workers_on_one_import_take_no_row_twice() {
    // R36.
    let world = world();
    let id = started(&world, FILE, plan(Policy::Overwrite));
    let imports = service(&world);
    let (import, slow) = imports.chunks(world.org(), id).unwrap().unwrap();
    assert_eq!(work(&world, id, 4, &Always), Outcome::Done);
    assert_eq!(imports.take(&import, cut(slow, 4), &Always).unwrap(), Outcome::Done);
    let done = imports.get(world.org(), id).unwrap();
    assert_eq!((done.tally.rows(), done.tally.added), (6, 2));
}

#[test]
fn a_cancelled_import_keeps_a_true_summary() {
    // R36.
    let world = world();
    let id = started(&world, FILE, plan(Policy::Overwrite));
    let imports = service(&world);
    let (import, chunks) = imports.chunks(world.org(), id).unwrap().unwrap();
    let cancelled_in_the_middle = cut(chunks, 1).inspect(|chunk| {
        if chunk.as_ref().is_ok_and(|chunk| chunk.after == 1) {
            imports.cancel(world.org(), id).unwrap();
        }
    });
    assert_eq!(imports.take(&import, cancelled_in_the_middle, &Always).unwrap(), Outcome::Done);
    let cancelled = imports.get(world.org(), id).unwrap();
    assert_eq!(cancelled.state, ImportState::Cancelled);
    assert_eq!((cancelled.tally.rows(), cancelled.tally.added), (1, 1));
    assert_eq!(everybody(&world).len(), 1);
    assert!(matches!(imports.cancel(world.org(), id), Err(Error::Conflict(_))));
}

#[test]
fn policies_say_what_may_happen() {
    // R33.
    for (policy, expected) in [
        (Policy::Overwrite, (1, 2, 3)),
        (Policy::FillBlanks, (1, 2, 3)),
        (Policy::AddOnly, (1, 0, 5)),
        (Policy::UpdateOnly, (0, 2, 4)),
    ] {
        let world = world();
        let known =
            NewContact { name: Some("A."), email: Some("ann@example.org"), ..Default::default() };
        let known = world.contacts().create(world.org(), &known, Actor::System).unwrap();
        let tally = run(&world, FILE, policy).tally;
        assert_eq!((tally.added, tally.updated, tally.skips()), expected, "{policy:?}");
        let ann = world.contacts().get(world.org(), known.id).unwrap();
        let is_renamed = matches!(policy, Policy::Overwrite | Policy::UpdateOnly);
        assert_eq!(ann.name.unwrap().as_str() == "Ann Lee", is_renamed, "{policy:?}");
        assert_eq!(ann.email.unwrap().as_str(), "ann@example.org");
        let ways = world.contacts().arrivals(world.org(), known.id).unwrap();
        let came = ways.iter().any(|way| matches!(way.origin, Origin::CsvImport { row: 1, .. }));
        assert_eq!(came, policy != Policy::AddOnly, "{policy:?}");
    }
}

#[test]
fn a_file_without_a_header_or_an_empty_one_says_so() {
    // R31.
    let world = world();
    for (file, word) in [("Ann,ann@example.org\n", "header"), ("", "empty"), (" \n,\n", "empty")] {
        let id = upload(&world, file);
        service(&world).analyse(world.org(), id, &Always).unwrap();
        let import = service(&world).get(world.org(), id).unwrap();
        assert_eq!(import.state, ImportState::Unusable);
        assert!(import.problem.unwrap().contains(word));
        assert!(matches!(service(&world).start(world.org(), id), Err(Error::Conflict(_))));
    }
}

#[test]
fn a_mapping_without_name_or_email_cannot_be_started() {
    // R32.
    let world = world();
    let id = upload(&world, FILE);
    let imports = service(&world);
    imports.analyse(world.org(), id, &Always).unwrap();
    let set = |columns| {
        imports.replan(world.org(), id, NewPlan { columns: Some(columns), ..NewPlan::default() })
    };
    set(vec![None, Some(Target::Email), None, None, None, None]).unwrap();
    let Err(Error::Invalid(parts)) = imports.start(world.org(), id) else { panic!("it started") };
    assert!(parts[0].reason.contains("name"));
    let twice =
        vec![Some(Target::Name), Some(Target::Email), Some(Target::Email), None, None, None];
    set(twice).unwrap();
    assert!(matches!(imports.start(world.org(), id), Err(Error::Invalid(_))));
    assert!(matches!(set(vec![None]), Err(Error::Invalid(_))));
    let unheard = Some(Target::Field(samples::key("unheard")));
    assert!(matches!(set(vec![unheard, None, None, None, None, None]), Err(Error::Invalid(_))));
    set(columns()).unwrap();
    imports.start(world.org(), id).unwrap();
    assert!(matches!(set(columns()), Err(Error::Conflict(_))));
}

#[test]
fn a_job_is_queued_for_looking_and_for_taking() {
    // R36.
    let world = world();
    let (jobs, clock) = (world.ports().jobs, world.clock());
    let worker = world.ids().next();
    let next = || {
        let lease = std::time::Duration::from_secs(60);
        let claimed = jobs.claim(Lane::Work, worker, lease, clock.tick()).unwrap();
        claimed.map(|claimed| claimed.job)
    };
    let id = upload(&world, FILE);
    assert_eq!((next(), next()), (Some(Job::AnalyseImport(id)), None));
    // Whoever looks twice finds nothing to do.
    service(&world).analyse(world.org(), id, &Always).unwrap();
    assert_eq!(service(&world).analyse(world.org(), id, &Always).unwrap(), Outcome::Done);
    service(&world).replan(world.org(), id, plan(Policy::Overwrite)).unwrap();
    assert!(service(&world).chunks(world.org(), id).unwrap().is_none());
    service(&world).start(world.org(), id).unwrap();
    assert_eq!((next(), next()), (Some(Job::RunImport(id)), None));
}

#[test]
fn an_upload_stops_at_the_limit_and_can_be_abandoned() {
    // R43.
    let world = world();
    let imports = service(&world);
    let mut upload = imports.begin(world.org(), "big.csv", Actor::System, 10).unwrap();
    assert!(upload.push(b"12345").unwrap());
    assert!(!upload.push(b"678901").unwrap());
    let id = upload.import().id;
    upload.abandon("the file is larger than 10 bytes").unwrap();
    let failed = imports.get(world.org(), id).unwrap();
    assert_eq!(failed.state, ImportState::Failed);
    assert!(failed.problem.unwrap().contains("larger"));
    assert!(matches!(imports.begin(world.org(), " ", Actor::System, 10), Err(Error::Invalid(_))));
}

#[test]
fn an_upload_that_was_cancelled_meanwhile_is_not_looked_at() {
    let world = world();
    let imports = service(&world);
    let upload = imports.begin(world.org(), "a.csv", Actor::System, 10).unwrap();
    let id = upload.import().id;
    imports.cancel(world.org(), id).unwrap();
    assert!(matches!(upload.finish(), Err(Error::Conflict(_))));
    assert_eq!(imports.get(world.org(), id).unwrap().state, ImportState::Cancelled);
}

#[test]
fn anothers_import_answers_like_one_that_is_not_there() {
    // R1.
    let world = world();
    let done = run(&world, FILE, Policy::Overwrite);
    let (imports, other) = (service(&world), world.another_org());
    let not_found = |error| matches!(error, Error::NotFound("import"));
    assert!(not_found(imports.get(other, done.id).unwrap_err()));
    assert!(not_found(imports.start(other, done.id).unwrap_err()));
    assert!(not_found(imports.cancel(other, done.id).unwrap_err()));
    assert!(not_found(imports.issues(other, done.id, 0, 10).unwrap_err()));
    assert!(imports.skipped_rows(other, done.id).is_err_and(not_found));
    assert!(imports.chunks(other, done.id).unwrap().is_none());
    assert_eq!(imports.analyse(other, done.id, &Always).unwrap(), Outcome::Done);
    assert_eq!(imports.list(other, None, 10).unwrap(), []);
}

#[test]
fn a_file_that_cannot_be_kept_leaves_nothing_to_look_at() {
    let world = world();
    let mut files = MockFileStore::new();
    files.expect_append().returning(|_, _, _, _| Err(Error::store("the disk is full")));
    let imports = ImportService { files: Arc::new(files), ..service(&world) };
    let mut upload = imports.begin(world.org(), "a.csv", Actor::System, 100).unwrap();
    upload.push(&FILE.as_bytes()[..50]).unwrap();
    let id = upload.import().id;
    assert!(matches!(upload.finish(), Err(Error::Store(_))));
    assert_eq!(imports.get(world.org(), id).unwrap().state, ImportState::Uploading);
}

#[test]
fn a_store_that_fails_leaves_the_import_running_for_another_try() {
    let world = world();
    let id = started(&world, FILE, plan(Policy::Overwrite));
    let (import, chunks) = service(&world).chunks(world.org(), id).unwrap().unwrap();
    let mut broken = MockImportRepository::new();
    broken.expect_apply().times(1).returning(|_, _, _| Err(Error::store("no connection")));
    // It is not ended, neither well nor badly.
    broken.expect_end().never();
    let imports = ImportService { imports: Arc::new(broken), ..service(&world) };
    let failed = imports.take(&import, cut(chunks, 1), &Always);
    assert!(matches!(failed, Err(Error::Store(_))));
    assert_eq!(work(&world, id, 10_000, &Always), Outcome::Done);
    assert_eq!(everybody(&world).len(), 2);
}

#[test]
fn rows_that_another_worker_took_end_the_work_and_not_the_import() {
    let world = world();
    let id = started(&world, FILE, plan(Policy::Overwrite));
    let (import, chunks) = service(&world).chunks(world.org(), id).unwrap().unwrap();
    let mut taken = MockImportRepository::new();
    taken.expect_apply().times(1).returning(|_, _, _| Ok(Applied::Superseded));
    taken.expect_end().never();
    let imports = ImportService { imports: Arc::new(taken), ..service(&world) };
    assert_eq!(imports.take(&import, cut(chunks, 1), &Always).unwrap(), Outcome::Done);
}
