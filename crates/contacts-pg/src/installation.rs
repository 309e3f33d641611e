//! The installation that a database belongs to.

use contacts_core::Result;
use diesel::{ExpressionMethods, QueryDsl, insert_into};

use crate::Database;
use crate::database::RunQuery;
use crate::schema::installation;

/// The id of the only row of `installation`.
const ID: i32 = 1;

impl Database {
    /// Returns whether the database belongs to the installation with this fingerprint of its
    /// secret. The first caller claims the database. Call it before anything is written: what was
    /// hashed with another secret cannot be found with this one.
    ///
    /// # Errors
    ///
    /// [`contacts_core::Error::Store`] when the database refuses a statement.
    pub fn claim(&self, fingerprint: &[u8; 32]) -> Result<bool> {
        self.write_shared(|all| {
            insert_into(installation::table)
                .values((
                    installation::id.eq(ID),
                    installation::secret_fingerprint.eq(&fingerprint[..]),
                ))
                .on_conflict(installation::id)
                .do_nothing()
                .execute(all)?;
            let stored: Vec<u8> = installation::table
                .find(ID)
                .select(installation::secret_fingerprint)
                .get_result(all)?;
            Ok(stored == fingerprint)
        })
    }
}
