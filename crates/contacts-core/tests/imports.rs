//! Imports of files (R30 to R36), on the world in memory.
#![expect(clippy::unwrap_used, reason = "whatever goes wrong in a test is to fail it")]

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use contacts_core::contact::{ContactFilter, CountRequest, NewContact, SortBy, SourceDetail};
use contacts_core::field::{FieldType, NewField};
use contacts_core::housekeeping::UPLOAD_IDLE;
use contacts_core::import::{
    Applied, CellEdit, Chunk, DomainReplacements, Import, ImportId, ImportService, ImportState,
    MockDryRunRepository, MockImportRepository, NewPlan, Policy, SkipCode, Target, Upload,
};
use contacts_core::job::{Interrupt, Job, Lane, Outcome};
use contacts_core::page::PageSize;
use contacts_core::run::RunState;
use contacts_core::{Actor, Clock, Error, Ids, Result};
use contacts_testkit::{Ports, World, samples};

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

impl Interrupt for Always {
    fn may_continue(&self) -> bool {
        true
    }

    fn must_end(&self) -> bool {
        false
    }
}

/// An interrupt that stops work after a number of chunks.
struct After(AtomicUsize);

impl Interrupt for After {
    fn may_continue(&self) -> bool {
        self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
    }

    fn must_end(&self) -> bool {
        false
    }
}

fn service(world: &World) -> ImportService {
    world.services().imports
}

/// Returns the service on the world's ports, some of which the test replaces.
fn with(world: &World, replace: impl FnOnce(&mut Ports)) -> ImportService {
    let mut ports = world.ports();
    replace(&mut ports);
    ports.services().imports
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
    world
        .services()
        .fields
        .define(
            world.org(),
            &NewField::new("seats", "Seats", FieldType::Number).unwrap(),
            Actor::System,
        )
        .unwrap();
    world
}

fn upload(world: &World, file: &str) -> ImportId {
    let mut upload =
        service(world).begin(world.org(), " people.csv ", Actor::System, 1 << 20).unwrap();
    for chunk in file.as_bytes().chunks(7) {
        assert!(upload.push(chunk).unwrap());
    }
    let import = upload.finish().unwrap();
    assert_eq!((import.state, import.bytes), (ImportState::Analysing, file.len() as u64));
    import.id
}

/// Uploads and analyses a file, sets the plan, and starts the import.
fn started(world: &World, file: &str, plan: NewPlan) -> ImportId {
    let (imports, id) = (service(world), upload(world, file));
    assert_eq!(imports.analyse(world.org(), id, &Always).unwrap(), Outcome::Done);
    imports.replan(world.org(), id, plan).unwrap();
    assert_eq!(
        imports.start(world.org(), id, Actor::System).unwrap().state,
        ImportState::Run(RunState::Queued)
    );
    id
}

fn plan(policy: Policy) -> NewPlan {
    NewPlan { columns: Some(columns()), policy: Some(policy), ..NewPlan::default() }
}

/// Cuts the chunks of a file to a number of rows, so that few rows make many chunks.
fn cut(
    chunks: impl Iterator<Item = Result<Chunk>>,
    rows: usize,
) -> impl Iterator<Item = Result<Chunk>> {
    chunks.flat_map(move |chunk| {
        let chunk = chunk.unwrap();
        let parts: Vec<_> = (chunk.after..)
            .step_by(rows)
            .zip(chunk.rows.chunks(rows))
            .map(|(after, rows)| Ok(Chunk { after, is_retry: chunk.is_retry, rows: rows.to_vec() }))
            .collect();
        parts
    })
}

fn work(world: &World, id: ImportId, rows: usize, interrupt: &dyn Interrupt) -> Outcome {
    let imports = service(world);
    let (import, chunks) = imports.chunks(world.org(), id).unwrap().unwrap();
    imports.take(&import, cut(chunks, rows), interrupt).unwrap()
}

fn run(world: &World, file: &str, policy: Policy) -> Import {
    let id = started(world, file, plan(policy));
    assert_eq!(work(world, id, 10_000, &Always), Outcome::Done);
    service(world).get(world.org(), id).unwrap()
}

