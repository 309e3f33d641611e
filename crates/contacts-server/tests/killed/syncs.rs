//! Connected sources (R39): a run goes on from the last state that was stored, and ends with what
//! an undisturbed one leaves; and no state ever covers a record that is not stored.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use contacts_core::contact::{ContactFilter, ContactRepository, NewContact, PageRequest};
use contacts_core::sync::{
    Batch, Connector, Connectors, Definition, Flow, Mode, Reading, Record, Settings, SourceId,
    Spec, Stream, SyncState, Trouble, Value, Vanish, Watch,
};
use contacts_core::tag::TagName;
use contacts_core::{Actor, OrgId};
use contacts_embed::Contacts;
use contacts_testkit::{FakeConnector, StoppedClock, samples};

use crate::walk::{Stage, Walk, finish};

/// Longer than what has come is kept waiting, so that each page is stored by itself.
const PAUSE: Duration = Duration::from_secs(6);

/// Hands over pages, each with a state that is the number of pages up to it.
struct Pages {
    clock: StoppedClock,
    told: Mutex<Told>,
}

#[derive(Default)]
struct Told {
    pages: Vec<Vec<Record>>,
    trouble: Option<Trouble>,
    /// Whose they are.
    of: Option<(Contacts, OrgId)>,
}

impl Pages {
    fn tell(&self, contacts: &Contacts, org: OrgId, pages: &[&[Record]], trouble: Option<Trouble>) {
        let pages = pages.iter().map(|page| page.to_vec()).collect();
        *self.told.lock().unwrap() = Told { pages, trouble, of: Some((contacts.clone(), org)) };
    }

    /// Everybody whom a state covers must be there.
    fn check(&self, covered: &[Vec<Record>]) {
        let (contacts, org) = self.told.lock().unwrap().of.clone().unwrap();
        let page = PageRequest::default();
        let stored = contacts.database.list(org, &ContactFilter::default(), &page).unwrap().items;
        let stored: Vec<_> =
            stored.iter().filter_map(|c| c.email.as_ref().map(ToString::to_string)).collect();
        for record in covered.iter().flatten() {
            let Some(Value::Text(email)) = record.fields.get("email") else {
                continue;
            };
            assert!(stored.contains(email), "a state covers {email}, who is not stored");
        }
    }
}

impl Connector for Pages {
    fn protocol(&self) -> &'static str {
        "pages"
    }

    fn spec(&self, _: &dyn Watch) -> Result<Spec, Trouble> {
        // Nothing is secret: what is sealed differs each time, and could not be compared.
        Ok(Spec { settings: Vec::new(), others_are_secret: false })
    }

    fn check(&self, _: &Settings, _: &dyn Watch) -> Result<(), Trouble> {
        Ok(())
    }

    fn discover(&self, _: &Settings, _: &dyn Watch) -> Result<Vec<Stream>, Trouble> {
        Ok(Vec::new())
    }

    fn read(
        &self,
        reading: &Reading<'_>,
        watch: &dyn Watch,
        take: &mut dyn FnMut(Batch) -> Flow,
    ) -> Result<(), Trouble> {
        let (pages, trouble) = {
            let told = self.told.lock().unwrap();
            (told.pages.clone(), told.trouble.clone())
        };
        let state = reading.state.map(|state| String::from_utf8_lossy(&state.0).into_owned());
        let covered = state.map_or(0, |state| state.parse().unwrap());
        Self::check(self, &pages[..covered]);
        for (at, page) in pages.iter().enumerate().skip(covered) {
            self.clock.advance(PAUSE);
            if !watch.may_go_on() {
                return Err(Trouble::Stopped);
            }
            if take(samples::batch(page, &(at + 1).to_string())) == Flow::Stop {
                return Ok(());
            }
        }
        trouble.map_or(Ok(()), Err)
    }
}

fn person(id: &str, name: &str, email: &str, tags: &str) -> Record {
    samples::record(id, &[("name", name), ("email", email), ("tags", tags)])
}

/// A source, and how its job comes to be due.
struct Syncing<Q> {
    connector: Arc<Pages>,
    mode: Mode,
    vanish: Vanish,
    queue: Q,
    /// How the run must end, and how many it must have added, updated, skipped and seen vanish.
    end: (SyncState, [u64; 4]),
}

