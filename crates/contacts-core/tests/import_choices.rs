//! Choices of an earlier import that are offered for the next file with the same headers (R58), on
//! the world in memory.
#![expect(clippy::unwrap_used, reason = "whatever goes wrong in a test is to fail it")]

use contacts_core::field::{FieldPatch, FieldType, NewField};
use contacts_core::import::{
    ColumnFormat, DateOrder, DomainReplacements, HeaderRow, Import, ImportId, LayoutChoice,
    NewPlan, Plan, Policy, Target,
};
use contacts_core::job::Interrupt;
use contacts_core::{Actor, Clock};
use contacts_testkit::{World, samples};

struct Always;

impl Interrupt for Always {
    fn may_continue(&self) -> bool {
        true
    }

    fn must_end(&self) -> bool {
        false
    }
}

const FIRST: &str = "Full name,E-mail,Since,Notes\nAnn,ann@gmial.com,03/04/2026,x\n";
const NEXT: &str = "full_name,e-mail,SINCE,notes\nBo,bo@gmial.com,05/06/2026,y\n";

fn world() -> World {
    let world = World::new();
    let fields = world.services().fields;
    fields
        .define(
            world.org(),
            &NewField::new("since", "Since", FieldType::Date).unwrap(),
            Actor::System,
        )
        .unwrap();
    fields
        .define(
            world.org(),
            &NewField::new("memo", "Memo", FieldType::Text).unwrap(),
            Actor::System,
        )
        .unwrap();
    world
}

fn analysed(world: &World, name: &str, file: &str) -> Import {
    let (imports, org) = (world.services().imports, world.org());
    let mut upload = imports.begin(org, name, Actor::System, 1 << 20).unwrap();
    assert!(upload.push(file.as_bytes()).unwrap());
    let id = upload.finish().unwrap().id;
    imports.analyse(org, id, &Always).unwrap();
    imports.get(org, id).unwrap()
}

fn field(key: &str) -> Option<Target> {
    Some(Target::Field(samples::key(key)))
}

fn columns() -> Vec<Option<Target>> {
    vec![Some(Target::Name), Some(Target::Email), field("since"), field("memo")]
}

/// Imports the first file by choices that differ from the suggestions.
fn first_import(world: &World) -> ImportId {
    let first = analysed(world, "customers.csv", FIRST);
    let domains = [("gmial.com", "gmail.com"), ("hotmial.com", "hotmail.com")];
    let domains = domains.map(|(domain, by)| (domain.to_owned(), by.to_owned())).into();
    let format =
        ColumnFormat { column: 2, date_order: Some(DateOrder::DayFirst), decimal_mark: None };
    let new = NewPlan {
        columns: Some(columns()),
        policy: Some(Policy::FillBlanks),
        tags: Some(samples::tags(&["Fair"])),
        domains: Some(DomainReplacements::parse(domains).unwrap()),
        formats: Some(vec![format]),
        ..NewPlan::default()
    };
    let imports = world.services().imports;
    imports.replan(world.org(), first.id, new).unwrap();
    imports.start(world.org(), first.id, Actor::System).unwrap();
    first.id
}

fn plan(import: &Import) -> &Plan {
    import.plan.as_ref().unwrap()
}

fn suggested(import: &Import) -> Vec<Option<Target>> {
    import.analysis.as_ref().unwrap().suggestions.iter().map(|s| s.target.clone()).collect()
}

#[test]
fn a_file_with_the_same_headers_is_offered_the_choices() {
    let world = world();
    let first = first_import(&world);
    let next = analysed(&world, "next.csv", NEXT);
    let plan = plan(&next);
    assert_eq!((&plan.columns, plan.policy), (&columns(), Policy::FillBlanks));
    assert_ne!(suggested(&next), columns(), "the suggestions stay those of the file");
    assert_eq!(plan.formats.len(), 1);
    let domains: Vec<_> = plan.domains.iter().collect();
    assert_eq!(domains, [("gmial.com", "gmail.com")], "the file has no other misspelt domain");
    assert_eq!(plan.tags, [], "tags are about one file");
    let origin = plan.choices_of.as_ref().unwrap();
    assert_eq!((origin.import, origin.started_at), (first, world.clock().now()));
}

#[test]
fn the_suggestions_can_be_had_instead() {
    let world = world();
    first_import(&world);
    let (imports, next) = (world.services().imports, analysed(&world, "next.csv", NEXT));
    let new = NewPlan {
        uses_suggestions: true,
        policy: Some(Policy::AddOnly),
        tags: Some(samples::tags(&["May"])),
        ..NewPlan::default()
    };
    let fresh = imports.replan(world.org(), next.id, new).unwrap();
    let expected = Plan {
        columns: suggested(&next),
        policy: Policy::AddOnly,
        tags: samples::tags(&["May"]),
        ..Plan::default()
    };
    assert_eq!(plan(&fresh), &expected);
}

#[test]
fn a_field_that_was_archived_since_is_suggested_as_if_new() {
    let world = world();
    first_import(&world);
    let archived = FieldPatch { archived: Some(true), ..FieldPatch::default() };
    world.services().fields.update(world.org(), "memo", None, archived, Actor::System).unwrap();
    let next = analysed(&world, "next.csv", NEXT);
    let mut expected = columns();
    expected[3].clone_from(&suggested(&next)[3]);
    assert_eq!((&plan(&next).columns, &expected[3]), (&expected, &None));
}

#[test]
fn another_header_row_is_offered_the_choices_for_its_own_headers() {
    let world = world();
    first_import(&world);
    let imports = world.services().imports;
    let titled = format!("Customers,2026,,\n{NEXT}");
    let next = analysed(&world, "next.csv", &titled);
    let choose = |line| {
        let layout = LayoutChoice { header: Some(line), ..LayoutChoice::default() };
        imports.choose_layout(world.org(), next.id, &layout).unwrap();
        imports.analyse(world.org(), next.id, &Always).unwrap();
        imports.get(world.org(), next.id).unwrap()
    };
    let offered = choose(HeaderRow::Line(2));
    assert_eq!((&plan(&offered).columns, plan(&offered).policy), (&columns(), Policy::FillBlanks));
    let headless = choose(HeaderRow::Absent);
    assert_eq!((plan(&headless).policy, &plan(&headless).choices_of), (Policy::Overwrite, &None));
    assert_eq!(plan(&headless).columns, suggested(&headless));
}

#[test]
fn another_way_to_read_the_same_table_keeps_what_was_chosen() {
    let world = world();
    first_import(&world);
    let (imports, next) = (world.services().imports, analysed(&world, "next.csv", NEXT));
    let new = NewPlan { uses_suggestions: true, ..NewPlan::default() };
    imports.replan(world.org(), next.id, new).unwrap();
    let layout = LayoutChoice { repair_text: true, ..LayoutChoice::default() };
    imports.choose_layout(world.org(), next.id, &layout).unwrap();
    imports.analyse(world.org(), next.id, &Always).unwrap();
    let read = imports.get(world.org(), next.id).unwrap();
    assert_eq!((plan(&read).policy, &plan(&read).choices_of), (Policy::Overwrite, &None));
}
