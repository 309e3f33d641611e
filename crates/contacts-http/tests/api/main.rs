//! Tests of the API over the in-memory world, one file per resource.

#![expect(clippy::unwrap_used, reason = "whatever goes wrong in a test is to fail it")]

mod actions;
mod addresses;
mod answers;
mod batch;
mod bodies;
mod campaigns;
mod captures;
mod cells;
mod consent;
mod contact_list;
mod contacts;
mod description;
mod duplicates;
mod erasures;
mod events;
mod export;
mod fields;
mod groups;
mod imports;
mod invitations;
mod jwt;
mod keys;
mod layouts;
mod lists;
mod merge;
mod notes;
mod openapi;
mod places;
mod rights;
mod run_events;
mod runs;
mod segments;
mod service;
mod sessions;
mod sign_ins;
mod strict;
mod support;
mod syncs;
mod tags;
mod trail;
mod undo;
mod uploads;
mod webhooks;
