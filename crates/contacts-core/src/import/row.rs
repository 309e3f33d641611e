//! Reads the rows of a file (R34).

use std::collections::BTreeMap;

use super::phone_cell::{first_of_several, phone_of_cell};
use super::tags_cell::tags_of_cell;
use uuid::Uuid;

use super::{Plan, Policy, Row, Skip, Target, opt_out};
use crate::contact::{
    ContactId, EmailAddress, ExternalId, InvalidEmail, InvalidExternalId, InvalidName, Name, Phone,
    Region,
};
use crate::field::{Field, FieldKey, FieldValue, RawValue};
use crate::tag::TagName;
use crate::text;

/// A row that can be applied. Its id, external id and address find the contact (R50).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImportRow {
    /// The contact's id.
    pub id: Option<ContactId>,
    /// The organisation's own id for the contact.
    pub external_id: Option<ExternalId>,
    /// The address.
    pub email: Option<EmailAddress>,
    /// Name of the contact.
    pub name: Option<Name>,
    /// The phone number, unless the cell is blank.
    pub phone: Option<Phone>,
    /// The tags of the cells and of the plan.
    pub tags: Vec<TagName>,
    /// Values of custom fields, without blank cells.
    pub custom: BTreeMap<FieldKey, FieldValue>,
    /// Whether the row says that the person wants no messages (R52).
    pub is_opted_out: bool,
}

/// A row that is skipped.
#[derive(Clone, Debug, PartialEq)]
pub struct SkippedRow {
    /// The reason.
    pub skip: Skip,
    /// The valid keys of the row, if it says that the person wants no messages: the opt-out applies
    /// although the row is skipped (R52).
    pub opt_out: Option<Box<ImportRow>>,
}

impl From<Skip> for SkippedRow {
    /// A row that says nothing about messages.
    fn from(skip: Skip) -> Self {
        Self { skip, opt_out: None }
    }
}

/// The values of a row's cells; `None` for blank cells.
pub(crate) struct ReadCells {
    /// The error for a text that is not the form of an id.
    pub(crate) id: Option<Result<ContactId, uuid::Error>>,
    pub(crate) external_id: Option<Result<ExternalId, InvalidExternalId>>,
    pub(crate) email: Option<Result<EmailAddress, InvalidEmail>>,
    pub(crate) name: Option<Result<Name, InvalidName>>,
    pub(crate) phone: Option<Phone>,
    pub(crate) tags: Vec<TagName>,
    pub(crate) custom: BTreeMap<FieldKey, FieldValue>,
    pub(crate) is_opted_out: bool,
}

impl ReadCells {
    fn into_row(self) -> Result<ImportRow, SkippedRow> {
        let opt_out = self.is_opted_out.then(|| Box::new(self.keys()));
        self.checked().map_err(|skip| SkippedRow { skip, opt_out })
    }

    /// Returns the valid keys of a row that says that the person wants no messages.
    fn keys(&self) -> ImportRow {
        ImportRow {
            id: self.id.as_ref().and_then(|id| id.as_ref().ok()).copied(),
            external_id: self.external_id.as_ref().and_then(|id| id.as_ref().ok()).cloned(),
            email: self.email.as_ref().and_then(|email| email.as_ref().ok()).cloned(),
            is_opted_out: true,
            ..ImportRow::default()
        }
    }

    fn checked(self) -> Result<ImportRow, Skip> {
        let Self { id, external_id, email, name, phone, tags, custom, is_opted_out } = self;
        // No contact has an id of another form.
        let id = id.transpose().or(Err(Skip::NotFound))?;
        let external_id = external_id.transpose().or(Err(Skip::InvalidId))?;
        let email = email.transpose().map_err(Skip::InvalidEmail)?;
        let name = name.transpose().map_err(Skip::InvalidName)?;
        if id.is_none() && external_id.is_none() && email.is_none() {
            return Err(Skip::MissingEmail);
        }
        Ok(ImportRow { id, external_id, email, name, phone, tags, custom, is_opted_out })
    }
}

/// A row that was read from the file.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedRow {
    /// The row, counted from 1 below the header.
    pub number: u64,
    /// The line of the file, from 1, on which it begins.
    pub line: u64,
    /// The id of the contact, if the row adds one.
    pub id: ContactId,
    /// The values, or the reason why the row is skipped.
    pub row: Result<ImportRow, SkippedRow>,
    /// The cells that are lost although the row is applied.
    pub warnings: Vec<Warning>,
}

impl PlannedRow {
    /// Returns the keys of a row that says that the person wants no messages, whether or not the row
    /// is skipped (R52).
    pub fn opt_out(&self) -> Option<&ImportRow> {
        match &self.row {
            Ok(row) => row.is_opted_out.then_some(row),
            Err(skipped) => skipped.opt_out.as_deref(),
        }
    }
}