/// Lists all contacts with the values that users see.
fn everybody(world: &World) -> Vec<String> {
    let page = samples::page(SortBy::Name, false, 200);
    let filter = ContactFilter::default();
    let listed =
        world.services().contacts.list(world.org(), &filter, &page, CountRequest::None).unwrap().0;
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
    // R30: the analysis is shown before the import starts.
    imports.analyse(world.org(), id, &Always).unwrap();
    let ready = imports.get(world.org(), id).unwrap();
    let analysis = ready.analysis.unwrap();
    assert_eq!((ready.state, ready.file_name.as_str()), (ImportState::Ready, "people.csv"));
    assert_eq!((analysis.rows, analysis.layout.header.len(), analysis.samples.len()), (6, 6, 6));
    assert_eq!(analysis.suggestions.len(), 6);
    assert_eq!(everybody(&world), Vec::<String>::new());

    let tags = Some(samples::tags(&["Expo 2026"]));
    imports.replan(world.org(), id, NewPlan { tags, ..plan(Policy::Overwrite) }).unwrap();
    imports.start(world.org(), id, Actor::System).unwrap();
    assert_eq!(work(&world, id, 10_000, &Always), Outcome::Done);

    // R35: added + updated + skipped = rows read.
    let done = imports.get(world.org(), id).unwrap();
    assert_eq!((done.state, done.finished_at.is_some()), (ImportState::Run(RunState::Done), true));
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
fn corrected_cells_are_read_in_place_of_those_of_the_file() {
    // R58.
    let world = world();
    let (imports, org, id) = (service(&world), world.org(), upload(&world, FILE));
    imports.analyse(org, id, &Always).unwrap();
    imports.replan(org, id, plan(Policy::Overwrite)).unwrap();
    let edit = |row, column, text: &str| CellEdit { row, column, text: Some(text.to_owned()) };
    let edits = [edit(3, 0, "Cy"), edit(4, 1, "di@@example.org"), edit(2, 4, "7")];
    let rows = imports.correct(org, id, &edits).unwrap();
    let shown: Vec<_> = rows.iter().map(|row| (row.row, row.line, row.cells.len())).collect();
    assert_eq!(shown, [(2, 3, 6), (3, 4, 6), (4, 6, 6)]);

    let dry = imports.begin_dry_run(org, id, Actor::System).unwrap();
    let (import, chunks) = imports.dry_chunks(org, dry.id).unwrap().unwrap();
    imports.run_dry_chunks(&import, dry.id, chunks, &Always).unwrap();
    let dry = imports.dry_run(org, id).unwrap();
    imports.start(org, id, Actor::System).unwrap();
    work(&world, id, 2, &Always);
    let done = imports.get(org, id).unwrap();
    assert_eq!((done.tally.added, done.tally.warnings), (3, 0));
    assert_eq!(dry.tally, done.tally);
    let lines = imports.skipped_rows(org, id).unwrap();
    let file = lines.map(|line| String::from_utf8(line.unwrap()).unwrap()).collect::<String>();
    assert!(file.ends_with("Di,di@@example.org,,,,\r\n"), "{file}");
    assert!(imports.correct(org, id, &edits).is_err());
}

#[test]
fn misspelt_domains_are_offered_and_replaced_when_accepted() {
    // R58.
    let world = world();
    let (imports, org) = (service(&world), world.org());
    for at in 0..5 {
        let email = format!("a{at}@informly.example");
        let new = NewContact { name: Some("Ann"), email: Some(&email), ..NewContact::default() };
        world.services().contacts.create(org, &new, Actor::System).unwrap();
    }
    let file = "Name,E-mail\nBo,bo@gmial.com\nCy,cy@infromly.example\nDi,di@gmial.com\n";
    let id = upload(&world, file);
    imports.analyse(org, id, &Always).unwrap();
    let offers = imports.get(org, id).unwrap().analysis.unwrap().domains;
    let offers: Vec<_> =
        offers.iter().map(|o| (o.domain.as_str(), o.suggestion.as_str(), o.addresses)).collect();
    assert_eq!(
        offers,
        [("gmial.com", "gmail.com", 2), ("infromly.example", "informly.example", 1)]
    );
    let accepted = [("gmial.com".to_owned(), "gmail.com".to_owned())].into();
    let domains = Some(DomainReplacements::parse(accepted).unwrap());
    imports.replan(org, id, NewPlan { domains, ..NewPlan::default() }).unwrap();
    imports.start(org, id, Actor::System).unwrap();
    work(&world, id, 2, &Always);
    let emails: Vec<_> = everybody(&world)[5..].to_vec();
    let expected =
        ["Bo bo@gmail.com  [] v1", "Cy cy@infromly.example  [] v1", "Di di@gmail.com  [] v1"];
    assert_eq!(emails, expected);
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
fn an_import_that_gave_way_or_crashed_resumes() {
    // R36.
    let undisturbed = world();
    let whole = run(&undisturbed, FILE, Policy::Overwrite);
    for chunks in 0..6 {
        let world = world();
        let id = started(&world, FILE, plan(Policy::Overwrite));
        // Dropping the iterator drops the remaining chunks, as a crash does.
        assert_eq!(work(&world, id, 1, &After(AtomicUsize::new(chunks))), Outcome::Again);
        assert_eq!(service(&world).get(world.org(), id).unwrap().tally.rows(), chunks as u64);
        assert_eq!(work(&world, id, 2, &Always), Outcome::Done);
        let import = service(&world).get(world.org(), id).unwrap();
        assert_eq!((import.state, &import.tally), (ImportState::Run(RunState::Done), &whole.tally));
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
            imports.cancel(world.org(), id, Actor::System).unwrap();
        }
    });
    assert_eq!(imports.take(&import, cancelled_in_the_middle, &Always).unwrap(), Outcome::Done);
    let cancelled = imports.get(world.org(), id).unwrap();
    assert_eq!(cancelled.state, ImportState::Run(RunState::Cancelled));
    assert_eq!((cancelled.tally.rows(), cancelled.tally.added), (1, 1));
    assert_eq!(everybody(&world).len(), 1);
    assert!(matches!(imports.cancel(world.org(), id, Actor::System), Err(Error::Conflict(_))));
}

