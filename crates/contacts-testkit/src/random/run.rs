//! Runs operations and describes their outcomes.

mod chat;
mod reads;

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeSet;

use contacts_core::contact::{
    Contact, ContactFilter, ContactId, ContactPatch, EmailAddress, MergeFields, MergeRequest,
    PageRequest, Patch,
};
use contacts_core::event::EventKind;
use contacts_core::field::{FieldPatch, FieldService, NewField};
use contacts_core::import::{Chunk, ImportRow, PlannedRow, Policy, Skip, SkippedRow, Unreadable};
use contacts_core::note::Editor;
use contacts_core::page::PageSize;
use contacts_core::run::RunState;
use contacts_core::selection::Selection;
use contacts_core::tag::{Renamed, TagId};
use contacts_core::undo::{UndoId, UndoStart, UndoStep, UndoSubject};
use contacts_core::webhook::WebhookId;
use contacts_core::{Actor, Clock, Ids, OrgId};
use time::OffsetDateTime;

use super::feed::FeedReader;
use super::shown::{TimeFormatter, applied, tag};
use super::syncs::Way;
use super::{Observation, Operation, Profile};
use crate::{Ports, samples};

/// Runs operations in order in a new organisation. The last observations describe everything that
/// can be read at the end.
pub fn run(ports: &Ports, operations: &[Operation]) -> Vec<Observation> {
    let begins = ports.clock.now();
    let run = Run {
        ports,
        org: ports.org(),
        begins,
        tell: TimeFormatter(begins),
        chosen: RefCell::default(),
        webhook: OnceCell::new(),
        lowered: RefCell::default(),
        reader: RefCell::default(),
    };
    let observe = |operation: String, outcome| Observation { operation, outcome };
    let mut seen = Vec::with_capacity(operations.len() + 4);
    for operation in operations {
        ports.clock.tick();
        seen.push(observe(format!("{operation:?}"), run.operate(operation)));
        run.check_consents();
        run.check_total();
        run.check_feed();
    }
    seen.push(observe("everybody in the end".to_owned(), run.everybody()));
    seen.push(observe("every campaign in the end".to_owned(), run.campaigns()));
    seen.push(observe("every tag in the end".to_owned(), run.tags()));
    seen.push(observe("every field in the end".to_owned(), run.fields()));
    seen.push(observe("every import in the end".to_owned(), run.imports()));
    seen.push(observe("every delivery in the end".to_owned(), run.deliveries()));
    seen.push(observe("every event in the end".to_owned(), run.events()));
    seen.push(observe("the audit trail in the end".to_owned(), run.trail()));
    seen
}

pub(super) struct Run<'a> {
    pub(super) ports: &'a Ports,
    pub(super) org: OrgId,
    pub(super) begins: OffsetDateTime,
    pub(super) tell: TimeFormatter,
    /// Selections so far, with their filters.
    pub(super) chosen: RefCell<Vec<(Selection, ContactFilter)>>,
    /// The organisation's only webhook, once it exists.
    pub(super) webhook: OnceCell<WebhookId>,
    /// Ids and addresses of unsubscribed contacts, which nothing but a raise of consent removes.
    pub(super) lowered: RefCell<BTreeSet<String>>,
    /// What a reader of the feed has seen so far.
    pub(super) reader: RefCell<FeedReader>,
}

