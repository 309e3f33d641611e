//! Speaks to other systems: by the connectors of Airbyte and Singer, which are programs of others,
//! and by plain HTTP.
//!
//! Whatever such a program does, it is held to [`Limits`], and nothing is left of it when it is
//! not needed any more. It has neither our environment nor our files, and finds its settings in
//! files that only this user can read.

mod airbyte;
mod batches;
mod config;
mod http;
mod json;
mod limits;
mod nonsense;
mod process;
mod record;
mod schema;
mod settings;
mod singer;
mod words;

pub use contacts_guard::Guard;

pub use crate::config::{Unusable, built_in, connectors};
pub use crate::limits::Limits;
