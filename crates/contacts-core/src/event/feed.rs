//! Following what happens, in order (R42).

use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;

use super::ContactEvent;
use crate::import::Turn;
use crate::job::Outcome;
use crate::page::PageSize;
use crate::{Clock, OrgId, Result};

/// An event and its place in the organisation's order. The first number is 1, and none is left
/// out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberedEvent {
    /// Its place.
    pub number: u64,
    /// What happened.
    pub event: ContactEvent,
}

/// Tells what happened, organisation by organisation.
///
/// An event gets its number when somebody reads, and only after it was committed: so whoever
/// has read up to a number will find everything else after it, however late it was committed.
///
/// Every implementation passes `contacts_testkit::event_feed_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait EventFeed: Send + Sync {
    /// Events after a number, in order, so many at most; without a number, from the oldest one
    /// that is kept.
    ///
    /// # Errors
    ///
    /// [`crate::Error::CursorExpired`] when events after the number are not kept any more, or
    /// the number was never given.
    fn after(&self, org: OrgId, number: Option<u64>, limit: usize) -> Result<Vec<NumberedEvent>>;

    /// The number of the last event so far; 0 before the first.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be read.
    fn end(&self, org: OrgId) -> Result<u64>;

    /// Forgets the oldest events, those from before a moment, a bounded number of them; says
    /// whether there may be more. Numbers that were given are not given again.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be forgotten.
    fn sweep(&self, org: OrgId, before: OffsetDateTime) -> Result<bool>;
}

/// Where to begin to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedStart {
    /// With the oldest event that is kept.
    Oldest,
    /// After an event.
    After(u64),
    /// With what happens from now on.
    Now,
}

/// Some events, and where the next ones begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedPage {
    /// The events, in order.
    pub items: Vec<NumberedEvent>,
    /// After which number to go on. There is always one.
    pub next: u64,
    /// Whether there is more at once.
    pub more: bool,
}

/// The use cases of the feed.
#[derive(Clone)]
pub struct FeedService {
    feed: Arc<dyn EventFeed>,
    clock: Arc<dyn Clock>,
}

impl FeedService {
    /// For how long events are kept.
    pub const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

    /// Makes the service.
    pub fn new(feed: Arc<dyn EventFeed>, clock: Arc<dyn Clock>) -> Self {
        Self { feed, clock }
    }

    /// Some events.
    ///
    /// # Errors
    ///
    /// [`crate::Error::CursorExpired`].
    pub fn read(&self, org: OrgId, start: FeedStart, limit: PageSize) -> Result<FeedPage> {
        // Asked before the events are: what comes in between is then not passed over.
        let (after, end) = match start {
            FeedStart::Oldest => (None, self.feed.end(org)?),
            FeedStart::After(number) => (Some(number), number),
            FeedStart::Now => {
                let next = self.feed.end(org)?;
                return Ok(FeedPage { items: Vec::new(), next, more: false });
            }
        };
        let mut items = self.feed.after(org, after, limit.get() + 1)?;
        let more = items.len() > limit.get();
        items.truncate(limit.get());
        let next = items.last().map_or(end, |last| last.number);
        Ok(FeedPage { items, next, more })
    }

    /// Forgets what is older than [`FeedService::KEPT`].
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`].
    pub fn sweep(&self, org: OrgId, turn: &dyn Turn) -> Result<Outcome> {
        while turn.may_go_on() {
            if !self.feed.sweep(org, self.clock.now() - Self::KEPT)? {
                return Ok(Outcome::Done);
            }
        }
        Ok(Outcome::Again)
    }
}