impl Run<'_> {
    fn operate(&self, operation: &Operation) -> String {
        match operation {
            Operation::Create(profile) => self.create(profile),
            Operation::Patch { who, set, clear, with_tags, version } => {
                self.patch(*who, set, *clear, *with_tags, *version)
            }
            Operation::Address { who, email, is_removed } => self.address(*who, email, *is_removed),
            Operation::Tag { who, add, remove } => self.tag(*who, add, remove),
            Operation::Delete { who, version } => {
                let Some(contact) = self.person(*who) else { return "nobody".to_owned() };
                let version = version.map(|is| contact.version + u64::from(!is));
                let deleted = self.ports.contacts.delete(
                    self.org,
                    contact.id,
                    version,
                    Actor::System,
                    self.now(),
                );
                self.tell.result(deleted, |deleted| deleted.to_string())
            }
            Operation::Merge { who, other, version } => self.merge(*who, *other, *version),
            Operation::Note { who, which, text } => self.note(*who, *which, *text),
            Operation::Capture { visitor, conversation, said } => {
                self.capture(visitor, *conversation, said)
            }
            Operation::Report { visitor, conversation, second, messages } => {
                self.report(visitor, *conversation, *second, *messages)
            }
            Operation::Dismiss { who, other, dismissed } => {
                self.set_dismissed(*who, *other, *dismissed)
            }
            Operation::EnsureTag(name) => {
                let id = TagId(self.ports.ids.next());
                let name = samples::tag(name);
                let made = self.ports.tags.ensure(self.org, id, &name, self.now());
                self.tell.result(made, |made| tag(&made))
            }
            Operation::RenameTag(old, new) => self.rename(old, new),
            Operation::DeleteTag(name) => {
                let Some(id) = self.tag_id(name) else { return "no tag".to_owned() };
                self.tell.result(
                    self.ports.tags.delete(self.org, id, Actor::System, self.now()),
                    |deleted| deleted.to_string(),
                )
            }
            Operation::Define(key, kind) => {
                let field = NewField::new(key, key, kind.clone()).unwrap();
                let added = self.ports.fields.insert(
                    self.org,
                    &field,
                    FieldService::MAX_FIELDS,
                    Actor::System,
                    self.ports.clock.now(),
                );
                self.tell.result(added, |field| field.position.to_string())
            }
            Operation::Redefine(key, patch) => self.redefine(key, patch),
            Operation::First(key) => {
                let moved = self.ports.fields.reorder(
                    self.org,
                    &[samples::key(key)],
                    Actor::System,
                    self.ports.clock.now(),
                );
                self.tell.result(moved, |()| self.fields())
            }
            Operation::Import { rows, policy, size, twice, cancel } => {
                self.import(rows, *policy, *size, *twice, *cancel)
            }
            Operation::Batch { items, policy, key } => self.batch(items, *policy, *key),
            Operation::Undo { which, fails } => self.undo(*which, *fails),
            Operation::Register { campaign, kind, name } => self.register(*campaign, *kind, name),
            Operation::Join { who, campaign } => self.join(who, *campaign),
            Operation::Consent { who, change } => self.change_consent(*who, change),
            Operation::Deliver(values) => self.deliver(values),
            Operation::Select { target, filter, except, chunk } => {
                self.select(target.as_deref(), filter, except, *chunk)
            }
            Operation::Act { which, deeds, twice, cancel } => {
                let values = deeds.iter().map(|effect| self.act(*which, effect, *twice, *cancel));
                self.tell.lines(values)
            }
            Operation::Hook(steps) => {
                let values = steps.iter().map(|step| {
                    self.ports.clock.tick();
                    self.hook(step)
                });
                self.tell.lines(values)
            }
            Operation::Sync { source, chunks, overwrite, full, twice, taken_up, cancel } => {
                let (overwrite, full, twice) = (*overwrite, *full, *twice);
                let (taken_up, cancel) = (*taken_up, *cancel);
                self.sync(*source, &Way { chunks, overwrite, full, twice, taken_up, cancel })
            }
            Operation::List { filter, sort, size } => {
                let size = PageSize::new(*size).unwrap();
                self.list(filter, PageRequest { sort: sort.clone(), size, after: None })
            }
        }
    }

    pub(super) fn now(&self) -> OffsetDateTime {
        self.ports.clock.now()
    }

    /// Returns all contacts, oldest first.
    pub(super) fn people(&self) -> Vec<Contact> {
        self.matching(&ContactFilter::default())
    }

    pub(super) fn matching(&self, filter: &ContactFilter) -> Vec<Contact> {
        let page = samples::page(contacts_core::contact::SortBy::Created, false, 200);
        self.ports.contacts.list(self.org, filter, &page).unwrap().items
    }

    pub(super) fn person(&self, who: usize) -> Option<Contact> {
        let people = self.people();
        let at = who.checked_rem(people.len())?;
        people.into_iter().nth(at)
    }

    fn tag_id(&self, name: &str) -> Option<TagId> {
        let name = samples::tag(name);
        let known = self.ports.tags.list(self.org, name.key(), "", 1).unwrap();
        known.into_iter().find(|tag| tag.name == name).map(|tag| tag.id)
    }

    fn create(&self, profile: &Profile) -> String {
        let Ports { ids, clock, .. } = self.ports;
        let mut contact = samples::contact(self.org, ids, clock, profile.name, profile.email);
        contact.phone = (!profile.phone.is_empty()).then(|| samples::phone(profile.phone));
        contact.tags = distinct(&profile.tags);
        contact.custom = samples::custom(&profile.custom);
        let made = self.ports.contacts.insert(&contact, Actor::System);
        self.tell.result(made, |()| {
            let read = self.ports.contacts.get(self.org, contact.id);
            self.tell.result(read, |read| self.tell.contact(&read.unwrap()))
        })
    }

    fn patch(
        &self,
        who: usize,
        set: &Profile,
        clear: [bool; 3],
        with_tags: bool,
        version: Option<bool>,
    ) -> String {
        let Some(contact) = self.person(who) else { return "nobody".to_owned() };
        let tags = with_tags.then(|| distinct(&set.tags));
        let mut patch = ContactPatch { tags, ..ContactPatch::default() };
        if clear[0] {
            patch.name = Patch::Clear;
        } else if !set.name.is_empty() {
            patch.name = Patch::Set(samples::name(set.name));
        }
        if !set.email.is_empty() {
            patch.email = Patch::Set(samples::email(set.email));
        }
        if clear[1] {
            patch.phone = Patch::Clear;
        } else if !set.phone.is_empty() {
            patch.phone = Patch::Set(samples::phone(set.phone));
        }
        for (key, value) in &set.custom {
            patch.custom.insert(samples::key(key), (!clear[2]).then(|| value.clone()));
        }
        let version = version.map(|is| contact.version + u64::from(!is));
        let (contacts, by) = (&self.ports.contacts, Actor::System);
        let updated = contacts.update(self.org, contact.id, version, &patch, by, self.now());
        self.tell.result(updated, |updated| {
            let updated = updated.unwrap();
            format!("{} {:?}", self.tell.contact(&updated.contact), updated.changes)
        })
    }

    fn address(&self, who: usize, email: &str, is_removed: bool) -> String {
        let Some(contact) = self.person(who) else { return "nobody".to_owned() };
        let (service, by) = (self.ports.services().contacts, Actor::System);
        let updated = if is_removed {
            service.remove_address(self.org, contact.id, None, email, by)
        } else {
            service.add_address(self.org, contact.id, None, email, by)
        };
        self.tell.result(updated, |updated| {
            format!("{} {:?}", self.tell.contact(&updated.contact), updated.changes)
        })
    }

    fn tag(&self, who: usize, add: &[&str], remove: &[&str]) -> String {
        let Some(contact) = self.person(who) else { return "nobody".to_owned() };
        let (add, mut remove) = (distinct(add), distinct(remove));
        remove.retain(|tag| !add.contains(tag));
        let (contacts, by) = (&self.ports.contacts, Actor::System);
        let tagged = contacts.tag(self.org, contact.id, &add, &remove, by, self.now());
        self.tell.result(tagged, |tagged| {
            let tagged = tagged.unwrap();
            let contact = self.tell.contact(&tagged.contact);
            format!("{contact} +{:?} -{:?}", tagged.added, tagged.removed)
        })
    }

    fn merge(&self, who: usize, with: usize, version: Option<bool>) -> String {
        let (Some(contact), Some(other)) = (self.person(who), self.person(with)) else {
            return "nobody".to_owned();
        };
        // The positions of the contacts decide which values are taken.
        let from_other = MergeFields {
            external_id: with.is_multiple_of(3),
            name: who.is_multiple_of(2),
            email: with.is_multiple_of(2),
            phone: who > with,
            custom: Vec::new(),
        };
        let request = MergeRequest {
            survivor: contact.id,
            other: other.id,
            from_other,
            if_version: version.map(|is| contact.version + u64::from(!is)),
        };
        let service = self.ports.services().contacts;
        let merged = service.merge_contacts(self.org, &request, Actor::System);
        let values = self.tell.result(merged, |merged| {
            let contact = self.tell.contact(&merged.contact);
            format!("{contact} {:?} {:?}", merged.changes, merged.tags)
        });
        let gone = service.get(self.org, other.id);
        format!("{values}, the other: {}", self.tell.result(gone, |gone| self.tell.contact(&gone)))
    }

    fn note(&self, who: usize, which: Option<usize>, text: Option<&str>) -> String {
        let Some(contact) = self.person(who) else { return "nobody".to_owned() };
        let (notes, by) = (&self.ports.notes, Editor { actor: Actor::System, is_admin: false });
        let known = self.ports.notes(self.org, contact.id);
        let which = which.and_then(|which| known.get(which.checked_rem(known.len())?));
        match (which, text) {
            (Some(note), Some(text)) => {
                let text = samples::note_text(text);
                let note = notes.update(self.org, contact.id, note.id, &text, None, by, self.now());
                self.tell.result(note, |note| self.tell.note(&note.unwrap()))
            }
            (Some(note), None) => {
                let deleted = notes.delete(self.org, contact.id, note.id, by, self.now());
                self.tell.result(deleted, |deleted| deleted.to_string())
            }
            (None, text) => {
                let note = self.ports.note(self.org, contact.id, text.unwrap_or("new"));
                self.tell.note(&note)
            }
        }
    }

    fn rename(&self, old: &str, new: &str) -> String {
        let Some(id) = self.tag_id(old) else { return "no tag".to_owned() };
        let renamed = self.ports.tags.rename(
            self.org,
            id,
            &samples::tag(new),
            None,
            Actor::System,
            self.now(),
        );
        self.tell.result(renamed, |renamed| match renamed.unwrap() {
            Renamed::Renamed(new) => format!("renamed to {}", tag(&new)),
            Renamed::Merged(into) => format!("merged into {}", tag(&into)),
        })
    }

    fn redefine(&self, key: &str, patch: &FieldPatch) -> String {
        let changed = self.ports.fields.patch(
            self.org,
            &samples::key(key),
            patch,
            None,
            Actor::System,
            self.ports.clock.now(),
        );
        while self.ports.contacts.rebuild_search(self.org, 3).unwrap() {}
        self.tell.result(changed, |changed| format!("{:?}", changed.map(|field| field.version)))
    }

    fn import(
        &self,
        rows: &[Option<Profile>],
        policy: Policy,
        size: usize,
        twice: bool,
        cancel: Option<usize>,
    ) -> String {
        let imports = &self.ports.imports;
        let import = samples::running_import(self.ports, self.org, policy);
        let planned: Vec<_> = (1..).zip(rows).map(|(at, row)| self.planned(at, row)).collect();
        let mut values = Vec::new();
        for (at, rows) in planned.chunks(size).enumerate() {
            let now = self.ports.clock.tick();
            if cancel == Some(at) {
                imports
                    .end(self.org, import.id, RunState::Cancelled, None, Actor::System, now)
                    .unwrap();
            }
            let chunk =
                Chunk { after: (at * size) as u64, rows: rows.to_vec(), ..Chunk::default() };
            for _ in 0..=u8::from(twice) {
                values.push(self.tell.result(imports.apply(&import, &chunk, now), applied));
            }
        }
        let now = self.ports.clock.tick();
        let ended =
            imports.end(self.org, import.id, RunState::Done, None, Actor::System, now).unwrap();
        values.push(format!("was running: {ended}"));
        let issues = imports.issues(self.org, import.id, 0, 1_000).unwrap();
        values.extend(issues.iter().map(|issue| format!("{issue:?}")));
        self.tell.lines(values.into_iter())
    }

    fn undo(&self, which: usize, fails: Option<usize>) -> String {
        let imports = self.ports.imports.list(self.org, None, 1_000).unwrap();
        let actions = self.ports.actions.list(self.org, None, 1_000).unwrap();
        let imports = imports.iter().map(|import| UndoSubject::Import(import.id));
        let actions = actions.iter().map(|action| UndoSubject::Action(action.id));
        let merges = self.merged().into_iter().map(UndoSubject::Merge);
        let subjects: Vec<_> = imports.chain(actions).chain(merges).collect();
        let Some(at) = which.checked_rem(subjects.len()) else { return "nothing".to_owned() };
        let (undos, subject) = (&self.ports.undos, subjects[at]);
        let mut values = Vec::new();
        for fails in [fails, None] {
            let id = UndoId(self.ports.ids.next());
            let begun = undos.begin(self.org, subject, id, Actor::System, self.now()).unwrap();
            values.push(format!("{begun:?}"));
            if begun != UndoStart::Yes {
                break;
            }
            for steps in 0.. {
                let now = self.ports.clock.tick();
                if fails == Some(steps) {
                    values.push(format!(
                        "fails: {}",
                        undos
                            .end(self.org, id, RunState::Failed, Some("no".to_owned()), now)
                            .unwrap()
                    ));
                }
                let step = undos.step(self.org, id, now).unwrap();
                values.push(format!("{step:?}"));
                if !matches!(step, UndoStep::Chunk(_)) {
                    break;
                }
            }
        }
        let kept = undos.kept(self.org, subject, None, 1_000).unwrap();
        values.extend(kept.into_iter().map(|kept| {
            let who = self.ports.contacts.get(self.org, kept.contact).unwrap();
            let who = who.map_or("gone".to_owned(), |who| self.tell.contact(&who));
            format!("{who} {:?} {:?}", kept.field, kept.reason)
        }));
        self.tell.lines(values.into_iter())
    }

    /// Returns the ids that were merged, in the order of the merges.
    fn merged(&self) -> Vec<ContactId> {
        let events = self.ports.feed.after(self.org, Some(0), 10_000).unwrap();
        let events = events.into_iter().map(|numbered| numbered.event);
        let merges = events.filter(|event| matches!(event.kind, EventKind::Merged(_)));
        merges.flat_map(|event| event.contacts).collect()
    }

    fn planned(&self, number: u64, row: &Option<Profile>) -> PlannedRow {
        let id = ContactId(self.ports.ids.next());
        let is_opted_out = number.is_multiple_of(5);
        let row = match row {
            Some(profile) if profile.email.is_empty() => Err(Skip::MissingEmail.into()),
            Some(profile) if profile.name.is_empty() => {
                let email = Some(samples::email(profile.email));
                let keys = ImportRow { email, is_opted_out, ..ImportRow::default() };
                let opt_out = is_opted_out.then(|| Box::new(keys));
                Err(SkippedRow { skip: Skip::MissingName, opt_out })
            }
            Some(profile) => Ok(ImportRow {
                id: None,
                external_id: None,
                email: Some(samples::email(profile.email)),
                others: further(number, profile),
                name: Some(samples::name(profile.name)),
                phone: (!profile.phone.is_empty()).then(|| samples::phone(profile.phone)),
                tags: distinct(&profile.tags),
                custom: samples::custom(&profile.custom),
                is_opted_out,
                ..ImportRow::default()
            }),
            None => Err(Skip::Unreadable(Unreadable::TooLong).into()),
        };
        PlannedRow { number, line: number + 1, id, row, warnings: Vec::new() }
    }
}

/// Returns the further addresses of every third row. Other rows have one of them as the only one.
fn further(number: u64, profile: &Profile) -> Vec<EmailAddress> {
    let others = ["b@x.org", "new@x.org"].map(samples::email);
    let is_other = |email: &EmailAddress| *email != samples::email(profile.email);
    others.into_iter().filter(|email| number.is_multiple_of(3) && is_other(email)).collect()
}

/// Returns tag names in order, without duplicates.
pub(super) fn distinct(names: &[&str]) -> Vec<contacts_core::tag::TagName> {
    let mut tags = samples::tags(names);
    tags.dedup();
    tags
}
