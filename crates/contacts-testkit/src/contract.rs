//! The contract of each port, as named properties.
//!
//! A property is a function that takes ports over an empty store and panics when it does not
//! hold. A macro for each port makes a `#[test]` of each of its properties.

pub mod action_chunks;
pub mod action_consents;
pub mod action_exports;
pub mod action_fields;
pub mod action_undos;
pub mod actions;
pub mod activity;
pub mod addresses;
pub mod answers;
pub mod audit;
pub mod batches;
pub mod campaigns;
pub mod captures;
pub mod consents;
pub mod contacts;
pub mod conversations;
pub mod dry_runs;
pub mod duplicates;
pub mod edited_exports;
pub mod erasures;
pub mod events;
pub mod exports;
pub mod external_ids;
pub mod fields;
pub mod files;
pub mod filter_groups;
pub mod filters;
pub mod housekeeping;
pub mod imports;
pub mod included_contacts;
pub mod invitations;
pub mod jobs;
pub mod keys;
pub mod lists;
pub mod matching;
pub mod merge;
pub mod merge_undos;
pub mod notes;
pub mod opt_outs;
pub mod organisations;
pub mod people;
pub mod rows;
pub mod runs;
pub mod search;
pub mod segments;
pub mod selections;
pub mod sessions;
pub mod sync_edits;
pub mod sync_rows;
pub mod syncs;
pub mod tags;
pub mod trail;
pub mod undos;
pub mod unsubscribes;
pub mod webhooks;

mod check;
mod macros;
mod macros_access;
mod macros_bulk;
mod macros_chat;
mod macros_events;
mod macros_imports;
mod macros_syncs;
