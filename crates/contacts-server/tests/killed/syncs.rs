//! Connected sources (R39): a run continues from the last stored state and ends as an undisturbed
//! one does, and no state ever covers a record that is not stored.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use contacts_core::contact::{ContactFilter, ContactRepository, NewContact, PageRequest};
use contacts_core::run::RunState;
use contacts_core::sync::{
    Batch, Connector, ConnectorError, Connectors, Flow, Mode, Reading, Record, Settings,
    SourceDefinition, SourceId, Spec, Stream, SyncObserver, Value, VanishPolicy,
};
use contacts_core::tag::TagName;
use contacts_core::{Actor, OrgId};
use contacts_embed::Contacts;
use contacts_testkit::{FakeConnector, StoppedClock, samples};

use crate::walk::{Stage, Walk, finish};

/// Longer than records are collected before they are stored, so that each page is stored by itself.
const PAUSE: Duration = Duration::from_secs(6);

/// A connector that returns pages, each with a state that is the number of pages so far.
struct Pages {
    clock: StoppedClock,
    reported: Mutex<Told>,
}

#[derive(Default)]
struct Told {
    pages: Vec<Vec<Record>>,
    trouble: Option<ConnectorError>,
    /// The organisation that the records are for.
    of: Option<(Contacts, OrgId)>,
}

impl Pages {
    fn tell(
        &self,
        contacts: &Contacts,
        org: OrgId,
        pages: &[&[Record]],
        trouble: Option<ConnectorError>,
    ) {
        let pages = pages.iter().map(|page| page.to_vec()).collect();
        *self.reported.lock().unwrap() = Told { pages, trouble, of: Some((contacts.clone(), org)) };
    }

    /// Checks that every contact that a state covers is stored.
    fn check(&self, covered: &[Vec<Record>]) {
        let (contacts, org) = self.reported.lock().unwrap().of.clone().unwrap();
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

    fn spec(&self, _: &dyn SyncObserver) -> Result<Spec, ConnectorError> {
        // No setting is secret: sealed values differ between runs and could not be compared.
        Ok(Spec { settings: Vec::new(), others_are_secret: false })
    }

    fn check(&self, _: &Settings, _: &dyn SyncObserver) -> Result<(), ConnectorError> {
        Ok(())
    }

    fn discover(&self, _: &Settings, _: &dyn SyncObserver) -> Result<Vec<Stream>, ConnectorError> {
        Ok(Vec::new())
    }

    fn read(
        &self,
        reading: &Reading<'_>,
        watch: &dyn SyncObserver,
        take: &mut dyn FnMut(Batch) -> Flow,
    ) -> Result<(), ConnectorError> {
        let (pages, trouble) = {
            let reported = self.reported.lock().unwrap();
            (reported.pages.clone(), reported.trouble.clone())
        };
        let state = reading.state.map(|state| String::from_utf8_lossy(&state.0).into_owned());
        let covered = state.map_or(0, |state| state.parse().unwrap());
        Self::check(self, &pages[..covered]);
        for (at, page) in pages.iter().enumerate().skip(covered) {
            self.clock.advance(PAUSE);
            if !watch.may_continue() {
                return Err(ConnectorError::Stopped);
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

/// A source, and the function that makes its job due.
struct Syncing<Q> {
    connector: Arc<Pages>,
    mode: Mode,
    vanish: VanishPolicy,
    queue: Q,
    /// The expected state of the run, and its numbers of added, updated, skipped and vanished
    /// contacts.
    end: (RunState, [u64; 4]),
}

impl<Q: Fn(&Pages, &Contacts, OrgId, SourceId)> Walk for Syncing<Q> {
    fn queue(&self, contacts: &Contacts, org: OrgId) {
        let (mode, vanish) = (self.mode.clone(), self.vanish.clone());
        let definition = SourceDefinition {
            mode,
            vanish,
            settings: Settings::default(),
            ..samples::definition()
        };
        let source = contacts.sources.create(org, definition, Actor::System).unwrap();
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
            contacts.sources.delete(org, source.id, Actor::System).unwrap();
        }
    }
}

fn walk(
    mode: Mode,
    vanish: VanishPolicy,
    end: (RunState, [u64; 4]),
    queue: impl Fn(&Pages, &Contacts, OrgId, SourceId),
) {
    let stage = Stage::new();
    let connector = Arc::new(Pages { clock: stage.clock.clone(), reported: Mutex::default() });
    let connectors: Connectors =
        [(FakeConnector::NAME.to_owned(), connector.clone() as Arc<dyn Connector>)]
            .into_iter()
            .collect();
    stage.connecting(&connectors).walk(Syncing { connector, mode, vanish, queue, end });
}

fn deleted() -> VanishPolicy {
    VanishPolicy::Tag(TagName::parse("Gone").unwrap())
}

/// Returns records about a new contact, an existing contact and a contact that changes twice, a
/// record that is skipped, and a deleted one.
fn pages() -> [Vec<Record>; 3] {
    let unknown = samples::record("9", &[("phone", "030 901820")]);
    let deleted = Record { deleted: true, ..samples::record("3", &[]) };
    [
        vec![
            person("1", "Ann", "ann@example.org", "vip, fair"),
            person("2", "", "bob@example.org", "vip"),
        ],
        vec![unknown, person("3", "Cy", "cy@example.org", "")],
        vec![person("1", "Ann Lee", "ann@example.org", "new"), deleted],
    ]
}

fn tell_pages(connector: &Pages, contacts: &Contacts, org: OrgId, trouble: Option<ConnectorError>) {
    let email = Some("bob@example.org");
    let bob = NewContact { name: Some("Bob"), email, ..NewContact::default() };
    contacts.contacts.create(org, &bob, Actor::System).unwrap();
    let pages = pages();
    connector.tell(contacts, org, &pages.each_ref().map(Vec::as_slice), trouble);
}

#[test]
fn changes_are_applied() {
    let end = (RunState::Done, [2, 3, 1, 0]);
    walk(Mode::Incremental { cursor: None }, deleted(), end, |connector, contacts, org, _| {
        tell_pages(connector, contacts, org, None);
    });
}

#[test]
fn an_interrupted_run_keeps_its_changes() {
    let end = (RunState::Failed, [2, 3, 1, 0]);
    walk(Mode::Incremental { cursor: None }, deleted(), end, |connector, contacts, org, _| {
        let trouble =
            ConnectorError::Down { reason: "the line was cut".to_owned(), retry_after: None };
        tell_pages(connector, contacts, org, Some(trouble));
    });
}

/// Reads the whole stream twice: the second time some records are missing and one has changed.
fn vanishing(vanish: VanishPolicy) {
    let end = (RunState::Done, [0, 1, 1, 2]);
    walk(Mode::Full, vanish, end, |connector, contacts, org, source| {
        let all = ["1", "2", "3", "4"].map(|n| person(n, n, &format!("p{n}@example.org"), "all"));
        connector.tell(contacts, org, &[&all[..2], &all[2..]], None);
        contacts.sources.ask(org, source, false, Actor::System).unwrap();
        finish(contacts);
        // Advance past the time at which the job checks again.
        connector.clock.advance(PAUSE);
        let changed = person("4", "Dee", "p4@example.org", "all");
        connector.tell(contacts, org, &[&all[..1], &[changed]], None);
    });
}

#[test]
fn those_who_vanished_are_tagged() {
    vanishing(deleted());
}

#[test]
fn those_who_vanished_lose_the_source() {
    vanishing(VanishPolicy::Unlink);
}
