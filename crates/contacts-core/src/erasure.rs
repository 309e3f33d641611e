//! Erasing a person: everything that is held of them, wherever it stands (R14).

mod service;
mod sought;

use time::OffsetDateTime;

pub use self::service::ErasureService;
pub use self::sought::Sought;
use crate::contact::ContactId;
use crate::import::ImportId;
use crate::org::id;
use crate::{Actor, OrgId, Result};

id! {
    /// An erasure's id.
    ErasureId
}

/// The erasure of one person. The contact goes at once; files in which they stand are looked
/// for afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// Whom it belongs to.
    pub org: OrgId,
    /// Its id.
    pub id: ErasureId,
    /// The id that the person had.
    pub contact: ContactId,
    /// Whether it is forgotten, too, that they unsubscribed.
    pub forget_unsubscribe: bool,
    /// How far it is.
    pub state: ErasureState,
    /// Imports that hold the person's row, or may, and that must come to an end first.
    pub waits_for: Vec<ImportId>,
    /// How many files were deleted.
    pub files: u64,
    /// Who asked for it.
    pub actor: Actor,
    /// When it was asked for.
    pub created_at: OffsetDateTime,
    /// When nothing was left.
    pub finished_at: Option<OffsetDateTime>,
}

/// How far an erasure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErasureState {
    /// The contact is gone; files are being looked through.
    Running,
    /// It goes on when the imports it waits for are at an end.
    Waiting,
    /// Nothing is left. An end.
    Done,
}

impl ErasureState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Running, Self::Waiting, Self::Done];

    /// The state's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Done => "done",
        }
    }

    /// The state of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// What an erasure has still to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// The erasure.
    pub erasure: Erasure,
    /// By what the person is found in files. Kept only while it is needed.
    pub sought: Sought,
    /// How far the imports were looked through, the newest first; nothing at the beginning.
    pub reached: Option<ImportId>,
}

/// Erases people.
///
/// Every implementation passes `contacts_testkit::erasure_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait ErasureRepository: Send + Sync {
    /// Erases the contact and everything that hangs on it, its conversations and its old ids
    /// too, every stored answer of the organisation, and exports that may hold it; keeps what
    /// is sought in files, and queues the job that does. Says whether the contact was there.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn begin(&self, erasure: &Erasure) -> Result<bool>;

    /// Finds an erasure.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be read.
    fn get(&self, org: OrgId, id: ErasureId) -> Result<Option<Erasure>>;

    /// Erasures, the newest first, those older than one when it is given.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be read.
    fn list(&self, org: OrgId, before: Option<ErasureId>, limit: usize) -> Result<Vec<Erasure>>;

    /// What an erasure has still to do; nothing when it is done.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be read.
    fn work(&self, org: OrgId, id: ErasureId) -> Result<Option<Work>>;

    /// Deletes the file of an import that is at an end, the rows that were shown of it, and
    /// what was noted of these of its rows.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn erase_file(&self, org: OrgId, id: ErasureId, import: ImportId, rows: &[u64]) -> Result<()>;

    /// Keeps how far the imports were looked through, and for which it waits.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn reached(
        &self,
        org: OrgId,
        id: ErasureId,
        reached: Option<ImportId>,
        waits_for: &[ImportId],
        state: ErasureState,
    ) -> Result<()>;

    /// Ends an erasure: erases whom an import that began before it has added since by an address
    /// that is sought, and forgets what was sought. Says whether it could: not while an export is
    /// written, or a connected source read, that began before.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn finish(&self, org: OrgId, id: ErasureId, now: OffsetDateTime) -> Result<bool>;
}
