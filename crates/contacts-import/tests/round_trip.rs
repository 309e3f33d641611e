//! Exporting contacts and importing the file again changes nothing (R25).
//!
//! The file passes all steps of a real import: it is written by the export, analysed, mapped as
//! suggested, read and applied.
#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use std::sync::Arc;

use contacts_core::Actor;
use contacts_core::contact::{
    Contact, ContactFilter, CustomValues, EmailAddress, ExternalId, FilterText, Name, Phone,
};
use contacts_core::export::{ExportFormat, FileFormat};
use contacts_core::field::{Field, FieldType, RawValue};
use contacts_core::import::{ImportState, Interrupt, SkipCode, Tally};
use contacts_core::run::RunState;
use contacts_core::tag::TagName;
use contacts_import::TableFiles;
use contacts_testkit::{World, samples};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

struct Always;

impl Interrupt for Always {
    fn may_continue(&self) -> bool {
        true
    }

    fn must_end(&self) -> bool {
        false
    }
}

/// The texts from which a contact is made. Texts that are not valid values are left out.
#[derive(Clone, Debug, Default)]
struct Typed {
    external_id: Option<String>,
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    tags: Vec<String>,
    custom: Vec<Option<String>>,
}

fn add(world: &World, fields: &[Field], typed: &Typed, number: usize) -> Option<Contact> {
    let (ids, clock) = (world.ids(), world.clock());
    let mut contact = samples::contact(world.org(), &ids, &clock, "", "");
    let external_id = typed.external_id.as_deref().map(|id| format!("{id}{number}"));
    contact.external_id = external_id.and_then(|text| ExternalId::parse(&text).ok());
    contact.name = typed.name.as_deref().and_then(|text| Name::parse(text).ok());
    let email = typed.email.as_deref().map(|local| format!("{local}{number}@example.org"));
    contact.email = email.and_then(|text| EmailAddress::parse(&text).ok());
    contact.phone = typed.phone.as_deref().and_then(|text| Phone::parse(text, None).ok());
    contact.tags = typed.tags.iter().filter_map(|text| TagName::parse(text).ok()).collect();
    contact.tags.sort();
    contact.tags.dedup();
    let values = fields.iter().zip(&typed.custom).filter_map(|(field, text)| {
        let value = field.kind.coerce(RawValue::Text(text.as_deref()?)).ok()?;
        Some((field.key.clone(), value))
    });
    contact.custom = values.collect::<CustomValues>();
    if contact.name.is_none() && contact.email.is_none() {
        return None;
    }
    world.ports().contacts.insert(&contact, Actor::System).unwrap();
    Some(contact)
}

/// Exports all contacts and imports the file again with the suggested mapping.
fn export_and_import(world: &World, format: &ExportFormat, file_format: FileFormat) -> Tally {
    let (org, mut ports) = (world.org(), world.ports());
    ports.spreadsheets = Arc::new(TableFiles);
    let services = ports.services();
    let csv = services
        .exports
        .matching(org, ContactFilter::default(), &FilterText::default(), format, Actor::System)
        .unwrap();
    let file = services.exports.convert(org, Box::new(csv), format, file_format).unwrap();
    let file: Vec<u8> = file.flat_map(Result::unwrap).collect();
    let imports = services.imports;
    let mut upload = imports.begin(org, "export.csv", Actor::System, u64::MAX).unwrap();
    assert!(upload.push(&file).unwrap());
    let import = upload.finish().unwrap();
    imports.analyse(org, import.id, &Always).unwrap();
    let import = imports.get(org, import.id).unwrap();
    let shown = String::from_utf8_lossy(&file);
    assert_eq!(import.state, ImportState::Ready, "{:?}\n{shown}", import.problem);
    let import = imports.start(org, import.id, Actor::System);
    let import = import.unwrap_or_else(|error| panic!("{error}\n{shown}"));
    let (import, chunks) = imports.chunks(org, import.id).unwrap().unwrap();
    imports.take(&import, chunks, &Always).unwrap();
    let ended = imports.get(org, import.id).unwrap();
    assert_eq!(ended.state, ImportState::Run(RunState::Done));
    ended.tally
}

