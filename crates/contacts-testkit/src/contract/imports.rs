//! The contract of [`contacts_core::import::ImportRepository`] for the states of an import.
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use std::sync::Barrier;
use std::thread;

use contacts_core::import::{
    Applied, CellRule, Chunk, ColumnFormat, ColumnRule, DateOrder, DecimalMark, DomainReplacements,
    Format, HeaderRow, Import, ImportId, ImportState, KnownDomains, LayoutChoice, NewPlan, Plan,
    Policy, Quoting, Sheet, Target, TextFormat,
};
use contacts_core::job::{Job, Lane};
use contacts_core::run::RunState;
use contacts_core::undo::{UndoId, UndoStart, UndoStep, UndoSubject};
use contacts_core::{Actor, Clock, Error, Ids, OrgId};
use time::OffsetDateTime;

use crate::Ports;
use crate::samples::{self, analysis, chunk, import_row, plan, running_import};

fn inserted(ports: &Ports, org: OrgId) -> Import {
    let import = samples::import(org, &ports.ids, &ports.clock, "people.csv");
    ports.imports.insert(&import).unwrap();
    import
}

fn read(ports: &Ports, import: &Import) -> Import {
    ports.imports.get(import.org, import.id).unwrap().unwrap()
}

/// Stores an import and brings it into a state.
pub(super) fn in_state(ports: &Ports, org: OrgId, state: ImportState) -> Import {
    let import = inserted(ports, org);
    let (imports, id, now) = (&ports.imports, import.id, ports.clock.now());
    let found = match state {
        ImportState::Unusable => Err("the file is empty".to_owned()),
        _ => Ok((analysis(), plan(Policy::default()))),
    };
    let is_early = matches!(state, ImportState::Uploading | ImportState::Analysing);
    if state != ImportState::Uploading {
        assert!(imports.uploaded(org, id, 10, now).unwrap());
    }
    if !is_early {
        assert!(imports.analysed(&import, &found, now).unwrap());
    }
    if !is_early && !matches!(state, ImportState::Unusable | ImportState::Ready) {
        assert!(imports.start(org, id, Actor::System, now).unwrap());
    }
    match state {
        ImportState::Run(RunState::Running) => {
            let rows = chunk(&ports.ids, 0, vec![import_row("Ann", "ann@example.org")]);
            let applied = imports.apply(&read(ports, &import), &rows, now).unwrap();
            assert!(matches!(applied, Applied::Chunk(_)));
        }
        ImportState::Run(RunState::Failed) => {
            end(ports, &import, RunState::Failed, Some("it broke"));
        }
        ImportState::Run(state) if !state.is_open() => end(ports, &import, state, None),
        ImportState::Undoing | ImportState::Undone => {
            end(ports, &import, RunState::Done, None);
            undo(ports, &import, state);
        }
        _ => {}
    }
    let import = read(ports, &import);
    assert_eq!(import.state, state);
    import
}

fn end(ports: &Ports, import: &Import, state: RunState, problem: Option<&str>) {
    let problem = problem.map(str::to_owned);
    let ended =
        ports.imports.end(import.org, import.id, state, problem, Actor::System, ports.clock.now());
    assert!(ended.unwrap());
}

fn undo(ports: &Ports, import: &Import, state: ImportState) {
    let (org, undo, now) = (import.org, UndoId(ports.ids.next()), ports.clock.now());
    let started =
        ports.undos.begin(org, UndoSubject::Import(import.id), undo, Actor::System, now).unwrap();
    assert_eq!(started, UndoStart::Yes);
    if state == ImportState::Undone {
        assert_eq!(ports.undos.step(org, undo, now).unwrap(), UndoStep::Finished);
    }
}

pub fn an_import_is_read_as_it_was_written(ports: &Ports) {
    let org = ports.org();
    let mut import = samples::import(org, &ports.ids, &ports.clock, "Träde \"show\".csv");
    import.actor = Actor::User(ports.ids.next());
    ports.imports.insert(&import).unwrap();
    assert_eq!(read(ports, &import), import);
    assert_eq!(ports.imports.get(org, ImportId(ports.ids.next())).unwrap(), None);
}

