//! Signs users in at issuers of OpenID Connect (R60), by the authorization code flow with PKCE.
//!
//! The crate `openidconnect` speaks the protocol. This crate adds what it leaves open: the HTTP
//! client with its limits, the algorithms that are accepted, the cache of an issuer's metadata, new
//! keys, and the file in which the operator lists the issuers.

mod claims;
mod client;
mod issuer;
mod metadata;
mod settings;

pub use crate::client::Limits;
pub use crate::settings::{InvalidIssuerList, providers};
