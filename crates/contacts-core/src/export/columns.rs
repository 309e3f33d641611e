//! Which columns a file has, and what they are called.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::field::{Field, FieldKey};
use crate::import::{Target, header_key};
use crate::{Invalid, Result};

/// A column of an export.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    /// The contact's id.
    Id,
    /// What the person is called.
    Name,
    /// Where the person is written to.
    Email,
    /// The phone number as it was typed.
    Phone,
    /// The tags, several in one cell.
    Tags,
    /// A custom field of the organisation.
    Field(FieldKey),
    /// How the contact first came: the kind, and the name of the file when it was one.
    Source,
    /// When it was made.
    CreatedAt,
    /// When its profile last changed.
    UpdatedAt,
}

/// The columns before the custom fields, and those after.
const BEFORE: [Column; 5] = [Column::Id, Column::Name, Column::Email, Column::Phone, Column::Tags];
const AFTER: [Column; 3] = [Column::Source, Column::CreatedAt, Column::UpdatedAt];

impl Column {
    /// The column of a name: a core field's, or a custom field's key, which `custom:` may
    /// precede.
    pub fn parse(name: &str) -> Option<Self> {
        let core = BEFORE.into_iter().chain(AFTER).find(|column| column.to_string() == name);
        core.or_else(|| {
            let key = name.strip_prefix("custom:").unwrap_or(name);
            FieldKey::parse(key).ok().map(Self::Field)
        })
    }

    /// A name from which [`Column::parse`] makes this column and no other.
    pub(super) fn unique_name(&self) -> String {
        let name = self.to_string();
        if Self::parse(&name).as_ref() == Some(self) { name } else { format!("custom:{name}") }
    }

    /// Where an import puts what stands in it.
    fn target(&self) -> Option<Target> {
        match self {
            Self::Name => Some(Target::Name),
            Self::Email => Some(Target::Email),
            Self::Phone => Some(Target::Phone),
            Self::Tags => Some(Target::Tags),
            Self::Field(key) => Some(Target::Field(key.clone())),
            Self::Id | Self::Source | Self::CreatedAt | Self::UpdatedAt => None,
        }
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Id => "id",
            Self::Name => "name",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Tags => "tags",
            Self::Field(key) => key.as_str(),
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
///     ["id", "name", "email", "phone", "tags", "Account tier", "work_mail", "source", "created_at", "updated_at"]
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

    /// Those of these names, in their order.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Invalid`] naming `columns`: when there is none, one stands twice, or one
    /// is no column, for which every name is told.
    pub fn choose(names: &[String], fields: &[Field]) -> Result<Self> {
        let mut wrong = Vec::new();
        let mut columns: Vec<Column> = Vec::with_capacity(names.len());
        for name in names {
            let column = Column::parse(name);
            let problem = match &column {
                Some(column) if columns.contains(column) => Some("names a column twice"),
                Some(Column::Field(key)) => match fields.iter().find(|field| field.key == *key) {
                    None => Some("names no column"),
                    Some(field) if field.archived => Some("names an archived field"),
                    Some(_) => None,
                },
                Some(_) => None,
                None => Some("names no column"),
            };
            match (problem, column) {
                (None, Some(column)) => columns.push(column),
                (problem, _) => {
                    let problem = problem.unwrap_or("names no column");
                    // A name that is none may be of any length.
                    let name: String = name.chars().take(100).collect();
                    wrong.push(Invalid::new("columns", format!("{problem}: {name}")));
                }
            }
        }
        if names.is_empty() {
            wrong.push(Invalid::new("columns", "must name at least one column"));
        }
        if wrong.is_empty() { Ok(Self::of(columns, fields)) } else { Err(wrong.into()) }
    }

    fn of(columns: Vec<Column>, fields: &[Field]) -> Self {
        let names = names(fields);
        let header = columns.iter().map(|column| match column {
            Column::Field(key) => names.get(key).cloned().unwrap_or_else(|| key.to_string()),
            column => column.to_string(),
        });
        let header = header.collect();
        let asked = columns.iter().filter_map(|column| match column {
            Column::Field(key) => fields.iter().find(|field| field.key == *key).cloned(),
            _ => None,
        });
        let fields = asked.collect();
        Self { columns, header, fields }
    }

    /// What they are called in the file.
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

/// What each field that is not archived is called in a file: its label, or its key when the
/// label could be taken for something else.
fn names(fields: &[Field]) -> BTreeMap<FieldKey, String> {
    let shown = || fields.iter().filter(|field| !field.archived);
    let core = BEFORE.iter().chain(&AFTER).map(|column| header_key(&column.to_string()));
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    // What a field is known by: one name, or two.
    let known_by =
        |field: &Field| BTreeSet::from([header_key(field.key.as_str()), header_key(&field.label)]);
    for name in core.chain(shown().flat_map(known_by)) {
        *taken.entry(name).or_default() += 1;
    }
    let is_unique = |field: &Field| taken.get(&header_key(&field.label)) == Some(&1);
    shown()
        .map(|field| {
            let by_label = is_unique(field) && is_plain(&field.label);
            let name = if by_label { field.label.clone() } else { field.key.to_string() };
            (field.key.clone(), name)
        })
        .collect()
}

/// Whether a label cannot be taken for data, for the beginning of another kind of file, or for
/// something that separates cells.
fn is_plain(label: &str) -> bool {
    label.chars().any(char::is_alphabetic)
        && !label.contains(|c| ";|\t,@=<>{}[]\"".contains(c))
        && !label.contains("://")
}

/// Where the columns of a file go whose every header is one that an export of these fields
/// writes; nothing when the file is somebody else's.
pub fn recognise(header: &[String], fields: &[Field]) -> Option<Vec<Option<Target>>> {
    let ours = Columns::all(fields);
    let known: BTreeMap<&str, &Column> =
        ours.header.iter().map(String::as_str).zip(&ours.columns).collect();
    let mut seen = BTreeSet::new();
    header
        .iter()
        .map(|name| {
            let column = known.get(name.as_str()).filter(|_| seen.insert(name.as_str()))?;
            Some(column.target())
        })
        .collect()
}
