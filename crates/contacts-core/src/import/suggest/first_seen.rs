//! Recognises the column that says since when a person is known.

use super::tokens::key;
use crate::field::{Field, FieldType};

/// The label of the custom field of dates for such a column.
const LABEL: &str = "First seen";

/// The key of that field.
const KEY: &str = "first_seen";

/// Headers of such a column as `key` folds them, the best first.
const HEADERS: [&str; 43] = [
    "firstseen",
    "firstseenat",
    "firstseenon",
    "createdat",
    "createdon",
    "created",
    "createdate",
    "createddate",
    "createdtime",
    "creationdate",
    "creationtime",
    "datecreated",
    "dateadded",
    "addedtime",
    "addedat",
    "addedon",
    "signedup",
    "signedupat",
    "signupdate",
    "signuptime",
    "registered",
    "registeredat",
    "registeredon",
    "registrationdate",
    "dateregistered",
    "joined",
    "joinedat",
    "joindate",
    "membersince",
    "customersince",
    "erstelltam",
    "erstelldatum",
    "angelegtam",
    "registriertam",
    "registrierungsdatum",
    "datedecreation",
    "datedinscription",
    "fechadecreacion",
    "fechaderegistro",
    "datadicreazione",
    "datadecriacao",
    "datautworzenia",
    "aangemaaktop",
];

/// Returns the label of the custom field that a column would become: `First seen` if the column says
/// since when a person is known, otherwise its header.
pub fn field_label(header: &str) -> &str {
    if rank(header).is_some() { LABEL } else { header.trim() }
}

/// Returns the confidence that a column belongs to the field, if this is the field for such columns.
pub(super) fn confidence(header: &str, field: &Field) -> Option<f32> {
    let is_it = field.key.as_str() == KEY && field.kind == FieldType::Date;
    let rank = rank(header).filter(|_| is_it)?;
    Some(0.7 - rank as f32 / 1_000.0)
}

/// Returns how plainly a header names such a column, from 0.
fn rank(header: &str) -> Option<usize> {
    let key = key(header);
    let key = key.strip_suffix("utc").or_else(|| key.strip_suffix("gmt")).unwrap_or(&key);
    HEADERS.iter().position(|header| *header == key)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("First Seen (UTC)", "First seen")]
    #[case("created_at", "First seen")]
    #[case("CreatedAt", "First seen")]
    #[case("Date Added", "First seen")]
    #[case("Erstellt am", "First seen")]
    #[case("Member since", "First seen")]
    #[case(" Last seen (UTC) ", "Last seen (UTC)")]
    #[case("Birthday", "Birthday")]
    #[case("Created by", "Created by")]
    #[case("", "")]
    fn a_column_has_the_label_of_its_field(#[case] header: &str, #[case] label: &str) {
        assert_eq!(field_label(header), label);
    }
}
