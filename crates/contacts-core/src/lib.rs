//! The rules of contacts: people that an organisation can message, how each was added, and what may
//! be done with them.
//!
//! The crate is pure. It knows no database, no network and no clock. What it needs from outside it
//! asks for through ports (traits such as [`contact::ContactRepository`]), which adapters
//! implement. [`Ports`] lists them all, and [`Services::over`] makes every use case of that list.
//! Rules are cited by number (`R7`); `docs/RULES.md` states them.
//!
//! ```
//! use contacts_core::contact::EmailAddress;
//!
//! let typed = EmailAddress::parse(" Ann.Lee@Example.ORG ")?;
//! assert_eq!(typed.as_str(), "Ann.Lee@Example.ORG");
//! assert_eq!(typed, EmailAddress::parse("ann.lee@example.org")?);
//! # Ok::<(), contacts_core::contact::InvalidEmail>(())
//! ```

pub mod action;
pub mod actor;
pub mod answer;
pub mod audit;
pub mod batch;
pub mod campaign;
pub mod clock;
pub mod consent;
pub mod contact;
pub mod conversation;
pub mod erasure;
pub mod error;
pub mod event;
pub mod export;
pub mod field;
pub mod file;
pub mod housekeeping;
pub mod identity;
pub mod import;
pub mod invitation;
pub mod job;
pub mod journal;
pub mod key;
pub mod note;
pub mod org;
pub mod page;
pub mod person;
mod ports;
pub mod run;
pub mod seal;
pub mod segment;
pub mod selection;
mod services;
pub mod session;
pub mod sync;
pub mod tag;
pub mod text;
pub mod trail;
pub mod undo;
pub mod version;
pub mod webhook;
mod yes_no;

pub use crate::actor::Actor;
pub use crate::clock::{Clock, Ids, parse_time};
pub use crate::error::{Error, Invalid, Result};
pub use crate::org::OrgId;
pub use crate::ports::{Ports, Repositories};
pub use crate::services::Services;
pub use crate::version::Current;
