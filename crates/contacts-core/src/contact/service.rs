//! Working with contacts.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{
    Activities, ActivityPlace, Arrival, Contact, ContactFilter, ContactId, ContactPatch,
    ContactRepository, CustomValues, EmailAddress, Listed, Merged, Name, Origin, PageRequest,
    Patch, Phone, Region, Tagged, Updated,
};
use crate::field::{Field, FieldKey, FieldRepository, FieldValue, RawValue};
use crate::org::OrganisationRepository;
use crate::page::{Count, PageSize};
use crate::tag::TagName;
use crate::{Actor, Clock, Error, Ids, Invalid, OrgId, Result};

/// A contact to be added, as it was typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewContact<'a> {
    /// Required (R6).
    pub name: Option<&'a str>,
    /// Required (R6).
    pub email: Option<&'a str>,
    /// May be absent.
    pub phone: Option<&'a str>,
    /// Names of tags.
    pub tags: Vec<&'a str>,
    /// Values of custom fields by key.
    pub custom: Vec<(&'a str, RawValue<'a>)>,
}

/// A patch as it was typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawPatch<'a> {
    /// Of the name.
    pub name: Patch<&'a str>,
    /// Of the address.
    pub email: Patch<&'a str>,
    /// Of the phone number.
    pub phone: Patch<&'a str>,
    /// Of custom fields by key: a value, or nothing to clear it.
    pub custom: Vec<(&'a str, Option<RawValue<'a>>)>,
}

/// How exactly to count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountRequest {
    /// Not at all.
    None,
    /// Up to [`Count::BOUND`].
    Bounded,
    /// To the last one.
    Exact,
}

/// The use cases of contacts.
#[derive(Clone)]
pub struct ContactService {
    contacts: Arc<dyn ContactRepository>,
    fields: Arc<dyn FieldRepository>,
    organisations: Arc<dyn OrganisationRepository>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

impl ContactService {
    /// The most tags that one request may name.
    pub const MAX_TAGS: usize = 100;

    /// Makes the service.
    pub fn new(
        contacts: Arc<dyn ContactRepository>,
        fields: Arc<dyn FieldRepository>,
        organisations: Arc<dyn OrganisationRepository>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
    ) -> Self {
        Self { contacts, fields, organisations, clock, ids }
    }

    /// Adds a contact by hand or by API.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] naming every field that is wrong; [`Error::EmailTaken`].
    pub fn create(&self, org: OrgId, new: &NewContact<'_>, actor: Actor) -> Result<Contact> {
        let mut wrong = Vec::new();
        let name = required(&mut wrong, "name", new.name, Name::parse);
        let email = required(&mut wrong, "email", new.email, EmailAddress::parse);
        let region = self.region(org, new.phone.is_some())?;
        let phone =
            new.phone.and_then(|text| check(&mut wrong, "phone", Phone::parse(text, region)));
        let tags = check_tags(&mut wrong, "tags", &new.tags);
        let custom: Vec<_> = new.custom.iter().map(|(key, raw)| (*key, Some(*raw))).collect();
        let custom = self.check_custom(org, &mut wrong, &custom)?;
        let custom: CustomValues = custom.into_iter().filter_map(|(k, v)| Some((k, v?))).collect();
        if !wrong.is_empty() {
            return Err(wrong.into());
        }
        let now = self.clock.now();
        let contact = Contact {
            org,
            id: ContactId(self.ids.next()),
            name,
            email,
            phone,
            custom,
            tags,
            source: Arrival { at: now, origin: Origin::Manual { by: actor } },
            created_at: now,
            updated_at: now,
            version: 1,
        };
        self.contacts.insert(&contact, actor)?;
        if contact.tags.is_empty() {
            return Ok(contact);
        }
        // The store knows how its tags were first written.
        Ok(self.contacts.get(org, contact.id)?.unwrap_or(contact))
    }

    /// Finds a contact.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Merged`] when it was folded into another, as everywhere.
    pub fn get(&self, org: OrgId, id: ContactId) -> Result<Contact> {
        self.contacts.get(org, id)?.ok_or_else(|| self.missing(org, id))
    }

