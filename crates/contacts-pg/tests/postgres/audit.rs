//! Each check of an audit finds rows that were damaged by hand.

use std::time::Duration;

use contacts_core::action::{ActionTarget, NewAction, RawAction};
use contacts_core::audit::{AuditRepository, Check};
use contacts_core::campaign::DeliveryKind;
use contacts_core::contact::{ContactId, NewContact};
use contacts_core::selection::RawSelectionScope;
use contacts_core::undo::{UndoId, UndoSubject};
use contacts_core::webhook::NewWebhook;
use contacts_core::{Actor, Clock, Error, Ids, OrgId};
use contacts_testkit::{Ports, samples};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

use crate::filled::imported;
use crate::support::{database, ports_and_url};

const LIMIT: Duration = Duration::from_secs(10);

/// Damages, and the check that finds each. Foreign keys are not enforced.
const DAMAGES: &[(Check, &str)] = &[
    (
        Check::DuplicateAddress,
        // The primary key lacks the changed row, as a damaged one does.
        "UPDATE pg_index SET indisready = false WHERE indexrelid = 'addresses_pkey'::regclass; \
         UPDATE addresses SET email = 'ann@example.org', email_key = 'ann@example.org' \
         WHERE email_key = 'bob@example.org'; \
         UPDATE contacts SET email = 'ann@example.org', email_key = 'ann@example.org' \
         WHERE email_key = 'bob@example.org'; \
         UPDATE pg_index SET indisready = true WHERE indexrelid = 'addresses_pkey'::regclass",
    ),
    (Check::AddressRows, "DELETE FROM addresses WHERE email_key = 'ann@example.org'"),
    (Check::AddressRows, "UPDATE addresses SET is_primary = false"),
    (Check::AddressRows, "UPDATE contacts SET email = upper(email)"),
    (Check::AddressRows, "UPDATE contacts SET other_emails = '{x@example.org}'"),
    (Check::MissingSource, "DELETE FROM contact_sources"),
    (Check::MissingSource, "UPDATE contact_sources SET is_first = false"),
    (
        Check::SubscribedLater,
        "INSERT INTO unsubscribes (org_id, contact_id, at) \
         SELECT org_id, contact_id, pending_at - interval '1 second' FROM subscriptions \
         WHERE status = 'pending'",
    ),
    (Check::UnsubscribeNotKept, "DELETE FROM unsubscribes"),
    (
        Check::MergeChain,
        "INSERT INTO merged_contacts (org_id, id, survivor_id, at) \
         SELECT m.org_id, m.survivor_id, c.id, m.at FROM merged_contacts m, contacts c \
         WHERE c.org_id = m.org_id AND c.email_key = 'ann@example.org'",
    ),
    (
        Check::MergeChain,
        "DELETE FROM contacts WHERE id IN (SELECT survivor_id FROM merged_contacts); \
         UPDATE event_counters SET contacts = contacts - 1",
    ),
    (Check::FeedCounter, "UPDATE event_counters SET last_number = last_number + 1"),
    (Check::ContactTotal, "UPDATE event_counters SET contacts = contacts + 1"),
    (Check::FeedGap, "DELETE FROM events WHERE number = 2"),
    (Check::WebhookAhead, "UPDATE webhooks SET cursor = 1000"),
    (Check::SelectionCount, "UPDATE selections SET contacts = contacts + 1"),
    (Check::SelectionCount, "DELETE FROM selection_chunks"),
    (Check::ActionCount, "DELETE FROM action_chunks"),
    (Check::ActionCount, "UPDATE actions SET contacts = contacts + 1"),
    (Check::ActionCount, "UPDATE actions SET tally = '{}'"),
    (Check::ImportCount, "UPDATE imports SET rows_read = rows_read + 1"),
    (Check::ImportCount, "UPDATE imports SET tally = '{}'"),
    (Check::UndoCount, "DELETE FROM import_chunks"),
    (Check::RunWithoutJob, "DELETE FROM jobs"),
    (Check::RunWithoutJob, "UPDATE jobs SET given_up_at = due_at"),
    (
        Check::JobWithoutRun,
        "DELETE FROM webhooks; UPDATE jobs SET due_at = due_at - interval '1 hour'",
    ),
    (Check::OrphanRow, "DELETE FROM campaigns"),
    (Check::OrphanRow, "UPDATE imports SET file_id = id"),
    (Check::FutureTime, "UPDATE contacts SET updated_at = updated_at + interval '1 year'"),
    (Check::FutureTime, "UPDATE undos SET created_at = created_at + interval '1 year'"),
];

