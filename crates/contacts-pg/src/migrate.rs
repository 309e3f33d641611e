//! Migrations of the schema.

use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel::pg::Pg;
use diesel::{PgConnection, RunQueryDsl, sql_query};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::Database;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations");

/// Key of the advisory lock of migrations, so that two programs that start at once do not both
/// migrate.
const LOCK: i64 = 0x1f0_c047_ac75;

/// The result of a migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// Names of the migrations that were run, in order.
    pub run: Vec<String>,
}

/// The reasons why the schema cannot be migrated.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// A newer program has changed the schema.
    #[error("the database has a newer schema ({0}) than this program knows: use the newer program")]
    Newer(String),
    /// The server lacks an extension, or the role may not create it.
    #[error(
        "the database needs the extensions pg_trgm and btree_gin: install the server's contrib package, or let a role that may create extensions run `contacts migrate` once ({0})"
    )]
    Extension(String),
    /// The role may not create tables.
    #[error("the database role may not create tables: grant it CREATE on the schema public ({0})")]
    Rights(String),
    /// Another failure.
    #[error("the schema could not be brought up to date: {0}")]
    Failed(String),
}

impl Database {
    /// Runs the migrations that the database does not have yet.
    ///
    /// # Errors
    ///
    /// [`MigrateError`], whose message states what to do. A failed migration leaves no changes.
    pub fn migrate(&self) -> Result<Migrated, MigrateError> {
        let mut db = self
            .connect_without_limits()
            .map_err(|error| MigrateError::Failed(error.to_string()))?;
        RunQueryDsl::execute(sql_query(format!("SELECT pg_advisory_lock({LOCK})")), &mut db)
            .map_err(|error| MigrateError::Failed(error.to_string()))?;
        let migrated = run(&mut db);
        let unlocked =
            RunQueryDsl::execute(sql_query(format!("SELECT pg_advisory_unlock({LOCK})")), &mut db);
        unlocked.map_err(|error| MigrateError::Failed(error.to_string()))?;
        migrated
    }
}

fn run(db: &mut PgConnection) -> Result<Migrated, MigrateError> {
    if let Some(version) = newer(db)?.first() {
        return Err(MigrateError::Newer(version.clone()));
    }
    let run = db.run_pending_migrations(MIGRATIONS).map_err(|error| {
        let text = chain(&*error);
        let reason = text.lines().next().unwrap_or_default().to_owned();
        if text.contains("extension") {
            MigrateError::Extension(reason)
        } else if text.contains("permission denied") {
            MigrateError::Rights(reason)
        } else {
            MigrateError::Failed(reason)
        }
    })?;
    Ok(Migrated { run: run.iter().map(ToString::to_string).collect() })
}

/// Returns the versions that the database has and this program does not know.
fn newer(db: &mut PgConnection) -> Result<Vec<String>, MigrateError> {
    let known: Vec<Box<dyn Migration<Pg>>> =
        MIGRATIONS.migrations().map_err(|error| failed(&*error))?;
    let known: Vec<_> =
        known.iter().map(|migration| migration.name().version().as_owned()).collect();
    let seen: Vec<MigrationVersion<'static>> =
        db.applied_migrations().map_err(|error| failed(&*error))?;
    Ok(seen.iter().filter(|v| !known.contains(v)).map(ToString::to_string).collect())
}

fn failed(error: &(dyn std::error::Error + Send + Sync)) -> MigrateError {
    let text = chain(error);
    if text.contains("permission denied") {
        return MigrateError::Rights(text);
    }
    MigrateError::Failed(text)
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

/// Runs every migration, for tests.
pub fn run_all(db: &mut PgConnection) {
    let _ = db.run_pending_migrations(MIGRATIONS).map_err(|error| panic!("{error}"));
}

/// Reverts every migration, for tests.
pub fn revert_all(db: &mut PgConnection) {
    let _ = db.revert_all_migrations(MIGRATIONS).map_err(|error| panic!("{error}"));
}
