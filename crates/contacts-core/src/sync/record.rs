//! Reads the records of a source.

use time::OffsetDateTime;

use super::{Mapping, Record, SourceId, Value};
use crate::contact::{
    ContactId, CustomValues, EmailAddress, Name, Phone, Region, Source, SourceDetail,
};
use crate::field::Field;
use crate::import::{Plan, ReadCells, RowReader, Skip, Warning, tags_cell};
use crate::tag::TagName;
use crate::text;

/// The values of a record: at least a name or an address (R6).
#[derive(Clone, Debug, PartialEq)]
pub struct SyncRow {
    /// The address.
    pub email: Option<EmailAddress>,
    /// Name of the contact.
    pub name: Option<Name>,
    /// The phone number.
    pub phone: Option<Phone>,
    /// The tags.
    pub tags: Vec<TagName>,
    /// Values of custom fields.
    pub custom: CustomValues,
}

/// A record that was read by the mapping.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedRecord {
    /// The external id; the key of the address when the source has no ids.
    pub external_id: String,
    /// The id of the contact, if the record adds one.
    pub contact: ContactId,
    /// The values; `None` when the record was deleted at the source; or the reason why the record
    /// is skipped.
    pub row: Result<Option<SyncRow>, Skip>,
    /// The fields that are lost although the record is applied.
    pub warnings: Vec<Warning>,
}

impl PlannedRecord {
    /// Returns lines for the run's log: the reason why the record was skipped, or else one line for
    /// each lost value.
    pub fn lines(&self, skipped: Option<Skip>, warnings: &[Warning]) -> Vec<String> {
        // A line that names an address would outlive the erasure of the contact.
        let has_external_id = !self.external_id.is_empty() && !self.external_id.contains('@');
        let id = if has_external_id { &self.external_id } else { "without an id" };
        match skipped {
            Some(skip) if skip.is_issue() => {
                vec![format!("record {id} skipped: {}", skip.sentence())]
            }
            _ => {
                let lost = self.warnings.iter().chain(warnings);
                lost.map(|lost| format!("record {id}: {} {}", lost.target, lost.reason)).collect()
            }
        }
    }

    /// The source of a contact that the record adds, or is about.
    pub fn source(&self, source: SourceId, at: OffsetDateTime) -> Source {
        let external_id = self.external_id.clone();
        Source { at, detail: SourceDetail::Connected { source: source.0, external_id } }
    }
}

/// Reads records by a mapping.
pub struct RecordReader {
    /// The fields of the record that are the cells of a row.
    fields: Vec<String>,
    id_field: Option<String>,
    rows: RowReader,
}

impl RecordReader {
    /// Maximum length of an external id in characters.
    pub const ID: usize = 500;

    /// Creates a reader. Fields that go to a custom field that is unknown or archived are skipped.
    pub fn new(mapping: &Mapping, fields: &[Field], region: Option<Region>) -> Self {
        let columns = mapping.fields.iter().map(|mapped| Some(mapped.target.clone())).collect();
        let plan = Plan { columns, ..Plan::default() };
        Self {
            fields: mapping.fields.iter().map(|mapped| mapped.field.clone()).collect(),
            id_field: mapping.id_field.clone(),
            rows: RowReader::new(&plan, fields, region),
        }
    }

    /// Reads a record; `contact` is the id of the contact that it may add.
    pub fn read(&self, record: &Record, contact: ContactId) -> PlannedRecord {
        let mut warnings = Vec::new();
        let cells = cells(record, &self.fields);
        let read = self.rows.values(&cells, &mut warnings);
        let id = match &self.id_field {
            Some(field) => record.fields.get(field).map(cell),
            None => record.id.clone(),
        };
        let id = id.map(|id| text::trim(&id).to_owned()).filter(|id| !id.is_empty());
        let by_address = || read.email.as_ref()?.as_ref().ok().map(|email| email.key().to_owned());
        let external_id = id.or_else(by_address).unwrap_or_default();
        let is_kept =
            external_id.chars().count() <= Self::ID && !external_id.chars().any(char::is_control);
        let row = if !is_kept {
            Err(Skip::InvalidId)
        } else if record.deleted {
            if external_id.is_empty() { Err(Skip::Nobody) } else { Ok(None) }
        } else {
            row(read).map(Some)
        };
        if !matches!(row, Ok(Some(_))) {
            warnings.clear();
        }
        PlannedRecord { external_id, contact, row, warnings }
    }
}