impl<Q: Fn(&Pages, &Contacts, OrgId, SourceId)> Walk for Syncing<Q> {
    fn queue(&self, contacts: &Contacts, org: OrgId) {
        let (mode, vanish) = (self.mode.clone(), self.vanish.clone());
        let definition =
            Definition { mode, vanish, settings: Settings::default(), ..samples::definition() };
        let source = contacts.sources.create(org, definition).unwrap();
        (self.queue)(&self.connector, contacts, org, source.id);
        contacts.sources.ask(org, source.id, false, Actor::System).unwrap();
    }

    fn settle(&self, stage: &Stage, org: OrgId) {
        for (_, run) in stage.services.sources.list(org).unwrap() {
            let run = run.unwrap();
            let counts = [run.tally.added, run.tally.updated, run.tally.skips(), run.vanished];
            assert_eq!((run.state, counts), self.end);
        }
    }

    fn close(&self, contacts: &Contacts, org: OrgId) {
        for (source, _) in contacts.sources.list(org).unwrap() {
            contacts.sources.delete(org, source.id).unwrap();
        }
    }
}

fn walk(
    mode: Mode,
    vanish: Vanish,
    end: (SyncState, [u64; 4]),
    queue: impl Fn(&Pages, &Contacts, OrgId, SourceId),
) {
    let stage = Stage::new();
    let connector = Arc::new(Pages { clock: stage.clock.clone(), told: Mutex::default() });
    let connectors: Connectors =
        [(FakeConnector::NAME.to_owned(), connector.clone() as Arc<dyn Connector>)]
            .into_iter()
            .collect();
    stage.connecting(&connectors).walk(Syncing { connector, mode, vanish, queue, end });
}

fn gone() -> Vanish {
    Vanish::Tag(TagName::parse("Gone").unwrap())
}

/// Somebody new, somebody whom the organisation knows, somebody who is changed twice, a record that
/// is skipped, and one that was deleted there.
fn pages() -> [Vec<Record>; 3] {
    let nobody = samples::record("9", &[("phone", "030 901820")]);
    let deleted = Record { deleted: true, ..samples::record("3", &[]) };
    [
        vec![
            person("1", "Ann", "ann@example.org", "vip, fair"),
            person("2", "", "bob@example.org", "vip"),
        ],
        vec![nobody, person("3", "Cy", "cy@example.org", "")],
        vec![person("1", "Ann Lee", "ann@example.org", "new"), deleted],
    ]
}

fn tell_pages(connector: &Pages, contacts: &Contacts, org: OrgId, trouble: Option<Trouble>) {
    let email = Some("bob@example.org");
    let bob = NewContact { name: Some("Bob"), email, ..NewContact::default() };
    contacts.contacts.create(org, &bob, Actor::System).unwrap();
    let pages = pages();
    connector.tell(contacts, org, &pages.each_ref().map(Vec::as_slice), trouble);
}

#[test]
fn what_has_changed_is_taken() {
    let end = (SyncState::Done, [2, 3, 1, 0]);
    walk(Mode::Incremental { cursor: None }, gone(), end, |connector, contacts, org, _| {
        tell_pages(connector, contacts, org, None);
    });
}

#[test]
fn a_run_that_breaks_off_keeps_what_it_did() {
    let end = (SyncState::Failed, [2, 3, 1, 0]);
    walk(Mode::Incremental { cursor: None }, gone(), end, |connector, contacts, org, _| {
        let trouble = Trouble::Down { why: "the line was cut".to_owned(), retry_after: None };
        tell_pages(connector, contacts, org, Some(trouble));
    });
}

/// Everything is read twice: the second time without some, and with one who is changed.
fn vanishing(vanish: Vanish) {
    let end = (SyncState::Done, [0, 1, 1, 2]);
    walk(Mode::Full, vanish, end, |connector, contacts, org, source| {
        let all = ["1", "2", "3", "4"].map(|n| person(n, n, &format!("p{n}@example.org"), "all"));
        connector.tell(contacts, org, &[&all[..2], &all[2..]], None);
        contacts.sources.ask(org, source, false, Actor::System).unwrap();
        finish(contacts);
        // Past the time at which the job looks again.
        connector.clock.advance(PAUSE);
        let changed = person("4", "Dee", "p4@example.org", "all");
        connector.tell(contacts, org, &[&all[..1], &[changed]], None);
    });
}

#[test]
fn those_who_vanished_are_tagged() {
    vanishing(gone());
}

#[test]
fn those_who_vanished_lose_the_source() {
    vanishing(Vanish::Unlink);
}
