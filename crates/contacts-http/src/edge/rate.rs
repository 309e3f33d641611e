//! Rate limits (R43): per credential, per client address that sends captures (R3), and per client
//! address that attempts to sign in.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};

use crate::parts::problem::{Code, Problem};

/// Number of requests after which keys with a full quota are dropped. Without this, memory would
/// grow, because one client can have many addresses.
const CLEANUP_INTERVAL: u32 = 10_000;

/// Headers of draft-ietf-httpapi-ratelimit-headers: the quota and the remaining requests.
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

type Limiter<K> =
    RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock, StateInformationMiddleware>;

/// Counts the requests of each key.
pub(crate) struct Rate<K: Hash + Eq + Clone> {
    limiter: Limiter<K>,
    policy: Policy,
    sentence: String,
    clock: DefaultClock,
    checks: AtomicU32,
}

impl<K: Hash + Eq + Clone> Rate<K> {
    /// Creates a quota of `burst` requests per credential that refills at `requests` per second.
    pub(crate) fn per_second(requests: u32, burst: u32) -> Self {
        let requests = NonZeroU32::new(requests).unwrap_or(NonZeroU32::MIN);
        let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(requests).allow_burst(burst);
        Self::of("credential", quota, format!("the limit is {requests} requests a second"))
    }

    /// Creates a quota of `times` requests per client address that refills within a minute.
    pub(crate) fn per_minute(times: u32, what: &str) -> Self {
        let times = NonZeroU32::new(times).unwrap_or(NonZeroU32::MIN);
        let sentence = format!("the limit is {times} {what} a minute of one address");
        Self::of("client", Quota::per_minute(times), sentence)
    }

    fn of(name: &'static str, quota: Quota, sentence: String) -> Self {
        let limiter = RateLimiter::keyed(quota).with_middleware();
        let (clock, checks) = (DefaultClock::default(), AtomicU32::new(0));
        Self { limiter, policy: Policy { name, quota }, sentence, clock, checks }
    }

    /// Takes one request from the key's quota.
    ///
    /// # Errors
    ///
    /// The problem and the remaining quota, when the quota is used up.
    pub(crate) fn check(&self, key: K) -> Result<Remaining, (Problem, Remaining)> {
        if self.checks.fetch_add(1, Ordering::Relaxed) % CLEANUP_INTERVAL == CLEANUP_INTERVAL - 1 {
            self.limiter.retain_recent();
        }
        match self.limiter.check_key(&key) {
            Ok(state) => Ok(self.policy.remaining(state.remaining_burst_capacity())),
            Err(unauthenticated_problem) => {
                let wait = unauthenticated_problem.wait_time_from(self.clock.now());
                let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
                let problem = Problem::new(Code::RateLimited, self.sentence.clone());
                Err((problem.retry_after(seconds), self.policy.remaining(0)))
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Policy {
    name: &'static str,
    quota: Quota,
}

impl Policy {
    fn remaining(self, requests: u32) -> Remaining {
        Remaining { policy: self, requests }
    }

    /// Returns the number of seconds until `requests` requests are available again.
    fn seconds(self, requests: u32) -> u64 {
        let fill = self.quota.replenish_interval() * requests;
        fill.as_secs() + u64::from(fill.subsec_nanos() > 0)
    }
}

/// The remaining quota.
#[derive(Clone, Copy)]
pub(crate) struct Remaining {
    policy: Policy,
    requests: u32,
}

impl Remaining {
    /// Writes the quota and the remaining requests into the headers of a response.
    pub(crate) fn write(self, headers: &mut HeaderMap) {
        let Self { policy, requests } = self;
        let (name, quota) = (policy.name, policy.quota.burst_size().get());
        let window = policy.seconds(quota);
        let reset = policy.seconds(quota.saturating_sub(requests));
        let values = [
            (POLICY, format!("\"{name}\";q={quota};w={window}")),
            (LIMIT, format!("\"{name}\";r={requests};t={reset}")),
        ];
        for (header, value) in values {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(header, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(remaining: Remaining) -> [String; 2] {
        let mut headers = HeaderMap::new();
        remaining.write(&mut headers);
        [POLICY, LIMIT].map(|name| headers.get(&name).unwrap().to_str().unwrap().to_owned())
    }

    #[test]
    fn the_headers_state_the_quota_and_what_is_left_of_it() {
        let rate = Rate::per_second(1, 3);
        let first = rate.check(1).map_err(|(problem, _)| problem).unwrap();
        assert_eq!(headers(first), ["\"credential\";q=3;w=3", "\"credential\";r=2;t=1"]);
        let _ = (rate.check(1), rate.check(1));
        let (problem, last) = rate.check(1).err().unwrap();
        assert_eq!(problem.code(), Code::RateLimited);
        assert_eq!(headers(last), ["\"credential\";q=3;w=3", "\"credential\";r=0;t=3"]);
        let client = Rate::per_minute(20, "captures").check(2).map_err(|(problem, _)| problem);
        assert_eq!(headers(client.unwrap()), ["\"client\";q=20;w=60", "\"client\";r=19;t=3"]);
    }
}
