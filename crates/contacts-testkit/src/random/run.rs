//! Doing operations, and telling what came of it.

mod chat;

use std::cell::{OnceCell, RefCell};

use contacts_core::contact::{
    Contact, ContactFilter, ContactId, ContactPatch, PageRequest, Patch, TimeRange,
};
use contacts_core::field::{Field, FieldType};
use contacts_core::import::{
    Begun, Chunk, ImportRow, ImportState, PlannedRow, Policy, Skip, UndoId, UndoStep, Unreadable,
};
use contacts_core::page::PageSize;
use contacts_core::selection::Selection;
use contacts_core::tag::{Renamed, TagId};
use contacts_core::webhook::WebhookId;
use contacts_core::{Actor, Clock, Ids, OrgId};
use time::OffsetDateTime;

use super::shown::{Teller, applied, event, tag};
use super::syncs::Way;
use super::{Observation, Operation, Profile};
use crate::{Ports, samples};

/// Does operations one after another in a new organisation. The last observations are of
/// everything that can be read in the end.
pub fn run(ports: &Ports, operations: &[Operation]) -> Vec<Observation> {
    let begins = ports.clock.now();
    let run = Run {
        ports,
        org: ports.org(),
        begins,
        tell: Teller(begins),
        chosen: RefCell::default(),
        webhook: OnceCell::new(),
    };
    let observe = |operation: String, outcome| Observation { operation, outcome };
    let mut seen = Vec::with_capacity(operations.len() + 4);
    for operation in operations {
        ports.clock.tick();
        seen.push(observe(format!("{operation:?}"), run.operate(operation)));
    }
    seen.push(observe("everybody in the end".to_owned(), run.everybody()));
    seen.push(observe("every campaign in the end".to_owned(), run.campaigns()));
    seen.push(observe("every tag in the end".to_owned(), run.tags()));
    seen.push(observe("every field in the end".to_owned(), run.fields()));
    seen.push(observe("every import in the end".to_owned(), run.imports()));
    seen.push(observe("every delivery in the end".to_owned(), run.deliveries()));
    seen.push(observe("every event in the end".to_owned(), run.events()));
    seen
}

pub(super) struct Run<'a> {
    pub(super) ports: &'a Ports,
    pub(super) org: OrgId,
    pub(super) begins: OffsetDateTime,
    pub(super) tell: Teller,
    /// Who was chosen so far, and by which filter.
    pub(super) chosen: RefCell<Vec<(Selection, ContactFilter)>>,
    /// The organisation's only webhook, when there is one.
    pub(super) webhook: OnceCell<WebhookId>,
}

