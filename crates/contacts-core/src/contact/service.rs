//! Use cases of contacts.

mod addresses;
mod search_texts;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{
    Activities, ActivityCursor, Contact, ContactFilter, ContactId, ContactPage, ContactPatch,
    ContactRepository, CustomValues, EmailAddress, ExternalId, FoundContacts, MergeFields,
    MergeRequest, Merged, Name, PageRequest, Patch, Phone, Region, Source, SourceCursor,
    SourceDetail, Tagged, Updated,
};
use crate::field::{Field, FieldKey, FieldRepository, FieldValue, RawValue};
use crate::org::OrganisationRepository;
use crate::page::{Count, Page, PageSize};
use crate::tag::TagName;
use crate::{Actor, Clock, Error, Ids, Invalid, OrgId, Ports, Result};

/// Values of a contact as they were typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewContact<'a> {
    /// The organisation's own id for the contact (R49).
    pub external_id: Option<&'a str>,
    /// Name. Required by [`ContactService::create`] (R6).
    pub name: Option<&'a str>,
    /// E-mail address. Required by [`ContactService::create`] (R6).
    pub email: Option<&'a str>,
    /// Phone number.
    pub phone: Option<&'a str>,
    /// Names of tags.
    pub tags: Vec<&'a str>,
    /// Values of custom fields, by key.
    pub custom: Vec<(&'a str, RawValue<'a>)>,
}

/// A patch as it was typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawPatch<'a> {
    /// Patch of the organisation's own id. An empty text clears it.
    pub external_id: Patch<&'a str>,
    /// Patch of the name.
    pub name: Patch<&'a str>,
    /// Patch of the e-mail address.
    pub email: Patch<&'a str>,
    /// Patch of the phone number.
    pub phone: Patch<&'a str>,
    /// Patch of custom fields, by key: `None` clears a field.
    pub custom: Vec<(&'a str, Option<RawValue<'a>>)>,
    /// Names of all tags of the contact after the patch. `None` leaves the tags alone.
    pub tags: Option<Vec<&'a str>>,
}

