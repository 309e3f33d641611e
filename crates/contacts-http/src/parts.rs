//! Building blocks of handlers: bodies, query parameters, problems, streams, downloads.
//!
//! They depend neither on a resource nor on `edge`.

pub(crate) mod answer;
pub(crate) mod answers;
pub(crate) mod attempts;
pub(crate) mod blocking;
pub(crate) mod body;
pub(crate) mod caller;
pub(crate) mod config;
pub(crate) mod cursor;
pub(crate) mod download;
pub(crate) mod enumerated;
pub(crate) mod etag;
pub(crate) mod filter;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
pub(crate) mod jwt;
pub(crate) mod keyed;
pub(crate) mod own_thread;
pub(crate) mod page;
pub(crate) mod params;
pub(crate) mod path;
pub(crate) mod problem;
pub(crate) mod public_url;
pub(crate) mod recorded;
pub(crate) mod services;
pub(crate) mod shared;
pub(crate) mod slots;
pub(crate) mod stream;
pub(crate) mod table;