pub fn an_import_moves_through_its_states(ports: &Ports) {
    let org = ports.org();
    let mut expected = inserted(ports, org);
    let (imports, id) = (&ports.imports, expected.id);
    let check = |expected: &Import| assert_eq!(&read(ports, expected), expected);

    let times: [OffsetDateTime; 5] = std::array::from_fn(|_| ports.clock.tick());
    assert!(imports.uploaded(org, id, 12_345, times[0]).unwrap());
    expected.state = ImportState::Analysing;
    expected.bytes = 12_345;
    check(&expected);

    let mut found = (analysis(), plan(Policy::FillBlanks));
    found.0.layout.format = Format::Text(TextFormat { delimiter: '\t', ..TextFormat::standard() });
    found.0.samples.push(vec!["\"é\", ".to_owned(), String::new()]);
    found.1.columns = vec![None, Some(Target::Field(samples::key("tier")))];
    found.1.tags = samples::tags(&["Trade Show", "vip"]);
    assert!(imports.analysed(&expected, &Ok(found.clone()), times[1]).unwrap());
    expected.state = ImportState::Ready;
    (expected.analysis, expected.plan) = (Some(found.0), Some(found.1));
    check(&expected);

    let domains = [("gmial.com".to_owned(), "gmail.com".to_owned())].into();
    let domains = DomainReplacements::parse(domains).unwrap();
    let formats = vec![
        ColumnFormat { column: 0, date_order: Some(DateOrder::MonthFirst), decimal_mark: None },
        ColumnFormat { column: 1, date_order: None, decimal_mark: Some(DecimalMark::Comma) },
    ];
    let tags = samples::tags(&["VIP"]);
    let rules = vec![
        ColumnRule { column: 0, rule: Some(CellRule::FillBlanks), clear: None },
        ColumnRule { column: 1, rule: None, clear: None },
    ];
    let new = Plan { tags, domains, formats, rules, ..plan(Policy::AddOnly) };
    assert!(imports.replan(org, id, &new.clone().into()).unwrap());
    expected.plan = Some(new);
    check(&expected);

    assert!(imports.start(org, id, Actor::System, times[2]).unwrap());
    expected.state = ImportState::Run(RunState::Queued);
    check(&expected);

    let rows = chunk(&ports.ids, 0, vec![import_row("Ann", "ann@example.org")]);
    let applied = imports.apply(&expected, &rows, times[3]).unwrap();
    let Applied::Chunk(tally) = applied else { panic!("not taken") };
    expected.state = ImportState::Run(RunState::Running);
    (expected.started_at, expected.tally) = (Some(times[3]), tally);
    check(&expected);

    assert!(imports.end(org, id, RunState::Done, None, Actor::System, times[4]).unwrap());
    expected.state = ImportState::Run(RunState::Done);
    expected.finished_at = Some(times[4]);
    check(&expected);
}

/// Returns a choice of every part of a layout.
fn layout_choice() -> LayoutChoice {
    LayoutChoice {
        sheet: Some("Über uns".to_owned()),
        encoding: Some("macintosh".to_owned()),
        delimiter: Some('\t'),
        quoting: Some(Quoting::Never),
        header: Some(HeaderRow::Line(3)),
        repair_text: true,
    }
}

pub fn another_layout_is_analysed_in_place_of_the_first(ports: &Ports) {
    let org = ports.org();
    let import = inserted(ports, org);
    let (imports, id, now) = (&ports.imports, import.id, ports.clock.now());
    assert!(imports.uploaded(org, id, import.bytes, now).unwrap());
    let mut found = (analysis(), plan(Policy::default()));
    found.0.layout.format = Format::Sheet("Notes".to_owned());
    let sheets = [("Notes", false), ("Über uns", false), ("Lists", true)];
    found.0.sheets =
        sheets.map(|(name, is_hidden)| Sheet { name: name.to_owned(), is_hidden }).to_vec();
    assert!(imports.analysed(&import, &Ok(found.clone()), now).unwrap());
    let first = read(ports, &import);
    let detected = LayoutChoice::default();
    assert_eq!((first.analysis.as_ref(), &first.layout), (Some(&found.0), &detected));

    let worker = ports.ids.next();
    let lease = std::time::Duration::from_secs(60);
    while ports.jobs.claim(Lane::Work, worker, lease, now).unwrap().is_some() {}
    let layout = layout_choice();
    assert!(imports.choose_layout(org, id, &layout, now).unwrap());
    let job = ports.jobs.claim(Lane::Work, worker, lease, now).unwrap().unwrap();
    assert_eq!(job.job, Job::AnalyseImport(id));
    let chosen = read(ports, &import);
    let state = ImportState::Analysing;
    assert_eq!(chosen, Import { state, layout, ..first.clone() });

    // A worker that was slow with the first layout.
    assert!(!imports.analysed(&first, &Ok(found.clone()), now).unwrap());
    found.0.layout.format = Format::Sheet("Über uns".to_owned());
    (found.0.layout.has_header, found.0.layout.header_line) = (false, 2);
    assert!(imports.analysed(&chosen, &Ok(found.clone()), now).unwrap());
    let analysed = read(ports, &import);
    assert_eq!((analysed.state, analysed.analysis), (ImportState::Ready, Some(found.0)));
}

