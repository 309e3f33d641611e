//! Places for work that lasts: event streams, downloads, uploads and calls to connectors. Each
//! organisation has a share of them, so that none can take the places that the others need (R63).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use contacts_core::OrgId;

use crate::parts::problem::{Code, Problem};

/// Number of seconds after which a client whose organisation uses its share may try again.
const RETRY_SECONDS: u64 = 5;

/// A bounded number of places of one kind.
pub(crate) struct SlotPool {
    /// What the places are for, in the plural.
    what: &'static str,
    total: usize,
    /// Number of places that one organisation can take.
    share: usize,
    counts: Mutex<SlotCounts>,
}

#[derive(Default)]
struct SlotCounts {
    total: usize,
    /// The number of places of each organisation that has some.
    by_org: BTreeMap<OrgId, usize>,
}

impl SlotPool {
    /// Creates places, of which one organisation can take a share in percent, and at least one.
    pub(crate) fn new(what: &'static str, total: usize, share_percent: u8) -> Arc<Self> {
        let share = (total * usize::from(share_percent) / 100).max(1);
        Arc::new(Self { what, total, share, counts: Mutex::default() })
    }

    /// Takes a place until it is dropped.
    ///
    /// # Errors
    ///
    /// [`Code::ShareUsed`] when the organisation has taken its share, and [`Code::Busy`] when all
    /// places are taken.
    pub(crate) fn take(self: &Arc<Self>, org: OrgId) -> Result<Slot, Problem> {
        let mut counts = self.lock();
        let own = counts.by_org.get(&org).copied().unwrap_or(0);
        if own >= self.share {
            let Self { what, share, total, .. } = &**self;
            let detail = format!(
                "the organisation's share is {share} of {total} {what} at once: wait until one ends"
            );
            return Err(Problem::new(Code::ShareUsed, detail).retry_after(RETRY_SECONDS));
        }
        if counts.total >= self.total {
            return Err(Problem::busy());
        }
        counts.by_org.insert(org, own + 1);
        counts.total += 1;
        Ok(Slot { slots: self.clone(), org })
    }

    fn lock(&self) -> MutexGuard<'_, SlotCounts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place that an organisation has taken. Dropping it gives it back.
pub(crate) struct Slot {
    slots: Arc<SlotPool>,
    org: OrgId,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut counts = self.slots.lock();
        counts.total = counts.total.saturating_sub(1);
        match counts.by_org.get_mut(&self.org) {
            Some(own) if *own > 1 => *own -= 1,
            _ => drop(counts.by_org.remove(&self.org)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn take(slots: &Arc<SlotPool>, org: u128) -> Result<Slot, Code> {
        slots.take(OrgId(Uuid::from_u128(org))).map_err(|problem| problem.code())
    }

    #[test]
    fn an_organisation_takes_its_share_and_leaves_the_rest() {
        let slots = SlotPool::new("uploads", 8, 25);
        let mut own = vec![take(&slots, 1).unwrap(), take(&slots, 1).unwrap()];
        assert_eq!(take(&slots, 1).err(), Some(Code::ShareUsed));
        let _others = [2, 2, 3, 3, 4, 4].map(|org| take(&slots, org).unwrap());
        assert_eq!(take(&slots, 5).err(), Some(Code::Busy));
        assert_eq!(take(&slots, 1).err(), Some(Code::ShareUsed));
        own.pop();
        let _fifth = take(&slots, 5).unwrap();
        assert_eq!(take(&slots, 1).err(), Some(Code::Busy));
    }

    #[test]
    fn a_place_is_given_back() {
        let slots = SlotPool::new("uploads", 4, 50);
        for _ in 0..10 {
            let _own = [take(&slots, 1).unwrap(), take(&slots, 1).unwrap()];
        }
        let counts = slots.lock();
        assert_eq!((counts.total, counts.by_org.len()), (0, 0));
    }

    #[test]
    fn a_share_is_at_least_one_place_and_at_most_all() {
        assert!(take(&SlotPool::new("uploads", 1, 25), 1).is_ok());
        assert_eq!(take(&SlotPool::new("uploads", 0, 25), 1).err(), Some(Code::Busy));
        let all = SlotPool::new("uploads", 2, 100);
        let _own = [take(&all, 1).unwrap(), take(&all, 1).unwrap()];
        assert_eq!(take(&all, 1).err(), Some(Code::ShareUsed));
        assert_eq!(take(&all, 2).err(), Some(Code::Busy));
    }
}
