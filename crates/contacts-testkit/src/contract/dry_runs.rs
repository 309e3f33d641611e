//! The contract of [`contacts_core::import::DryRunRepository`] (R37).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use contacts_core::contact::FieldChange;
use contacts_core::import::{
    Applied, Chunk, DryChunkOutcome, DryEffect, DryOutcome, DryRow, DryRowFilter, DryRun, DryRunId,
    Import, ImportRow, IssueCode, Plan, PlannedRow, Policy, Skip, SkipCode, Tally, Target,
};
use contacts_core::page::PageSize;
use contacts_core::run::RunState;
use contacts_core::{Actor, Clock, Ids, OrgId};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::Ports;
use crate::samples::{
    self, chunk, custom, import_row, name, phone, planned, ready_import, tags, text, warning,
};

/// The filter that lists every row.
const ALL_ROWS: DryRowFilter = DryRowFilter { effect: None, reason: None, row: None };

pub(super) fn started(ports: &Ports, import: &Import) -> DryRunId {
    let run = dry_run(ports, import);
    assert!(ports.dry_runs.begin(import.org, &run).unwrap());
    run.id
}

pub(super) fn dry_run(ports: &Ports, import: &Import) -> DryRun {
    DryRun {
        id: DryRunId(ports.ids.next()),
        import: import.id,
        state: RunState::Queued,
        problem: None,
        total: import.analysis.as_ref().map(|analysis| analysis.rows),
        tally: Tally::default(),
        is_outdated: false,
        actor: Some(Actor::User(ports.ids.next())),
        created_at: ports.clock.now(),
        started_at: None,
        finished_at: None,
    }
}

fn read(ports: &Ports, import: &Import) -> Option<DryRun> {
    ports.dry_runs.get(import.org, import.id).unwrap()
}

fn rows(ports: &Ports, import: &Import) -> Vec<DryRow> {
    ports.dry_runs.rows(import.org, import.id, &ALL_ROWS, 0, 1_000).unwrap()
}

/// Runs a dry run over rows to its end, in chunks of `size` rows, and returns the tally.
fn dry_run_outcomes(ports: &Ports, import: &Import, all: &[PlannedRow], size: usize) -> Tally {
    let id = started(ports, import);
    for (at, rows) in all.chunks(size).enumerate() {
        let chunk = Chunk { after: (at * size) as u64, rows: rows.to_vec(), ..Chunk::default() };
        let now = ports.clock.now();
        let looked = ports.dry_runs.process_chunk(import, id, &chunk, now).unwrap();
        assert!(matches!(looked, DryChunkOutcome::Chunk(_)));
    }
    assert!(ports.dry_runs.end(import.org, id, RunState::Done, None, ports.clock.now()).unwrap());
    read(ports, import).unwrap().tally
}

/// Existing contacts, rows, the policy, and two chunk sizes.
type Case = (Vec<usize>, Vec<Option<[usize; 4]>>, usize, usize, usize);

fn cases() -> impl Strategy<Value = Case> {
    let row = || prop::option::weighted(0.9, [0..4usize, 0..3usize, 0..3usize, 0..3usize]);
    let existing = prop::collection::vec(0..3usize, 0..3);
    (existing, prop::collection::vec(row(), 0..10), 0..Policy::ALL.len(), 1..5usize, 1..5usize)
}

fn random_row([who, what, call, tag]: [usize; 4]) -> ImportRow {
    ImportRow {
        phone: (call > 0).then(|| phone(["", "1", "2"][call])),
        tags: tags(&["a", "b"][..tag.min(2)]),
        custom: custom(&[("tier", text(["gold", "silver", "gold"][tag]))]),
        is_opted_out: what == 2,
        ..import_row(["Ann", "Bo", "Cy"][what], &format!("p{who}@example.org"))
    }
}

