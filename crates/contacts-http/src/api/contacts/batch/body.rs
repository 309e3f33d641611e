//! Bodies of batches and upserts.

use std::collections::BTreeMap;

use contacts_core::batch::{RawBatch, RawItem};
use contacts_core::contact::NewContact;
use contacts_core::import::MatchKey;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::contacts::body::{CustomValue, raw_values};
use crate::api::contacts::refs;
use crate::api::imports::PolicyView;
use crate::parts::enumerated::{Enumerated, enumeration};

enumeration! {
    /// A key that finds the contact of an item: the contact's id, your own id for it, or one of its
    /// email addresses.
    MatchKeyView = MatchKey as "MatchKey" in MatchKey::ALL
}

/// Contacts to add and to change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewBatch)]
pub(super) struct BatchBody {
    /// The only key that finds the contact of an item; every item must have it. Without it, the
    /// contact is found by `id`, then by `external_id`, then by `email`.
    r#match: Option<MatchKeyView>,
    /// What an item may do to contacts; `overwrite` by default, and not `opt_out`.
    policy: Option<PolicyView>,
    /// The items, applied in this order: 1 to 1,000.
    #[schema(min_items = 1, max_items = 1000)]
    items: Vec<ItemBody>,
}

impl BatchBody {
    pub(super) fn as_raw(&self) -> RawBatch<'_> {
        RawBatch {
            key: self.r#match.map(Enumerated::value),
            policy: self.policy.map(Enumerated::value).unwrap_or_default(),
            items: self.items.iter().map(ItemBody::as_raw).collect(),
        }
    }
}

/// An item of a batch. A value that is absent, null or blank changes nothing. An item with an
/// invalid value gets the status `invalid`; the other items of the batch are applied.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = BatchItem)]
struct ItemBody {
    /// Id of the contact. The id of a contact that was merged means its survivor.
    #[schema(format = Uuid)]
    id: Option<String>,
    /// Your own id for the contact, at most 500 characters.
    #[schema(example = "A-17")]
    external_id: Option<String>,
    /// The name, at most 200 characters. A new contact needs a name or an email address.
    #[schema(example = "Ann Lee")]
    name: Option<String>,
    /// The email address. It changes the address of a contact that is found by another key.
    #[schema(example = "ann.lee@example.org")]
    email: Option<String>,
    /// The phone number. Stored as entered, and in E.164 form when it is valid.
    phone: Option<String>,
    /// Names of tags to add, at most 100. Tags that do not exist are created.
    #[serde(default)]
    tags: Option<Vec<String>>,
    /// Values of custom fields, by field key.
    #[serde(default)]
    custom: Option<BTreeMap<String, CustomValue>>,
}

impl ItemBody {
    fn as_raw(&self) -> RawItem<'_> {
        let values = NewContact {
            external_id: self.external_id.as_deref(),
            name: self.name.as_deref(),
            email: self.email.as_deref(),
            phone: self.phone.as_deref(),
            tags: refs(self.tags.as_deref().unwrap_or_default()),
            custom: self.custom.as_ref().map(raw_values).unwrap_or_default(),
        };
        RawItem { id: self.id.as_deref(), values }
    }
}

/// Values of the contact to add or to change. A value that is absent, null or blank changes nothing.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = ContactUpsert)]
pub(super) struct UpsertBody {
    /// Your own id for the contact, at most 500 characters; no other contact may have it.
    #[schema(example = "A-17")]
    external_id: Option<String>,
    /// The name, at most 200 characters. A new contact needs a name or an email address.
    #[schema(example = "Ann Lee")]
    name: Option<String>,
    /// The email address; no other contact may have it.
    #[schema(example = "ann.lee@example.org")]
    email: Option<String>,
    /// The phone number. Stored as entered, and in E.164 form when it is valid.
    phone: Option<String>,
    /// Names of tags to add, at most 100. Tags that do not exist are created.
    #[serde(default)]
    tags: Option<Vec<String>>,
    /// Values of custom fields, by field key.
    #[serde(default)]
    custom: Option<BTreeMap<String, CustomValue>>,
}

impl UpsertBody {
    pub(super) fn as_values(&self) -> NewContact<'_> {
        NewContact {
            external_id: self.external_id.as_deref(),
            name: self.name.as_deref(),
            email: self.email.as_deref(),
            phone: self.phone.as_deref(),
            tags: refs(self.tags.as_deref().unwrap_or_default()),
            custom: self.custom.as_ref().map(raw_values).unwrap_or_default(),
        }
    }
}
