//! The API over the in-memory world, a file for each resource.

#![expect(clippy::unwrap_used, reason = "whatever goes wrong in a test is to fail it")]

mod actions;
mod answers;
mod bodies;
mod campaigns;
mod captures;
mod contact_list;
mod contacts;
mod erasures;
mod events;
mod export;
mod fields;
mod import_events;
mod imports;
mod jwt;
mod keys;
mod merge;
mod notes;
mod openapi;
mod segments;
mod service;
mod support;
mod syncs;
mod tags;
mod undo;
mod uploads;
mod webhooks;