#[test]
fn policies_limit_what_a_row_may_do() {
    // R33.
    for (policy, expected) in [
        (Policy::Overwrite, (1, 2, 3)),
        (Policy::FillBlanks, (1, 2, 3)),
        (Policy::AddOnly, (1, 0, 5)),
        (Policy::UpdateOnly, (0, 2, 4)),
    ] {
        let world = world();
        let existing =
            NewContact { name: Some("A."), email: Some("ann@example.org"), ..Default::default() };
        let existing =
            world.services().contacts.create(world.org(), &existing, Actor::System).unwrap();
        let tally = run(&world, FILE, policy).tally;
        assert_eq!((tally.added, tally.updated, tally.skips()), expected, "{policy:?}");
        let ann = world.services().contacts.get(world.org(), existing.id).unwrap();
        let is_renamed = matches!(policy, Policy::Overwrite | Policy::UpdateOnly);
        assert_eq!(ann.name.unwrap().as_str() == "Ann Lee", is_renamed, "{policy:?}");
        assert_eq!(ann.email.unwrap().as_str(), "ann@example.org");
        let ways = world
            .services()
            .contacts
            .sources(world.org(), existing.id, None, PageSize::default())
            .unwrap()
            .items;
        let came =
            ways.iter().any(|way| matches!(way.detail, SourceDetail::CsvImport { row: 1, .. }));
        assert_eq!(came, policy != Policy::AddOnly, "{policy:?}");
    }
}

