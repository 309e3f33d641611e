//! The core's ports over Postgres.
//!
//! [`Database`] implements each port, in a file that has the same name as the port's file in the
//! core. Each method of a port is one transaction.
//!
//! Statements on rows of a single table are built with diesel's query builder from `schema.rs`,
//! so that a wrong column does not compile. Statements on sets are SQL text. Each statement
//! filters by the organisation, so that a cluster queries one shard (see `docs/SCALING.md`).

mod actions;
mod answers;
mod audit;
mod batches;
mod campaigns;
mod captures;
mod consents;
mod contacts;
mod conversations;
mod database;
mod duplicates;
mod edits;
mod erasures;
mod events;
mod exports;
mod fields;
mod files;
mod housekeeping;
mod identities;
mod imports;
mod installation;
mod invitations;
mod jobs;
mod journal;
mod json;
mod keys;
mod limits;
mod migrate;
mod notes;
mod organisations;
mod person;
mod runs;
mod schema;
mod segments;
mod selections;
mod sessions;
mod statement;
mod syncs;
mod tags;
mod trail;
mod undos;
mod webhooks;

pub use crate::database::{Database, DatabaseClock, OpenError, PoolConfig, Pulse};
pub use crate::migrate::{MigrateError, Migrated};

#[doc(hidden)]
pub mod testing {
    //! Internals for the tests that pin query plans and migrations.

    use contacts_core::contact::ContactId;
    use contacts_core::{OrgId, Result};

    pub use crate::contacts::explain_list;
    pub use crate::duplicates::explain_pairs;
    pub use crate::jobs::explain_claim;
    pub use crate::migrate::{revert_all, run_all};
    pub use crate::person::known_tables;
    pub use crate::runs::explain_runs;
    pub use crate::selections::explain_count;
    pub use crate::syncs::{Scan, Step, scans};
    use crate::{Database, imports};

    /// Deletes what is stored about the changes that imports made to a contact.
    ///
    /// # Errors
    ///
    /// [`contacts_core::Error::Store`] when the database refuses a statement.
    pub fn forget_imports(database: &Database, org: OrgId, contact: ContactId) -> Result<()> {
        database.write(org, |tx| imports::forget(tx, contact))
    }
}
