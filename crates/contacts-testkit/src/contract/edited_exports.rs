//! Exporting, editing and importing makes exactly these edits, also with columns that were added or
//! renamed (R50).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use contacts_core::contact::{Contact, ContactFilter, FilterText};
use contacts_core::export::ExportFormat;
use contacts_core::field::FieldType;
use contacts_core::import::{Interrupt, Tally};
use contacts_core::{Actor, OrgId};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::Ports;
use crate::samples::{self, custom, email, external_id, name, phone, tag, tags, text};

struct Always;

impl Interrupt for Always {
    fn may_continue(&self) -> bool {
        true
    }

    fn must_end(&self) -> bool {
        false
    }
}

/// Whether a contact has an external id, a name, an address and a phone number.
type Filled = [bool; 4];

/// The row, the column, and a number from which the new value is made.
type Edit = (usize, usize, usize);

/// What was done to the columns of the file.
#[derive(Clone, Copy, Debug)]
enum Shape {
    Unchanged,
    Added(&'static str),
    Renamed(&'static str, &'static str),
    /// The columns of a list of skipped rows.
    Reasons,
}

const SHAPES: [Shape; 8] = [
    Shape::Unchanged,
    Shape::Added("Remark"),
    Shape::Added(""),
    Shape::Renamed("id", "ID"),
    Shape::Renamed("name", "Full name"),
    Shape::Renamed("email", "E-mail address"),
    Shape::Renamed("updated_at", "Last change"),
    Shape::Reasons,
];

impl Shape {
    fn apply(self, lines: &mut [Vec<String>]) {
        let (header, rows) = lines.split_first_mut().unwrap();
        match self {
            Self::Unchanged => {}
            Self::Added(name) => {
                header.push(name.to_owned());
                rows.iter_mut().for_each(|row| row.push(name.to_lowercase()));
            }
            Self::Renamed(old, new) => {
                *header.iter_mut().find(|name| *name == old).unwrap() = new.to_owned();
            }
            Self::Reasons => {
                header.insert(0, "reason".to_owned());
                rows.iter_mut().for_each(|row| row.insert(0, "line 2: no reason".to_owned()));
            }
        }
    }
}

fn cases() -> impl Strategy<Value = (Vec<Filled>, Vec<Edit>, Shape)> {
    let edit = (0..6usize, 0..COLUMNS.len(), 0..3usize);
    let contacts = prop::collection::vec(any::<Filled>(), 1..6);
    (contacts, prop::collection::vec(edit, 0..8), prop::sample::select(SHAPES.to_vec()))
}

/// The columns that are edited. Empty cells and tags that are taken off change nothing.
const COLUMNS: [&str; 6] = ["external_id", "name", "email", "phone", "tags", "Tier"];

fn contact(ports: &Ports, org: OrgId, at: usize, filled: Filled) -> Contact {
    let [has_id, has_name, has_email, has_phone] = filled;
    let filled = |is: bool, text: String| if is { text } else { String::new() };
    let (who, address) =
        (filled(has_name, format!("P{at}")), filled(has_email, format!("p{at}@x.org")));
    ports.add_with(org, &who, &address, |contact| {
        contact.external_id = has_id.then(|| external_id(&format!("x{at}")));
        if has_email && has_id {
            contact.other_emails =
                vec![email(&format!("o{at}@x.org")), email(&format!("r{at}@x.org"))];
        }
        contact.phone = has_phone.then(|| phone("12"));
        contact.tags = tags(&["a"]);
        contact.custom = custom(&[("tier", text("free"))]);
    })
}

/// Makes an edit in a contact, and returns the new content of the cell.
fn edit(contact: &mut Contact, (row, column, value): Edit) -> String {
    let mut other = contact.clone();
    let cell = match COLUMNS[column] {
        "external_id" => format!("y{row}{value}"),
        "name" => format!("N{value}"),
        "email" => format!("q{row}{value}@x.org"),
        "phone" => format!("{value}"),
        "tags" => ["a", "b", "a,b,c"][value].to_owned(),
        _ => format!("t{value}"),
    };
    match COLUMNS[column] {
        "external_id" => other.external_id = Some(external_id(&cell)),
        "name" => other.name = Some(name(&cell)),
        "email" => other.email = Some(email(&cell)),
        "phone" => other.phone = Some(phone(&cell)),
        "tags" => {
            other.tags.extend(cell.split(',').map(tag));
            other.tags.sort();
            other.tags.dedup();
        }
        _ => other.custom = custom(&[("tier", text(&cell))]),
    }
    *contact = other;
    cell
}

fn import(ports: &Ports, org: OrgId, file: &str) -> Tally {
    let imports = ports.services().imports;
    let mut upload = imports.begin(org, "export.csv", Actor::System, u64::MAX).unwrap();
    assert!(upload.push(file.as_bytes()).unwrap());
    let import = upload.finish().unwrap();
    imports.analyse(org, import.id, &Always).unwrap();
    imports.start(org, import.id, Actor::System).unwrap();
    let (import, chunks) = imports.chunks(org, import.id).unwrap().unwrap();
    imports.take(&import, chunks, &Always).unwrap();
    imports.get(org, import.id).unwrap().tally
}

pub fn importing_an_edited_export_makes_exactly_these_edits(ports: &Ports) {
    let config = Config { cases: 60, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&cases(), |(filled, edits, shape)| {
        let org = ports.org();
        ports.add_field(org, &samples::field("tier", FieldType::Text, 0));
        let added = filled.iter().enumerate().map(|(at, filled)| contact(ports, org, at, *filled));
        let before: Vec<Contact> = added.collect();
        let format = ExportFormat::default();
        let export = ports.services().exports.matching(
            org,
            ContactFilter::default(),
            &FilterText::default(),
            &format,
            Actor::System,
        );
        let file: Vec<u8> = export.unwrap().flat_map(Result::unwrap).collect();
        let file = String::from_utf8(file).unwrap();
        let mut lines: Vec<Vec<String>> =
            file.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect();
        let mut expected = before.clone();
        for (row, column, value) in edits {
            let row = row % before.len();
            let header = lines[0].iter().map(|name| name.to_lowercase());
            let wanted = COLUMNS[column].to_lowercase();
            let at = header.into_iter().position(|name| name == wanted).unwrap();
            let cell = edit(&mut expected[row], (row, column, value));
            let cell = if cell.contains(',') { cell.replace(',', ";") } else { cell };
            // The last edit of a cell counts; tags of an earlier one are gone from the file.
            if COLUMNS[column] == "tags" {
                expected[row].tags = before[row].tags.clone();
                let again = (row, column, value);
                edit(&mut expected[row], again);
            }
            lines[row + 1][at] = cell;
        }
        shape.apply(&mut lines);
        let lines: Vec<_> = lines.iter().map(|cells| cells.join(",")).collect();
        let tally = import(ports, org, &lines.join("\n"));
        let changed = |one: &Contact, other: &Contact| {
            (&one.external_id, &one.name, one.email_key(), &one.phone, &one.tags, &one.custom)
                != (
                    &other.external_id,
                    &other.name,
                    other.email_key(),
                    &other.phone,
                    &other.tags,
                    &other.custom,
                )
        };
        let edited =
            before.iter().zip(&expected).filter(|(one, other)| changed(one, other)).count();
        prop_assert_eq!((tally.added, tally.updated), (0, edited as u64));
        prop_assert_eq!(tally.rows(), before.len() as u64);
        for (was, wanted) in before.iter().zip(&expected) {
            let is = ports.get(org, was.id);
            prop_assert!(!changed(&is, wanted), "{:?} is not {:?}", is, wanted);
            if !changed(was, wanted) {
                prop_assert_eq!(&is, was);
            }
        }
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}
