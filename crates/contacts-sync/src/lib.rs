//! Speaks to other systems: by the connectors of Airbyte and Singer, as child processes.
#![expect(dead_code)]

mod batches;
mod json;
mod limits;
mod process;
mod record;
mod schema;
mod settings;
mod words;
