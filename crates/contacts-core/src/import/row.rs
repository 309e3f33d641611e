//! What a row of a file becomes (R34).

use std::collections::BTreeMap;

use super::phone_cell::{first_of_several, phone_of_cell};
use super::tags_cell::tags_of_cell;
use super::{Plan, Row, Skip, Target};
use crate::contact::{ContactId, EmailAddress, InvalidEmail, InvalidName, Name, Phone, Region};
use crate::field::{Field, FieldKey, FieldValue, RawValue};
use crate::tag::TagName;
use crate::text;

/// A row that can be taken.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportRow {
    /// Who it is.
    pub email: EmailAddress,
    /// The name.
    pub name: Name,
    /// The phone number, unless the cell is blank.
    pub phone: Option<Phone>,
    /// The tags of the cells and of the plan.
    pub tags: Vec<TagName>,
    /// Values of custom fields, without blank cells.
    pub custom: BTreeMap<FieldKey, FieldValue>,
}

/// What the cells of a row say: what is not blank, as it was read.
pub(crate) struct ReadCells {
    pub(crate) email: Option<Result<EmailAddress, InvalidEmail>>,
    pub(crate) name: Option<Result<Name, InvalidName>>,
    pub(crate) phone: Option<Phone>,
    pub(crate) tags: Vec<TagName>,
    pub(crate) custom: BTreeMap<FieldKey, FieldValue>,
}

/// A row and what is to be done with it.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedRow {
    /// The row, counted from 1 below the header.
    pub number: u64,
    /// The line of the file, from 1, on which it begins.
    pub line: u64,
    /// The id of the contact, should the row make one.
    pub id: ContactId,
    /// What it says, or why it is skipped.
    pub row: Result<ImportRow, Skip>,
    /// The cells that are lost though the row is taken.
    pub warnings: Vec<Warning>,
}

/// A cell that is lost though its row is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Where the cell was to go.
    pub target: Target,
    /// What is wrong with it.
    pub reason: String,
}

/// Reads rows by a plan.
#[derive(Clone, Debug)]
pub struct RowReader {
    columns: Vec<(usize, Target, Option<Field>)>,
    tags: Vec<TagName>,
    region: Option<Region>,
}

impl RowReader {
    /// Makes a reader of rows that have the plan's columns. Columns whose field is unknown or
    /// archived are skipped.
    pub fn new(plan: &Plan, fields: &[Field], region: Option<Region>) -> Self {
        let mut columns = Vec::new();
        for (at, target) in plan.columns.iter().enumerate() {
            match target {
                None => {}
                Some(Target::Field(key)) => {
                    let field = fields.iter().find(|f| f.key == *key && !f.archived);
                    columns
                        .extend(field.map(|f| (at, Target::Field(key.clone()), Some(f.clone()))));
                }
                Some(target) => columns.push((at, target.clone(), None)),
            }
        }
        Self { columns, tags: plan.tags.clone(), region }
    }

    /// Reads a row: what it says, or why it is skipped, and which cells are lost.
    pub fn read(&self, row: Row) -> (Result<ImportRow, Skip>, Vec<Warning>) {
        let cells = match row.cells {
            Ok(cells) => cells,
            Err(why) => return (Err(Skip::Unreadable(why)), Vec::new()),
        };
        let mut warnings = Vec::new();
        let read = self.read_cells(&cells, &mut warnings);
        // The warnings of a row that is not taken anyway are of no use to anybody.
        let warnings = if read.is_ok() { warnings } else { Vec::new() };
        (read, warnings)
    }

    fn read_cells(&self, cells: &[String], warnings: &mut Vec<Warning>) -> Result<ImportRow, Skip> {
        let ReadCells { email, name, phone, tags, custom } = self.values(cells, warnings);
        let email = email.ok_or(Skip::MissingEmail)?.map_err(Skip::InvalidEmail)?;
        let name = name.ok_or(Skip::MissingName)?.map_err(Skip::InvalidName)?;
        Ok(ImportRow { email, name, phone, tags, custom })
    }

    /// What cells say, whatever of it is there.
    pub(crate) fn values(&self, cells: &[String], warnings: &mut Vec<Warning>) -> ReadCells {
        let [mut name, mut first, mut last, mut email] = [""; 4];
        let mut phone = None;
        let mut tags = self.tags.clone();
        let mut custom = BTreeMap::new();
        for (at, target, field) in &self.columns {
            let cell = cells.get(*at).map_or("", |cell| text::trim(cell));
            if cell.is_empty() {
                continue;
            }
            let mut warn =
                |reason: String| warnings.push(Warning { target: target.clone(), reason });
            match target {
                Target::Name => name = cell,
                Target::FirstName => first = cell,
                Target::LastName => last = cell,
                Target::Email => {
                    email = first_of_several(cells.get(*at).map_or("", String::as_str))
                }
                Target::Phone => match Phone::parse(&unbroken(&phone_of_cell(cell)), self.region) {
                    Ok(read) => phone = Some(read),
                    Err(why) => warn(why.to_string()),
                },
                Target::Tags => {
                    let (read, lost) = tags_of_cell(cell);
                    tags.extend(read);
                    if lost {
                        warn("holds a tag that is too long or has control characters".to_owned());
                    }
                }
                Target::Field(key) => {
                    let Some(field) = field else { continue };
                    match field.kind.coerce(RawValue::Text(cell)) {
                        Ok(value) => {
                            custom.insert(key.clone(), value);
                        }
                        Err(why) => warn(why.to_string()),
                    }
                }
            }
        }
        let is_there = |text: &str| !text::trim(text).is_empty();
        let joined = [first, last].join(" ");
        let name = unbroken(if name.is_empty() { &joined } else { name });
        tags.sort();
        tags.dedup();
        ReadCells {
            email: is_there(email).then(|| EmailAddress::parse(email)),
            name: is_there(&name).then(|| Name::parse(&name)),
            phone,
            tags,
            custom,
        }
    }
}

/// A cell with its line breaks and tabs as spaces: people break lines in cells to make them fit.
fn unbroken(cell: &str) -> String {
    if cell.contains(['\n', '\r', '\t']) { text::collapse(cell) } else { cell.to_owned() }
}
