//! How often a credential may ask (R43).

use std::num::NonZeroU32;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use uuid::Uuid;

use crate::problem::{Code, Problem};

/// Counts the requests of each credential.
pub(crate) struct Rate {
    limiter: DefaultKeyedRateLimiter<Uuid>,
    per_second: NonZeroU32,
    clock: DefaultClock,
}

impl Rate {
    pub(crate) fn new(per_second: u32, burst: u32) -> Self {
        let per_second = NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN);
        let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(per_second).allow_burst(burst);
        Self { limiter: RateLimiter::keyed(quota), per_second, clock: DefaultClock::default() }
    }

    /// Lets a request through, or says when to come back.
    pub(crate) fn check(&self, credential: Uuid) -> Result<(), Problem> {
        self.limiter.check_key(&credential).map_err(|refused| {
            let wait = refused.wait_time_from(self.clock.now());
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            let detail = format!("the limit is {} requests a second", self.per_second);
            Problem::new(Code::RateLimited, detail).retry_after(seconds)
        })
    }
}
