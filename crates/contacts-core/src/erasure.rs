//! Erasure of a contact and of all data that the organisation has about it (R14).

mod identifiers;
mod service;

use time::OffsetDateTime;

pub use self::identifiers::ErasureIdentifiers;
pub use self::service::ErasureService;
use crate::contact::ContactId;
use crate::import::ImportId;
use crate::org::id;
use crate::run::RunState;
use crate::{Actor, OrgId, Result};

id! {
    /// An erasure's id.
    ErasureId
}

/// The erasure of one contact. The contact is deleted at once; a job then searches stored files for
/// the contact's data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// Organisation of the erasure.
    pub org: OrgId,
    /// The id of the erasure.
    pub id: ErasureId,
    /// The id of the erased contact.
    pub contact: ContactId,
    /// Whether the record of the contact's unsubscribe is deleted too.
    pub forget_unsubscribe: bool,
    /// State of the erasure.
    pub state: RunState,
    /// Imports whose file contains or may contain a row of the contact, and which must end first.
    pub waits_for: Vec<ImportId>,
    /// Number of deleted files.
    pub files: u64,
    /// The actor who requested the erasure.
    pub actor: Actor,
    /// When the erasure was requested.
    pub created_at: OffsetDateTime,
    /// When the search of files began.
    pub started_at: Option<OffsetDateTime>,
    /// When the erasure was done.
    pub finished_at: Option<OffsetDateTime>,
}

/// The remaining work of an erasure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// The erasure.
    pub erasure: Erasure,
    /// The values by which files are searched for the contact. Stored until the erasure is done.
    pub identifiers: ErasureIdentifiers,
    /// The last import whose file was searched, the newest first; `None` at the start.
    pub reached: Option<ImportId>,
}

/// Stores erasures and deletes the data of erased contacts.
///
/// Every implementation passes `contacts_testkit::erasure_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait ErasureRepository: Send + Sync {
    /// Deletes the contact and everything attached to it, including its conversations and earlier
    /// ids, every stored answer of the organisation, and exports that may contain the contact.
    /// Stores the identifiers to search for in files, and queues the job that searches. Records the
    /// erasure in the audit trail (R61). Returns whether the contact existed.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn begin(&self, erasure: &Erasure) -> Result<bool>;

    /// Finds an erasure.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn get(&self, org: OrgId, id: ErasureId) -> Result<Option<Erasure>>;

    /// Lists erasures, the newest first; only those older than `before`, when it is given.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn list(&self, org: OrgId, before: Option<ErasureId>, limit: usize) -> Result<Vec<Erasure>>;

    /// Returns the remaining work of an erasure; `None` when it is done.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn work(&self, org: OrgId, id: ErasureId) -> Result<Option<Work>>;

    /// Deletes the file of an import that has ended, its sample rows, and the issues of the given
    /// rows.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn erase_file(&self, org: OrgId, id: ErasureId, import: ImportId, rows: &[u64]) -> Result<()>;

    /// Stores the last import that was searched, and the imports that the erasure waits for.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn reached(
        &self,
        org: OrgId,
        id: ErasureId,
        reached: Option<ImportId>,
        waits_for: &[ImportId],
        state: RunState,
        now: OffsetDateTime,
    ) -> Result<()>;

    /// Ends an erasure. Deletes contacts that an import which began before the erasure has added
    /// since with one of the erased addresses, and deletes the stored identifiers. Returns whether
    /// the erasure ended: it does not while an export or a sync run that began before it is in
    /// progress.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn finish(&self, org: OrgId, id: ErasureId, now: OffsetDateTime) -> Result<bool>;
}
