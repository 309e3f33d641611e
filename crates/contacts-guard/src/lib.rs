//! An HTTP client that sends no requests into the internal network.
//!
//! A user who enters a URL could otherwise make the service send requests to its own network.
//! So host names are resolved here, every address is checked, and the connection goes to an
//! address that was checked. Redirects are not followed, and no proxy is used.

mod address;
mod client;

pub use crate::address::is_public;
pub use crate::client::{Guard, describe_error};
