//! The layers around every request: authentication, rate limits, headers, logs, and the server
//! itself.
//!
//! This module depends on `parts` and on no resource.

pub(crate) mod assembly;
pub(crate) mod auth;
pub(crate) mod bodiless;
pub(crate) mod client;
pub(crate) mod compress;
pub(crate) mod cookie;
pub(crate) mod cors;
pub(crate) mod credentials;
pub(crate) mod docs;
pub(crate) mod gate;
pub(crate) mod health;
pub(crate) mod rate;
pub(crate) mod request;
pub(crate) mod server;
pub(crate) mod site;
pub(crate) mod unread;
