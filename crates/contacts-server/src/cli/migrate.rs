//! `contacts migrate`.

use super::{out, with_database};
use crate::config::DatabaseConfig;
use crate::report::Done;

/// Brings the schema up to date, and prints the migrations that ran.
pub(super) fn migrate(config: &DatabaseConfig) -> Done {
    with_database(config, |services| {
        let migrated = services.migrate()?;
        if migrated.run.is_empty() {
            return out::print_line("The schema is up to date.");
        }
        migrated.run.iter().try_for_each(out::print_line)?;
        out::print_line("The schema is up to date now.")
    })
}
