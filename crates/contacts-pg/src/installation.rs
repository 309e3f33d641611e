//! Which installation a database belongs to.

use contacts_core::Result;
use diesel::sql_types::{Binary, Bool};
use diesel::{QueryableByName, RunQueryDsl, sql_query};

use crate::Database;
use crate::database::store;

#[derive(QueryableByName)]
struct SameRow {
    #[diesel(sql_type = Bool)]
    is_same: bool,
}

impl Database {
    /// Says whether the database belongs to the installation of this fingerprint. The first that
    /// asks has it from then on. To be asked before anything is written: what was hashed with
    /// another secret is not found again with this one.
    ///
    /// # Errors
    ///
    /// [`contacts_core::Error::Store`] when that cannot be kept.
    pub fn claim(&self, fingerprint: &[u8; 32]) -> Result<bool> {
        let claim = "INSERT INTO installation (id, secret_fingerprint) VALUES (1, $1) \
             ON CONFLICT (id) DO NOTHING";
        let compare = "SELECT secret_fingerprint = $1 AS is_same FROM installation WHERE id = 1";
        self.write(|db| {
            sql_query(claim)
                .bind::<Binary, _>(fingerprint.as_slice())
                .execute(db)
                .map_err(store)?;
            let row: SameRow = sql_query(compare)
                .bind::<Binary, _>(fingerprint.as_slice())
                .get_result(db)
                .map_err(store)?;
            Ok(row.is_same)
        })
    }
}
