//! Reads the rows of a file (R34).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::full_name::{NameParts, turned};
use super::garbled::repaired;
use super::local_value::{DecimalMark, iso_day, plain_number};
use super::phone_cell::{is_exponent, phone_of_cell};
use super::placeholder::is_placeholder;
use super::tags_cell::tags_of_cell;
use super::{
    CellRule, ColumnFormat, ColumnReading, ColumnRule, DomainReplacements, Plan, Policy, Reading,
    Row, Skip, Target, entities, opt_out,
};
use crate::contact::{
    Contact, ContactId, EmailAddress, ExternalId, InvalidEmail, InvalidExternalId, InvalidName,
    Name, Phone, Region, WrittenAddresses,
};
use crate::field::{Field, FieldKey, FieldType, FieldValue, InvalidValue, RawValue};
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
    /// Further addresses, without repetitions (R48).
    pub others: Vec<EmailAddress>,
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
    /// The rules of the cells that differ from the policy of the file; those of names are under
    /// [`Target::Name`].
    pub rules: BTreeMap<Target, CellRule>,
    /// The values that are cleared: of phone, external id and custom fields.
    pub clears: BTreeSet<Target>,
}

impl ImportRow {
    /// Returns all addresses of the row: the primary one first.
    pub fn emails(&self) -> impl Iterator<Item = &EmailAddress> {
        self.email.iter().chain(&self.others)
    }
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
    pub(crate) others: Vec<EmailAddress>,
    pub(crate) name: Option<Result<Name, InvalidName>>,
    pub(crate) phone: Option<Phone>,
    pub(crate) tags: Vec<TagName>,
    pub(crate) custom: BTreeMap<FieldKey, FieldValue>,
    pub(crate) is_opted_out: bool,
    pub(crate) rules: BTreeMap<Target, CellRule>,
    pub(crate) clears: BTreeSet<Target>,
}

impl ReadCells {
    /// Adds the addresses of a cell. Of the cells that may contain the primary address, the first one
    /// that can be read does. The error says what is lost.
    fn add_addresses(&mut self, cell: &str, may_be_primary: bool) -> Result<(), String> {
        let has_primary = matches!(self.email, Some(Ok(_)));
        let WrittenAddresses { first, others, has_unreadable } = match EmailAddress::parse_all(cell)
        {
            Ok(written) => written,
            Err(reason) if may_be_primary && self.email.is_none() => {
                self.email = Some(Err(reason));
                return Ok(());
            }
            Err(reason) => return Err(reason.to_string()),
        };
        if may_be_primary && !has_primary {
            self.email = Some(Ok(first));
        } else {
            self.others.push(first);
        }
        self.others.extend(others);
        match has_unreadable {
            true => Err("contains an address that cannot be read".to_owned()),
            false => Ok(()),
        }
    }

    /// Removes repeated further addresses, and those beyond the limit (R48). Returns a warning about
    /// the latter.
    fn limit_addresses(&mut self) -> Option<Warning> {
        let primary = self.email.as_ref().and_then(|email| email.as_ref().ok()).cloned();
        let mut others: Vec<EmailAddress> = Vec::with_capacity(self.others.len());
        for email in std::mem::take(&mut self.others) {
            if Some(&email) != primary.as_ref() && !others.contains(&email) {
                others.push(email);
            }
        }
        let limit = Contact::MAX_ADDRESSES - usize::from(primary.is_some());
        let is_over = others.len() > limit;
        others.truncate(limit);
        self.others = others;
        is_over.then(|| Warning {
            target: Target::OtherEmails,
            reason: format!(
                "are more than {} addresses: the others are lost",
                Contact::MAX_ADDRESSES
            ),
        })
    }

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
            others: self.others.clone(),
            is_opted_out: true,
            ..ImportRow::default()
        }
    }

    fn checked(self) -> Result<ImportRow, Skip> {
        let Self { id, external_id, email, others, name, phone, tags, custom, .. } = self;
        let Self { is_opted_out, rules, mut clears, .. } = self;
        // No contact has an id of another form.
        let id = id.transpose().or(Err(Skip::NotFound))?;
        let external_id = external_id.transpose().or(Err(Skip::InvalidId))?;
        let email = email.transpose().map_err(Skip::InvalidEmail)?;
        let name = name.transpose().map_err(Skip::InvalidName)?;
        if id.is_none() && external_id.is_none() && email.is_none() && others.is_empty() {
            return Err(Skip::MissingEmail);
        }
        // A column of the same target with a value wins.
        clears.retain(|target| match target {
            Target::ExternalId => external_id.is_none(),
            Target::Phone => phone.is_none(),
            Target::Field(key) => !custom.contains_key(key),
            _ => false,
        });
        Ok(ImportRow {
            id,
            external_id,
            email,
            others,
            name,
            phone,
            tags,
            custom,
            is_opted_out,
            rules,
            clears,
        })
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
    columns: Vec<MappedColumn>,
    tags: Vec<TagName>,
    region: Option<Region>,
    family_name_first: bool,
    /// Whether a row says that the person wants no messages when no cell says so.
    is_opt_out_list: bool,
    domains: DomainReplacements,
}