/// How precisely to count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountRequest {
    /// Do not count.
    None,
    /// Count exactly if that is quick, and estimate otherwise.
    Quick,
    /// Count exactly, however long it takes.
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
    /// Maximum number of tags in one request.
    pub const MAX_TAGS: usize = 100;

    pub(crate) fn over(ports: &Ports) -> Self {
        Self {
            contacts: ports.contacts.clone(),
            fields: ports.fields.clone(),
            organisations: ports.organisations.clone(),
            clock: ports.clock.clone(),
            ids: ports.ids.clone(),
        }
    }

    /// Adds a contact by hand or by API.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] with every field that is wrong; [`Error::EmailTaken`];
    /// [`Error::ExternalIdTaken`].
    pub fn create(&self, org: OrgId, new: &NewContact<'_>, actor: Actor) -> Result<Contact> {
        let mut errors = Vec::new();
        let external_id = new
            .external_id
            .filter(|text| !crate::text::trim(text).is_empty())
            .and_then(|text| check(&mut errors, "external_id", ExternalId::parse(text)));
        let name = required(&mut errors, "name", new.name, Name::parse);
        let email = required(&mut errors, "email", new.email, EmailAddress::parse);
        let region = self.region(org, new.phone.is_some())?;
        let phone =
            new.phone.and_then(|text| check(&mut errors, "phone", Phone::parse(text, region)));
        let tags = check_tags(&mut errors, "tags", &new.tags);
        let custom: Vec<_> = new.custom.iter().map(|(key, raw)| (*key, Some(*raw))).collect();
        let custom = self.check_custom(org, &mut errors, &custom)?;
        let custom: CustomValues = custom.into_iter().filter_map(|(k, v)| Some((k, v?))).collect();
        if !errors.is_empty() {
            return Err(errors.into());
        }
        let now = self.clock.now();
        let contact = Contact {
            org,
            id: ContactId(self.ids.next()),
            external_id,
            name,
            email,
            other_emails: Vec::new(),
            phone,
            custom,
            tags,
            consent: crate::consent::Consent::default(),
            source: Source { at: now, detail: SourceDetail::Manual { by: actor } },
            created_at: now,
            updated_at: now,
            version: 1,
        };
        self.contacts.insert(&contact, actor)?;
        // The stored contact has its tags as they were first written, and the consent of its address.
        Ok(self.contacts.get(org, contact.id)?.unwrap_or(contact))
    }

    /// Finds the contact that has an external id (R49).
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]: also when the text is no external id.
    pub fn of_external_id(&self, org: OrgId, external_id: &str) -> Result<Contact> {
        let found = match ExternalId::parse(external_id) {
            Ok(id) => self.contacts.of_external_id(org, &id)?,
            Err(_) => None,
        };
        found.ok_or(Error::NotFound("contact"))
    }

    /// Finds a contact.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Merged`] when it was merged into another. All other use cases
    /// return these two errors as well.
    pub fn get(&self, org: OrgId, id: ContactId) -> Result<Contact> {
        self.contacts.get(org, id)?.ok_or_else(|| self.missing(org, id))
    }

    /// Finds up to [`PageSize::MAX`] contacts by their ids (R55). The id of a merged contact means its
    /// survivor.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for `ids`, when there are none or too many.
    pub fn get_many(&self, org: OrgId, ids: &BTreeSet<ContactId>) -> Result<FoundContacts> {
        if ids.is_empty() || ids.len() > PageSize::MAX.into() {
            let reason = format!("must be 1 to {} ids", PageSize::MAX);
            return Err(Invalid::one("ids", reason).into());
        }
        FoundContacts::of(&*self.contacts, org, ids)
    }

    /// Changes the profile and the tags of a contact (R12). A new address becomes the primary one,
    /// and the previous one stays as a further address (R48). The given tags replace all tags of
    /// the contact; they do not change its version (R10).
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Invalid`] with every field that is wrong; [`Error::Stale`]
    /// when the contact has another version; [`Error::EmailTaken`]; [`Error::ExternalIdTaken`].
    pub fn update(
        &self,
        org: OrgId,
        id: ContactId,
        if_version: Option<u64>,
        raw: &RawPatch<'_>,
        actor: Actor,
    ) -> Result<Updated> {
        let mut errors = Vec::new();
        let external_id = raw.external_id.clone();
        let external_id = read(&mut errors, "external_id", external_id, ExternalId::parse);
        let name = read(&mut errors, "name", raw.name.clone(), Name::parse);
        let email = read(&mut errors, "email", raw.email.clone(), EmailAddress::parse);
        let region = self.region(org, matches!(raw.phone, Patch::Set(_)))?;
        let phone =
            read(&mut errors, "phone", raw.phone.clone(), |text| Phone::parse(text, region));
        let custom = self.check_custom(org, &mut errors, &raw.custom)?;
        let tags = raw.tags.as_ref().map(|names| check_tags(&mut errors, "tags", names));
        if !errors.is_empty() {
            return Err(errors.into());
        }
        let patch = ContactPatch {
            external_id,
            name,
            email,
            phone,
            custom,
            tags,
            ..ContactPatch::default()
        };
        let updated = self.contacts.update(org, id, if_version, &patch, actor, self.clock.now())?;
        updated.ok_or_else(|| self.missing(org, id))
    }

    /// Adds and removes tags of a contact (R10).
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Invalid`] for `add` or `remove`.
    pub fn tag(
        &self,
        org: OrgId,
        id: ContactId,
        add: &[&str],
        remove: &[&str],
        actor: Actor,
    ) -> Result<Tagged> {
        let mut errors = Vec::new();
        let add = check_tags(&mut errors, "add", add);
        let remove = check_tags(&mut errors, "remove", remove);
        if add.iter().any(|tag| remove.contains(tag)) {
            errors.push(Invalid::new("remove", "names a tag that is to be added too"));
        }
        if !errors.is_empty() {
            return Err(errors.into());
        }
        let tagged = self.contacts.tag(org, id, &add, &remove, actor, self.clock.now())?;
        tagged.ok_or_else(|| self.missing(org, id))
    }

    /// Deletes a contact permanently (R14).
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Stale`] when the contact has another version.
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

    /// Like [`ContactService::merge_contacts`], with the survivor's values kept.
    ///
    /// # Errors
    ///
    /// Those of [`ContactService::merge_contacts`].
    pub fn merge(
        &self,
        org: OrgId,
        survivor: ContactId,
        other: ContactId,
        if_version: Option<u64>,
        actor: Actor,
    ) -> Result<Merged> {
        let from_other = MergeFields::default();
        let request = MergeRequest { survivor, other, from_other, if_version };
        self.merge_contacts(org, &request, actor)
    }

    /// Merges another contact into the survivor (R13). Repeating the call changes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] when both ids are the same, or for a custom field that is not in use;
    /// [`Error::NotFound`]; [`Error::Stale`] when the survivor has another version.
    pub fn merge_contacts(
        &self,
        org: OrgId,
        request: &MergeRequest,
        actor: Actor,
    ) -> Result<Merged> {
        let MergeRequest { survivor, other, .. } = *request;
        if survivor == other {
            return Err(Invalid::one("other_id", "is the contact itself").into());
        }
        if !request.from_other.custom.is_empty() {
            request.from_other.check_fields(&self.fields.list(org)?)?;
        }
        let now = self.clock.now();
        if let Some(merged) = self.contacts.merge_contacts(org, request, actor, now)? {
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

    /// Returns a page of the list, with the count when it is requested (R21).
    pub fn list(
        &self,
        org: OrgId,
        filter: &ContactFilter,
        page: &PageRequest,
        count: CountRequest,
    ) -> Result<(ContactPage, Option<Count>)> {
        page.sort.check(org, &*self.fields)?;
        let listed = self.contacts.list(org, filter, page)?;
        let count = match count {
            CountRequest::None => None,
            // A first page that is also the last one needs no counting.
            _ if page.after.is_none() && listed.next.is_none() => {
                Some(Count::Exact(listed.items.len() as u64))
            }
            CountRequest::Quick => Some(self.contacts.count_quickly(org, filter)?),
            CountRequest::Exact => Some(Count::Exact(self.contacts.count(org, filter)?)),
        };
        Ok((listed, count))
    }

    /// Returns a page of a contact's sources: the first source, and then the others, oldest first.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn sources(
        &self,
        org: OrgId,
        id: ContactId,
        after: Option<SourceCursor>,
        size: PageSize,
    ) -> Result<Page<Source, SourceCursor>> {
        let is_first_page = after.is_none();
        let sources = self.contacts.sources(org, id, after, size.get() + 1)?;
        if sources.is_empty() {
            self.get(org, id)?;
        }
        let first = sources.first().filter(|_| is_first_page).cloned();
        Ok(Page::cut(sources, size, |source| {
            SourceCursor::after(source, first.as_ref() == Some(source))
        }))
    }

    /// Returns a page of a contact's activity, newest first.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn activity(
        &self,
        org: OrgId,
        id: ContactId,
        after: Option<ActivityCursor>,
        size: PageSize,
    ) -> Result<Activities> {
        self.get(org, id)?;
        self.contacts.activity(org, id, after, size)
    }

    /// Returns the error for a contact that does not exist: its survivor, if it was merged.
    fn missing(&self, org: OrgId, id: ContactId) -> Error {
        missing(&*self.contacts, org, id)
    }

    /// Reads the organisation's region only when a phone number needs it.
    fn region(&self, org: OrgId, is_needed: bool) -> Result<Option<Region>> {
        if !is_needed {
            return Ok(None);
        }
        Ok(self.organisations.get(org)?.and_then(|organisation| organisation.region))
    }

    fn check_custom(
        &self,
        org: OrgId,
        errors: &mut Vec<Invalid>,
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
                Err(reason) => errors.push(Invalid::new(format!("custom.{key}"), reason)),
            }
        }
        Ok(checked)
    }
}

/// Returns the error for a contact that does not exist: its survivor, if it was merged (R13).
/// Looked up only then, so that other requests do not pay for it.
pub(crate) fn missing(contacts: &dyn ContactRepository, org: OrgId, id: ContactId) -> Error {
    match contacts.merged_into(org, id) {
        Ok(Some(survivor)) => Error::Merged(survivor),
        Ok(None) => Error::NotFound("contact"),
        Err(error) => error,
    }
}

/// Checks the value of a custom field. `None`, and an empty text, clear the field.
pub(crate) fn check_value(
    fields: &[Field],
    key: &str,
    raw: Option<RawValue<'_>>,
) -> Result<(FieldKey, Option<FieldValue>), String> {
    let field = fields
        .iter()
        .find(|field| field.key.as_str() == key)
        .ok_or("is not a custom field of this organisation: define it first")?;
    if field.archived {
        return Err("is archived: restore it first".to_owned());
    }
    // Forms send an empty text for a field without a value.
    let raw = raw
        .filter(|raw| !matches!(raw, RawValue::Text(text) if crate::text::trim(text).is_empty()));
    let value = raw.map(|raw| field.kind.coerce(raw)).transpose();
    Ok((field.key.clone(), value.map_err(|reason| reason.to_string())?))
}

/// Parses the tags of a request. Invalid ones are recorded with their index.
pub(crate) fn check_tags(errors: &mut Vec<Invalid>, field: &str, names: &[&str]) -> Vec<TagName> {
    if names.len() > ContactService::MAX_TAGS {
        errors.push(Invalid::new(
            field,
            format!("names more than {} tags", ContactService::MAX_TAGS),
        ));
        return Vec::new();
    }
    let mut tags = Vec::with_capacity(names.len());
    for (at, name) in names.iter().enumerate() {
        tags.extend(check(errors, &format!("{field}[{at}]"), TagName::parse(name)));
    }
    // The first spelling wins: a stable sort keeps it before its equals.
    tags.sort();
    tags.dedup();
    tags
}

fn required<T, E: ToString>(
    errors: &mut Vec<Invalid>,
    field: &str,
    text: Option<&str>,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Option<T> {
    match text {
        Some(text) => check(errors, field, parse(text)),
        None => {
            errors.push(Invalid::new(field, "is required"));
            None
        }
    }
}

/// Fields that an empty text clears.
const CLEARED_BY_BLANK: [&str; 2] = ["external_id", "phone"];

fn read<T, E: ToString>(
    errors: &mut Vec<Invalid>,
    field: &str,
    patch: Patch<&str>,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Patch<T> {
    match patch {
        Patch::Keep => Patch::Keep,
        Patch::Clear => Patch::Clear,
        // A form that was emptied clears what may be cleared.
        Patch::Set(text)
            if CLEARED_BY_BLANK.contains(&field) && crate::text::trim(text).is_empty() =>
        {
            Patch::Clear
        }
        Patch::Set(text) => check(errors, field, parse(text)).map_or(Patch::Keep, Patch::Set),
    }
}

/// Returns a parsed value, or records why it is invalid.
pub(crate) fn check<T, E: ToString>(
    errors: &mut Vec<Invalid>,
    field: &str,
    parsed: Result<T, E>,
) -> Option<T> {
    parsed.map_err(|reason| errors.push(Invalid::new(field, reason))).ok()
}
