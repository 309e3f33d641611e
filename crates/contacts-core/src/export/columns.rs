//! The columns of an exported file, and their header.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::field::{Field, FieldKey, FieldType};
use crate::import::{CellKind, Target, header_key};
use crate::segment::{ColumnKey, ViewColumn};
use crate::{Invalid, Result};

/// A column of an export.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    /// The contact's id.
    Id,
    /// The organisation's own id for the contact.
    ExternalId,
    /// Name of the contact.
    Name,
    /// The primary address.
    Email,
    /// The further addresses, all in one cell (R48).
    OtherEmails,
    /// The phone number as it was typed.
    Phone,
    /// The tags, all in one cell.
    Tags,
    /// A custom field of the organisation.
    Field(FieldKey),
    /// Whether the contact wants messages: `subscribed` or `unsubscribed` (R51).
    Consent,
    /// The first source: its kind, and the file name of an import.
    Source,
    /// When the contact was created.
    CreatedAt,
    /// When the profile last changed.
    UpdatedAt,
}

/// The columns before and after the custom fields.
const BEFORE: [Column; 7] = [
    Column::Id,
    Column::ExternalId,
    Column::Name,
    Column::Email,
    Column::OtherEmails,
    Column::Phone,
    Column::Tags,
];
const AFTER: [Column; 4] = [Column::Consent, Column::Source, Column::CreatedAt, Column::UpdatedAt];

/// The reason for an unknown name.
const UNKNOWN_COLUMN: &str = "names an unknown column";

impl Column {
    /// Returns the column with a name: that of a core field, or the key of a custom field, with or
    /// without the prefix `custom:`.
    pub fn parse(name: &str) -> Option<Self> {
        let core = BEFORE.into_iter().chain(AFTER).find(|column| column.to_string() == name);
        core.or_else(|| {
            let key = name.strip_prefix("custom:").unwrap_or(name);
            FieldKey::parse(key).ok().map(Self::Field)
        })
    }

    /// Returns the column that has the values of a column of the list; `None` for conversations,
    /// which are not exported.
    fn of_list(key: &ColumnKey) -> Option<Self> {
        match key.as_str() {
            "name" => Some(Self::Name),
            "email" => Some(Self::Email),
            "phone" => Some(Self::Phone),
            "external_id" => Some(Self::ExternalId),
            "tags" => Some(Self::Tags),
            "source" => Some(Self::Source),
            "consent" => Some(Self::Consent),
            "created" => Some(Self::CreatedAt),
            "updated" => Some(Self::UpdatedAt),
            other => {
                let field = other.strip_prefix("field.")?;
                FieldKey::parse(field).ok().map(Self::Field)
            }
        }
    }

    /// Returns a name that [`Column::parse`] reads as this column and no other.
    pub(super) fn unique_name(&self) -> String {
        let name = self.to_string();
        if Self::parse(&name).as_ref() == Some(self) { name } else { format!("custom:{name}") }
    }

    /// The kind of the column's cells in a workbook. Phone numbers and times are text.
    pub(super) fn cell_kind(&self, fields: &[Field]) -> CellKind {
        let Self::Field(key) = self else { return CellKind::Text };
        match fields.iter().find(|field| field.key == *key).map(|field| &field.kind) {
            Some(FieldType::Number) => CellKind::Number,
            Some(FieldType::Boolean) => CellKind::Boolean,
            Some(FieldType::Date) => CellKind::Date,
            Some(FieldType::Text | FieldType::Select(_) | FieldType::Url) | None => CellKind::Text,
        }
    }

    /// The target of the column in an import.
    fn target(&self) -> Option<Target> {
        match self {
            Self::Id => Some(Target::Id),
            Self::ExternalId => Some(Target::ExternalId),
            Self::Name => Some(Target::Name),
            Self::Email => Some(Target::Email),
            Self::OtherEmails => Some(Target::OtherEmails),
            Self::Phone => Some(Target::Phone),
            Self::Tags => Some(Target::Tags),
            Self::Field(key) => Some(Target::Field(key.clone())),
            Self::Consent => Some(Target::Subscribed),
            Self::Source | Self::CreatedAt | Self::UpdatedAt => None,
        }
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Id => "id",
            Self::ExternalId => "external_id",
            Self::Name => "name",
            Self::Email => "email",
            Self::OtherEmails => "other_emails",
            Self::Phone => "phone",
            Self::Tags => "tags",
            Self::Field(key) => key.as_str(),
            Self::Consent => "consent",
            Self::Source => "source",
            Self::CreatedAt => "created_at",
            Self::UpdatedAt => "updated_at",
        })
    }
}

/// The columns of a file, in order.
///
/// ```
/// use contacts_core::export::{Column, Columns};
/// use contacts_core::field::{Field, FieldType};
///
/// let fields = [
///     Field::new("tier", "Account tier", FieldType::Text, 0)?,
///     Field::new("work_mail", "E-mail", FieldType::Text, 1)?,
/// ];
/// assert_eq!(
///     Columns::all(&fields).header(),
///     ["id", "external_id", "name", "email", "other_emails", "phone", "tags", "Account tier", "work_mail", "consent", "source", "created_at", "updated_at"]
/// );
/// let chosen = Columns::choose(&["email".to_owned(), "tier".to_owned()], &fields)?;
/// assert_eq!(chosen.header(), ["email", "Account tier"]);
/// assert!(Columns::choose(&["emial".to_owned()], &fields).is_err());
/// # Ok::<(), contacts_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    columns: Vec<Column>,
    header: Vec<String>,
    fields: Vec<Field>,
}

