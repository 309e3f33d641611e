//! What a segment keeps beside its filter, so that it is a view of the list (R62).

use uuid::Uuid;

use crate::Invalid;
use crate::contact::Sort;
use crate::field::FieldKey;

/// How the list shows the contacts of a segment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SegmentLayout {
    /// Order of the contacts. `None` leaves it to the reader.
    pub sort: Option<Sort>,
    /// The columns in their order. Empty leaves them to the reader.
    pub columns: Vec<ViewColumn>,
}

/// A column of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewColumn {
    /// Name of the column.
    pub key: ColumnKey,
    /// Width in pixels. `None` leaves it to the reader.
    pub width: Option<u16>,
}

/// The name of a column: a property of contacts, or `field.` and the key of a custom field. Fields
/// that do not exist any more stay, and are not shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ColumnKey(String);

/// Who sees a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Everybody in the organisation.
    Shared,
    /// The user or the key with this id.
    Private(Uuid),
}

impl ViewColumn {
    /// Range of widths in pixels.
    pub const WIDTHS: std::ops::RangeInclusive<u16> = 40..=2_000;
    /// Maximum number of columns of a segment.
    pub const MAX_COLUMNS: usize = 200;

    /// Checks the columns of a segment, given by name and width.
    ///
    /// # Errors
    ///
    /// Every column that cannot be used.
    pub fn parse_all(columns: &[(String, Option<u16>)]) -> Result<Vec<Self>, Vec<Invalid>> {
        if columns.len() > Self::MAX_COLUMNS {
            let reason = format!("must be at most {} columns", Self::MAX_COLUMNS);
            return Err(Invalid::one("columns", reason));
        }
        let mut errors = Vec::new();
        let mut parsed: Vec<Self> = Vec::with_capacity(columns.len());
        for (at, (name, width)) in columns.iter().enumerate() {
            let mut refuse = |member: &str, reason: String| {
                errors.push(Invalid::new(format!("columns[{at}].{member}"), reason));
            };
            if width.is_some_and(|width| !Self::WIDTHS.contains(&width)) {
                let (least, most) = (Self::WIDTHS.start(), Self::WIDTHS.end());
                refuse("width", format!("must be {least} to {most}"));
            }
            match ColumnKey::parse(name) {
                None => {
                    let names = ColumnKey::NAMES.join(", ");
                    refuse("key", format!("must be one of: {names}, or field. and a field's key"));
                }
                Some(key) if parsed.iter().any(|other| other.key == key) => {
                    refuse("key", "is given more than once".to_owned());
                }
                Some(key) => parsed.push(Self { key, width: *width }),
            }
        }
        if errors.is_empty() { Ok(parsed) } else { Err(errors) }
    }
}

impl ColumnKey {
    /// Names of the columns that are not custom fields.
    pub const NAMES: [&str; 10] = [
        "name",
        "email",
        "phone",
        "external_id",
        "tags",
        "source",
        "consent",
        "conversation",
        "created",
        "updated",
    ];

    /// Parses a name; `None` when there is no such column.
    pub fn parse(name: &str) -> Option<Self> {
        let is_field = name.strip_prefix("field.").is_some_and(|key| FieldKey::parse(key).is_ok());
        (is_field || Self::NAMES.contains(&name)).then(|| Self(name.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Audience {
    /// Whether a user or a key sees the segment.
    pub fn includes(self, viewer: Uuid) -> bool {
        match self {
            Self::Shared => true,
            Self::Private(owner) => owner == viewer,
        }
    }

    /// The id of the owner of a private segment.
    pub fn owner(self) -> Option<Uuid> {
        match self {
            Self::Shared => None,
            Self::Private(owner) => Some(owner),
        }
    }

    /// The audience of a stored segment.
    pub fn of_owner(owner: Option<Uuid>) -> Self {
        owner.map_or(Self::Shared, Self::Private)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_known_names_each_once_with_a_sensible_width() {
        let column = |name: &str, width| (name.to_owned(), width);
        let good = [column("name", None), column("field.tier", Some(120))];
        let parsed = ViewColumn::parse_all(&good).unwrap();
        assert_eq!((parsed[1].key.as_str(), parsed[1].width), ("field.tier", Some(120)));
        let bad = [
            column("name", Some(39)),
            column("name", None),
            column("colour", Some(2_001)),
            column("field.Not a key", None),
        ];
        let errors = ViewColumn::parse_all(&bad).unwrap_err();
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        let expected = [
            "columns[0].width",
            "columns[1].key",
            "columns[2].width",
            "columns[2].key",
            "columns[3].key",
        ];
        assert_eq!(fields, expected);
        let many = vec![column("name", None); 201];
        assert_eq!(ViewColumn::parse_all(&many).unwrap_err()[0].field, "columns");
    }
}