impl Run<'_> {
    fn operate(&self, operation: &Operation) -> String {
        match operation {
            Operation::Create(profile) => self.create(profile),
            Operation::Patch { who, set, clear, version } => {
                self.patch(*who, set, *clear, *version)
            }
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
            Operation::Dismiss { who, other } => self.dismiss(*who, *other),
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
                let position = self.ports.fields.list(self.org).unwrap().len() as u32;
                let field = samples::field(key, kind.clone(), position);
                self.tell.result(self.ports.fields.insert(self.org, &field), |()| "ok".to_owned())
            }
            Operation::Redefine(key, kind, archived) => self.redefine(key, kind, *archived),
            Operation::First(key) => {
                let moved = self.ports.fields.reorder(self.org, &[samples::key(key)]);
                self.tell.result(moved, |()| self.fields())
            }
            Operation::Import { rows, policy, size, twice, cancel } => {
                self.import(rows, *policy, *size, *twice, *cancel)
            }
            Operation::Undo { which, fails } => self.undo(*which, *fails),
            Operation::Register { campaign, kind, name } => self.register(*campaign, *kind, name),
            Operation::Join { who, campaign } => self.join(who, *campaign),
            Operation::Deliver(told) => self.deliver(told),
            Operation::Select { whom, filter, except, piece } => {
                self.select(whom.as_deref(), filter, except, *piece)
            }
            Operation::Act { which, deeds, twice, cancel } => {
                let told = deeds.iter().map(|deed| self.act(*which, deed, *twice, *cancel));
                self.tell.lines(told)
            }
            Operation::Hook(steps) => {
                let told = steps.iter().map(|step| {
                    self.ports.clock.tick();
                    self.hook(step)
                });
                self.tell.lines(told)
            }
            Operation::Sync { source, pieces, overwrite, full, twice, taken_up, cancel } => {
                let (overwrite, full, twice) = (*overwrite, *full, *twice);
                let (taken_up, cancel) = (*taken_up, *cancel);
                self.sync(*source, &Way { pieces, overwrite, full, twice, taken_up, cancel })
            }
            Operation::List { filter, sort, size } => {
                let size = PageSize::new(*size).unwrap();
                self.list(filter, PageRequest { sort: *sort, size, after: None })
            }
        }
    }

    pub(super) fn now(&self) -> OffsetDateTime {
        self.ports.clock.now()
    }

    /// Everybody, the oldest first.
    fn people(&self) -> Vec<Contact> {
        let page = samples::page(contacts_core::contact::SortBy::Created, false, 200);
        self.ports.contacts.list(self.org, &ContactFilter::default(), &page).unwrap().items
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

    fn patch(&self, who: usize, set: &Profile, clear: [bool; 3], version: Option<bool>) -> String {
        let Some(contact) = self.person(who) else { return "nobody".to_owned() };
        let mut patch = ContactPatch::default();
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

    fn merge(&self, who: usize, other: usize, version: Option<bool>) -> String {
        let (Some(contact), Some(other)) = (self.person(who), self.person(other)) else {
            return "nobody".to_owned();
        };
        let version = version.map(|is| contact.version + u64::from(!is));
        let service = self.ports.contact_service();
        let merged = service.merge(self.org, contact.id, other.id, version, Actor::System);
        let told = self.tell.result(merged, |merged| {
            let contact = self.tell.contact(&merged.contact);
            format!("{contact} {:?} {:?}", merged.changes, merged.tags)
        });
        let gone = service.get(self.org, other.id);
        format!("{told}, the other: {}", self.tell.result(gone, |gone| self.tell.contact(&gone)))
    }

    fn note(&self, who: usize, which: Option<usize>, text: Option<&str>) -> String {
        let Some(contact) = self.person(who) else { return "nobody".to_owned() };
        let (notes, by) = (&self.ports.notes, Actor::System);
        let known = self.ports.notes(self.org, contact.id);
        let which = which.and_then(|which| known.get(which.checked_rem(known.len())?));
        match (which, text) {
            (Some(note), Some(text)) => {
                let text = samples::note_text(text);
                let note = notes.update(self.org, contact.id, note.id, &text, by, self.now());
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
        let renamed =
            self.ports.tags.rename(self.org, id, &samples::tag(new), Actor::System, self.now());
        self.tell.result(renamed, |renamed| match renamed.unwrap() {
            Renamed::Renamed(new) => format!("renamed to {}", tag(&new)),
            Renamed::Merged(into) => format!("merged into {}", tag(&into)),
        })
    }

    fn redefine(&self, key: &str, kind: &FieldType, archived: bool) -> String {
        let fields = self.ports.fields.list(self.org).unwrap();
        let Some(field) = fields.into_iter().find(|field| field.key.as_str() == key) else {
            return "no field".to_owned();
        };
        let field = Field { kind: kind.clone(), archived, ..field };
        let changed = self.ports.fields.update(self.org, &field);
        self.tell.result(changed, |changed| changed.to_string())
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
        let mut told = Vec::new();
        for (at, rows) in planned.chunks(size).enumerate() {
            let now = self.ports.clock.tick();
            if cancel == Some(at) {
                imports.end(self.org, import.id, ImportState::Cancelled, None, now).unwrap();
            }
            let chunk = Chunk { after: (at * size) as u64, rows: rows.to_vec() };
            for _ in 0..=u8::from(twice) {
                told.push(self.tell.result(imports.apply(&import, &chunk, now), applied));
            }
        }
        let now = self.ports.clock.tick();
        let ended = imports.end(self.org, import.id, ImportState::Done, None, now).unwrap();
        told.push(format!("was running: {ended}"));
        let issues = imports.issues(self.org, import.id, 0, 1_000).unwrap();
        told.extend(issues.iter().map(|issue| format!("{issue:?}")));
        self.tell.lines(told.into_iter())
    }

    fn undo(&self, which: usize, fails: Option<usize>) -> String {
        let imports = self.ports.imports.list(self.org, None, 1_000).unwrap();
        let Some(at) = which.checked_rem(imports.len()) else { return "no import".to_owned() };
        let (undos, import) = (&self.ports.undos, imports[at].id);
        let mut told = Vec::new();
        for fails in [fails, None] {
            let id = UndoId(self.ports.ids.next());
            let begun = undos.begin(self.org, import, id, Actor::System, self.now()).unwrap();
            told.push(format!("{begun:?}"));
            if begun != Begun::Yes {
                break;
            }
            for steps in 0.. {
                let now = self.ports.clock.tick();
                if fails == Some(steps) {
                    told.push(format!("fails: {}", undos.fail(self.org, id, "no", now).unwrap()));
                }
                let step = undos.step(self.org, id, now).unwrap();
                told.push(format!("{step:?}"));
                if !matches!(step, UndoStep::Took(_)) {
                    break;
                }
            }
        }
        let kept = undos.kept(self.org, import, None, 1_000).unwrap();
        told.extend(kept.into_iter().map(|kept| {
            let who = self.ports.contacts.get(self.org, kept.contact).unwrap();
            let who = who.map_or("gone".to_owned(), |who| self.tell.contact(&who));
            format!("{who} {:?} {:?}", kept.field, kept.reason)
        }));
        self.tell.lines(told.into_iter())
    }

    fn planned(&self, number: u64, row: &Option<Profile>) -> PlannedRow {
        let id = ContactId(self.ports.ids.next());
        let row = match row {
            Some(profile) if profile.email.is_empty() => Err(Skip::MissingEmail),
            Some(profile) if profile.name.is_empty() => Err(Skip::MissingName),
            Some(profile) => Ok(ImportRow {
                email: samples::email(profile.email),
                name: samples::name(profile.name),
                phone: (!profile.phone.is_empty()).then(|| samples::phone(profile.phone)),
                tags: distinct(&profile.tags),
                custom: samples::custom(&profile.custom),
            }),
            None => Err(Skip::Unreadable(Unreadable::TooLong)),
        };
        PlannedRow { number, line: number + 1, id, row, warnings: Vec::new() }
    }

    /// The filter, its times counted from the beginning.
    pub(super) fn moved(&self, filter: &ContactFilter) -> ContactFilter {
        let moved = |range: &TimeRange| {
            let moved = |at: OffsetDateTime| self.begins + (at - OffsetDateTime::UNIX_EPOCH);
            TimeRange { from: range.from.map(moved), until: range.until.map(moved) }
        };
        let mut filter = filter.clone();
        filter.created = moved(&filter.created);
        filter.updated = moved(&filter.updated);
        for source in &mut filter.sources {
            source.at = moved(&source.at);
        }
        filter.segments = filter.segments.iter().map(|segment| self.moved(segment)).collect();
        filter
    }

    /// Every page, and both counts.
    fn list(&self, filter: &ContactFilter, mut page: PageRequest) -> String {
        let filter = self.moved(filter);
        let mut told = Vec::new();
        loop {
            let listed = match self.ports.contacts.list(self.org, &filter, &page) {
                Ok(listed) => listed,
                Err(error) => return self.tell.error(&error),
            };
            told.extend(listed.items.iter().map(|contact| self.tell.contact(contact)));
            match listed.next {
                Some(next) => page.after = Some(next),
                None => break,
            }
            told.push("next page".to_owned());
        }
        for exactly in [false, true] {
            let count = self.ports.contacts.count(self.org, &filter, exactly);
            told.push(self.tell.result(count, |count| format!("{count:?}")));
        }
        self.tell.lines(told.into_iter())
    }

    fn everybody(&self) -> String {
        let Ports { contacts, .. } = self.ports;
        let mut told = Vec::new();
        for contact in self.people() {
            assert_eq!(contacts.get(self.org, contact.id).unwrap().as_ref(), Some(&contact));
            told.push(self.tell.contact(&contact));
            told.extend(self.campaigns_of(contact.id));
            let arrivals = contacts.arrivals(self.org, contact.id).unwrap();
            told.extend(arrivals.iter().map(|arrival| self.tell.arrival(arrival)));
            let activity = self.ports.activity(self.org, contact.id);
            told.extend(activity.iter().map(|entry| self.tell.activity(entry)));
            told.extend(self.hanging(contact.id));
            let notes = self.ports.notes(self.org, contact.id);
            told.extend(notes.iter().map(|note| self.tell.note(note)));
        }
        self.tell.lines(told.into_iter())
    }

    fn tags(&self) -> String {
        self.tell.lines(self.ports.tags.list(self.org, "", "", 100).unwrap().iter().map(tag))
    }

    fn fields(&self) -> String {
        let fields = self.ports.fields.list(self.org).unwrap();
        let shown = |field: &Field| format!("{} {:?} {}", field.key, field.kind, field.archived);
        self.tell.lines(fields.iter().map(shown))
    }

    /// Every event. People are told by their place among those that were ever told of.
    fn events(&self) -> String {
        let events = self.ports.feed.after(self.org, None, 10_000).unwrap();
        let mut met: Vec<ContactId> = Vec::new();
        for id in events.iter().flat_map(|event| &event.event.contacts) {
            if !met.contains(id) {
                met.push(*id);
            }
        }
        let who = |id| format!("#{:?}", met.iter().position(|known| *known == id));
        self.tell.lines(events.iter().map(|told| event(told, who)))
    }

    fn imports(&self) -> String {
        let imports = self.ports.imports.list(self.org, None, 1_000).unwrap();
        self.tell.lines(imports.iter().map(|import| self.tell.import(import)))
    }
}

/// Tags' names in order, each once.
pub(super) fn distinct(names: &[&str]) -> Vec<contacts_core::tag::TagName> {
    let mut tags = samples::tags(names);
    tags.dedup();
    tags
}
