//! A health check of the server.

use diesel::{Connection as _, PgConnection, RunQueryDsl, sql_query};

use contacts_core::{Error, Result};

use super::PgError;

/// A health check that uses its own connection, so that an exhausted pool does not look like a
/// server that is down. A check blocks as long as the server does not respond, so run it on a
/// separate thread.
pub struct Pulse {
    url: String,
    connection: Option<PgConnection>,
}

impl Pulse {
    pub(super) fn new(url: &str) -> Self {
        Self { url: url.to_owned(), connection: None }
    }

    /// Checks the server once. After a failure, the next call opens a new connection.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] when the server cannot be reached, [`Error::Store`] when it fails.
    pub fn check(&mut self) -> Result<()> {
        let mut db = match self.connection.take() {
            Some(db) => db,
            None => PgConnection::establish(&self.url)
                .map_err(|error| Error::Unavailable(error.into()))?,
        };
        RunQueryDsl::execute(sql_query("SELECT 1"), &mut db).map_err(PgError::from)?;
        self.connection = Some(db);
        Ok(())
    }
}
