//! Contacts: the people on the list.

mod activity;
mod address;
mod capture;
mod change;
mod duplicate;
mod edit;
mod email;
mod email_domain;
mod external_id;
mod field_test;
mod filter;
mod filter_text;
mod lookup;
mod merge;
mod name;
mod order;
mod phone;
mod query;
mod repository;
mod search;
mod service;
mod source;

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;

pub use self::activity::{Activities, Activity, ActivityCursor, ActivityKind, ActivitySource};
pub(crate) use self::address::no_room;
pub use self::address::{AddressChange, AddressSource, ContactAddress};
#[cfg(any(test, feature = "mocks"))]
pub use self::capture::MockCaptureRepository;
pub use self::capture::{
    Capture, CaptureMatch, CaptureRepository, CaptureService, NewCapture, VisitorContact,
    is_only_captured,
};
pub use self::change::{Change, ContactPatch, FieldChange, Patch, changed_fields};
#[cfg(any(test, feature = "mocks"))]
pub use self::duplicate::MockDuplicateRepository;
pub use self::duplicate::{
    ComparedValues, Duplicate, DuplicateCursor, DuplicatePair, DuplicateReason,
    DuplicateRepository, DuplicateService, PairCursor, PairQuery, SharedValues, Strength,
    are_similar,
};
pub use self::edit::FieldEdit;
pub(crate) use self::edit::RestoreOutcome;
pub use self::email::{EmailAddress, InvalidEmail, WrittenAddresses};
pub use self::email_domain::{EmailDomain, InvalidEmailDomain};
pub use self::external_id::{ExternalId, InvalidExternalId};
pub use self::filter::{
    ContactFilter, FieldCondition, FieldTest, FilterGroup, FilterSubject, SourceCondition,
    TagCondition, TimeRange,
};
pub use self::filter_text::{Connective, FilterText, GroupText, MemberText};
pub use self::lookup::FoundContacts;
pub(crate) use self::lookup::find_by_ids;
pub use self::merge::{MergeFields, MergePair, MergeRequest, MergeSide, Merged};
pub use self::name::{InvalidName, Name};
pub use self::order::{Sort, SortBy, SortSubject};
pub use self::phone::{InvalidPhone, Phone, Region};
pub use self::query::{ContactPage, Cursor, CursorKey, PageRequest};
#[cfg(any(test, feature = "mocks"))]
pub use self::repository::MockContactRepository;
pub use self::repository::{ContactRepository, Tagged, Updated};
pub use self::search::{ExactMatch, Relevance, SEARCH_VERSION, SearchQuery, Term, search_text};
pub use self::service::{ContactService, CountRequest, NewContact, RawPatch};
pub(crate) use self::service::{check, check_tags, check_value, missing};
pub use self::source::{Source, SourceCursor, SourceDetail, SourceKind};

use crate::OrgId;
use crate::consent::Consent;
use crate::field::{FieldKey, FieldValue};
use crate::org::id;
use crate::tag::TagName;

id! {
    /// Id of a contact (UUIDv7).
    ContactId
}

/// Values of the organisation's custom fields, by field key.
pub type CustomValues = BTreeMap<FieldKey, FieldValue>;

/// A person the organisation can message (R5).
#[derive(Clone, Debug, PartialEq)]
pub struct Contact {
    /// Organisation that owns the contact.
    pub org: OrgId,
    /// Id of the contact.
    pub id: ContactId,
    /// The organisation's own id for the contact (R49).
    pub external_id: Option<ExternalId>,
    /// Full name. `None` when a visitor or a connected source did not give one (R6).
    pub name: Option<Name>,
    /// Primary e-mail address. `None` when a visitor or a connected source did not give one (R6).
    pub email: Option<EmailAddress>,
    /// The other addresses, sorted by their keys (R48).
    pub other_emails: Vec<EmailAddress>,
    /// Phone number as typed, plus E.164 when it parses (R8).
    pub phone: Option<Phone>,
    /// Values of custom fields (R11).
    pub custom: CustomValues,
    /// Tags of the contact, sorted by their keys.
    pub tags: Vec<TagName>,
    /// Whether the contact wants messages (R51).
    pub consent: Consent,
    /// How the contact was first added. Never changes (R5).
    pub source: Source,
    /// Time of creation.
    pub created_at: OffsetDateTime,
    /// Time of the last change of the profile.
    pub updated_at: OffsetDateTime,
    /// Number of changes of the profile, starting at 1 (R12). Tags do not count: tagging does not
    /// touch the contact's row.
    pub version: u64,
}

impl Contact {
    /// Returns whether the name or the e-mail address is missing (R6).
    pub fn is_incomplete(&self) -> bool {
        self.name.is_none() || self.email.is_none()
    }

    /// Returns whether campaigns can reach the contact: it has an e-mail address (R6).
    pub fn is_reachable(&self) -> bool {
        self.email.is_some()
    }

    /// Returns the folded text that search matches (R19), given the custom fields that are searched
    /// (R59).
    pub fn search_text(&self, searched: &BTreeSet<FieldKey>) -> String {
        let values = searched.iter().filter_map(|key| self.custom.get(key)?.as_text());
        search_text(self.name.as_ref(), self.emails(), self.phone.as_ref(), values)
    }

    /// Returns the key for sorting by name. Empty without a name.
    pub fn name_key(&self) -> String {
        self.name.as_ref().map(Name::key).unwrap_or_default()
    }

    /// Returns the normalised primary address: the key for sorting by email (R7). Empty without an
    /// address.
    pub fn email_key(&self) -> &str {
        self.email.as_ref().map(EmailAddress::key).unwrap_or_default()
    }
}