pub fn an_unusable_file_is_analysed_again_by_another_layout(ports: &Ports) {
    let org = ports.org();
    let unusable = in_state(ports, org, ImportState::Unusable);
    let (imports, id, now) = (&ports.imports, unusable.id, ports.clock.tick());
    let layout = LayoutChoice { header: Some(HeaderRow::Absent), ..LayoutChoice::default() };
    assert!(imports.choose_layout(org, id, &layout, now).unwrap());
    let chosen = read(ports, &unusable);
    let state = ImportState::Analysing;
    assert_eq!(chosen, Import { state, layout, problem: None, finished_at: None, ..unusable });
    let found = (analysis(), plan(Policy::default()));
    assert!(imports.analysed(&chosen, &Ok(found), now).unwrap());
    assert_eq!(read(ports, &chosen).state, ImportState::Ready);
}

pub fn an_unusable_file_has_a_reason(ports: &Ports) {
    let org = ports.org();
    let import = in_state(ports, org, ImportState::Unusable);
    assert_eq!(import.problem.as_deref(), Some("the file is empty"));
    assert_eq!((import.analysis, import.plan), (None, None));
    assert_eq!(import.finished_at, Some(ports.clock.now()));
}

pub fn a_failed_import_has_a_reason(ports: &Ports) {
    let import = in_state(ports, ports.org(), ImportState::Run(RunState::Failed));
    assert_eq!(import.problem.as_deref(), Some("it broke"));
    assert_eq!(import.finished_at, Some(ports.clock.now()));
}

pub fn a_change_of_state_that_is_not_allowed_changes_nothing(ports: &Ports) {
    let org = ports.org();
    let found = Ok((analysis(), plan(Policy::AddOnly)));
    for state in ImportState::all() {
        let import = in_state(ports, org, state);
        let (imports, id, now) = (&ports.imports, import.id, ports.clock.tick());
        let refuses = |was: bool| assert!(!was, "{state:?}");
        if state != ImportState::Uploading {
            refuses(imports.uploaded(org, id, 99, now).unwrap());
        }
        if state != ImportState::Analysing {
            refuses(imports.analysed(&import, &found, now).unwrap());
        }
        if state != ImportState::Ready {
            refuses(imports.replan(org, id, &plan(Policy::AddOnly).into()).unwrap());
        }
        if !matches!(state, ImportState::Ready | ImportState::Unusable) {
            refuses(imports.choose_layout(org, id, &layout_choice(), now).unwrap());
        }
        if state != ImportState::Ready {
            refuses(imports.start(org, id, Actor::System, now).unwrap());
        }
        if !state.is_under_way() {
            for end in [RunState::Done, RunState::Cancelled, RunState::Failed] {
                refuses(
                    imports.end(org, id, end, Some("no".to_owned()), Actor::System, now).unwrap(),
                );
            }
        }
        assert_eq!(read(ports, &import), import);
    }
}

