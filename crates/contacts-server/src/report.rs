//! Failures of commands: one sentence that says what to do, and an exit status.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use contacts_core::{Error, Invalid};
use contacts_embed::Error as EmbedError;
use contacts_pg::{MigrateError, OpenError};

use crate::embedded::EmbeddedError;
use crate::signals::INTERRUPTED;

/// Why a command did not do its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    sentence: Option<String>,
    status: u8,
}

/// The result of a command.
pub type Done<T = ()> = Result<T, Failure>;

impl Failure {
    /// The command could not do its work: exit status 1.
    pub fn new(sentence: impl Into<String>) -> Self {
        Self { sentence: Some(sentence.into()), status: 1 }
    }

    /// The command line is wrong or incomplete: exit status 2.
    pub fn usage(sentence: impl Into<String>) -> Self {
        Self { status: 2, ..Self::new(sentence) }
    }

    /// The command has an exit status of its own for this.
    pub fn with_status(sentence: impl Into<String>, status: u8) -> Self {
        Self { status, ..Self::new(sentence) }
    }

    /// A signal stopped the command before its end: exit status 130.
    pub fn interrupted(sentence: impl Into<String>) -> Self {
        Self { status: INTERRUPTED, ..Self::new(sentence) }
    }

    /// A failure that was already reported.
    pub fn silent(status: u8) -> Self {
        Self { sentence: None, status }
    }

    /// Standard output could not be written. When its reader, such as `head`, closed it, that is
    /// no failure.
    pub fn output(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::silent(0),
            _ => Self::new("the output cannot be written: check where it is sent, then run again"),
        }
    }

    /// The sentence, unless the failure was already reported.
    pub fn sentence(&self) -> Option<&str> {
        self.sentence.as_deref()
    }

    /// The exit status.
    pub fn status(&self) -> u8 {
        self.status
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence().unwrap_or_default())
    }
}

impl From<EmbeddedError> for Failure {
    fn from(error: EmbeddedError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<MigrateError> for Failure {
    fn from(error: MigrateError) -> Self {
        let text = error.to_string();
        Self::new(if is_disk_full(&text) { DISK_FULL.to_owned() } else { text })
    }
}

impl From<EmbedError> for Failure {
    fn from(error: EmbedError) -> Self {
        match error {
            EmbedError::Open(error) => error.into(),
            EmbedError::Migrate(error) => error.into(),
            EmbedError::Core(error) => error.into(),
            EmbedError::Secret => Self::new(
                "this database belongs to an installation with another secret: set CONTACTS_SECRET to \
                 that installation's secret, or copy the file `secret` from its data directory \
                 into this one's",
            ),
            EmbedError::ShuttingDown => Self::new(error.to_string()),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(match error {
            Error::NotFound(what) => format!("there is no such {what}: check its id"),
            Error::Invalid(parts) => invalid(&parts),
            Error::Busy => "the database is busy: try again in a moment".to_owned(),
            Error::Unavailable(_) => {
                "the database does not answer: check that it runs, and try again".to_owned()
            }
            Error::StorageFull(_) => DISK_FULL.to_owned(),
            Error::Store(source) => store(&*source),
            Error::EmailTaken(_)
            | Error::ExternalIdTaken(_)
            | Error::Taken(_)
            | Error::Stale(_)
            | Error::Merged(_)
            | Error::Conflict(_)
            | Error::Forbidden(_)
            | Error::ScopeMissing(_)
            | Error::FileErased
            | Error::CursorExpired
            | Error::ClaimLost
            | Error::CountChanged(_) => error.to_string(),
        })
    }
}

const DISK_FULL: &str = "the disk that holds the database is full: free some space and try again";

fn invalid(parts: &[Invalid]) -> String {
    let parts: Vec<_> =
        parts.iter().map(|part| format!("the {} {}", part.field, part.reason)).collect();
    parts.join("; ")
}

/// What a store reported, as a sentence. Its own message may quote personal data, so it goes to the
/// debug log only.
fn store(source: &(dyn StdError + Send + Sync + 'static)) -> String {
    let text = chain(source);
    tracing::debug!(error = text, "the store failed");
    if text.contains("permission denied") {
        return "the database role may not use the tables: grant it rights on them, or use the \
                role that created them"
            .to_owned();
    }
    const GONE: &[&str] = &["connection", "Connection", "timed out", "shutting down"];
    if GONE.iter().any(|sign| text.contains(sign)) {
        return "the database no longer answers: check that it runs, and try again".to_owned();
    }
    "the database refused a statement: run again with CONTACTS_LOG=debug to see why".to_owned()
}

/// An error and its chain of sources, on one line.
pub fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

fn is_disk_full(text: &str) -> bool {
    text.contains("No space left on device") || text.contains("Disk quota exceeded")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_recognised_among_failures_of_the_store() {
        let full = Error::StorageFull("could not extend file".into());
        assert_eq!(Failure::from(full).to_string(), DISK_FULL);
        let failed = MigrateError::Failed("could not write: No space left on device".to_owned());
        assert_eq!(Failure::from(failed).to_string(), DISK_FULL);
    }

    #[test]
    fn the_message_of_the_store_is_not_repeated() {
        let failed = Failure::from(Error::store("invalid input: ann@example.org"));
        assert!(!failed.to_string().contains("ann@"), "{failed}");
    }

    #[test]
    fn a_reader_that_closes_the_output_is_no_failure() {
        let failure = Failure::output(&io::ErrorKind::BrokenPipe.into());
        assert_eq!((failure.sentence(), failure.status()), (None, 0));
    }
}