/// Values are checked as in a file, but a name or an address is enough.
fn row(read: ReadCells) -> Result<SyncRow, Skip> {
    let ReadCells { email, name, phone, tags, custom, .. } = read;
    let email = email.transpose().map_err(Skip::InvalidEmail)?;
    let name = name.transpose().map_err(Skip::InvalidName)?;
    if email.is_none() && name.is_none() {
        return Err(Skip::Nobody);
    }
    Ok(SyncRow { email, name, phone, tags, custom })
}

/// The cells that a record would have in a file with these columns.
pub fn cells(record: &Record, fields: &[String]) -> Vec<String> {
    fields.iter().map(|field| record.fields.get(field).map(cell).unwrap_or_default()).collect()
}

fn cell(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::List(items) => tags_cell(items),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use uuid::Uuid;

    use super::*;
    use crate::import::Target;
    use crate::sync::{MappedField, Overwrite};

    fn mapping(id_field: Option<&str>) -> Mapping {
        let mapped = |target: &str| MappedField {
            field: target.to_owned(),
            target: Target::parse(target).unwrap(),
            overwrite: Overwrite::Own,
        };
        let fields = ["email", "first_name", "last_name", "phone", "tags"];
        Mapping {
            fields: fields.into_iter().map(mapped).collect(),
            id_field: id_field.map(str::to_owned),
        }
    }

    fn record(id: Option<&str>, fields: &[(&str, &str)]) -> Record {
        let text =
            |(field, text): &(&str, &str)| ((*field).to_owned(), Value::Text((*text).to_owned()));
        let id = id.map(str::to_owned);
        Record { id, fields: fields.iter().map(text).collect(), deleted: false }
    }

    fn read(record: &Record, id_field: Option<&str>) -> PlannedRecord {
        let reader = RecordReader::new(&mapping(id_field), &[], None);
        reader.read(record, ContactId(Uuid::nil()))
    }

    #[rstest]
    #[case(&[("email", "a@x.org")], Ok((Some("a@x.org"), None)))]
    #[case(&[("first_name", "Ann"), ("last_name", "Lee")], Ok((None, Some("Ann Lee"))))]
    #[case(&[("last_name", " Lee "), ("email", " ")], Ok((None, Some("Lee"))))]
    #[case(&[("phone", "5"), ("tags", "a")], Err("no_name_or_email"))]
    #[case(&[("email", "nobody"), ("first_name", "Ann")], Err("invalid_email"))]
    fn a_record_needs_a_name_or_an_address(
        #[case] fields: &[(&str, &str)],
        #[case] expected: Result<(Option<&str>, Option<&str>), &str>,
    ) {
        let row = read(&record(Some("7"), fields), None).row;
        let row = row.map(Option::unwrap).map_err(|skip| skip.code().as_str());
        let described = row.as_ref().map(|row| {
            (row.email.as_ref().map(|e| e.as_str()), row.name.as_ref().map(|n| n.as_str()))
        });
        assert_eq!(described.map_err(|code| *code), expected);
    }

    #[test]
    fn the_id_is_the_key_or_the_field_or_the_address() {
        let fields = &[("email", "A@X.org"), ("crm", "c1")];
        assert_eq!(read(&record(Some(" 7 "), fields), None).external_id, "7");
        assert_eq!(read(&record(Some("7"), fields), Some("crm")).external_id, "c1");
        assert_eq!(read(&record(None, fields), None).external_id, "a@x.org");
    }

    #[test]
    fn an_id_that_cannot_be_kept_skips_the_record() {
        for id in ["x".repeat(501), "a\0b".to_owned()] {
            let skipped = read(&record(Some(&id), &[("email", "a@x.org")]), None).row;
            assert_eq!(skipped, Err(Skip::InvalidId));
        }
    }

    #[test]
    fn of_one_that_was_deleted_the_id_is_enough() {
        let deleted_record = |id| Record { deleted: true, ..record(id, &[]) };
        assert_eq!(read(&deleted_record(Some("7")), None).row, Ok(None));
        assert_eq!(read(&deleted_record(None), None).row, Err(Skip::Nobody));
    }

    #[test]
    fn a_list_is_tags() {
        let mut record = record(Some("7"), &[("email", "a@x.org")]);
        let list = vec!["a; b".to_owned(), "c".to_owned()];
        record.fields.insert("tags".to_owned(), Value::List(list));
        let row = read(&record, None).row.unwrap().unwrap();
        let tags: Vec<_> = row.tags.iter().map(ToString::to_string).collect();
        assert_eq!(tags, ["a; b", "c"]);
    }
}