pub fn an_import_can_be_cancelled_until_it_ends(ports: &Ports) {
    let org = ports.org();
    for state in ImportState::all().filter(|state| state.is_under_way()) {
        let import = in_state(ports, org, state);
        let now = ports.clock.tick();
        assert!(
            ports
                .imports
                .end(org, import.id, RunState::Cancelled, None, Actor::System, now)
                .unwrap()
        );
        let ended = read(ports, &import);
        let expected = Import {
            state: ImportState::Run(RunState::Cancelled),
            finished_at: Some(now),
            ..import
        };
        assert_eq!(ended, expected);
    }
}

pub fn a_refused_change_queues_no_job(ports: &Ports) {
    let org = ports.org();
    let worker = ports.ids.next();
    let now = ports.clock.now();
    let lease = std::time::Duration::from_secs(60);
    let import = in_state(ports, org, ImportState::Run(RunState::Running));
    while ports.jobs.claim(Lane::Work, worker, lease, now).unwrap().is_some() {}
    assert!(!ports.imports.uploaded(org, import.id, 1, now).unwrap());
    assert!(!ports.imports.start(org, import.id, Actor::System, now).unwrap());
    assert!(!ports.jobs.is_waiting(Lane::Work, now).unwrap());
}

pub fn rows_are_taken_only_while_it_runs(ports: &Ports) {
    let org = ports.org();
    for state in ImportState::all().filter(|state| !state.is_applying()) {
        let import = in_state(ports, org, state);
        let rows = chunk(&ports.ids, 0, vec![import_row("Ann", "ann@example.org")]);
        let applied = ports.imports.apply(&import, &rows, ports.clock.now()).unwrap();
        assert_eq!(applied, Applied::Stopped(state));
        assert_eq!(read(ports, &import), import);
    }
    assert_eq!(ports.found(org, "").len(), 0);
}

pub fn a_stopped_import_keeps_a_true_tally(ports: &Ports) {
    let org = ports.org();
    let import = running_import(ports, org, Policy::default());
    let now = ports.clock.tick();
    let first = chunk(&ports.ids, 0, vec![import_row("Ann", "ann@example.org")]);
    let Applied::Chunk(tally) = ports.imports.apply(&import, &first, now).unwrap() else {
        panic!("not taken");
    };
    ports.imports.end(org, import.id, RunState::Cancelled, None, Actor::System, now).unwrap();
    let second = chunk(&ports.ids, 1, vec![import_row("Bo", "bo@example.org")]);
    // The worker still believes that the import is running.
    let applied = ports.imports.apply(&import, &second, now).unwrap();
    assert_eq!(applied, Applied::Stopped(ImportState::Run(RunState::Cancelled)));
    let stopped = read(ports, &import);
    assert_eq!((stopped.tally.added, stopped.tally.rows()), (1, 1));
    assert_eq!(stopped.tally, tally);
    assert_eq!(ports.found(org, ""), ["Ann"]);
}

pub fn a_chunk_is_taken_once(ports: &Ports) {
    let org = ports.org();
    let import = running_import(ports, org, Policy::default());
    let now = ports.clock.tick();
    let first = chunk(&ports.ids, 0, vec![import_row("Ann", "ann@example.org")]);
    let second = chunk(&ports.ids, 1, vec![import_row("Bo", "bo@example.org")]);
    let apply = |rows: &Chunk| ports.imports.apply(&import, rows, now).unwrap();
    // One worker is ahead, and another repeats a chunk after its lease expired.
    assert_eq!(apply(&second), Applied::Superseded);
    assert!(matches!(apply(&first), Applied::Chunk(tally) if tally.rows() == 1));
    assert_eq!(apply(&first), Applied::Superseded);
    assert!(matches!(apply(&second), Applied::Chunk(tally) if tally.rows() == 2));
    assert_eq!(apply(&second), Applied::Superseded);
    assert_eq!(apply(&first), Applied::Superseded);
    assert_eq!(read(ports, &import).tally.added, 2);
    assert_eq!(ports.found(org, ""), ["Ann", "Bo"]);
}

pub fn the_newest_import_is_listed_first(ports: &Ports) {
    let org = ports.org();
    let mut imports = Vec::new();
    for _ in 0..4 {
        imports.insert(0, inserted(ports, org));
        ports.clock.tick();
    }
    let list = |before: Option<usize>, limit| {
        let before = before.map(|at| imports[at].id);
        ports.imports.list(org, before, limit).unwrap()
    };
    assert_eq!(list(None, 10), imports);
    assert_eq!(list(None, 2), imports[..2]);
    assert_eq!(list(Some(1), 2), imports[2..]);
    assert_eq!(list(Some(3), 2), []);
}

