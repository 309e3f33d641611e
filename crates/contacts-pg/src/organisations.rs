//! The port of organisations.

use contacts_core::contact::{Region, SEARCH_VERSION};
use contacts_core::org::{Organisation, OrganisationRepository};
use contacts_core::{OrgId, Result};
use diesel::pg::Pg;
use diesel::{
    ExpressionMethods, Insertable, QueryDsl, Queryable, Selectable, SelectableHelper, insert_into,
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Database;
use crate::database::RunQuery;
use crate::schema::organisations;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = organisations, check_for_backend(Pg), treat_none_as_default_value = false)]
struct Row {
    id: Uuid,
    name: String,
    region: Option<String>,
    created_at: OffsetDateTime,
    /// Version of the search texts of all contacts.
    search_version: i32,
}

impl Row {
    fn of(organisation: &Organisation) -> Self {
        Self {
            id: organisation.id.0,
            name: organisation.name.clone(),
            region: organisation.region.map(|region| region.to_string()),
            created_at: organisation.created_at,
            search_version: SEARCH_VERSION.cast_signed(),
        }
    }
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
        let row = Row::of(organisation);
        self.write(organisation.id, |tx| {
            insert_into(organisations::table).values(&row).execute(tx).map(drop)
        })
    }

    fn get(&self, org: OrgId) -> Result<Option<Organisation>> {
        self.read(org, |tx| {
            let row: Option<Row> =
                organisations::table.find(tx.org.0).select(Row::as_select()).row(tx)?;
            Ok(row.map(Into::into))
        })
    }

    fn list(&self) -> Result<Vec<Organisation>> {
        self.read_shared(|all| {
            let rows: Vec<Row> = organisations::table
                .order((organisations::created_at.asc(), organisations::id.asc()))
                .select(Row::as_select())
                .load(all)?;
            Ok(rows.into_iter().map(Into::into).collect())
        })
    }
}
