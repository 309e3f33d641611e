//! `contacts migrate`.

use super::{out, with_database};
use crate::config::DatabaseConfig;
use crate::report::Done;

/// Brings the schema up to date, and says what that took.
pub(super) fn migrate(config: &DatabaseConfig) -> Done {
    with_database(config, |services| {
        let migrated = services.migrate()?;
        if migrated.run.is_empty() {
            return out::say("The schema is up to date.");
        }
        migrated.run.iter().try_for_each(out::say)?;
        out::say("The schema is up to date now.")
    })
}
