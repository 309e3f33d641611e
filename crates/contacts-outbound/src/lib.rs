//! Sends webhook messages, guarded by [`contacts_guard`], and seals secrets at rest.

mod contact;
mod message;
mod seal;
mod sender;

pub use crate::seal::Seal;
pub use crate::sender::{HttpSender, OutboundConfig};
