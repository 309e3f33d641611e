//! Reads records of other systems (R38, R39): through connectors that speak the Airbyte or the
//! Singer protocol, which are third-party programs, and over plain HTTP.
//!
//! A connector is kept within [`Limits`], and its processes and files are removed when it ends. It
//! is given neither our environment nor our files. Its settings are in files that only this user
//! can read.

mod airbyte;
mod batches;
mod config;
mod excerpt;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod http;
mod json;
mod limits;
mod malformed;
mod process;
mod record;
mod schema;
mod settings;
mod singer;

pub use contacts_guard::Guard;

pub use crate::config::{InvalidConnectorList, built_in, connectors};
pub use crate::limits::Limits;