/// Returns everything that is visible outside the dry run.
fn seen(ports: &Ports, org: OrgId) -> String {
    let people = ports.all(org, &Default::default());
    let sources: Vec<_> =
        people.iter().map(|c| ports.contacts.sources(org, c.id, None, 1_000).unwrap()).collect();
    let activity: Vec<_> = people
        .iter()
        .map(|c| ports.contacts.activity(org, c.id, None, PageSize::default()).unwrap())
        .collect();
    let tags = ports.tags.list(org, "", "", 100).unwrap();
    let imports = ports.imports.list(org, None, 100).unwrap();
    format!("{people:?} {sources:?} {activity:?} {tags:?} {imports:?}")
}

pub fn a_dry_run_predicts_the_import_and_changes_nothing(ports: &Ports) {
    let config = Config { cases: 60, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(
        &cases(),
        |(existing, random_rows, policy, dry, chunk_size)| {
            let (org, now) = (ports.org(), ports.clock.tick());
            for (at, what) in existing.into_iter().enumerate() {
                ports.add_with(org, ["Ann", "", "Bo"][what], &format!("p{at}@example.org"), |c| {
                    c.phone = (what > 1).then(|| phone("1"));
                    c.tags = tags(&["A"][..what.min(1)]);
                });
            }
            let import = ready_import(ports, org, Policy::ALL[policy]);
            let plan = |(number, row): (u64, &Option<[usize; 4]>)| {
                let mut planned = planned(&ports.ids, number, random_row(row.unwrap_or_default()));
                planned.warnings = vec![warning(Target::Phone, "is too long")];
                if row.is_none() {
                    planned.row = Err(Skip::MissingName.into());
                }
                planned
            };
            let all: Vec<_> = (1..).zip(&random_rows).map(plan).collect();
            let before = seen(ports, org);
            let outcomes = dry_run_outcomes(ports, &import, &all, dry);
            prop_assert_eq!(seen(ports, org), before);
            let by_row = rows(ports, &import);
            prop_assert_eq!(by_row.len(), all.len());

            prop_assert!(ports.imports.start(org, import.id, Actor::System, now).unwrap());
            let mut done = Tally::default();
            for (at, rows) in all.chunks(chunk_size).enumerate() {
                let chunk = Chunk {
                    after: (at * chunk_size) as u64,
                    rows: rows.to_vec(),
                    ..Chunk::default()
                };
                match ports.imports.apply(&import, &chunk, now).unwrap() {
                    Applied::Chunk(tally) => done = tally,
                    other => prop_assert!(false, "{other:?}"),
                }
            }
            prop_assert_eq!(&outcomes, &done);
            let issues = ports.imports.issues(org, import.id, 0, 1_000).unwrap();
            let skipped = issues.iter().filter(|issue| issue.is_skip());
            let skipped: Vec<_> = skipped.map(|i| (i.row, i.line, i.reason.clone())).collect();
            let would_be = by_row.iter().filter_map(|row| match &row.outcome {
                DryOutcome::Skipped {
                    code: SkipCode::Unchanged | SkipCode::Suppressed, ..
                } => None,
                DryOutcome::Skipped { reason, .. } => Some((row.row, row.line, reason.clone())),
                _ => None,
            });
            prop_assert_eq!(would_be.collect::<Vec<_>>(), skipped);
            Ok(())
        },
    );
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

pub fn a_dry_run_is_of_an_import_that_is_ready(ports: &Ports) {
    let org = ports.org();
    let import = samples::running_import(ports, org, Policy::Overwrite);
    assert!(!ports.dry_runs.begin(org, &dry_run(ports, &import)).unwrap());
    assert_eq!(read(ports, &import), None);
    assert!(!ports.dry_runs.discard(org, import.id).unwrap());

    let import = ready_import(ports, org, Policy::Overwrite);
    let run = dry_run(ports, &import);
    assert!(ports.dry_runs.begin(org, &run).unwrap());
    assert_eq!(read(ports, &import), Some(run.clone()));
    assert_eq!(ports.dry_runs.find(org, run.id).unwrap(), Some(run));
    assert_eq!(ports.imports.get(org, import.id).unwrap(), Some(import));
}

pub fn a_row_reports_what_it_would_change(ports: &Ports) {
    let org = ports.org();
    let old = ports.add_with(org, "Ann", "ann@example.org", |contact| {
        contact.custom = custom(&[("tier", text("gold"))]);
    });
    let import = ready_import(ports, org, Policy::Overwrite);
    let rows = vec![
        ImportRow {
            tags: tags(&["vip"]),
            custom: custom(&[("tier", text("silver"))]),
            ..import_row("Anna", "ann@example.org")
        },
        import_row("Bo", "bo@example.org"),
        ImportRow { phone: Some(phone("1")), ..import_row("Bo", "bo@example.org") },
        import_row("Anna", "ann@example.org"),
    ];
    let mut all = chunk(&ports.ids, 0, rows).rows;
    all[1].warnings = vec![warning(Target::Phone, "is too long")];
    all[3].warnings = vec![warning(Target::Phone, "is too long")];
    for size in 1..=4 {
        dry_run_outcomes(ports, &import, &all, size);
        let change = |field: &str, from: Option<&str>, to: Option<&str>| {
            let [from, to] = [from, to].map(|text| text.map(str::to_owned));
            FieldChange { field: field.to_owned(), from, to }
        };
        let row = |row, outcome| DryRow { row, line: row + 1, outcome, warnings: Vec::new() };
        let updated = |contact, changes, tags: &[&str]| DryOutcome::Updated {
            contact,
            changes,
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        };
        let changes = vec![
            change("name", Some("Ann"), Some("Anna")),
            change("custom.tier", Some("gold"), Some("silver")),
        ];
        let mut expected = [
            row(1, updated(Some(old.id), changes, &["vip"])),
            row(2, DryOutcome::Added),
            row(3, updated(None, vec![change("phone", None, Some("1"))], &[])),
            row(4, DryOutcome::skipped(Skip::Unchanged)),
        ];
        expected[1].warnings = vec!["phone is too long".to_owned()];
        assert_eq!(self::rows(ports, &import), expected, "{size} in a chunk");
    }
    assert_eq!(ports.get(org, old.id), old);
}

pub fn rows_are_looked_at_once(ports: &Ports) {
    let org = ports.org();
    let import = ready_import(ports, org, Policy::Overwrite);
    let (id, now) = (started(ports, &import), ports.clock.now());
    let first = chunk(&ports.ids, 0, vec![import_row("Ann", "ann@example.org")]);
    let second = chunk(&ports.ids, 1, vec![import_row("Ann", "ann@example.org")]);
    let process = |chunk: &Chunk| ports.dry_runs.process_chunk(&import, id, chunk, now).unwrap();
    assert_eq!(process(&second), DryChunkOutcome::Superseded);
    assert!(matches!(process(&first), DryChunkOutcome::Chunk(tally) if tally.added == 1));
    assert_eq!(process(&first), DryChunkOutcome::Superseded);
    assert!(matches!(process(&second), DryChunkOutcome::Chunk(tally) if tally.skips() == 1));
    assert!(ports.dry_runs.end(org, id, RunState::Done, None, now).unwrap());
    let third = chunk(&ports.ids, 2, vec![import_row("Ann", "ann@example.org")]);
    assert_eq!(process(&third), DryChunkOutcome::Stopped);
    assert!(!ports.dry_runs.end(org, id, RunState::Done, None, now).unwrap());
    let run = read(ports, &import).unwrap();
    assert_eq!((run.state, run.tally.rows()), (RunState::Done, 2));
    assert_eq!(run.finished_at, Some(now));
    assert_eq!(rows(ports, &import).len(), 2);
}

pub fn another_plan_the_start_and_the_end_throw_a_dry_run_away(ports: &Ports) {
    let org = ports.org();
    let now = ports.clock.now();
    let all = chunk(&ports.ids, 0, vec![import_row("Ann", "ann@example.org")]);
    let changes: [&dyn Fn(&Import) -> bool; 3] = [
        &|import| {
            let plan = Plan { policy: Policy::AddOnly, ..samples::plan(Policy::default()) };
            ports.imports.replan(org, import.id, &plan.into()).unwrap()
        },
        &|import| ports.imports.start(org, import.id, Actor::System, now).unwrap(),
        &|import| {
            ports
                .imports
                .end(org, import.id, RunState::Cancelled, None, Actor::System, now)
                .unwrap()
        },
    ];
    for change in changes {
        let import = ready_import(ports, org, Policy::Overwrite);
        let id = started(ports, &import);
        assert!(change(&import));
        assert_eq!(read(ports, &import), None);
        assert_eq!(ports.dry_runs.find(org, id).unwrap(), None);
        let looked = ports.dry_runs.process_chunk(&import, id, &all, now).unwrap();
        assert_eq!(looked, DryChunkOutcome::Stopped);
        assert!(!ports.dry_runs.end(org, id, RunState::Done, None, now).unwrap());
        assert_eq!(rows(ports, &import), []);
    }
}

pub fn a_dry_run_can_be_discarded_and_repeated(ports: &Ports) {
    let org = ports.org();
    let import = ready_import(ports, org, Policy::Overwrite);
    let all = chunk(&ports.ids, 0, vec![import_row("Ann", "ann@example.org")]).rows;
    dry_run_outcomes(ports, &import, &all, 1);
    let id = started(ports, &import);
    assert_eq!(read(ports, &import).unwrap().tally, Tally::default());
    assert_eq!(rows(ports, &import), []);
    assert!(ports.dry_runs.discard(org, import.id).unwrap());
    assert_eq!(read(ports, &import), None);
    assert_eq!(ports.dry_runs.find(org, id).unwrap(), None);
    assert!(!ports.dry_runs.discard(org, import.id).unwrap());
}

pub fn a_failed_dry_run_has_a_reason(ports: &Ports) {
    let org = ports.org();
    let import = ready_import(ports, org, Policy::Overwrite);
    let (id, now) = (started(ports, &import), ports.clock.tick());
    assert!(
        ports.dry_runs.end(org, id, RunState::Failed, Some("it broke".to_owned()), now).unwrap()
    );
    let run = read(ports, &import).unwrap();
    assert_eq!((run.state, run.problem.as_deref()), (RunState::Failed, Some("it broke")));
}

pub fn a_cancelled_dry_run_keeps_its_results(ports: &Ports) {
    let org = ports.org();
    let import = ready_import(ports, org, Policy::Overwrite);
    let (id, now) = (started(ports, &import), ports.clock.tick());
    let first = chunk(&ports.ids, 0, vec![import_row("Ann", "ann@example.org")]);
    ports.dry_runs.process_chunk(&import, id, &first, now).unwrap();
    let running = read(ports, &import).unwrap();
    assert_eq!((running.state, running.started_at), (RunState::Running, Some(now)));
    assert!(ports.dry_runs.end(org, id, RunState::Cancelled, None, now).unwrap());
    let second = chunk(&ports.ids, 1, vec![import_row("Bo", "bo@example.org")]);
    let looked = ports.dry_runs.process_chunk(&import, id, &second, now).unwrap();
    assert_eq!(looked, DryChunkOutcome::Stopped);
    let run = read(ports, &import).unwrap();
    assert_eq!((run.state, run.finished_at), (RunState::Cancelled, Some(now)));
    assert_eq!(rows(ports, &import).len(), 1);
}

pub fn rows_of_a_dry_run_are_read_page_by_page(ports: &Ports) {
    let org = ports.org();
    let import = ready_import(ports, org, Policy::Overwrite);
    let people = (0..7).map(|n| ImportRow {
        name: Some(name(&format!("P {n}"))),
        ..import_row("P", &format!("p{n}@example.org"))
    });
    let all = chunk(&ports.ids, 0, people.collect()).rows;
    dry_run_outcomes(ports, &import, &all, 3);
    let page = |after, limit| {
        let rows = ports.dry_runs.rows(org, import.id, &ALL_ROWS, after, limit).unwrap();
        rows.into_iter().map(|row| row.row).collect::<Vec<_>>()
    };
    assert_eq!(page(0, 2), [1, 2]);
    assert_eq!(page(2, 3), [3, 4, 5]);
    assert_eq!(page(3, 100), [4, 5, 6, 7]);
    assert_eq!(page(7, 100), [0_u64; 0]);
}

pub fn rows_of_a_dry_run_are_listed_by_effect_and_reason(ports: &Ports) {
    let org = ports.org();
    ports.add(org, "Bo", "bo@example.org");
    let import = ready_import(ports, org, Policy::Overwrite);
    let of = |name: &str, local: &str| import_row(name, &format!("{local}@example.org"));
    let mut all =
        chunk(&ports.ids, 0, vec![of("Ann", "ann"), of("Bo Ray", "bo"), of("Bo Ray", "bo")]);
    all.rows[0].warnings = vec![warning(Target::Phone, "is lost")];
    let nameless = ImportRow { name: None, ..of("Cy", "cy") };
    all.rows.push(planned(&ports.ids, 4, nameless));
    dry_run_outcomes(ports, &import, &all.rows, 3);
    let listed = |effect: Option<DryEffect>, reason: Option<IssueCode>, after, limit| {
        let filter = DryRowFilter { effect, reason, row: None };
        let rows = ports.dry_runs.rows(org, import.id, &filter, after, limit).unwrap();
        rows.into_iter().map(|row| row.row).collect::<Vec<_>>()
    };
    let skipped = |code| Some(IssueCode::Skip(code));
    assert_eq!(listed(Some(DryEffect::Added), None, 0, 9), [1]);
    assert_eq!(listed(Some(DryEffect::Updated), None, 0, 9), [2]);
    assert_eq!(listed(Some(DryEffect::Skipped), None, 0, 9), [3, 4]);
    assert_eq!(listed(Some(DryEffect::Skipped), None, 3, 9), [4]);
    assert_eq!(listed(Some(DryEffect::Skipped), None, 0, 1), [3]);
    assert_eq!(listed(None, skipped(SkipCode::MissingName), 0, 9), [4]);
    assert_eq!(listed(None, Some(IssueCode::Warning), 0, 9), [1]);
    assert_eq!(listed(Some(DryEffect::Added), skipped(SkipCode::Unchanged), 0, 9), [0_u64; 0]);
}

pub fn organisations_do_not_see_each_other(ports: &Ports) {
    let (org, other, now) = (ports.org(), ports.org(), ports.clock.now());
    let import = ready_import(ports, org, Policy::Overwrite);
    assert!(!ports.dry_runs.begin(other, &dry_run(ports, &import)).unwrap());
    let id = started(ports, &import);
    let before = read(ports, &import);
    let rows = chunk(&ports.ids, 0, vec![import_row("Ann", "ann@example.org")]);
    let forged = Import { org: other, ..import.clone() };
    assert_eq!(
        ports.dry_runs.process_chunk(&forged, id, &rows, now).unwrap(),
        DryChunkOutcome::Stopped
    );
    assert_eq!(ports.dry_runs.get(other, import.id).unwrap(), None);
    assert_eq!(ports.dry_runs.find(other, id).unwrap(), None);
    assert!(!ports.dry_runs.end(other, id, RunState::Done, None, now).unwrap());
    assert!(!ports.dry_runs.discard(other, import.id).unwrap());
    assert_eq!(ports.dry_runs.rows(other, import.id, &ALL_ROWS, 0, 10).unwrap(), []);
    assert_eq!(read(ports, &import), before);
}
