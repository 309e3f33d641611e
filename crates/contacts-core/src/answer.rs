//! Stored answers: a request that is sent again gets the answer of the first time (R43).
//!
//! Whoever carries a request out claims its key first, so that of two at once one does the work;
//! what it answered is kept for a day. What is kept says nothing by itself: the key is a hash, and
//! the answer is sealed by whoever keeps it.

use std::fmt;
use std::time::Duration;

use time::OffsetDateTime;
use uuid::Uuid;

use crate::{OrgId, Result};

/// For how long a claim holds without a sign of life: then the server that made it is dead, and
/// the key is free again.
pub const CLAIM: Duration = Duration::from_secs(60);

/// For how long an answer is kept.
pub const KEEP: Duration = Duration::from_secs(24 * 60 * 60);

/// What an answer is found by: a hash of the idempotency key and of whose it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AnswerKey(pub [u8; 32]);

/// A keyed hash of a request, by which two under one key are told apart.
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

/// A claim to carry a request out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The key under which the request was sent.
    pub key: AnswerKey,
    /// Which request it is.
    pub fingerprint: Fingerprint,
    /// Who claims: an id for this time only.
    pub by: Uuid,
}

/// What a claim came upon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing: the work is the claimant's.
    Nothing,
    /// The same request, which is being carried out.
    Running,
    /// The same request, and its answer, as it was sealed.
    Answer(Vec<u8>),
    /// The same request, which was carried out. Its answer is not kept any more.
    Erased,
    /// Another request.
    Another,
}

/// Keeps answers.
///
/// Every implementation passes `contacts_testkit::answer_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait AnswerRepository: Send + Sync {
    /// Claims a key for [`CLAIM`] when nobody holds it; of many at once, one gets it.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the claim cannot be kept.
    fn claim(&self, org: OrgId, claim: &Claim, now: OffsetDateTime) -> Result<Found>;

    /// Holds on to a claim for [`CLAIM`] more; says whether the claimant still has it.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn hold(&self, org: OrgId, claim: &Claim, now: OffsetDateTime) -> Result<bool>;

    /// Ends a claim with an answer, which is kept for [`KEEP`]; `None` says that the request was
    /// carried out, and keeps no answer. Says whether the claimant still had it: nothing happens
    /// when it had not. Of the organisation's answers that are out of date, some go.
    ///
    /// When [`AnswerRepository::forget_all`] came meanwhile, the answer is not kept.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the answer cannot be kept.
    fn keep(
        &self,
        org: OrgId,
        claim: &Claim,
        answer: Option<Vec<u8>>,
        now: OffsetDateTime,
    ) -> Result<bool>;

    /// Ends a claim without an answer: the key is free again. Nothing happens when the claimant
    /// has lost it.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn release(&self, org: OrgId, claim: &Claim) -> Result<()>;

    /// Erases every answer of the organisation, those too that are being made (R14): that the
    /// requests were carried out stays known. Says how many answers there were.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be erased.
    fn forget_all(&self, org: OrgId) -> Result<u64>;
}
