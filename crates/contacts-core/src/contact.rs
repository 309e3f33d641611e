//! Contacts: the people on the list.

mod activity;
mod capture;
mod change;
mod duplicate;
mod email;
mod field_test;
mod filter;
mod filter_text;
mod merge;
mod name;
mod phone;
mod query;
mod repository;
mod search;
mod service;
mod source;

use std::collections::BTreeMap;

use time::OffsetDateTime;

pub use self::activity::{Activities, Activity, ActivityKind, ActivityPlace, ActivitySource};
#[cfg(any(test, feature = "mocks"))]
pub use self::capture::MockCaptureRepository;
pub use self::capture::{
    Capture, CaptureRepository, CaptureService, Meeting, NewCapture, OwnContact, is_only_captured,
};
pub use self::change::{Change, ContactPatch, FieldChange, Patch, changed_fields};
#[cfg(any(test, feature = "mocks"))]
pub use self::duplicate::MockDuplicateRepository;
pub use self::duplicate::{Duplicate, DuplicateReason, DuplicateRepository, DuplicateService};
pub use self::email::{EmailAddress, InvalidEmail};
pub use self::filter::{
    About, ContactFilter, FieldCondition, FieldTest, SourceCondition, TagCondition, TimeRange,
};
pub use self::filter_text::FilterText;
pub use self::merge::Merged;
pub use self::name::{InvalidName, Name};
pub use self::phone::{InvalidPhone, Phone, Region};
pub use self::query::{Cursor, CursorKey, Listed, PageRequest, Sort, SortBy};
#[cfg(any(test, feature = "mocks"))]
pub use self::repository::MockContactRepository;
pub use self::repository::{ContactRepository, Tagged, Updated};
pub use self::search::{SearchQuery, Term, search_text};
pub(crate) use self::service::check_tags;
pub(crate) use self::service::missing;
pub use self::service::{ContactService, CountRequest, NewContact, RawPatch};
pub use self::source::{Arrival, Origin, SourceKind};

use crate::OrgId;
use crate::field::{FieldKey, FieldValue};
use crate::org::id;
use crate::tag::TagName;

id! {
    /// A contact's id.
    ContactId
}

/// The values of an organisation's custom fields.
pub type CustomValues = BTreeMap<FieldKey, FieldValue>;

/// A person the organisation can message (R5).
#[derive(Clone, Debug, PartialEq)]
pub struct Contact {
    /// Whom it belongs to.
    pub org: OrgId,
    /// Its id.
    pub id: ContactId,
    /// What the person is called; nobody may have said yet (R6).
    pub name: Option<Name>,
    /// Where the person is written to; nobody may have said yet (R6).
    pub email: Option<EmailAddress>,
    /// The person's phone number.
    pub phone: Option<Phone>,
    /// The organisation's own fields.
    pub custom: CustomValues,
    /// Its tags, in the order of their keys.
    pub tags: Vec<TagName>,
    /// How it first came. Never changes.
    pub source: Arrival,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When its profile last changed.
    pub updated_at: OffsetDateTime,
    /// Counts the changes of its profile, from 1 (R12). Tags are counted apart: they change
    /// without the profile's being touched.
    pub version: u64,
}

impl Contact {
    /// Whether something required is missing (R6).
    pub fn is_incomplete(&self) -> bool {
        self.name.is_none() || self.email.is_none()
    }

    /// Whether campaigns can reach it (R6).
    pub fn is_reachable(&self) -> bool {
        self.email.is_some()
    }

    /// What search looks at (R19).
    pub fn search_text(&self) -> String {
        search_text(self.name.as_ref(), self.email.as_ref(), self.phone.as_ref())
    }

    /// What sorting by name compares; empty without a name.
    pub fn name_key(&self) -> String {
        self.name.as_ref().map(Name::key).unwrap_or_default()
    }

    /// What sorting by email compares, and what is unique; empty without an address.
    pub fn email_key(&self) -> &str {
        self.email.as_ref().map(EmailAddress::key).unwrap_or_default()
    }
}
