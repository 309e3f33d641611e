//! Custom fields.

use contacts_core::field::{Field, FieldKey, FieldRepository, FieldType};
use contacts_core::{Error, OrgId, Result};
use diesel::sql_types::{Array, Bool, Integer, Nullable, Text, Uuid as SqlUuid};
use diesel::{OptionalExtension, QueryableByName, RunQueryDsl, sql_query};

use crate::Database;
use crate::database::{store, unread};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    key: String,
    #[diesel(sql_type = Text)]
    label: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Nullable<Array<Text>>)]
    options: Option<Vec<String>>,
    #[diesel(sql_type = Integer)]
    position: i32,
    #[diesel(sql_type = Bool)]
    archived: bool,
}

impl Row {
    fn read(self) -> Result<Field> {
        Ok(Field {
            key: FieldKey::parse(&self.key).map_err(unread("fields.key"))?,
            label: self.label,
            kind: FieldType::parse(&self.kind, self.options).map_err(unread("fields.kind"))?,
            position: u32::try_from(self.position).map_err(unread("fields.position"))?,
            archived: self.archived,
        })
    }
}

#[derive(QueryableByName)]
struct Known {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Bool)]
    in_use: bool,
}

impl FieldRepository for Database {
    fn list(&self, org: OrgId) -> Result<Vec<Field>> {
        self.read(|db| {
            let rows: Vec<Row> = sql_query(
                "SELECT * FROM fields WHERE org_id = $1 ORDER BY position, key COLLATE \"C\"",
            )
            .bind::<SqlUuid, _>(org.0)
            .load(db)
            .map_err(store)?;
            rows.into_iter().map(Row::read).collect()
        })
    }

    fn insert(&self, org: OrgId, field: &Field) -> Result<()> {
        let statement = "INSERT INTO fields (org_id, key, label, kind, options, position, archived) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (org_id, key) DO NOTHING";
        let inserted = self.write(|db| {
            sql_query(statement)
                .bind::<SqlUuid, _>(org.0)
                .bind::<Text, _>(field.key.as_str())
                .bind::<Text, _>(&field.label)
                .bind::<Text, _>(field.kind.as_str())
                .bind::<Nullable<Array<Text>>, _>(field.kind.options())
                .bind::<Integer, _>(field.position.cast_signed())
                .bind::<Bool, _>(field.archived)
                .execute(db)
                .map_err(store)
        })?;
        if inserted == 1 { Ok(()) } else { Err(Error::Taken("the key")) }
    }

    fn update(&self, org: OrgId, field: &Field) -> Result<bool> {
        // Whether values exist is asked only when the type is to change: it looks at everybody.
        let known = "SELECT kind, kind <> $3 AND EXISTS (SELECT FROM contacts WHERE org_id = $1 \
             AND custom ? $2) AS in_use FROM fields WHERE org_id = $1 AND key = $2 FOR UPDATE";
        let update = "UPDATE fields SET label = $3, kind = $4, options = $5, archived = $6 \
             WHERE org_id = $1 AND key = $2";
        self.write(|db| {
            let known: Option<Known> = sql_query(known)
                .bind::<SqlUuid, _>(org.0)
                .bind::<Text, _>(field.key.as_str())
                .bind::<Text, _>(field.kind.as_str())
                .get_result(db)
                .optional()
                .map_err(store)?;
            let Some(known) = known else { return Ok(false) };
            if known.in_use {
                let key = &field.key;
                let reason = format!(
                    "contacts have values of {key}, which is {}: define another field",
                    known.kind
                );
                return Err(Error::Conflict(reason));
            }
            sql_query(update)
                .bind::<SqlUuid, _>(org.0)
                .bind::<Text, _>(field.key.as_str())
                .bind::<Text, _>(&field.label)
                .bind::<Text, _>(field.kind.as_str())
                .bind::<Nullable<Array<Text>>, _>(field.kind.options())
                .bind::<Bool, _>(field.archived)
                .execute(db)
                .map_err(store)?;
            Ok(true)
        })
    }

    fn reorder(&self, org: OrgId, keys: &[FieldKey]) -> Result<()> {
        let keys: Vec<_> = keys.iter().map(FieldKey::as_str).collect();
        let statement = "UPDATE fields SET position = ordered.place FROM ( \
             SELECT key, (row_number() OVER ( \
                 ORDER BY array_position($2, key), position, key COLLATE \"C\") - 1)::int AS place \
             FROM fields WHERE org_id = $1) AS ordered \
             WHERE fields.org_id = $1 AND fields.key = ordered.key";
        self.write(|db| {
            sql_query(statement)
                .bind::<SqlUuid, _>(org.0)
                .bind::<Array<Text>, _>(&keys)
                .execute(db)
                .map(drop)
                .map_err(store)
        })
    }
}
