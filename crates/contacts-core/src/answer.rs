//! Stored answers: a request that is sent again gets the first answer (R43), and is carried out
//! once (R63).
//!
//! A server claims the key before it carries the request out, so that of two concurrent requests
//! only one does the work. The answer is kept for a day. Stored rows reveal nothing: the key is a
//! hash, and the answer is sealed.
//!
//! The use case runs inside [`under_claim`]. The last transaction that changes something there
//! stays open until the answer is known, and stores it: a crash leaves both or neither. Every
//! earlier transaction marks the claim as carried out, in the same transaction. A marked claim is
//! never free again within a day, whatever became of the server, the connection or the answer. A
//! transaction fails when the key was claimed by another request meanwhile.

mod scope;

use std::fmt;
use std::time::Duration;

use time::OffsetDateTime;
use uuid::Uuid;

pub use self::scope::{RunningClaim, running_claim, under_claim, without_claim};
use crate::{OrgId, Result};

/// How long a claim lasts without being extended. After that its server is considered dead, and the
/// key is free again unless the claim is marked as carried out.
pub const CLAIM: Duration = Duration::from_secs(60);

/// How long an answer is kept.
pub const RETENTION: Duration = Duration::from_secs(24 * 60 * 60);

/// Key of an answer: a hash of the idempotency key and of its owner.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AnswerKey(pub [u8; 32]);

/// A keyed hash of a request. It distinguishes two requests with the same key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

impl fmt::Debug for AnswerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AnswerKey({:02x}{:02x}…)", self.0[0], self.0[1])
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({:02x}{:02x}…)", self.0[0], self.0[1])
    }
}

/// A claim to carry out a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Key of the request.
    pub key: AnswerKey,
    /// Fingerprint of the request.
    pub fingerprint: Fingerprint,
    /// Id of this claim.
    pub by: Uuid,
}

/// What a claim found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing: the claimant carries the request out.
    Nothing,
    /// The same request, in progress.
    Running,
    /// The same request and its sealed answer.
    Answer(Vec<u8>),
    /// The same request, with the HTTP status of its answer, which is not kept any more. Answers
    /// of versions before 2026-11-28 have no status.
    Erased(Option<u16>),
    /// The same request, carried out at least in part. Its answer was lost before it was stored.
    Lost,
    /// Another request.
    Another,
}

/// Stores answers.
///
/// Every implementation passes `contacts_testkit::answer_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait AnswerRepository: Send + Sync {
    /// Claims a free key for [`CLAIM`]. Of several concurrent claims, one succeeds.
    ///
    /// The key of a claim that is marked as carried out is not free until [`RETENTION`] after the claim
    /// expired: [`Found::Lost`].
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn claim(&self, org: OrgId, claim: &Claim, now: OffsetDateTime) -> Result<Found>;

    /// Extends a claim by [`CLAIM`]. Returns whether the claimant still has it.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn extend_claim(&self, org: OrgId, claim: &Claim, now: OffsetDateTime) -> Result<bool>;

    /// Stores the answer in the open transaction of the request, as
    /// [`AnswerRepository::store_answer`] does, and commits it. Returns `false`, and stores nothing,
    /// when there is no open transaction.
    ///
    /// # Errors
    ///
    /// The transaction was undone with all its changes: [`crate::Error::ClaimLost`] when another
    /// request has claimed the key meanwhile, [`crate::Error::Store`] when the store fails.
    fn commit_answer(
        &self,
        org: OrgId,
        claim: &Claim,
        status: u16,
        answer: Option<Vec<u8>>,
        now: OffsetDateTime,
    ) -> Result<bool>;

    /// Ends a claim with an answer and its HTTP status, which are kept for [`RETENTION`]. Without an
    /// answer, the status alone is kept. Returns whether the claimant still had the claim; otherwise
    /// nothing is stored. Also deletes some expired answers of the organisation.
    ///
    /// The answer is not stored when [`AnswerRepository::forget_all`] ran since the claim.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn store_answer(
        &self,
        org: OrgId,
        claim: &Claim,
        status: u16,
        answer: Option<Vec<u8>>,
        now: OffsetDateTime,
    ) -> Result<bool>;

    /// Undoes the open transaction of the request, and ends a claim without an answer. The key is free again, unless the claim is marked as carried
    /// out: then its answer is lost. Does nothing when the claimant has lost the claim.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn release(&self, org: OrgId, claim: &Claim, now: OffsetDateTime) -> Result<()>;

    /// Erases all answers of the organisation, including those in progress (R14). The status of
    /// each answer stays recorded. Returns the number of erased answers.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn forget_all(&self, org: OrgId) -> Result<u64>;
}
