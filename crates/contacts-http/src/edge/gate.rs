//! State that decides whether a request is admitted: cached credentials and request rates.

use uuid::Uuid;

use crate::edge::client::Client;
use crate::edge::credentials::Credentials;
use crate::edge::rate::Rate;
use crate::parts::config::ApiConfig;

/// Cached credentials and the request rates of callers, shared by all workers of a server.
pub(crate) struct Gate {
    pub(crate) credentials: Credentials,
    pub(crate) rate: Rate<Uuid>,
    pub(crate) capture_rate: Rate<Client>,
    pub(crate) sign_in_rate: Rate<Client>,
}

impl Gate {
    pub(crate) fn new(config: &ApiConfig) -> Self {
        Self {
            credentials: Credentials::new(config.key_cache),
            rate: Rate::per_second(config.rate_per_second, config.rate_burst),
            capture_rate: Rate::per_minute(config.captures_per_minute, "captures"),
            sign_in_rate: Rate::per_minute(config.sign_ins_per_minute, "attempts to sign in"),
        }
    }
}
