//! The decision about one row of a file (R33), which every store shares.

use time::OffsetDateTime;

use super::{CellRule, ImportRow, Match, Policy, RequiredValues, RowRules, Skip, Target};
use crate::OrgId;
use crate::consent::Consent;
use crate::contact::{Contact, ContactId, ContactPatch, EmailAddress, Patch, Phone, Source};
use crate::tag::TagName;

/// The effect of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// The row adds a contact.
    Add,
    /// The row changes the contact.
    Update {
        /// The contact, its tags included, after the change.
        contact: Box<Contact>,
        /// Whether the profile changes, not only the tags.
        profile: bool,
        /// The tags that the contact did not have.
        tags: Vec<TagName>,
        /// Whether the contact is subscribed, and the row unsubscribes it.
        unsubscribes: bool,
    },
    /// The row has no effect.
    Skip(Skip),
}

/// Decides what a row does, given the contact that it is about.
///
/// - Cells with a value overwrite, blank cells change nothing, tags are added. Rules of the row take
///   the place of the policy, and a value is cleared only where it may be overwritten (R58).
/// - The primary address is changed only when the contact is found by its id or its external id.
///   Further addresses of the row are added in any case (R48).
/// - A row adds a contact only with the required values (R6, R49).
/// - A row that says so unsubscribes the contact. No row subscribes one (R52).
///
/// ```
/// use contacts_core::contact::{EmailAddress, Name};
/// use contacts_core::import::{Decision, ImportRow, Match, Policy, Skip, decide};
/// use time::OffsetDateTime;
///
/// let mut row = ImportRow {
///     email: EmailAddress::parse("ann@example.org").ok(),
///     name: Name::parse("Ann").ok(),
///     ..ImportRow::default()
/// };
/// let now = OffsetDateTime::UNIX_EPOCH;
/// assert_eq!(decide(Match::New, &row, Policy::Overwrite.into(), now), Decision::Add);
/// let unknown = decide(Match::New, &row, Policy::UpdateOnly.into(), now);
/// assert_eq!(unknown, Decision::Skip(Skip::Unknown));
/// row.name = None;
/// let nameless = decide(Match::New, &row, Policy::Overwrite.into(), now);
/// assert_eq!(nameless, Decision::Skip(Skip::MissingName));
/// ```
pub fn decide(
    matched: Match<'_>,
    row: &ImportRow,
    rules: RowRules,
    now: OffsetDateTime,
) -> Decision {
    let policy = rules.policy;
    let existing = match (matched.contact(), policy) {
        (None, Policy::UpdateOnly) => return Decision::Skip(Skip::Unknown),
        (None, Policy::OptOut) => return decide_opt_out(row),
        (None, _) => return decide_addition(row, rules.required),
        (Some(_), Policy::AddOnly) => return Decision::Skip(Skip::Known),
        (Some(existing), _) => existing,
    };
    let unsubscribes = row.is_opted_out && existing.consent.is_subscribed();
    let mut contact = existing.clone();
    let (mut profile, mut tags) = (false, Vec::new());
    if policy != Policy::OptOut {
        let mut patch = patch(row, existing, policy, matches!(matched, Match::ById(_)));
        patch.further = further(row, matched);
        // The patch clears no required field, so it is only refused for want of room for an address.
        let Ok(changes) = patch.apply(&mut contact, now) else {
            return Decision::Skip(Skip::TooManyAddresses);
        };
        profile = !changes.is_empty();
        tags.extend(row.tags.iter().filter(|tag| !existing.tags.contains(tag)).cloned());
    }
    if !profile && tags.is_empty() && !unsubscribes {
        return Decision::Skip(Skip::Unchanged);
    }
    contact.tags.extend(tags.iter().cloned());
    contact.tags.sort();
    Decision::Update { contact: Box::new(contact), profile, tags, unsubscribes }
}

fn decide_addition(row: &ImportRow, required: RequiredValues) -> Decision {
    match (row.emails().next(), &row.name) {
        (None, None) if required == RequiredValues::NameOrAddress => Decision::Skip(Skip::Nobody),
        _ if required == RequiredValues::NameOrAddress => Decision::Add,
        (Some(_), Some(_)) => Decision::Add,
        (None, _) => Decision::Skip(Skip::MissingEmail),
        (Some(_), None) => Decision::Skip(Skip::MissingName),
    }
}

fn decide_opt_out(row: &ImportRow) -> Decision {
    let is_suppressed = row.is_opted_out && row.emails().next().is_some();
    Decision::Skip(if is_suppressed { Skip::Suppressed } else { Skip::Unknown })
}

/// Returns the addresses that a contact gets as further ones. An address that was found by another
/// one of the row is one of them.
fn further(row: &ImportRow, matched: Match<'_>) -> Vec<EmailAddress> {
    match matched {
        Match::ByAddress(_) => row.emails().cloned().collect(),
        Match::New | Match::ById(_) => row.others.clone(),
    }
}

/// Returns the patch of the cells that the policy permits to write.
fn patch(row: &ImportRow, existing: &Contact, policy: Policy, by_id: bool) -> ContactPatch {
    let overwrites = |target: &Target| match row.rules.get(target) {
        Some(rule) => *rule != CellRule::FillBlanks,
        None => policy != Policy::FillBlanks,
    };
    let phone = overwrites(&Target::Phone) && !lost_plus(row, existing);
    let external_id = overwrites(&Target::ExternalId);
    let email = overwrites(&Target::Email);
    let mut patch = ContactPatch {
        external_id: set(&row.external_id, external_id || existing.external_id.is_none()),
        name: set(&row.name, overwrites(&Target::Name) || existing.name.is_none()),
        email: set(&row.email, by_id && (email || existing.email.is_none())),
        phone: set(&row.phone, phone || existing.phone.is_none()),
        ..ContactPatch::default()
    };
    for (key, value) in &row.custom {
        let is_blank = !existing.custom.contains_key(key);
        if is_blank || overwrites(&Target::Field(key.clone())) {
            patch.custom.insert(key.clone(), Some(value.clone()));
        }
    }
    for target in row.clears.iter().filter(|target| overwrites(target)) {
        match target {
            Target::ExternalId => patch.external_id = Patch::Clear,
            Target::Phone => patch.phone = Patch::Clear,
            Target::Field(key) => drop(patch.custom.insert(key.clone(), None)),
            _ => {}
        }
    }
    patch
}

/// Returns whether the row's phone number is the existing one without its plus sign, as spreadsheet
/// programs write it back (R57).
fn lost_plus(row: &ImportRow, existing: &Contact) -> bool {
    let Some(known) = existing.phone.as_ref().and_then(Phone::e164) else { return false };
    row.phone.as_ref().is_some_and(|phone| known.strip_prefix('+') == Some(phone.as_str()))
}

fn set<T: Clone>(value: &Option<T>, is_permitted: bool) -> Patch<T> {
    match value {
        Some(value) if is_permitted => Patch::Set(value.clone()),
        _ => Patch::Keep,
    }
}

/// Returns the contact that a row adds.
pub fn added(row: &ImportRow, org: OrgId, id: ContactId, source: Source) -> Contact {
    let now = source.at;
    let mut emails = row.emails().cloned();
    let mut contact = Contact {
        org,
        id,
        external_id: row.external_id.clone(),
        name: row.name.clone(),
        email: emails.next(),
        other_emails: Vec::new(),
        phone: row.phone.clone(),
        custom: row.custom.clone(),
        tags: row.tags.clone(),
        consent: Consent::default(),
        source,
        created_at: now,
        updated_at: now,
        version: 1,
    };
    contact.add_others(emails);
    contact
}
