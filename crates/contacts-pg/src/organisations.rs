//! Organisations.

use contacts_core::contact::Region;
use contacts_core::org::{Organisation, OrganisationRepository};
use contacts_core::{OrgId, Result};
use diesel::sql_types::{Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{OptionalExtension, QueryableByName, RunQueryDsl, sql_query};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Database;
use crate::database::store;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<Text>)]
    region: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    created_at: OffsetDateTime,
}

impl From<Row> for Organisation {
    fn from(row: Row) -> Self {
        Self {
            id: OrgId(row.id),
            name: row.name,
            region: row.region.as_deref().and_then(Region::parse),
            created_at: row.created_at,
        }
    }
}

impl OrganisationRepository for Database {
    fn insert(&self, organisation: &Organisation) -> Result<()> {
        let region = organisation.region.map(|region| region.to_string());
        self.write(|db| {
            sql_query(
                "INSERT INTO organisations (id, name, region, created_at) VALUES ($1, $2, $3, $4)",
            )
            .bind::<SqlUuid, _>(organisation.id.0)
            .bind::<Text, _>(&organisation.name)
            .bind::<Nullable<Text>, _>(&region)
            .bind::<Timestamptz, _>(organisation.created_at)
            .execute(db)
            .map(drop)
            .map_err(store)
        })
    }

    fn get(&self, org: OrgId) -> Result<Option<Organisation>> {
        self.read(|db| {
            let row: Option<Row> = sql_query("SELECT * FROM organisations WHERE id = $1")
                .bind::<SqlUuid, _>(org.0)
                .get_result(db)
                .optional()
                .map_err(store)?;
            Ok(row.map(Into::into))
        })
    }

    fn list(&self) -> Result<Vec<Organisation>> {
        self.read(|db| {
            let rows: Vec<Row> = sql_query("SELECT * FROM organisations ORDER BY created_at, id")
                .load(db)
                .map_err(store)?;
            Ok(rows.into_iter().map(Into::into).collect())
        })
    }
}