/// Checks that nothing is added or updated. Contacts are unchanged when the file names them by
/// their ids or addresses; the others are skipped.
fn check(world: &World, format: &ExportFormat) -> Result<(), TestCaseError> {
    for file_format in FileFormat::ALL {
        check_as(world, format, file_format)?;
    }
    Ok(())
}

fn check_as(
    world: &World,
    format: &ExportFormat,
    file_format: FileFormat,
) -> Result<(), TestCaseError> {
    let page = samples::page(contacts_core::contact::SortBy::Created, false, 200);
    let list = || world.ports().contacts.list(world.org(), &ContactFilter::default(), &page);
    let before = list().unwrap().items;
    let tally = export_and_import(world, format, file_format);
    let count = |is: &dyn Fn(&Contact) -> bool| before.iter().filter(|c| is(c)).count() as u64;
    let skipped = |code| tally.skipped.get(&code).copied().unwrap_or_default();
    prop_assert_eq!((tally.added, tally.updated), (0, 0));
    let has_ids = format.columns.as_ref().is_none_or(|all| all.contains(&"id".to_owned()));
    let has_external_ids =
        format.columns.as_ref().is_none_or(|all| all.contains(&"external_id".to_owned()));
    let is_named =
        |c: &Contact| has_ids || c.email.is_some() || (has_external_ids && c.external_id.is_some());
    prop_assert_eq!(skipped(SkipCode::Unchanged), count(&is_named));
    prop_assert_eq!(skipped(SkipCode::MissingEmail), count(&|c| !is_named(c)));
    prop_assert_eq!(tally.rows(), before.len() as u64);
    prop_assert_eq!(list().unwrap().items, before);
    Ok(())
}

/// Texts that CSV readers, spreadsheets and parsers of values often get wrong.
fn odd() -> impl Strategy<Value = String> {
    let odd: &[&str] = &[
        "=1+1",
        "-5",
        "+49 30 123456",
        "@x",
        "'=1+1",
        "''+1",
        "'n beetje",
        "\tx",
        "x\ty",
        "a\r\nb",
        "a\nb\n",
        "a\rb",
        "\"",
        "\"\"",
        "\"x\"",
        "a\"b",
        "a\",\"b",
        ",",
        ";",
        "|",
        "a;b;c",
        "a|b|c",
        "* x",
        "a ::: b",
        ":::",
        "x:::y",
        "\u{feff}x",
        "x\u{200b}",
        "\u{a0}x",
        "-",
        "---",
        "-1+1",
        "\\",
        "NULL",
        "null",
        "NaN",
        "1e5",
        "sep=;",
        "<html>",
        "[{",
        "{\"a\": 1}",
        "Ann",
        "ann@example.org",
        "https://example.org/?a=1,2",
        "true",
        "FALSE",
        "0012",
        "12.50",
        "-0",
        "1e300",
        "2026-11-23",
        "23.11.2026",
        "١٢",
        "😀",
        "e\u{301}",
        "ﬁ",
        "İ",
        "ß",
        "＝1",
        "日本語",
        "שלום",
        "\u{202e}x",
        "%s",
        "'; DROP TABLE contacts; --",
        "a\u{2028}b",
        "''",
        "'",
    ];
    prop_oneof![4 => select(odd).prop_map(str::to_owned), 2 => "[ '\"=+\\-@\t\r\n,;|:*0-9a]{1,10}", 2 => "\\PC{1,12}"]
}

fn kind() -> impl Strategy<Value = FieldType> {
    let options = ["Pro", "=Free", "a;b", "-5", "\"x\"", "x, y"].map(str::to_owned).to_vec();
    select(vec![
        FieldType::Text,
        FieldType::Text,
        FieldType::Number,
        FieldType::Boolean,
        FieldType::Date,
        FieldType::Url,
        FieldType::Select(options),
    ])
}

