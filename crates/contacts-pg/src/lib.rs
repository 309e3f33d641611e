//! The core's ports over Postgres.
//!
//! Each port is implemented by [`Database`], in a file that is called as the port's is in the
//! core. Statements are written as Postgres reads them, for most work on sets; every one names
//! its organisation, so that a cluster asks one shard (see `docs/SCALING.md`). A port's method
//! is one transaction.

mod actions;
mod answers;
mod campaigns;
mod captures;
mod contacts;
mod conversations;
mod database;
mod duplicates;
mod erasures;
mod events;
mod exports;
mod fields;
mod files;
mod housekeeping;
mod imports;
mod installation;
mod jobs;
mod json;
mod keys;
mod migrate;
mod notes;
mod organisations;
mod person;
mod segments;
mod selections;
mod sessions;
mod statement;
mod syncs;
mod tags;
mod webhooks;

pub use crate::database::{Database, OpenError, PoolConfig};
pub use crate::migrate::{MigrateError, Migrated};

#[doc(hidden)]
pub mod testing {
    //! For the tests that pin statements and migrations.

    use contacts_core::contact::ContactId;
    use contacts_core::{OrgId, Result};

    pub use crate::contacts::explain_list;
    pub use crate::jobs::explain_claim;
    pub use crate::migrate::{revert_all, run_all};
    pub use crate::person::known_tables;
    pub use crate::selections::explain_count;
    pub use crate::syncs::{Scan, Step, scans};
    use crate::{Database, imports};

    /// Forgets what imports did to a contact.
    ///
    /// # Errors
    ///
    /// [`contacts_core::Error::Store`] when that cannot be kept.
    pub fn forget_imports(database: &Database, org: OrgId, contact: ContactId) -> Result<()> {
        database.write(|db| imports::forget(db, org, contact))
    }
}
