//! Use cases of batches and upserts.

use std::sync::Arc;

use super::item::{ItemReader, filled};
use super::{Batch, BatchRepository, ItemOutcome, RawItem};
use crate::contact::{
    Contact, ContactId, ContactRepository, EmailAddress, ExternalId, NewContact, missing, no_room,
};
use crate::field::FieldRepository;
use crate::import::{
    ImportRow, MatchKey, PlannedRow, Policy, RequiredValues, RowOutcome, RowRules, SkipCode,
};
use crate::org::OrganisationRepository;
use crate::{Actor, Clock, Error, Ids, Invalid, OrgId, Ports, Result};

/// A batch as it was typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawBatch<'a> {
    /// The only key that finds the contact of an item; `None` applies the ladder of
    /// [`crate::import::match_row`].
    pub key: Option<MatchKey>,
    /// What an item may do to contacts.
    pub policy: Policy,
    /// The items, applied in this order: 1 to [`BatchService::MAX_ITEMS`].
    pub items: Vec<RawItem<'a>>,
}

/// The key by which an upsert finds its contact, as it was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpsertKey<'a> {
    /// An address, primary or not.
    Email(&'a str),
    /// The organisation's own id.
    ExternalId(&'a str),
}

/// The result of an upsert.
#[derive(Clone, Debug, PartialEq)]
pub struct Upserted {
    /// The contact after the upsert.
    pub contact: Contact,
    /// Whether the upsert added the contact.
    pub is_new: bool,
}

/// The use cases of batches.
#[derive(Clone)]
pub struct BatchService {
    batches: Arc<dyn BatchRepository>,
    contacts: Arc<dyn ContactRepository>,
    fields: Arc<dyn FieldRepository>,
    organisations: Arc<dyn OrganisationRepository>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

/// Maximum number of attempts to read items with the types that the fields have at that time.
const MAX_READS: usize = 3;

impl BatchService {
    /// Maximum number of items of a batch.
    pub const MAX_ITEMS: usize = 1_000;

    pub(crate) fn over(ports: &Ports) -> Self {
        Self {
            batches: ports.batches.clone(),
            contacts: ports.contacts.clone(),
            fields: ports.fields.clone(),
            organisations: ports.organisations.clone(),
            clock: ports.clock.clone(),
            ids: ports.ids.clone(),
        }
    }

    /// Adds and changes contacts, all in one transaction (R55). Returns the outcomes of the items,
    /// in their order. Invalid items do not stop the others.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for `items`, when there are none or too many; for `policy`, when it is
    /// [`Policy::OptOut`]: that is for files.
    pub fn apply(
        &self,
        org: OrgId,
        batch: &RawBatch<'_>,
        actor: Actor,
    ) -> Result<Vec<ItemOutcome>> {
        if batch.items.is_empty() || batch.items.len() > Self::MAX_ITEMS {
            let reason = format!("must be 1 to {} items", Self::MAX_ITEMS);
            return Err(Invalid::one("items", reason).into());
        }
        if batch.policy == Policy::OptOut {
            let reason = "must not be opt_out, which is for files";
            return Err(Invalid::one("policy", reason).into());
        }
        for _ in 0..MAX_READS {
            let reader = self.reader(org, batch)?;
            let items: Vec<_> = batch.items.iter().map(|item| reader.read(item)).collect();
            match self.apply_valid(org, batch, &items, actor) {
                // A field was given another type since the items were read: read them again.
                Err(Error::Invalid(_)) => {}
                outcomes => return Ok(outcomes_of(items, outcomes?)),
            }
        }
        Err(Error::Busy)
    }

    /// Adds the contact with a key, or changes the one that has it (R55). Values overwrite, blank
    /// values change nothing, and tags are added. Returns the contact as it is afterwards.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] with every field that is wrong, also when `values` contain another value
    /// of the key; [`Error::EmailTaken`] and [`Error::ExternalIdTaken`] when another contact has the
    /// address or the external id of `values`.
    pub fn upsert(
        &self,
        org: OrgId,
        key: UpsertKey<'_>,
        values: &NewContact<'_>,
        actor: Actor,
    ) -> Result<Upserted> {
        let item = RawItem { id: None, values: key.put_into(values) };
        let items = vec![item];
        let batch = RawBatch { key: Some(key.match_key()), policy: Policy::Overwrite, items };
        if key.differs(values) {
            let read = self.reader(org, &batch)?.read(&batch.items[0]);
            let mut errors = read.err().unwrap_or_default();
            errors.push(Invalid::new(
                key.match_key().as_str(),
                "differs from the one that finds the contact",
            ));
            return Err(errors.into());
        }
        let outcome = self.apply(org, &batch, actor)?.pop();
        let (id, is_new) = match outcome.ok_or(Error::Busy)? {
            ItemOutcome::Created(id) => (id, true),
            ItemOutcome::Updated(id) | ItemOutcome::Unchanged(id) => (id, false),
            ItemOutcome::Invalid(errors) => return Err(errors.into()),
            ItemOutcome::Skipped { reason, .. } => {
                return Err(self.refusal(org, key, values, reason.code())?);
            }
        };
        let contact = self.contacts.get(org, id)?;
        let contact = contact.ok_or_else(|| missing(&*self.contacts, org, id))?;
        Ok(Upserted { contact, is_new })
    }

    /// Reads the fields and the region only when an item needs them.
    fn reader(&self, org: OrgId, batch: &RawBatch<'_>) -> Result<ItemReader> {
        let mut reader = ItemReader { fields: Vec::new(), region: None, key: batch.key };
        if batch.items.iter().any(|item| !item.values.custom.is_empty()) {
            reader.fields = self.fields.list(org)?;
        }
        if batch.items.iter().any(|item| item.values.phone.is_some()) {
            reader.region = self.organisations.get(org)?.and_then(|org| org.region);
        }
        Ok(reader)
    }

    /// Applies the items that could be read, and returns their outcomes.
    fn apply_valid(
        &self,
        org: OrgId,
        batch: &RawBatch<'_>,
        items: &[ReadItem],
        actor: Actor,
    ) -> Result<Vec<RowOutcome>> {
        let planned = |(number, item): (u64, &ReadItem)| {
            let row = Ok(item.as_ref().ok()?.clone());
            let id = ContactId(self.ids.next());
            Some(PlannedRow { number, line: number, id, row, warnings: Vec::new() })
        };
        let items: Vec<_> = (1..).zip(items).filter_map(planned).collect();
        if items.is_empty() {
            return Ok(Vec::new());
        }
        let (key, policy) = (batch.key, batch.policy);
        let rules = RowRules { policy, key, required: RequiredValues::NameOrAddress };
        self.batches.apply(&Batch { org, actor, rules, items }, self.clock.now())
    }

    /// Returns the error for an upsert that was skipped.
    fn refusal(
        &self,
        org: OrgId,
        key: UpsertKey<'_>,
        values: &NewContact<'_>,
        reason: SkipCode,
    ) -> Result<Error> {
        if reason == SkipCode::TooManyAddresses {
            return Ok(vec![no_room()].into());
        }
        if reason != SkipCode::Ambiguous {
            let reason = "is required to add a contact without an email address";
            return Ok(Invalid::one("name", reason).into());
        }
        let taken = match key {
            UpsertKey::Email(_) => {
                let id = values.external_id.and_then(|text| ExternalId::parse(text).ok());
                let owner = id.map(|id| self.contacts.of_external_id(org, &id)).transpose()?;
                owner.flatten().map(|owner| Error::ExternalIdTaken(owner.id))
            }
            UpsertKey::ExternalId(_) => {
                let email = values.email.and_then(|text| EmailAddress::parse(text).ok());
                let owner = email.map(|email| self.contacts.find_by_email(org, &email));
                owner.transpose()?.flatten().map(|owner| Error::EmailTaken(owner.id))
            }
        };
        // The other contact has released the value: the request succeeds when it is repeated.
        Ok(taken.unwrap_or(Error::Busy))
    }
}

/// An item with its values, or with every invalid part.
type ReadItem = Result<ImportRow, Vec<Invalid>>;

/// Returns the outcomes of all items, given those of the valid ones.
fn outcomes_of(items: Vec<ReadItem>, outcomes: Vec<RowOutcome>) -> Vec<ItemOutcome> {
    let mut outcomes = outcomes.into_iter();
    let outcome = |item: ReadItem| match item {
        Ok(_) => outcomes.next().map(ItemOutcome::from),
        Err(errors) => Some(ItemOutcome::Invalid(errors)),
    };
    items.into_iter().filter_map(outcome).collect()
}

impl<'a> UpsertKey<'a> {
    fn match_key(self) -> MatchKey {
        match self {
            Self::Email(_) => MatchKey::Email,
            Self::ExternalId(_) => MatchKey::ExternalId,
        }
    }

    /// Returns the values with this value of the key.
    fn put_into<'v>(self, values: &NewContact<'v>) -> NewContact<'v>
    where
        'a: 'v,
    {
        let mut values = values.clone();
        match self {
            Self::Email(email) => values.email = Some(email),
            Self::ExternalId(id) => values.external_id = Some(id),
        }
        values
    }

    /// Returns whether the values contain another value of the key.
    fn differs(self, values: &NewContact<'_>) -> bool {
        match self {
            Self::Email(key) => is_other(EmailAddress::parse, key, values.email),
            Self::ExternalId(key) => is_other(ExternalId::parse, key, values.external_id),
        }
    }
}

/// Returns whether a value that is not blank is another one than a valid key.
fn is_other<T: PartialEq, E>(
    parse: fn(&str) -> Result<T, E>,
    key: &str,
    value: Option<&str>,
) -> bool {
    let (Ok(key), Some(value)) = (parse(key), filled(value)) else { return false };
    parse(value).map_or(true, |value| value != key)
}