pub fn two_changes_of_one_plan_at_once_both_hold(ports: &Ports) {
    let org = ports.org();
    for _ in 0..20 {
        let import = in_state(ports, org, ImportState::Ready);
        let tags = NewPlan { tags: Some(samples::tags(&["VIP"])), ..NewPlan::default() };
        let policy = NewPlan { policy: Some(Policy::AddOnly), ..NewPlan::default() };
        let start = Barrier::new(2);
        thread::scope(|scope| {
            let (start, id) = (&start, import.id);
            for new in [&tags, &policy] {
                scope.spawn(move || {
                    start.wait();
                    assert!(ports.imports.replan(org, id, new).unwrap());
                });
            }
        });
        let plan = read(ports, &import).plan.unwrap();
        assert_eq!((Some(plan.tags), Some(plan.policy)), (tags.tags, policy.policy));
    }
}

pub fn an_incomplete_plan_starts_nothing(ports: &Ports) {
    let org = ports.org();
    let import = in_state(ports, org, ImportState::Ready);
    let (id, now) = (import.id, ports.clock.now());
    let incomplete = NewPlan { columns: Some(vec![None, None]), ..NewPlan::default() };
    assert!(ports.imports.replan(org, id, &incomplete).unwrap());
    assert!(matches!(ports.imports.start(org, id, Actor::System, now), Err(Error::Invalid(_))));
    let run = super::dry_runs::dry_run(ports, &import);
    assert!(matches!(ports.dry_runs.begin(org, &run), Err(Error::Invalid(_))));
    assert_eq!(read(ports, &import).state, ImportState::Ready);
    assert_eq!(ports.dry_runs.get(org, id).unwrap(), None);
}

pub fn organisations_do_not_see_each_other(ports: &Ports) {
    let (org, other, now) = (ports.org(), ports.org(), ports.clock.now());
    let imports = &ports.imports;
    for state in [ImportState::Uploading, ImportState::Analysing, ImportState::Ready] {
        let import = in_state(ports, org, state);
        let found = Ok((analysis(), plan(Policy::AddOnly)));
        assert_eq!(imports.get(other, import.id).unwrap(), None);
        assert!(!imports.uploaded(other, import.id, 1, now).unwrap());
        let foreign = Import { org: other, ..import.clone() };
        assert!(!imports.analysed(&foreign, &found, now).unwrap());
        assert!(!imports.choose_layout(other, import.id, &layout_choice(), now).unwrap());
        assert!(!imports.replan(other, import.id, &plan(Policy::AddOnly).into()).unwrap());
        assert!(!imports.start(other, import.id, Actor::System, now).unwrap());
        assert!(
            !imports.end(other, import.id, RunState::Cancelled, None, Actor::System, now).unwrap()
        );
        assert_eq!(read(ports, &import), import);
    }
    let import = running_import(ports, org, Policy::default());
    let rows = chunk(&ports.ids, 0, vec![import_row("Ann", "ann@example.org")]);
    let forged = Import { org: other, ..import.clone() };
    let refused = imports.apply(&forged, &rows, now);
    assert!(matches!(refused, Err(Error::NotFound(_)) | Ok(Applied::Superseded)));
    assert_eq!(imports.list(other, None, 10).unwrap(), []);
    assert_eq!(read(ports, &import), import);
    assert_eq!(ports.found(other, "").len() + ports.found(org, "").len(), 0);
}

pub fn domains_of_many_addresses_are_listed(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    for at in 0..KnownDomains::MIN_ADDRESSES {
        ports.add(org, "Ann", &format!("ann{at}@Often.example"));
        ports.add(other, "Ann", &format!("ann{at}@elsewhere.example"));
    }
    for at in 0..=KnownDomains::MIN_ADDRESSES {
        ports.add(org, "Bo", &format!("bo{at}@most.example"));
    }
    ports.add(org, "Cy", "cy@once.example");
    let listed = ports.imports.frequent_domains(org).unwrap();
    assert_eq!(listed, ["most.example", "often.example"]);
}