/// Labels that look like the header of another column, or like data.
fn label() -> impl Strategy<Value = String> {
    let labels: &[&str] = &[
        "E-mail",
        "Email",
        "email",
        "First name",
        "Last name",
        "Name",
        "name",
        "Full name",
        "Phone",
        "Mobile",
        "Tags",
        "tags",
        "Groups",
        "Id",
        "id",
        "ID",
        "Source",
        "source",
        "created_at",
        "Created at",
        "Updated-At",
        "Company",
        "Owner's e-mail",
        "Password",
        "Email 2",
        "Work email",
        "reason",
        "f0",
        "f1",
        "F 2",
        "f_3",
        "ann@example.org",
        "https://example.org",
        "sep=,",
        "a;b;c",
        "a|b",
        "12",
        "2026",
        "★",
        "yes",
        "Tier",
        "tier ",
        "Müller",
        "電子メール",
        "First\u{a0}name",
        "Notes, internal",
        "\"quoted\"",
        "Vorname",
        "Telefon",
        "=1+1",
        "+1",
        "-x",
        "'x",
        "@x",
        "{\"",
        "[{",
        "<!doctype html",
    ];
    prop_oneof![4 => select(labels).prop_map(str::to_owned), 1 => odd()]
}

fn fields() -> impl Strategy<Value = Vec<Field>> {
    vec((label(), kind(), prop::bool::weighted(0.2)), 0..8).prop_map(|all| {
        let keys = ["f0", "f_0", "f1", "e_mail", "first", "tier", "source_", "x_tags"];
        let fields = (0..).zip(keys).zip(all).filter_map(|((at, key), (label, kind, archived))| {
            let field = Field::new(key, &label, kind, at).ok()?;
            Some(Field { archived, ..field })
        });
        fields.collect()
    })
}

fn typed() -> impl Strategy<Value = Typed> {
    let name = prop_oneof![1 => odd(), 2 => Just("Ann Lee".to_owned())];
    let locals: &[&str] = &["ann", "=x", "-x", "+x", "'=x", "Ann.Lee", "δ", "x{|}"];
    let email = select(locals).prop_map(str::to_owned);
    (
        option::weighted(0.5, odd()),
        option::weighted(0.9, name),
        option::weighted(0.9, email),
        option::weighted(0.6, odd()),
        vec(odd(), 0..4),
        vec(option::weighted(0.7, odd()), 8),
    )
        .prop_map(|(external_id, name, email, phone, tags, custom)| Typed {
            external_id,
            name,
            email,
            phone,
            tags,
            custom,
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn exporting_and_importing_again_changes_nothing(
        fields in fields(),
        people in vec(typed(), 1..12),
        byte_order_mark: bool,
    ) {
        let world = World::new();
        for field in &fields {
            world.ports().add_field(world.org(), field);
        }
        for (number, typed) in people.iter().enumerate() {
            add(&world, &fields, typed, number);
        }
        check(&world, &ExportFormat { columns: None, byte_order_mark })?;
    }

    #[test]
    fn exporting_chosen_columns_and_importing_again_changes_nothing(
        fields in fields(),
        people in vec(typed(), 1..8),
        core in subsequence(
            vec!["id", "external_id", "phone", "tags", "source", "created_at", "updated_at"],
            0..=7,
        ),
        chosen in subsequence((0..8usize).collect::<Vec<_>>(), 0..=8),
        reversed: bool,
    ) {
        let world = World::new();
        for field in &fields {
            world.ports().add_field(world.org(), field);
        }
        for (number, typed) in people.iter().enumerate() {
            add(&world, &fields, typed, number);
        }
        let chosen = chosen.iter().filter_map(|at| fields.get(*at)).filter(|f| !f.archived);
        let mut columns: Vec<_> = chosen.map(|field| field.key.to_string()).collect();
        columns.extend(core.iter().map(ToString::to_string));
        columns.extend(["name".to_owned(), "email".to_owned()]);
        if reversed {
            columns.reverse();
        }
        check(&world, &ExportFormat { columns: Some(columns), byte_order_mark: false })?;
    }
}

#[test]
fn many_fields_and_many_contacts_come_back() {
    let world = World::new();
    let fields: Vec<_> =
        (0..500).map(|at| samples::field(&format!("field_{at}"), FieldType::Text, at)).collect();
    for field in &fields {
        world.ports().add_field(world.org(), field);
    }
    for number in 0..150 {
        let custom =
            (0..500).map(|at| (at % 7 == number % 7).then(|| format!("-{at}x,\n"))).collect();
        let (name, email) = (Some(format!("Person {number}")), Some("p".to_owned()));
        let typed = Typed { name, email, custom, ..Typed::default() };
        add(&world, &fields, &typed, number).unwrap();
    }
    check(&world, &ExportFormat::default()).unwrap();
}
