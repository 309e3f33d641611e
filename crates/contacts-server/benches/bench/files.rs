//! Contacts as rows of the imported file, and as rows of tables with every column computed.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use contacts_core::contact::{EmailAddress, Name, Phone, search_text};
use contacts_core::tag::TagName;
use serde_json::json;
use uuid::{Builder, Uuid};

use crate::Result;
use crate::people::{Person, person, tag};
use crate::random::Random;
use crate::words::TAG_COUNT;

/// The custom fields: key, label and type. A file has a column for each, with the label as header.
pub(crate) const FIELDS: [[&str; 3]; 2] =
    [["home_city", "Home city", "text"], ["points", "Points", "number"]];

/// Time at which the first contact was created, in milliseconds since 1970: 2024-01-01.
const BEGIN: u64 = 1_704_067_200_000;

/// Period in which the contacts of an organisation were created, in milliseconds: two years.
const SPAN: u64 = 63_072_000_000;

/// A range of contacts of an organisation, for a file or a table.
#[derive(Clone, Copy)]
pub(crate) struct People {
    /// Number of the organisation.
    pub(crate) group: u64,
    /// Number of the first contact.
    pub(crate) first: u64,
    /// Number of contacts.
    pub(crate) count: u64,
    /// Version of the contacts. Another version has other names.
    pub(crate) version: u64,
}

impl People {
    /// Returns the contacts with their numbers.
    pub(crate) fn iter(self) -> impl Iterator<Item = (u64, Person)> {
        (self.first..self.first + self.count)
            .map(move |number| (number, person(self.group, number, self.version)))
    }

    /// Writes the file that is imported.
    pub(crate) fn write_csv(self, path: &Path) -> Result {
        let mut out = BufWriter::new(std::fs::File::create(path)?);
        let [[_, city, _], [_, points, _]] = FIELDS;
        writeln!(out, "Name,Email,Phone,Tags,{city},{points}")?;
        for (_, person) in self.iter() {
            let tags: Vec<_> = person.tags.iter().map(|at| tag(*at)).collect();
            let (phone, tags) = (person.phone.unwrap_or_default(), tags.join("; "));
            let cells = [&person.name, &person.email, &phone, &tags, person.city];
            for cell in cells {
                if cell.contains([',', '"']) {
                    write!(out, "\"{}\",", cell.replace('"', "\"\""))?;
                } else {
                    write!(out, "{cell},")?;
                }
            }
            writeln!(out, "{}", person.points)?;
        }
        Ok(out.flush()?)
    }

    /// Writes the same contacts for `COPY` into the limit's table `staged`.
    pub(crate) fn write_staged(self, path: &Path) -> Result {
        let mut out = BufWriter::new(std::fs::File::create(path)?);
        for (number, person) in self.iter() {
            write!(out, "{}", contact_id(self.group, number, self.count))?;
            write_computed(&mut out, &person)?;
            let tags: Vec<_> = person.tags.iter().map(ToString::to_string).collect();
            writeln!(out, "\t{}\t{{{}}}", number - self.first + 1, tags.join(","))?;
        }
        Ok(out.flush()?)
    }
}

/// Writes the columns `name` to `custom` of a contact, each with a tab before it.
pub(crate) fn write_computed(out: &mut impl Write, person: &Person) -> Result {
    let name = Name::parse(&person.name)?;
    let email = EmailAddress::parse(&person.email)?;
    let phone = person.phone.as_ref().map(|phone| Phone::parse(phone, None)).transpose()?;
    let search = search_text(Some(&name), Some(&email), phone.as_ref(), None);
    let [[city, ..], [points, ..]] = FIELDS;
    let custom = json!({ city: person.city, points: f64::from(person.points) }).to_string();
    write_cell(out, Some(name.as_str()))?;
    write_cell(out, Some(&name.key()))?;
    write_cell(out, Some(email.as_str()))?;
    write_cell(out, Some(email.key()))?;
    write_cell(out, phone.as_ref().map(Phone::as_str))?;
    write_cell(out, phone.as_ref().and_then(Phone::e164))?;
    write_cell(out, Some(&search))?;
    write_cell(out, Some(&custom))?;
    Ok(())
}

fn write_cell(out: &mut impl Write, cell: Option<&str>) -> io::Result<()> {
    let Some(cell) = cell else { return out.write_all(b"\t\\N") };
    out.write_all(b"\t")?;
    if cell.contains(['\\', '\t', '\n', '\r']) {
        let cell = cell.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n");
        return out.write_all(cell.replace('\r', "\\r").as_bytes());
    }
    out.write_all(cell.as_bytes())
}

/// Writes the tags of an organisation: index, id, name and key.
pub(crate) fn write_tags(out: &mut impl Write, group: u64) -> Result {
    for place in 0..TAG_COUNT {
        let name = TagName::parse(&tag(place))?;
        writeln!(out, "{place}\t{}\t{}\t{}", tag_id(group, place), name.as_str(), name.key())?;
    }
    Ok(())
}

/// Returns the time at which a contact of an organisation with `count` contacts was created, in
/// milliseconds since 1970.
pub(crate) fn made_at(number: u64, count: u64) -> u64 {
    BEGIN + (number as f64 / count as f64 * SPAN as f64) as u64
}

/// Returns the id of an organisation.
pub(crate) fn org_id(group: u64) -> Uuid {
    id(BEGIN, group, u64::MAX)
}

/// Returns the id of a contact.
pub(crate) fn contact_id(group: u64, number: u64, count: u64) -> Uuid {
    id(made_at(number, count), group, number)
}

/// Returns the id of a tag.
pub(crate) fn tag_id(group: u64, place: usize) -> Uuid {
    id(BEGIN, group, u64::MAX / 2 + place as u64)
}

/// Returns the id of one of the few imports, widgets and users of an organisation.
pub(crate) fn detail_id(group: u64, kind: &str, place: u64) -> Uuid {
    id(BEGIN, group, u64::MAX / 4 + 1_000 * kind.len() as u64 + place)
}

/// Returns a UUID of version 7 as the program generates them, but the same in every run.
fn id(millis: u64, group: u64, thing: u64) -> Uuid {
    let mut random = Random::of(!group, thing);
    let bytes = (random.next() as u128) << 64 | random.next() as u128;
    let [rest @ .., _, _, _, _, _, _] = bytes.to_be_bytes();
    Builder::from_unix_timestamp_millis(millis, &rest).into_uuid()
}