#[test]
fn a_file_without_a_header_or_without_rows_is_reported() {
    // R31.
    let world = world();
    for (file, word) in [("Ann,ann@example.org\n", "header"), ("", "empty"), (" \n,\n", "empty")] {
        let id = upload(&world, file);
        service(&world).analyse(world.org(), id, &Always).unwrap();
        let import = service(&world).get(world.org(), id).unwrap();
        assert_eq!(import.state, ImportState::Unusable);
        assert!(import.problem.unwrap().contains(word));
        assert!(matches!(
            service(&world).start(world.org(), id, Actor::System),
            Err(Error::Conflict(_))
        ));
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
    let Err(Error::Invalid(parts)) = imports.start(world.org(), id, Actor::System) else {
        panic!("it started")
    };
    assert!(parts[0].reason.contains("name"));
    let twice = vec![Some(Target::Name), Some(Target::Email), Some(Target::Name), None, None, None];
    set(twice).unwrap();
    assert!(matches!(imports.start(world.org(), id, Actor::System), Err(Error::Invalid(_))));
    assert!(matches!(set(vec![None]), Err(Error::Invalid(_))));
    let unheard = Some(Target::Field(samples::key("unheard")));
    assert!(matches!(set(vec![unheard, None, None, None, None, None]), Err(Error::Invalid(_))));
    set(columns()).unwrap();
    imports.start(world.org(), id, Actor::System).unwrap();
    assert!(matches!(set(columns()), Err(Error::Conflict(_))));
}

#[test]
fn a_job_is_queued_for_looking_and_for_taking() {
    // R36.
    let world = world();
    let (jobs, clock) = (world.ports().jobs.clone(), world.clock());
    let worker = world.ids().next();
    let next = || {
        let lease = std::time::Duration::from_secs(60);
        let claimed = jobs.claim(Lane::Work, worker, lease, clock.tick()).unwrap();
        claimed.map(|claimed| claimed.job)
    };
    let id = upload(&world, FILE);
    assert_eq!((next(), next()), (Some(Job::AnalyseImport(id)), None));
    // A second analysis has nothing to do.
    service(&world).analyse(world.org(), id, &Always).unwrap();
    assert_eq!(service(&world).analyse(world.org(), id, &Always).unwrap(), Outcome::Done);
    service(&world).replan(world.org(), id, plan(Policy::Overwrite)).unwrap();
    assert!(service(&world).chunks(world.org(), id).unwrap().is_none());
    service(&world).start(world.org(), id, Actor::System).unwrap();
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
    assert_eq!(failed.state, ImportState::Run(RunState::Failed));
    assert!(failed.problem.unwrap().contains("larger"));
    assert!(matches!(imports.begin(world.org(), " ", Actor::System, 10), Err(Error::Invalid(_))));
}

#[test]
fn an_upload_that_was_cancelled_meanwhile_is_not_looked_at() {
    let world = world();
    let imports = service(&world);
    let upload = imports.begin(world.org(), "a.csv", Actor::System, 10).unwrap();
    let id = upload.import().id;
    imports.cancel(world.org(), id, Actor::System).unwrap();
    assert!(matches!(upload.finish(), Err(Error::Conflict(_))));
    assert_eq!(imports.get(world.org(), id).unwrap().state, ImportState::Run(RunState::Cancelled));
}

#[test]
fn a_slow_upload_stays_alive_and_an_idle_one_fails() {
    // R63.
    let world = world();
    let (imports, house) = (service(&world), world.ports().housekeeping.clone());
    let fail_idle = || house.fail_idle_uploads(world.clock().now()).unwrap();
    let mut upload = imports.begin(world.org(), "a.csv", Actor::System, 1 << 20).unwrap();
    let (id, file) = (upload.import().id, upload.import().file);
    for byte in FILE.as_bytes().chunks(1) {
        world.clock().advance(Upload::STORE_AFTER.unsigned_abs());
        assert!(upload.push(byte).unwrap());
        assert_eq!(fail_idle(), 0);
    }
    assert_eq!(upload.finish().unwrap().state, ImportState::Analysing);
    let mut stored = String::new();
    world.ports().files.open(world.org(), file).unwrap().read_to_string(&mut stored).unwrap();
    assert_eq!(stored, FILE);

    let mut idle = imports.begin(world.org(), "b.csv", Actor::System, 1 << 20).unwrap();
    assert!(idle.push(b"Name").unwrap());
    let (failed, file) = (idle.import().id, idle.import().file);
    world.clock().advance(UPLOAD_IDLE.unsigned_abs());
    assert_eq!(fail_idle(), 1);
    assert!(matches!(idle.push(b",Email\n"), Err(Error::Conflict(_))), "its server woke up");
    let mut left = Vec::new();
    world.ports().files.open(world.org(), file).unwrap().read_to_end(&mut left).unwrap();
    assert_eq!(left, b"");
    assert_eq!(imports.get(world.org(), failed).unwrap().state, ImportState::Run(RunState::Failed));
    assert_eq!(imports.get(world.org(), id).unwrap().state, ImportState::Analysing);
}

#[test]
fn anothers_import_answers_like_one_that_is_not_there() {
    // R1.
    let world = world();
    let done = run(&world, FILE, Policy::Overwrite);
    let (imports, other) = (service(&world), world.another_org());
    let not_found = |error| matches!(error, Error::NotFound("import"));
    assert!(not_found(imports.get(other, done.id).unwrap_err()));
    assert!(not_found(imports.start(other, done.id, Actor::System).unwrap_err()));
    assert!(not_found(imports.cancel(other, done.id, Actor::System).unwrap_err()));
    assert!(not_found(imports.issues(other, done.id, 0, 10).unwrap_err()));
    assert!(imports.skipped_rows(other, done.id).is_err_and(not_found));
    assert!(imports.chunks(other, done.id).unwrap().is_none());
    assert_eq!(imports.analyse(other, done.id, &Always).unwrap(), Outcome::Done);
    assert_eq!(imports.list(other, None, 10).unwrap(), []);
}

#[test]
fn a_file_that_cannot_be_kept_leaves_nothing_to_look_at() {
    let world = world();
    let (mut full, stored) = (MockImportRepository::new(), world.ports().imports.clone());
    full.expect_insert().returning(move |import| stored.insert(import));
    full.expect_store_chunk().returning(|_, _, _, _| Err(Error::store("the disk is full")));
    let imports = with(&world, |ports| ports.repositories.imports = Arc::new(full));
    let mut upload = imports.begin(world.org(), "a.csv", Actor::System, 100).unwrap();
    upload.push(&FILE.as_bytes()[..50]).unwrap();
    let id = upload.import().id;
    assert!(matches!(upload.finish(), Err(Error::Store(_))));
    assert_eq!(service(&world).get(world.org(), id).unwrap().state, ImportState::Uploading);
}

#[test]
fn a_store_that_fails_leaves_the_import_running_for_another_try() {
    let world = world();
    let id = started(&world, FILE, plan(Policy::Overwrite));
    let (import, chunks) = service(&world).chunks(world.org(), id).unwrap().unwrap();
    let mut broken = MockImportRepository::new();
    broken.expect_apply().times(1).returning(|_, _, _| Err(Error::store("no connection")));
    // The import must not be ended, neither as done nor as failed.
    broken.expect_end().never();
    let imports = with(&world, |ports| ports.repositories.imports = Arc::new(broken));
    let failed = imports.take(&import, cut(chunks, 1), &Always);
    assert!(matches!(failed, Err(Error::Store(_))));
    assert_eq!(work(&world, id, 10_000, &Always), Outcome::Done);
    assert_eq!(everybody(&world).len(), 2);
}

/// Returns a repository that applies each chunk twice, as when a worker was frozen inside the
/// chunk's transaction and wakes up.
fn overtaken(world: &World) -> MockImportRepository {
    let (stored, read) = (world.ports().imports.clone(), world.ports().imports.clone());
    let mut overtaken = MockImportRepository::new();
    overtaken.expect_apply().returning(move |import, chunk, now| {
        stored.apply(import, chunk, now)?;
        stored.apply(import, chunk, now)
    });
    overtaken.expect_get().returning(move |org, id| read.get(org, id));
    overtaken.expect_end().never();
    overtaken
}

#[test]
fn a_job_goes_on_after_rows_that_another_worker_took() {
    let world = world();
    let id = started(&world, FILE, plan(Policy::Overwrite));
    let (import, chunks) = service(&world).chunks(world.org(), id).unwrap().unwrap();
    let imports = with(&world, |ports| ports.repositories.imports = Arc::new(overtaken(&world)));
    let outcome = imports.take(&import, cut(chunks, 2), &Always).unwrap();
    assert_eq!(outcome, Outcome::Again, "the other has lost the job, so this one keeps it");
    assert_eq!(service(&world).get(world.org(), id).unwrap().tally.rows(), 2);
    assert_eq!(work(&world, id, 2, &Always), Outcome::Done);
    assert_eq!(
        service(&world).get(world.org(), id).unwrap().state,
        ImportState::Run(RunState::Done)
    );
    assert_eq!(everybody(&world).len(), 2);
}

#[test]
fn a_job_ends_when_the_import_that_another_worker_went_on_with_has_ended() {
    let world = world();
    let id = started(&world, FILE, plan(Policy::Overwrite));
    let (import, chunks) = service(&world).chunks(world.org(), id).unwrap().unwrap();
    let mut ended = MockImportRepository::new();
    ended.expect_apply().times(1).returning(|_, _, _| Ok(Applied::Superseded));
    let done = Import { state: ImportState::Run(RunState::Done), ..import.clone() };
    ended.expect_get().returning(move |_, _| Ok(Some(done.clone())));
    ended.expect_end().never();
    let imports = with(&world, |ports| ports.repositories.imports = Arc::new(ended));
    assert_eq!(imports.take(&import, cut(chunks, 1), &Always).unwrap(), Outcome::Done);
}

#[test]
fn a_chunk_that_nobody_took_and_nobody_can_take_is_an_error() {
    let world = world();
    let id = started(&world, FILE, plan(Policy::Overwrite));
    let (import, chunks) = service(&world).chunks(world.org(), id).unwrap().unwrap();
    let mut stuck = MockImportRepository::new();
    stuck.expect_apply().times(1).returning(|_, _, _| Ok(Applied::Superseded));
    let same = import.clone();
    stuck.expect_get().returning(move |_, _| Ok(Some(same.clone())));
    let imports = with(&world, |ports| ports.repositories.imports = Arc::new(stuck));
    let failed = imports.take(&import, cut(chunks, 1), &Always);
    assert!(matches!(failed, Err(Error::Store(_))), "it is tried a bounded number of times");
}

#[test]
fn a_dry_run_goes_on_after_rows_that_another_worker_looked_at() {
    let world = world();
    let id = upload(&world, FILE);
    let imports = service(&world);
    imports.analyse(world.org(), id, &Always).unwrap();
    imports.replan(world.org(), id, plan(Policy::Overwrite)).unwrap();
    let run = imports.begin_dry_run(world.org(), id, contacts_core::Actor::System).unwrap().id;
    let (stored, read) = (world.ports().dry_runs.clone(), world.ports().dry_runs.clone());
    let mut overtaken = MockDryRunRepository::new();
    overtaken.expect_process_chunk().returning(move |import, run, chunk, now| {
        stored.process_chunk(import, run, chunk, now)?;
        stored.process_chunk(import, run, chunk, now)
    });
    overtaken.expect_find().returning(move |org, run| read.find(org, run));
    overtaken.expect_end().never();
    let frozen = with(&world, |ports| ports.repositories.dry_runs = Arc::new(overtaken));
    let (import, chunks) = imports.dry_chunks(world.org(), run).unwrap().unwrap();
    let outcome = frozen.run_dry_chunks(&import, run, cut(chunks, 2), &Always).unwrap();
    assert_eq!(outcome, Outcome::Again);
    let (import, chunks) = imports.dry_chunks(world.org(), run).unwrap().unwrap();
    assert_eq!(imports.run_dry_chunks(&import, run, chunks, &Always).unwrap(), Outcome::Done);
    assert_eq!(imports.dry_run(world.org(), id).unwrap().state, RunState::Done);
}