/// A column of the file that has a target.
#[derive(Clone, Debug)]
struct MappedColumn {
    /// The index of the column.
    at: usize,
    target: Target,
    /// The custom field of the target.
    field: Option<Field>,
    reading: ColumnReading,
    /// The formats that a user chose.
    format: ColumnFormat,
    /// The rules that a user chose.
    rule: ColumnRule,
}

impl RowReader {
    /// Creates a reader for the plan's columns. Columns whose field is unknown or archived are
    /// skipped, and so are the columns that the policy never writes.
    pub fn new(plan: &Plan, fields: &[Field], region: Option<Region>) -> Self {
        let mut columns = Vec::new();
        for (at, target) in plan.columns.iter().enumerate() {
            let Some(target) = target else { continue };
            if plan.policy == Policy::OptOut && !target.is_in_opt_out_list() {
                continue;
            }
            let field = match target {
                Target::Field(key) => {
                    match fields.iter().find(|field| field.key == *key && !field.archived) {
                        Some(field) => Some(field.clone()),
                        None => continue,
                    }
                }
                _ => None,
            };
            let (target, format) = (target.clone(), plan.format(at));
            let reading = format.over(ColumnReading::default());
            let rule = plan.rule(at).cloned().unwrap_or_default();
            columns.push(MappedColumn { at, target, field, reading, format, rule });
        }
        let is_opt_out_list = plan.opts_all_out();
        let tags = plan.tags.clone();
        let (family_name_first, domains) = (false, plan.domains.clone());
        Self { columns, tags, region, family_name_first, is_opt_out_list, domains }
    }

    /// Reads the cells as the whole columns of their file show.
    #[must_use]
    pub fn with_reading(mut self, reading: &Reading) -> Self {
        self.family_name_first = reading.family_name_first;
        for column in &mut self.columns {
            let shown = reading.columns.get(column.at).copied().unwrap_or_default();
            column.reading = column.format.over(shown);
        }
        self
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
        let mut read = ReadCells {
            id: None,
            external_id: None,
            email: None,
            others: Vec::new(),
            name: None,
            phone: None,
            tags: self.tags.clone(),
            custom: BTreeMap::new(),
            is_opted_out: self.is_opt_out_list,
            rules: BTreeMap::new(),
            clears: BTreeSet::new(),
        };
        let mut name = Cow::Borrowed("");
        let mut parts = [const { Cow::Borrowed("") }; 3];
        for column in &self.columns {
            let is_cleared = column.is_cleared(cells);
            let cell = if is_cleared { None } else { column.cell(cells) };
            if let Some(rule) = column.rule.rule.filter(|_| is_cleared || cell.is_some()) {
                read.rules.entry(column.target.ruled().clone()).or_insert(rule);
            }
            if is_cleared {
                read.clears.insert(column.target.clone());
            }
            let Some(cell) = cell else { continue };
            match &column.target {
                Target::Name => name = cell,
                Target::FirstName => parts[0] = cell,
                Target::MiddleName => parts[1] = cell,
                Target::LastName => parts[2] = cell,
                target => {
                    if let Err(reason) = self.read_cell(column, &cell, &mut read) {
                        warnings.push(Warning { target: target.clone(), reason });
                    }
                }
            }
        }
        let [first, middle, last] = &parts;
        let name = if text::trim(&name).is_empty() {
            NameParts { first, middle, last }.join(self.family_name_first).into()
        } else {
            name
        };
        let name = unbroken(&name);
        read.name = (!text::trim(&name).is_empty()).then(|| Name::parse(&name));
        read.tags.sort();
        read.tags.dedup();
        warnings.extend(read.limit_addresses());
        read
    }

