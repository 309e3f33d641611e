//! A world for tests: every port in memory, a clock that stands still, predictable ids, samples,
//! and the contract of each port as named properties.
//!
//! A team that embeds contacts tests its own code against a [`World`], without a database:
//!
//! ```
//! use contacts_core::Actor;
//! use contacts_core::contact::{NewContact, RawPatch, Patch};
//! use contacts_testkit::World;
//!
//! let world = World::new();
//! let contacts = world.services().contacts;
//! let ann = NewContact { name: Some("Ann"), email: Some("ann@example.org"), ..Default::default() };
//! let ann = contacts.create(world.org(), &ann, Actor::System)?;
//! assert_eq!(ann.created_at.to_string(), "2026-01-01 10:00:00.0 +00:00:00");
//!
//! let later = world.clock().tick();
//! let patch = RawPatch { phone: Patch::Set("+1 202 555 0101"), ..RawPatch::default() };
//! let updated = contacts.update(world.org(), ann.id, Some(1), &patch, Actor::System)?;
//! assert_eq!(updated.contact.updated_at, later);
//! # Ok::<(), contacts_core::Error>(())
//! ```
//!
//! One line makes the tests of a port's implementation, each over an empty store:
//!
//! ```
//! fn make() -> contacts_testkit::Ports {
//!     contacts_testkit::World::new().ports() // or those over your own store
//! }
//!
//! contacts_testkit::contact_repository_contract!(make);
//! ```
//!
//! `random::compare` runs random operations on two stores and compares every outcome. It and the
//! contracts are behind the feature `contracts`, which is a default one.

#![expect(clippy::unwrap_used, reason = "an error in a test fails it")]

mod clock;
mod connector;
#[cfg(feature = "contracts")]
pub mod contract;
mod issuer;
mod memory;
mod ports;
#[cfg(feature = "contracts")]
pub mod random;
pub mod samples;
mod sender;
mod spreadsheets;
mod world;

pub use crate::clock::{CountedIds, StoppedClock};
pub use crate::connector::{FakeConnector, FakePause};
pub use crate::issuer::FakeIssuer;
pub use crate::ports::Ports;
pub use crate::sender::{FakeSealer, FakeSender, SentMessage};
pub use crate::spreadsheets::FakeSpreadsheets;
pub use crate::world::World;
