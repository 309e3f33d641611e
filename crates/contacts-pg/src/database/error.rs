//! Failures inside a transaction, and the errors of the core that they become.

use std::fmt::Display;

use contacts_core::Error;
use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// The result of a function of this crate that runs inside a transaction.
pub(crate) type PgResult<T, E = PgError> = Result<T, E>;

/// Why a transaction failed. [`Database`](crate::Database) reads it to decide whether the
/// transaction is run again, and translates it to the core's error once, at the end.
#[derive(Debug)]
pub(crate) enum PgError {
    /// The server or the connection failed.
    Diesel(DieselError),
    /// A rule of the core refused it, or a row could not be read.
    Core(Error),
}

impl PgError {
    /// Turns a violation of a foreign key into a request to run the transaction again.
    ///
    /// Use it for statements that may refer to a row that another transaction deletes at the same
    /// time: the next attempt finds that the row is gone. Elsewhere a violation of a foreign key is
    /// a bug, and fails at once.
    pub(crate) fn unless_deleted(self) -> Self {
        let Self::Diesel(DieselError::DatabaseError(kind, _)) = &self else { return self };
        if matches!(kind, DatabaseErrorKind::ForeignKeyViolation) { run_again() } else { self }
    }

    /// Returns whether a unique index refused the statement.
    pub(crate) fn is_unique_violation(&self) -> bool {
        let Self::Diesel(DieselError::DatabaseError(kind, _)) = self else { return false };
        matches!(kind, DatabaseErrorKind::UniqueViolation)
    }
}

impl From<DieselError> for PgError {
    fn from(error: DieselError) -> Self {
        Self::Diesel(error)
    }
}

impl From<Error> for PgError {
    /// An error that passed through a port of the core, such as an export's sheet, is unwrapped,
    /// so that a deadlock is recognised there too.
    fn from(error: Error) -> Self {
        match error {
            Error::Store(source) => match source.downcast() {
                Ok(error) => Self::Diesel(*error),
                Err(source) => Self::Core(Error::Store(source)),
            },
            error => Self::Core(error),
        }
    }
}

impl From<PgError> for Error {
    fn from(error: PgError) -> Self {
        match error {
            PgError::Core(error) => error,
            PgError::Diesel(error) => match classify(&error) {
                Failure::Lost => Self::Unavailable(error.into()),
                Failure::StorageFull => Self::StorageFull(error.into()),
                Failure::TimedOut => {
                    tracing::warn!(%error, "a statement took too long");
                    Self::Busy
                }
                Failure::Conflict | Failure::Other => Self::store(error),
            },
        }
    }
}

/// Returns the error that makes the transaction run again, because a row changed between two of its
/// statements.
pub(crate) fn run_again() -> PgError {
    PgError::Diesel(DieselError::RollbackTransaction)
}

/// Returns the error for a row that cannot be read. `column` names the table and the column.
pub(crate) fn unreadable(column: &'static str) -> PgError {
    PgError::Core(Error::store(format!("{column} holds what cannot be read")))
}

/// Like [`unreadable`], plus the reason.
pub(crate) fn unread<E: Display>(column: &'static str) -> impl FnOnce(E) -> PgError {
    move |reason| {
        PgError::Core(Error::store(format!("{column} holds what cannot be read: it {reason}")))
    }
}

/// What a failure means for the transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Another transaction changed what this one had read: it succeeds when it is run again.
    Conflict,
    /// The connection is gone, and with it the transaction.
    Lost,
    /// The server's disk is full.
    StorageFull,
    /// A statement ran, or waited for a lock, longer than the pool allows.
    TimedOut,
    /// Anything else.
    Other,
}

/// Classifies a failure.
///
/// Diesel 2.3 exposes no SQLSTATE except for the classes in [`DatabaseErrorKind`]. The rest is
/// recognised by the server's untranslated message, which [`connect`](super::connect) ensures.
/// Messages of libpq are never translated, because a Rust program does not call `setlocale`.
pub(super) fn classify(error: &DieselError) -> Failure {
    match error {
        DieselError::DatabaseError(kind, info) => match kind {
            DatabaseErrorKind::SerializationFailure => Failure::Conflict,
            DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => {
                Failure::Lost
            }
            DatabaseErrorKind::Unknown => {
                let message = info.message();
                let found = MESSAGES.iter().find(|(_, part, _)| message.contains(part));
                found.map_or(Failure::Other, |(.., failure)| *failure)
            }
            _ => Failure::Other,
        },
        // The connection broke at the COMMIT, so that the ROLLBACK failed, too.
        DieselError::RollbackErrorOnCommit { commit_error, .. } => classify(commit_error),
        DieselError::RollbackTransaction => Failure::Conflict,
        DieselError::BrokenTransactionManager => Failure::Lost,
        _ => Failure::Other,
    }
}

/// An SQLSTATE, a part of its message, and its meaning. Messages of libpq have no SQLSTATE.
const MESSAGES: &[(&str, &str, Failure)] = &[
    ("40P01", "deadlock detected", Failure::Conflict),
    ("57P01", "terminating connection due to administrator command", Failure::Lost),
    ("57P05", "terminating connection due to idle-session timeout", Failure::Lost),
    ("25P03", "terminating connection due to idle-in-transaction timeout", Failure::Lost),
    ("57P02", "terminating connection because of crash of another server process", Failure::Lost),
    ("57014", "canceling statement due to statement timeout", Failure::TimedOut),
    ("55P03", "canceling statement due to lock timeout", Failure::TimedOut),
    ("53100", "No space left on device", Failure::StorageFull),
    ("53100", "Disk quota exceeded", Failure::StorageFull),
    ("53100", "could not extend file", Failure::StorageFull),
    ("", "server closed the connection", Failure::Lost),
    ("", "no connection to the server", Failure::Lost),
    ("", "could not receive data from server", Failure::Lost),
    ("", "could not send data to server", Failure::Lost),
    ("", "SSL connection has been closed", Failure::Lost),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_recognised_by_its_message() {
        let unknown = |message: &str| {
            let info = Box::new(message.to_owned());
            classify(&DieselError::DatabaseError(DatabaseErrorKind::Unknown, info))
        };
        let full = "could not extend file \"base/5/2613\": No space left on device";
        assert_eq!(unknown(full), Failure::StorageFull);
        assert_eq!(unknown("deadlock detected"), Failure::Conflict);
        assert_eq!(unknown("canceling statement due to lock timeout"), Failure::TimedOut);
        assert_eq!(unknown("canceling statement due to user request"), Failure::Other);
    }

    #[test]
    fn a_full_disk_and_a_timeout_have_errors_of_their_own() {
        let error = |message: &str| {
            let info = Box::new(message.to_owned());
            Error::from(PgError::from(DieselError::DatabaseError(DatabaseErrorKind::Unknown, info)))
        };
        let full = error("could not write to file \"pg_wal/xlogtemp.1\": No space left on device");
        assert!(matches!(full, Error::StorageFull(_)), "{full:?}");
        let late = error("canceling statement due to statement timeout");
        assert!(matches!(late, Error::Busy), "{late:?}");
    }

    #[test]
    fn a_conflict_that_passed_through_a_port_of_the_core_is_still_one() {
        let through = PgError::from(Error::store(DieselError::RollbackTransaction));
        assert!(matches!(through, PgError::Diesel(error) if classify(&error) == Failure::Conflict));
    }
}
