//! Values of contacts that are compared, and the values that too many contacts share.

use contacts_core::contact::{ComparedValues, SharedValues};
use diesel::QueryableByName;
use diesel::sql_types::{Bool, Nullable, Text, Uuid as SqlUuid};
use uuid::Uuid;

use crate::database::{PgResult, Tx};
use crate::statement::Bind;

/// Columns of a [`ComparedRow`] of contacts `c`.
pub(super) const COMPARED: &str = "c.id, c.phone_e164, c.name_key, c.email_key";

/// The values of a contact that are compared with those of another.
#[derive(QueryableByName)]
pub(super) struct ComparedRow {
    #[diesel(sql_type = SqlUuid)]
    pub(super) id: Uuid,
    #[diesel(sql_type = Nullable<Text>)]
    phone_e164: Option<String>,
    #[diesel(sql_type = Text)]
    name_key: String,
    #[diesel(sql_type = Text)]
    email_key: String,
}

#[derive(QueryableByName)]
struct SharedRow {
    #[diesel(sql_type = Text)]
    value: String,
    #[diesel(sql_type = Bool)]
    is_name: bool,
}

impl ComparedRow {
    pub(super) fn read(self) -> (Uuid, ComparedValues) {
        (self.id, ComparedValues::new(self.phone_e164, self.name_key, &self.email_key))
    }
}

/// Returns which numbers and names of contacts are shared by too many contacts. Counting stops at
/// the first contact too many.
pub(super) fn shared_values<'a>(
    tx: &mut Tx<'_>,
    of: impl IntoIterator<Item = &'a ComparedValues>,
) -> PgResult<SharedValues> {
    let (mut numbers, mut names) = (Vec::new(), Vec::new());
    for values in of {
        numbers.extend(values.number.clone());
        names.push(values.name.clone());
    }
    for values in [&mut numbers, &mut names] {
        values.sort_unstable();
        values.dedup();
    }
    let (max, limit) = (SharedValues::MAX_CONTACTS, SharedValues::MAX_CONTACTS + 1);
    let mut select = tx.statement();
    select.push("SELECT v.value, false AS is_name FROM unnest(").bind(Bind::Texts(numbers));
    select.push(&format!(
        ") AS v (value) WHERE (SELECT count(*) FROM (SELECT 1 FROM contacts c WHERE c.org_id = $1 \
         AND c.phone_e164 = v.value LIMIT {limit}) c) > {max} UNION ALL SELECT v.value, true FROM unnest("
    ));
    select.bind(Bind::Texts(names)).push(&format!(
        ") AS v (value) WHERE (SELECT count(*) FROM (SELECT 1 FROM contacts c WHERE c.org_id = $1 \
         AND c.name_key = v.value LIMIT {limit}) c) > {max}"
    ));
    let rows: Vec<SharedRow> = select.load(tx)?;
    let mut shared = SharedValues::default();
    for row in rows {
        let values = if row.is_name { &mut shared.names } else { &mut shared.numbers };
        values.insert(row.value);
    }
    Ok(shared)
}
