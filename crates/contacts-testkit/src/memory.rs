//! The ports in memory, a file each.

pub(crate) mod actions;
pub(crate) mod answers;
pub(crate) mod campaigns;
mod captures;
pub(crate) mod contacts;
pub(crate) mod conversations;
pub(crate) mod dry_runs;
pub(crate) mod duplicates;
pub(crate) mod erasures;
mod events;
mod exports;
mod fields;
mod files;
mod housekeeping;
pub(crate) mod imports;
pub(crate) mod jobs;
mod keys;
mod merge;
mod notes;
mod organisations;
mod person;
mod segments;
pub(crate) mod selections;
pub(crate) mod syncs;
pub(crate) mod tags;
pub(crate) mod undos;
pub(crate) mod webhooks;
