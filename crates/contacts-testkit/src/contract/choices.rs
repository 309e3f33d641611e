//! The contract of [`contacts_core::import::ImportRepository`] for the choices of earlier imports (R58).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use contacts_core::import::{
    ChoicesOrigin, ColumnFormat, DateOrder, EarlierChoices, HeaderFingerprint, Import, ImportId,
    NewPlan, Plan, Policy,
};
use contacts_core::{Actor, Clock, OrgId};

use crate::Ports;
use crate::samples::{self, analysis, plan, ready_import};

fn headers() -> HeaderFingerprint {
    analysis().layout.header_fingerprint().unwrap()
}

fn found(ports: &Ports, org: OrgId) -> Option<ImportId> {
    let earlier = ports.imports.choices_of(org, headers()).unwrap();
    earlier.map(|earlier| earlier.origin.import)
}

fn start(ports: &Ports, import: &Import) {
    let now = ports.clock.tick();
    assert!(ports.imports.start(import.org, import.id, Actor::System, now).unwrap());
}

pub fn the_choices_of_the_import_that_was_started_last_are_found(ports: &Ports) {
    let org = ports.org();
    let [first, second, third] = [(); 3].map(|()| ready_import(ports, org, Policy::default()));
    assert_eq!(found(ports, org), None, "no import was started");
    start(ports, &second);
    assert_eq!(found(ports, org), Some(second.id));
    let formats =
        vec![ColumnFormat { date_order: Some(DateOrder::DayFirst), ..Default::default() }];
    let new = NewPlan {
        formats: Some(formats.clone()),
        tags: Some(samples::tags(&["Fair"])),
        ..NewPlan::default()
    };
    assert!(ports.imports.replan(org, first.id, &new).unwrap());
    start(ports, &first);
    let origin = ChoicesOrigin { import: first.id, started_at: ports.clock.now() };
    let tags = samples::tags(&["Fair"]);
    let plan = Plan { formats, tags, ..plan(Policy::default()) };
    let earlier = ports.imports.choices_of(org, headers()).unwrap();
    assert_eq!(earlier, Some(EarlierChoices { origin, plan }));
    let later = ports.clock.tick();
    let ended = contacts_core::run::RunState::Cancelled;
    assert!(ports.imports.end(org, third.id, ended, None, Actor::System, later).unwrap());
    assert_eq!(found(ports, org), Some(first.id), "a discarded import was not started");
}

pub fn the_choices_of_other_headers_and_of_opt_out_lists_are_not_found(ports: &Ports) {
    let org = ports.org();
    start(ports, &ready_import(ports, org, Policy::OptOut));
    assert_eq!(found(ports, org), None);
    start(ports, &ready_import(ports, org, Policy::FillBlanks));
    let mut other = analysis();
    other.layout.header.reverse();
    let other = other.layout.header_fingerprint().unwrap();
    assert_eq!(ports.imports.choices_of(org, other).unwrap(), None);
}

pub fn a_plan_keeps_the_origin_of_its_choices(ports: &Ports) {
    let org = ports.org();
    let import = samples::import(org, &ports.ids, &ports.clock, "people.csv");
    let (imports, now) = (&ports.imports, ports.clock.now());
    imports.insert(&import).unwrap();
    assert!(imports.uploaded(org, import.id, 10, now).unwrap());
    let origin = ChoicesOrigin { import: import.id, started_at: now };
    let offered = Plan { choices_of: Some(origin), ..plan(Policy::AddOnly) };
    assert!(imports.analysed(&import, &Ok((analysis(), offered.clone())), now).unwrap());
    let read = || imports.get(org, import.id).unwrap().unwrap().plan.unwrap();
    assert_eq!(read(), offered);
    let fresh = NewPlan { uses_suggestions: true, ..NewPlan::default() };
    assert!(imports.replan(org, import.id, &fresh).unwrap());
    assert_eq!(read(), Plan { choices_of: None, ..offered });
}

pub fn organisations_do_not_see_each_other(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    start(ports, &ready_import(ports, org, Policy::default()));
    assert_eq!(found(ports, other), None);
}