    /// Changes a contact's profile (R12).
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Invalid`] naming every field that is wrong;
    /// [`Error::Stale`] when it has another version; [`Error::EmailTaken`].
    pub fn update(
        &self,
        org: OrgId,
        id: ContactId,
        if_version: Option<u64>,
        raw: &RawPatch<'_>,
        actor: Actor,
    ) -> Result<Updated> {
        let mut wrong = Vec::new();
        let name = read(&mut wrong, "name", raw.name.clone(), Name::parse);
        let email = read(&mut wrong, "email", raw.email.clone(), EmailAddress::parse);
        let region = self.region(org, matches!(raw.phone, Patch::Set(_)))?;
        let phone = read(&mut wrong, "phone", raw.phone.clone(), |text| Phone::parse(text, region));
        let custom = self.check_custom(org, &mut wrong, &raw.custom)?;
        if !wrong.is_empty() {
            return Err(wrong.into());
        }
        let patch = ContactPatch { name, email, phone, custom };
        let updated = self.contacts.update(org, id, if_version, &patch, actor, self.clock.now())?;
        updated.ok_or_else(|| self.missing(org, id))
    }

    /// Puts tags on a contact and takes others off (R10).
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Invalid`] naming `add` or `remove`.
    pub fn tag(
        &self,
        org: OrgId,
        id: ContactId,
        add: &[&str],
        remove: &[&str],
        actor: Actor,
    ) -> Result<Tagged> {
        let mut wrong = Vec::new();
        let add = check_tags(&mut wrong, "add", add);
        let remove = check_tags(&mut wrong, "remove", remove);
        if add.iter().any(|tag| remove.contains(tag)) {
            wrong.push(Invalid::new("remove", "names a tag that is to be added too"));
        }
        if !wrong.is_empty() {
            return Err(wrong.into());
        }
        let tagged = self.contacts.tag(org, id, &add, &remove, actor, self.clock.now())?;
        tagged.ok_or_else(|| self.missing(org, id))
    }

    /// Deletes a contact for ever.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Stale`] when it has another version.
    pub fn delete(
        &self,
        org: OrgId,
        id: ContactId,
        if_version: Option<u64>,
        actor: Actor,
    ) -> Result<()> {
        let deleted = self.contacts.delete(org, id, if_version, actor, self.clock.now())?;
        if deleted { Ok(()) } else { Err(self.missing(org, id)) }
    }

    /// Folds another contact into this one (R13). Asked for again, it changes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a contact with itself; [`Error::NotFound`]; [`Error::Stale`] when
    /// the survivor has another version.
    pub fn merge(
        &self,
        org: OrgId,
        survivor: ContactId,
        other: ContactId,
        if_version: Option<u64>,
        actor: Actor,
    ) -> Result<Merged> {
        if survivor == other {
            return Err(Invalid::one("other_id", "is the contact itself").into());
        }
        let now = self.clock.now();
        if let Some(merged) = self.contacts.merge(org, survivor, other, if_version, actor, now)? {
            return Ok(merged);
        }
        let contact = self.get(org, survivor)?;
        match self.contacts.merged_into(org, other)? {
            Some(into) if into == survivor => {
                Ok(Merged { contact, changes: Vec::new(), tags: Vec::new() })
            }
            Some(into) => {
                Err(Invalid::one("other_id", format!("was merged into {into}: name that")).into())
            }
            None => Err(Error::NotFound("contact")),
        }
    }

    /// One page of the list, and with it the count when it is wanted (R21).
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn list(
        &self,
        org: OrgId,
        filter: &ContactFilter,
        page: &PageRequest,
        count: CountRequest,
    ) -> Result<(Listed, Option<Count>)> {
        let listed = self.contacts.list(org, filter, page)?;
        let count = match count {
            CountRequest::None => None,
            // A first page that is the last one has counted itself.
            _ if page.after.is_none() && listed.next.is_none() => {
                Some(Count::Exact(listed.items.len() as u64))
            }
            CountRequest::Bounded => Some(self.contacts.count(org, filter, false)?),
            CountRequest::Exact => Some(self.contacts.count(org, filter, true)?),
        };
        Ok((listed, count))
    }

