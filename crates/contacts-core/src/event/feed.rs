//! Reading the change feed in order (R42).

use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;

use super::{ContactEvent, CurrentContacts};
use crate::contact::ContactRepository;
use crate::job::{Interrupt, Outcome};
use crate::page::PageSize;
use crate::{Clock, OrgId, Ports, Result};

/// An event with its number in the organisation's order. Numbers start at 1 and have no gaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberedEvent {
    /// Number of the event.
    pub number: u64,
    /// The event.
    pub event: ContactEvent,
}

/// Reads the change feed of an organisation.
///
/// An event gets its number when somebody reads the feed, after the event was committed. A reader
/// that has read up to a number finds every other event after it, however late it was committed.
///
/// Every implementation passes `contacts_testkit::event_feed_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait EventFeed: Send + Sync {
    /// Returns up to `limit` events after a number, in order. Without a number it starts at the
    /// oldest stored event.
    ///
    /// # Errors
    ///
    /// [`crate::Error::CursorExpired`] when events after the number were deleted, or the number was
    /// never given.
    fn after(&self, org: OrgId, number: Option<u64>, limit: usize) -> Result<Vec<NumberedEvent>>;

    /// Returns the number of the last event, or 0 before the first.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn end(&self, org: OrgId) -> Result<u64>;

    /// Deletes a bounded number of events that are older than `before`, oldest first. Returns
    /// whether there may be more. Numbers are never reused.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn sweep(&self, org: OrgId, before: OffsetDateTime) -> Result<bool>;
}

/// Where to start reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedStart {
    /// At the oldest stored event.
    Oldest,
    /// After an event.
    After(u64),
    /// At the end of the feed.
    Latest,
}

/// A page of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedPage {
    /// Events, in order.
    pub items: Vec<NumberedEvent>,
    /// Number after which the next page starts. Always present.
    pub next: u64,
    /// Whether more events are available now.
    pub more: bool,
}

/// The use cases of the feed.
#[derive(Clone)]
pub struct FeedService {
    feed: Arc<dyn EventFeed>,
    contacts: Arc<dyn ContactRepository>,
    clock: Arc<dyn Clock>,
}

impl FeedService {
    /// How long events are kept.
    pub const RETENTION: Duration = Duration::from_secs(30 * 24 * 60 * 60);
    /// Number of contacts with which a page of events and contacts ends. An event that has more of
    /// them is a page of its own.
    pub const MAX_PAGE_CONTACTS: usize = 1_000;

    pub(crate) fn over(ports: &Ports) -> Self {
        let Ports { repositories, clock, .. } = ports;
        let (feed, contacts) = (repositories.feed.clone(), repositories.contacts.clone());
        Self { feed, contacts, clock: clock.clone() }
    }

    /// Returns a page of events.
    ///
    /// # Errors
    ///
    /// [`crate::Error::CursorExpired`].
    pub fn read(&self, org: OrgId, start: FeedStart, limit: PageSize) -> Result<FeedPage> {
        // Read the end *before* the events, so that events committed meanwhile are not skipped.
        let (after, end) = match start {
            FeedStart::Oldest => (None, self.feed.end(org)?),
            FeedStart::After(number) => (Some(number), number),
            FeedStart::Latest => {
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

    /// Returns a page of events and the current states of their contacts. The page ends early when
    /// its events have more than [`FeedService::MAX_PAGE_CONTACTS`] contacts.
    ///
    /// # Errors
    ///
    /// [`crate::Error::CursorExpired`].
    pub fn read_with_contacts(
        &self,
        org: OrgId,
        start: FeedStart,
        limit: PageSize,
    ) -> Result<(FeedPage, CurrentContacts)> {
        let mut page = self.read(org, start, limit)?;
        let mut contacts = 0;
        let fits = |event: &&NumberedEvent| {
            contacts += event.event.contacts.len();
            contacts <= Self::MAX_PAGE_CONTACTS
        };
        let fitting = page.items.iter().take_while(fits).count().max(1);
        if fitting < page.items.len() {
            page.items.truncate(fitting);
            page.more = true;
            page.next = page.items.last().map_or(page.next, |last| last.number);
        }
        let events = page.items.iter().map(|numbered| &numbered.event);
        let contacts = CurrentContacts::read(&*self.contacts, org, events)?;
        Ok((page, contacts))
    }

    /// Deletes events that are older than [`FeedService::RETENTION`].
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`].
    pub fn sweep(&self, org: OrgId, interrupt: &dyn Interrupt) -> Result<Outcome> {
        while interrupt.may_continue() {
            if !self.feed.sweep(org, self.clock.now() - Self::RETENTION)? {
                return Ok(Outcome::Done);
            }
        }
        Ok(Outcome::Again)
    }
}
