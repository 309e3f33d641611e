//! The change feed.

use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::{OrgId, Result};
use diesel::pg::PgConnection;
use diesel::sql_types::{Array, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{RunQueryDsl, sql_query};

use crate::Database;
use crate::database::store;

/// Tells of changes, in the transaction that makes them. They get their numbers when somebody
/// reads them: the order of the numbers is then the order of the commits.
pub(crate) fn publish(
    database: &Database,
    db: &mut PgConnection,
    org: OrgId,
    events: &[ContactEvent],
) -> Result<()> {
    let statement = "INSERT INTO events \
             (org_id, id, kind, contacts, fields, survivor_id, actor_kind, actor_id, at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    for event in events {
        let survivor = match event.kind {
            EventKind::Merged(survivor) => Some(survivor.0),
            _ => None,
        };
        let contacts: Vec<_> = event.contacts.iter().map(|contact| contact.0).collect();
        let (actor_kind, actor_id) = event.actor.parts();
        sql_query(statement)
            .bind::<SqlUuid, _>(org.0)
            .bind::<SqlUuid, _>(database.ids.next())
            .bind::<Text, _>(event.kind.as_str())
            .bind::<Array<SqlUuid>, _>(contacts)
            .bind::<Array<Text>, _>(&event.fields)
            .bind::<Nullable<SqlUuid>, _>(survivor)
            .bind::<Text, _>(actor_kind)
            .bind::<Nullable<SqlUuid>, _>(actor_id)
            .bind::<Timestamptz, _>(event.at)
            .execute(db)
            .map_err(store)?;
    }
    Ok(())
}