/// A cell that is lost although its row is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The target of the cell.
    pub target: Target,
    /// The reason why it is lost.
    pub reason: String,
}

/// Reads rows by a plan.
#[derive(Clone, Debug)]
pub struct RowReader {
    columns: Vec<(usize, Target, Option<Field>)>,
    tags: Vec<TagName>,
    region: Option<Region>,
    /// Whether a row says that the person wants no messages when no cell says so.
    is_opt_out_list: bool,
}

impl RowReader {
    /// Creates a reader for the plan's columns. Columns whose field is unknown or archived are
    /// skipped, and so are the columns that the policy never writes.
    pub fn new(plan: &Plan, fields: &[Field], region: Option<Region>) -> Self {
        let mut columns = Vec::new();
        for (at, target) in plan.columns.iter().enumerate() {
            match target {
                None => {}
                Some(target) if plan.policy == Policy::OptOut && !target.is_in_opt_out_list() => {}
                Some(Target::Field(key)) => {
                    let field = fields.iter().find(|f| f.key == *key && !f.archived);
                    columns
                        .extend(field.map(|f| (at, Target::Field(key.clone()), Some(f.clone()))));
                }
                Some(target) => columns.push((at, target.clone(), None)),
            }
        }
        Self { columns, tags: plan.tags.clone(), region, is_opt_out_list: plan.opts_all_out() }
    }

    /// Reads a row. Returns its values or the reason to skip it, and the cells that are lost.
    pub fn read(&self, row: Row) -> (Result<ImportRow, SkippedRow>, Vec<Warning>) {
        let cells = match row.cells {
            Ok(cells) => cells,
            Err(reason) => return (Err(Skip::Unreadable(reason).into()), Vec::new()),
        };
        let mut warnings = Vec::new();
        let read = self.values(&cells, &mut warnings).into_row();
        // A skipped row reports its own reason instead of lost cells.
        let warnings = if read.is_ok() { warnings } else { Vec::new() };
        (read, warnings)
    }

    /// Reads the cells, whether or not the row can be applied.
    pub(crate) fn values(&self, cells: &[String], warnings: &mut Vec<Warning>) -> ReadCells {
        let [mut name, mut first, mut last, mut email] = [""; 4];
        let (mut id, mut external_id) = (None, None);
        let mut phone = None;
        let mut tags = self.tags.clone();
        let mut custom = BTreeMap::new();
        let mut is_opted_out = self.is_opt_out_list;
        for (at, target, field) in &self.columns {
            let cell = cells.get(*at).map_or("", |cell| text::trim(cell));
            if cell.is_empty() {
                continue;
            }
            let mut warn =
                |reason: String| warnings.push(Warning { target: target.clone(), reason });
            match target {
                Target::Id => id = Some(Uuid::try_parse(cell).map(ContactId)),
                Target::ExternalId => external_id = Some(ExternalId::parse(cell)),
                Target::Name => name = cell,
                Target::FirstName => first = cell,
                Target::LastName => last = cell,
                Target::Email => {
                    email = first_of_several(cells.get(*at).map_or("", String::as_str))
                }
                Target::Phone => match Phone::parse(&unbroken(&phone_of_cell(cell)), self.region) {
                    Ok(read) => phone = Some(read),
                    Err(reason) => warn(reason.to_string()),
                },
                Target::Tags => {
                    let (read, lost) = tags_of_cell(cell);
                    tags.extend(read);
                    if lost {
                        warn("holds a tag that is too long or has control characters".to_owned());
                    }
                }
                Target::Subscribed | Target::Unsubscribed => {
                    match opt_out::is_opted_out(target, cell) {
                        Some(says_so) => is_opted_out |= says_so,
                        None => warn("is neither yes, no nor a date".to_owned()),
                    }
                }
                Target::Field(key) => {
                    let Some(field) = field else { continue };
                    match field.kind.coerce(RawValue::Text(cell)) {
                        Ok(value) => {
                            custom.insert(key.clone(), value);
                        }
                        Err(reason) => warn(reason.to_string()),
                    }
                }
            }
        }
        let is_filled = |text: &str| !text::trim(text).is_empty();
        let joined = [first, last].join(" ");
        let name = unbroken(if name.is_empty() { &joined } else { name });
        tags.sort();
        tags.dedup();
        ReadCells {
            id,
            external_id,
            email: is_filled(email).then(|| EmailAddress::parse(email)),
            name: is_filled(&name).then(|| Name::parse(&name)),
            phone,
            tags,
            custom,
            is_opted_out,
        }
    }
}

/// Returns a cell with line breaks and tabs as spaces: users break lines in cells to make text fit.
fn unbroken(cell: &str) -> String {
    if cell.contains(['\n', '\r', '\t']) { text::collapse(cell) } else { cell.to_owned() }
}