    /// Reads a cell that is not a part of the name. The error says why it is lost.
    fn read_cell(
        &self,
        column: &MappedColumn,
        cell: &str,
        read: &mut ReadCells,
    ) -> Result<(), String> {
        match &column.target {
            Target::Id => read.id = Some(Uuid::try_parse(cell).map(ContactId)),
            Target::ExternalId => read.external_id = Some(ExternalId::parse(cell)),
            Target::Name | Target::FirstName | Target::MiddleName | Target::LastName => {}
            Target::Email | Target::OtherEmails => {
                let replaced = self.domains.replaced(cell);
                let may_be_primary = column.target == Target::Email;
                return read.add_addresses(replaced.as_deref().unwrap_or(cell), may_be_primary);
            }
            Target::Phone if read.phone.is_some() => {}
            Target::Phone => {
                if is_exponent(cell) {
                    return Err(
                        "was shortened by a spreadsheet program, digits are lost".to_owned()
                    );
                }
                let number = phone_of_cell(cell);
                let phone = Phone::parse(&unbroken(&number), self.region);
                read.phone = Some(phone.map_err(|reason| reason.to_string())?);
            }
            Target::Tags => {
                let (tags, lost) = tags_of_cell(cell);
                read.tags.extend(tags);
                if lost {
                    return Err("holds a tag that is too long or has control characters".to_owned());
                }
            }
            Target::Subscribed | Target::Unsubscribed => {
                let says_so = opt_out::is_opted_out(&column.target, cell);
                read.is_opted_out |= says_so.ok_or("is neither yes, no nor a date")?;
            }
            Target::Field(key) => {
                let value = column.field_value(cell).map_err(|reason| reason.to_string())?;
                read.custom.extend(value.map(|value| (key.clone(), value)));
            }
        }
        Ok(())
    }
}

impl MappedColumn {
    /// Returns whether the cell of a row is the word that clears the value.
    fn is_cleared(&self, cells: &[String]) -> bool {
        let word = self.rule.clear.as_ref();
        word.zip(cells.get(self.at)).is_some_and(|(word, cell)| word.is(cell))
    }

    /// Returns the trimmed cell of a row; `None` if it is blank or contains a placeholder.
    fn cell<'a>(&self, cells: &'a [String]) -> Option<Cow<'a, str>> {
        let raw = cells.get(self.at)?;
        match self.reading.repairs_text.then(|| repaired(raw)).flatten() {
            Some(raw) => self.read(&raw).map(|cell| Cow::Owned(cell.into_owned())),
            None => self.read(raw),
        }
    }

    /// Returns the trimmed text of a cell; `None` if it is blank or a placeholder.
    fn read<'a>(&self, raw: &'a str) -> Option<Cow<'a, str>> {
        let cell = text::trim(raw);
        let is_option = || match self.field.as_ref().map(|field| &field.kind) {
            Some(FieldType::Select(options)) => options.iter().any(|option| option == cell),
            _ => false,
        };
        if cell.is_empty() || (is_placeholder(cell) && !is_option()) {
            return None;
        }
        // The parser of addresses refuses line breaks.
        let is_email = matches!(self.target, Target::Email | Target::OtherEmails);
        let cell = if is_email { raw } else { cell };
        let decoded = self.reading.has_entities.then(|| entities::decoded(cell)).flatten();
        let cell = decoded.map_or(Cow::Borrowed(cell), Cow::Owned);
        let is_inverted = self.target == Target::Name && self.reading.is_inverted;
        let turned = is_inverted.then(|| turned(&cell)).flatten();
        Some(turned.map_or(cell, Cow::Owned))
    }

    /// Returns the value of a cell for the custom field of the column.
    fn field_value(&self, cell: &str) -> Result<Option<FieldValue>, InvalidValue> {
        let Some(field) = &self.field else { return Ok(None) };
        let local = match field.kind {
            FieldType::Date => iso_day(cell, self.reading.date_order),
            FieldType::Number => plain_number(cell, self.reading.decimal_mark),
            _ => None,
        };
        let is_mixed = self.reading.decimal_mark == Some(DecimalMark::Mixed);
        if field.kind == FieldType::Number && is_mixed && local.is_none() {
            return Err(InvalidValue::Number);
        }
        field.kind.coerce(RawValue::Text(local.as_deref().unwrap_or(cell))).map(Some)
    }
}

/// Returns a cell with line breaks and tabs as spaces: users break lines in cells to make text fit.
fn unbroken(cell: &str) -> Cow<'_, str> {
    if cell.contains(['\n', '\r', '\t']) { text::collapse(cell).into() } else { cell.into() }
}

#[cfg(test)]
mod tests;
