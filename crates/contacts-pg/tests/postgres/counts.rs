//! Counts that must not take long.

use std::time::Duration;

use contacts_core::OrgId;
use contacts_core::contact::{ContactFilter, ContactRepository};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

use crate::support::database;

#[test]
fn a_count_that_takes_too_long_is_given_up() {
    let (database, scratch, _clock, _ids) = database(2);
    let mut db = PgConnection::establish(&scratch.url).unwrap();
    let org = OrgId(uuid::Uuid::from_u128(1));
    db.transaction(|db| {
        db.batch_execute("LOCK TABLE contacts IN ACCESS EXCLUSIVE MODE")?;
        let limit = Duration::from_millis(20);
        let counted = database.count_within(org, &ContactFilter::default(), limit).unwrap();
        assert_eq!(counted, None);
        diesel::QueryResult::Ok(())
    })
    .unwrap();
}
