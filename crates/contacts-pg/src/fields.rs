//! The port of custom fields.

use std::collections::BTreeSet;

use contacts_core::contact::Contact;
use contacts_core::field::{
    Field, FieldKey, FieldPatch, FieldRepository, FieldType, FieldValue, NewField,
};
use contacts_core::trail::TrailEvent;
use contacts_core::{Actor, Current, Error, OrgId, Result};
use diesel::pg::Pg;
use diesel::sql_types::{Array, Text};
use diesel::{
    AsChangeset, ExpressionMethods, Insertable, PgJsonbExpressionMethods, QueryDsl, Queryable,
    Selectable, SelectableHelper, insert_into, update,
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Database;
use crate::contacts::restart_rebuild;
use crate::database::{PgResult, RunQuery, Tx, unread};
use crate::limits::lock_table;
use crate::schema::{contacts, fields};
use crate::trail::record;

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = fields, primary_key(org_id, key), check_for_backend(Pg))]
#[diesel(treat_none_as_null = true, treat_none_as_default_value = false)]
struct Row {
    org_id: Uuid,
    key: String,
    label: String,
    kind: String,
    options: Option<Vec<Option<String>>>,
    position: i32,
    archived: bool,
    searchable: bool,
    version: i64,
}

impl Row {
    fn of(org: OrgId, field: &Field) -> Self {
        let options = field.kind.options();
        Self {
            org_id: org.0,
            key: field.key.as_str().to_owned(),
            label: field.label.clone(),
            kind: field.kind.as_str().to_owned(),
            options: options.map(|all| all.iter().cloned().map(Some).collect()),
            position: field.position.cast_signed(),
            archived: field.archived,
            searchable: field.searchable,
            version: field.version.cast_signed(),
        }
    }

    fn read(self) -> PgResult<Field> {
        let options = self.options.map(|all| all.into_iter().flatten().collect());
        Ok(Field {
            key: FieldKey::parse(&self.key).map_err(unread("fields.key"))?,
            label: self.label,
            kind: FieldType::parse(&self.kind, options).map_err(unread("fields.kind"))?,
            position: u32::try_from(self.position).map_err(unread("fields.position"))?,
            archived: self.archived,
            searchable: self.searchable,
            version: self.version.cast_unsigned(),
        })
    }
}

impl FieldRepository for Database {
    fn list(&self, org: OrgId) -> Result<Vec<Field>> {
        self.read(org, list)
    }