#[test]
fn each_check_finds_its_damage_and_no_other_check_does() {
    for (check, damage) in DAMAGES {
        let (ports, url) = ports_and_url();
        let (org, other) = (filled(&ports), filled(&ports));
        assert_eq!(failing(&ports, org), []);
        let mut db = PgConnection::establish(&url).unwrap();
        db.batch_execute("SET session_replication_role = replica").unwrap();
        db.batch_execute(damage).unwrap();
        for org in [org, other] {
            assert_eq!(failing(&ports, org), [*check], "{damage}");
        }
    }
    for check in Check::ALL {
        assert!(DAMAGES.iter().any(|(found, _)| found == check), "no damage shows {check:?}");
    }
}

#[test]
fn examples_are_table_and_id_and_belong_to_the_organisation() {
    let (ports, url) = ports_and_url();
    let (org, other) = (filled(&ports), filled(&ports));
    let mut db = PgConnection::establish(&url).unwrap();
    let damage = format!(
        "DELETE FROM contact_sources WHERE org_id = '{org}' AND contact_id = ( \
         SELECT id FROM contacts WHERE org_id = '{org}' AND email_key = 'ann@example.org')"
    );
    db.batch_execute(&damage).unwrap();
    let finding = |org| ports.services().audit.check(org, Check::MissingSource, LIMIT).unwrap();
    let found = finding(org).unwrap();
    assert!(!found.has_more);
    let [example] = &found.examples[..] else { panic!("{found:?}") };
    let id = example.strip_prefix("contacts:").unwrap();
    assert_eq!(id.len(), 36, "{example}");
    assert_eq!(finding(other), None);
}

#[test]
fn a_check_that_takes_too_long_is_ended() {
    let (database, scratch, _clock, _ids) = database(2);
    let mut db = PgConnection::establish(&scratch.url).unwrap();
    let org = OrgId(uuid::Uuid::from_u128(1));
    db.transaction(|db| {
        db.batch_execute("LOCK TABLE contacts IN ACCESS EXCLUSIVE MODE")?;
        let now = time::OffsetDateTime::UNIX_EPOCH;
        let late = database.check(org, Check::MissingSource, now, Duration::from_millis(20));
        assert!(matches!(late, Err(Error::Busy)), "{late:?}");
        diesel::QueryResult::Ok(())
    })
    .unwrap();
}

/// Returns the checks that an organisation fails.
fn failing(ports: &Ports, org: OrgId) -> Vec<Check> {
    let audit = ports.services().audit;
    let fails = |check: &Check| audit.check(org, *check, LIMIT).unwrap().is_some();
    Check::ALL.iter().copied().filter(fails).collect()
}

/// Returns an organisation with rows that each check reads.
fn filled(ports: &Ports) -> OrgId {
    let org = ports.org();
    let services = ports.services();
    let [ann, bob, cy, dee] = ["ann", "bob", "cy", "dee"].map(|name| added(ports, org, name));
    ports.clock.tick();
    let campaign = samples::campaign(&ports.ids, &ports.clock, "Spring");
    ports.campaigns.register(org, &campaign).unwrap();
    services.campaigns.subscribe(org, campaign.id, ann, Actor::System).unwrap();
    let at = ports.clock.now();
    let id = format!("delivery-{bob}");
    let left = samples::delivery(&id, campaign.id, bob, DeliveryKind::Unsubscribed, at);
    ports.campaigns.deliver(org, &[left], ports.clock.now()).unwrap();
    services.contacts.merge(org, cy, dee, None, Actor::System).unwrap();
    let kind = RawAction { kind: "add_tags", tags: Some(vec!["vip"]), ..RawAction::default() };
    let target = ActionTarget::SelectionScope(RawSelectionScope::Ids(vec![ann.0, bob.0]));
    let action = NewAction { target, action: kind, confirm_count: None };
    services.actions.start(org, &action, Actor::System).unwrap();
    let import = imported(ports, org, "Name,Email\nEve,eve@example.org\n,x\n");
    let (undo, now) = (UndoId(ports.ids.next()), ports.clock.now());
    ports.undos.begin(org, UndoSubject::Import(import.id), undo, Actor::System, now).unwrap();
    let url = "https://example.org/hook";
    services
        .webhooks
        .create(org, &NewWebhook { url, types: &[], include: &[], random: [7; 32] }, Actor::System)
        .unwrap();
    ports.feed.end(org).unwrap();
    org
}

fn added(ports: &Ports, org: OrgId, name: &str) -> ContactId {
    let email = format!("{name}@example.org");
    let new = NewContact { name: Some(name), email: Some(&email), ..NewContact::default() };
    ports.services().contacts.create(org, &new, Actor::System).unwrap().id
}
