//! Requests to other people's servers, guarded by [`contacts_guard`], and the sealing of secrets.

mod message;
mod seal;
mod sender;

pub use crate::seal::Seal;
pub use crate::sender::{HttpSender, OutboundConfig};