impl Columns {
    /// Every core field, and every custom field that is not archived.
    pub fn all(fields: &[Field]) -> Self {
        let own = fields.iter().filter(|field| !field.archived);
        let own = own.map(|field| Column::Field(field.key.clone()));
        Self::of(BEFORE.into_iter().chain(own).chain(AFTER).collect(), fields)
    }

    /// The columns with these names, in their order.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Invalid`] for `columns`, once for each wrong name: when there is no name, a
    /// name occurs twice, or is not a column.
    pub fn choose(names: &[String], fields: &[Field]) -> Result<Self> {
        let mut errors = Vec::new();
        let mut columns: Vec<Column> = Vec::with_capacity(names.len());
        for name in names {
            let column = Column::parse(name);
            let problem = match &column {
                Some(column) if columns.contains(column) => Some("names a column twice"),
                Some(Column::Field(key)) => match fields.iter().find(|field| field.key == *key) {
                    None => Some(UNKNOWN_COLUMN),
                    Some(field) if field.archived => Some("names an archived field"),
                    Some(_) => None,
                },
                Some(_) => None,
                None => Some(UNKNOWN_COLUMN),
            };
            match (problem, column) {
                (None, Some(column)) => columns.push(column),
                (problem, _) => {
                    let problem = problem.unwrap_or(UNKNOWN_COLUMN);
                    // An unknown name may have any length.
                    let name: String = name.chars().take(100).collect();
                    errors.push(Invalid::new("columns", format!("{problem}: {name}")));
                }
            }
        }
        if names.is_empty() {
            errors.push(Invalid::new("columns", "must name at least one column"));
        }
        if errors.is_empty() { Ok(Self::of(columns, fields)) } else { Err(errors.into()) }
    }

    /// The columns of a view of the list, in their order (R62). Fields that are archived or do not
    /// exist any more are left out, as in the list.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Invalid`] for `view`, when none of its columns can be exported.
    pub fn of_view(view: &[ViewColumn], fields: &[Field]) -> Result<Self> {
        let is_active = |column: &Column| match column {
            Column::Field(key) => fields.iter().any(|field| field.key == *key && !field.archived),
            _ => true,
        };
        let columns = view.iter().filter_map(|column| Column::of_list(&column.key));
        let columns: Vec<_> = columns.filter(is_active).collect();
        if columns.is_empty() {
            return Err(Invalid::one("view", "has no column that can be exported").into());
        }
        Ok(Self::of(columns, fields))
    }

    fn of(columns: Vec<Column>, fields: &[Field]) -> Self {
        let names = names(fields);
        let header = columns.iter().map(|column| match column {
            Column::Field(key) => names.get(key).cloned().unwrap_or_else(|| key.to_string()),
            column => column.to_string(),
        });
        let header = header.collect();
        let requested = columns.iter().filter_map(|column| match column {
            Column::Field(key) => fields.iter().find(|field| field.key == *key).cloned(),
            _ => None,
        });
        let fields = requested.collect();
        Self { columns, header, fields }
    }

    /// The header of the file.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// The columns.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The custom fields among them, in order.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Whether a column is among them.
    pub fn has(&self, column: &Column) -> bool {
        self.columns.contains(column)
    }
}

/// The header of each field that is not archived: its label, or its key when the label could be
/// taken for something else.
fn names(fields: &[Field]) -> BTreeMap<FieldKey, String> {
    let active_fields = || fields.iter().filter(|field| !field.archived);
    let core = BEFORE.iter().chain(&AFTER).map(|column| header_key(&column.to_string()));
    let mut used_names: BTreeMap<String, usize> = BTreeMap::new();
    // The names by which a header may refer to a field: one or two.
    let names_of =
        |field: &Field| BTreeSet::from([header_key(field.key.as_str()), header_key(&field.label)]);
    for name in core.chain(active_fields().flat_map(names_of)) {
        *used_names.entry(name).or_default() += 1;
    }
    let is_unique = |field: &Field| used_names.get(&header_key(&field.label)) == Some(&1);
    active_fields()
        .map(|field| {
            let by_label = is_unique(field) && is_plain(&field.label);
            // A field from before there was a core field of its name keeps its key.
            let key = Column::Field(field.key.clone()).unique_name();
            let name = if by_label { field.label.clone() } else { key };
            (field.key.clone(), name)
        })
        .collect()
}

/// Whether a label cannot be taken for data, for the start of another file format, or for a
/// delimiter.
fn is_plain(label: &str) -> bool {
    label.chars().any(char::is_alphabetic)
        && !label.contains(|c| ";|\t,@=<>{}[]\"".contains(c))
        && !label.contains("://")
}

/// Returns the targets of the columns whose headers an export of these fields writes; `None` for other
/// columns. Headers are compared by their `key`. Of two columns with one key, the first is ours.
pub fn recognise(
    header: &[String],
    fields: &[Field],
    key: impl Fn(&str) -> String,
) -> Vec<Option<Option<Target>>> {
    let all_columns = Columns::all(fields);
    let keys = all_columns.header.iter().map(|name| key(name));
    let by_key: BTreeMap<String, &Column> = keys.zip(&all_columns.columns).collect();
    let mut used_keys = BTreeSet::new();
    let target = |name: &String| {
        let key = key(name);
        let column = by_key.get(&key).filter(|_| used_keys.insert(key.clone()))?;
        Some(column.target())
    };
    header.iter().map(target).collect()
}