    /// Every way a contact came, the first one first.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn arrivals(&self, org: OrgId, id: ContactId) -> Result<Vec<Arrival>> {
        let arrivals = self.contacts.arrivals(org, id)?;
        if arrivals.is_empty() { Err(self.missing(org, id)) } else { Ok(arrivals) }
    }

    /// A page of what happened to a contact, the newest first, from before a place.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn activity(
        &self,
        org: OrgId,
        id: ContactId,
        before: Option<ActivityPlace>,
        size: PageSize,
    ) -> Result<Activities> {
        self.get(org, id)?;
        self.contacts.activity(org, id, before, size)
    }

    /// What to say of a contact that is not there: where it went, if it was folded into another.
    fn missing(&self, org: OrgId, id: ContactId) -> Error {
        missing(&*self.contacts, org, id)
    }

    /// The organisation's region, read only when a phone number needs it.
    fn region(&self, org: OrgId, is_needed: bool) -> Result<Option<Region>> {
        if !is_needed {
            return Ok(None);
        }
        Ok(self.organisations.get(org)?.and_then(|organisation| organisation.region))
    }

    fn check_custom(
        &self,
        org: OrgId,
        wrong: &mut Vec<Invalid>,
        custom: &[(&str, Option<RawValue<'_>>)],
    ) -> Result<BTreeMap<FieldKey, Option<FieldValue>>> {
        if custom.is_empty() {
            return Ok(BTreeMap::new());
        }
        let fields = self.fields.list(org)?;
        let mut checked = BTreeMap::new();
        for (key, raw) in custom {
            match check_value(&fields, key, *raw) {
                Ok((key, value)) => {
                    checked.insert(key, value);
                }
                Err(reason) => wrong.push(Invalid::new(format!("custom.{key}"), reason)),
            }
        }
        Ok(checked)
    }
}

/// What to say of a contact that is not there: where it went, if it was folded into another
/// (R13). Looked up only then, so that it costs nobody else.
pub(crate) fn missing(contacts: &dyn ContactRepository, org: OrgId, id: ContactId) -> Error {
    match contacts.merged_into(org, id) {
        Ok(Some(survivor)) => Error::Merged(survivor),
        Ok(None) => Error::NotFound("contact"),
        Err(error) => error,
    }
}

fn check_value(
    fields: &[Field],
    key: &str,
    raw: Option<RawValue<'_>>,
) -> Result<(FieldKey, Option<FieldValue>), String> {
    let field = fields
        .iter()
        .find(|field| field.key.as_str() == key)
        .ok_or("is no custom field of this organisation: define it first")?;
    if field.archived {
        return Err("is archived: take it out of the archive first".to_owned());
    }
    // An empty text is how forms say that there is no value.
    let raw = raw
        .filter(|raw| !matches!(raw, RawValue::Text(text) if crate::text::trim(text).is_empty()));
    let value = raw.map(|raw| field.kind.coerce(raw)).transpose();
    Ok((field.key.clone(), value.map_err(|why| why.to_string())?))
}

/// Tags of a request; those that are none are noted by their place.
pub(crate) fn check_tags(wrong: &mut Vec<Invalid>, field: &str, names: &[&str]) -> Vec<TagName> {
    if names.len() > ContactService::MAX_TAGS {
        wrong.push(Invalid::new(
            field,
            format!("names more than {} tags", ContactService::MAX_TAGS),
        ));
        return Vec::new();
    }
    let mut tags = Vec::with_capacity(names.len());
    for (at, name) in names.iter().enumerate() {
        tags.extend(check(wrong, &format!("{field}[{at}]"), TagName::parse(name)));
    }
    // First written wins: a stable sort keeps it in front of its equals.
    tags.sort();
    tags.dedup();
    tags
}

fn required<T, E: ToString>(
    wrong: &mut Vec<Invalid>,
    field: &str,
    text: Option<&str>,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Option<T> {
    match text {
        Some(text) => check(wrong, field, parse(text)),
        None => {
            wrong.push(Invalid::new(field, "is required"));
            None
        }
    }
}

fn read<T, E: ToString>(
    wrong: &mut Vec<Invalid>,
    field: &str,
    patch: Patch<&str>,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Patch<T> {
    match patch {
        Patch::Keep => Patch::Keep,
        Patch::Clear => Patch::Clear,
        // A form that was emptied clears what may be cleared.
        Patch::Set(text) if field == "phone" && crate::text::trim(text).is_empty() => Patch::Clear,
        Patch::Set(text) => check(wrong, field, parse(text)).map_or(Patch::Keep, Patch::Set),
    }
}

fn check<T, E: ToString>(wrong: &mut Vec<Invalid>, field: &str, parsed: Result<T, E>) -> Option<T> {
    parsed.map_err(|why| wrong.push(Invalid::new(field, why))).ok()
}
