//! How often somebody may ask (R43): a credential, a visitor who sends captures (R3), and
//! whoever tries to sign in.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::problem::{Code, Problem};

/// After how many requests those who have rested are forgotten: anybody can have many addresses.
const FORGET: u32 = 10_000;

/// Counts the requests of each.
pub(crate) struct Rate<K: Hash + Eq + Clone> {
    limiter: DefaultKeyedRateLimiter<K>,
    limit: String,
    clock: DefaultClock,
    seen: AtomicU32,
}

impl<K: Hash + Eq + Clone> Rate<K> {
    pub(crate) fn per_second(requests: u32, burst: u32) -> Self {
        let requests = NonZeroU32::new(requests).unwrap_or(NonZeroU32::MIN);
        let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(requests).allow_burst(burst);
        Self::of(quota, format!("the limit is {requests} requests a second"))
    }

    pub(crate) fn per_minute(times: u32, what: &str) -> Self {
        let times = NonZeroU32::new(times).unwrap_or(NonZeroU32::MIN);
        let limit = format!("the limit is {times} {what} a minute of one address");
        Self::of(Quota::per_minute(times), limit)
    }

    fn of(quota: Quota, limit: String) -> Self {
        let (clock, seen) = (DefaultClock::default(), AtomicU32::new(0));
        Self { limiter: RateLimiter::keyed(quota), limit, clock, seen }
    }

    /// Lets a request through, or says when to come back.
    pub(crate) fn check(&self, whose: K) -> Result<(), Problem> {
        if self.seen.fetch_add(1, Ordering::Relaxed) % FORGET == FORGET - 1 {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(&whose).map_err(|refused| {
            let wait = refused.wait_time_from(self.clock.now());
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            Problem::new(Code::RateLimited, self.limit.clone()).retry_after(seconds)
        })
    }
}