    fn insert(
        &self,
        org: OrgId,
        field: &NewField,
        limit: usize,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Field> {
        self.write(org, |tx| {
            lock_table(tx, "fields")?;
            let others = list(tx)?;
            if others.iter().any(|other| other.key == field.key) {
                return Err(Error::Taken("the key").into());
            }
            if others.len() >= limit {
                return Err(Error::limit_reached(limit, "custom fields").into());
            }
            let field = field.clone().at(others.last().map_or(0, |last| last.position + 1));
            insert_into(fields::table).values(&Row::of(tx.org, &field)).execute(tx)?;
            record(tx, &TrailEvent::field_defined(&field.key), actor, now)?;
            Ok(field)
        })
    }

    fn patch(
        &self,
        org: OrgId,
        key: &FieldKey,
        patch: &FieldPatch,
        if_version: Option<u64>,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Field>> {
        self.write_at(org, now, |tx| {
            // Waits for the transactions that write search texts with this field as it is.
            let locked = fields::table.find((tx.org.0, key.as_str())).for_update();
            let row: Option<Row> = locked.select(Row::as_select()).row(tx)?;
            let Some(mut field) = row.map(Row::read).transpose()? else { return Ok(None) };
            Current::check(&field, if_version)?;
            let was_searched = field.is_searched();
            if field.apply(patch, || Ok(is_in_use(tx, key)?))? {
                update(fields::table.find((tx.org.0, key.as_str())))
                    .set(&Row::of(tx.org, &field))
                    .execute(tx)?;
                record(tx, &TrailEvent::field_changed(key), actor, now)?;
            }
            if field.is_searched() != was_searched {
                restart_rebuild(tx)?;
            }
            Ok(Some(field))
        })
    }

    fn reorder(
        &self,
        org: OrgId,
        keys: &[FieldKey],
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<()> {
        let keys: Vec<_> = keys.iter().map(FieldKey::as_str).collect();
        let statement = "UPDATE fields SET position = ordered.place, version = version + 1 FROM ( \
             SELECT key, (row_number() OVER ( \
                 ORDER BY array_position($2, key), position, key COLLATE \"C\") - 1)::int AS place \
             FROM fields WHERE org_id = $1) AS ordered \
             WHERE fields.org_id = $1 AND fields.key = ordered.key \
                 AND fields.position <> ordered.place";
        self.write(org, |tx| {
            lock_table(tx, "fields")?;
            let moved = tx.query(statement).bind::<Array<Text>, _>(&keys).execute(tx)?;
            if moved > 0 {
                record(tx, &TrailEvent::fields_reordered(), actor, now)?;
            }
            Ok(())
        })
    }
}

/// Returns the fields in their order.
fn list(tx: &mut Tx<'_>) -> PgResult<Vec<Field>> {
    let rows: Vec<Row> =
        fields::table.filter(fields::org_id.eq(tx.org.0)).select(Row::as_select()).load(tx)?;
    let mut fields = rows.into_iter().map(Row::read).collect::<PgResult<Vec<_>>>()?;
    // Sorted here, since the column has the collation of the database.
    fields.sort_by(|a, b| (a.position, &a.key).cmp(&(b.position, &b.key)));
    Ok(fields)
}

/// Returns a field, also an archived one.
pub(crate) fn find(tx: &mut Tx<'_>, key: &FieldKey) -> PgResult<Option<Field>> {
    let row: Option<Row> =
        fields::table.find((tx.org.0, key.as_str())).select(Row::as_select()).row(tx)?;
    row.map(Row::read).transpose()
}

/// Returns whether any contact has a value of the field. It may have to read every contact.
fn is_in_use(tx: &mut Tx<'_>, key: &FieldKey) -> PgResult<bool> {
    let found = contacts::table
        .filter(contacts::org_id.eq(tx.org.0))
        .filter(contacts::custom.has_key(key.as_str()))
        .select(contacts::id)
        .limit(1)
        .execute(tx)?;
    Ok(found > 0)
}

/// Checks that the custom field that a bulk action sets is in use.
pub(crate) fn check_in_use(tx: &mut Tx<'_>, key: Option<&FieldKey>) -> PgResult<()> {
    let Some(key) = key else { return Ok(()) };
    let row = fields::table.find((tx.org.0, key.as_str())).for_share().select(Row::as_select());
    let row: Option<Row> = row.row(tx)?;
    let field = row.map(Row::read).transpose()?;
    Ok(contacts_core::field::check_in_use(field.as_slice(), key)?)
}

/// Checks values against the current types of their fields, and prevents changes of these types
/// until the transaction ends.
pub(crate) fn check_types<'a>(
    tx: &mut Tx<'_>,
    values: impl IntoIterator<Item = (&'a FieldKey, &'a FieldValue)>,
) -> PgResult<()> {
    let values: Vec<_> = values.into_iter().collect();
    if values.is_empty() {
        return Ok(());
    }
    let fields = locked(tx, values.iter().map(|(key, _)| *key))?;
    Ok(contacts_core::field::check_types(&fields, values)?)
}

/// Returns the fields by whose values these contacts are found (R59). Whether a field of theirs is
/// searched does not change until the transaction ends, so their search texts stay right.
pub(crate) fn searched<'a>(
    tx: &mut Tx<'_>,
    contacts: impl IntoIterator<Item = &'a Contact>,
) -> PgResult<BTreeSet<FieldKey>> {
    let values = contacts.into_iter().flat_map(|contact| &contact.custom);
    let keys: BTreeSet<_> =
        values.filter_map(|(key, value)| value.as_text().map(|_| key)).collect();
    if keys.is_empty() {
        return Ok(BTreeSet::new());
    }
    Ok(keys_of_searched(locked(tx, keys)?))
}

/// Returns the fields by whose values contacts are found (R59). Whether a field is searched does not
/// change until the transaction ends.
pub(crate) fn all_searched(tx: &mut Tx<'_>) -> PgResult<BTreeSet<FieldKey>> {
    let fields = list(tx)?;
    Ok(keys_of_searched(locked(tx, fields.iter().map(|field| &field.key))?))
}

fn keys_of_searched(fields: Vec<Field>) -> BTreeSet<FieldKey> {
    fields.into_iter().filter(Field::is_searched).map(|field| field.key).collect()
}

/// Returns the fields with these keys. Until the transaction ends, nothing of them changes but their
/// positions: a patch locks the whole row.
fn locked<'a>(
    tx: &mut Tx<'_>,
    keys: impl IntoIterator<Item = &'a FieldKey>,
) -> PgResult<Vec<Field>> {
    let rows: Vec<Row> = fields::table
        .filter(fields::org_id.eq(tx.org.0))
        .filter(fields::key.eq_any(keys.into_iter().map(FieldKey::as_str)))
        .order(fields::key)
        .for_key_share()
        .select(Row::as_select())
        .load(tx)?;
    rows.into_iter().map(Row::read).collect()
}
