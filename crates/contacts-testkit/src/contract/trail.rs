//! The contract of [`contacts_core::trail::TrailRepository`], and of what other ports record in the
//! audit trail (R61).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use contacts_core::action::{ActionKind, ActionTarget, NewAction, RawAction};
use contacts_core::contact::{ContactFilter, ContactId, MergePair};
use contacts_core::export::ExportFormat;
use contacts_core::field::{FieldPatch, FieldType, NewField};
use contacts_core::import::Policy;
use contacts_core::key::{KeyId, NewKey, Role, Scope};
use contacts_core::run::RunId;
use contacts_core::selection::RawSelectionScope;
use contacts_core::session::UserPatch;
use contacts_core::trail::{KEEP_TRAIL, TrailEntry, TrailEvent, TrailFilter, TrailKind};
use contacts_core::undo::UndoSubject;
use contacts_core::webhook::{NewWebhook, RawWebhookPatch};
use contacts_core::{Actor, Clock, Ids, OrgId};
use time::Duration;
use uuid::Uuid;

use super::actions::inserted;
use super::check::walk;
use super::selections::frozen;
use crate::Ports;
use crate::samples::{
    capture, definition, filter_text, ready_import, running_import, sign_in_link, signed_in, tag,
    user, visitor,
};

/// Somebody who acts.
fn somebody(ports: &Ports) -> Actor {
    Actor::Key(KeyId(ports.ids.next()))
}

fn all(ports: &Ports, org: OrgId) -> Vec<TrailEntry> {
    ports.trail.list(org, &TrailFilter::default(), None, 1_000).unwrap()
}

/// Returns the kinds of all entries, the oldest first, and checks that all have one actor and time.
fn kinds(ports: &Ports, org: OrgId, actor: Actor) -> Vec<&'static str> {
    let mut entries = all(ports, org);
    entries.reverse();
    let now = ports.clock.now();
    assert!(entries.iter().all(|entry| (entry.actor, entry.at) == (actor, now)), "{entries:?}");
    entries.iter().map(|entry| entry.event.kind.as_str()).collect()
}

/// Returns the subjects of all entries, the oldest first.
fn subjects(ports: &Ports, org: OrgId) -> Vec<Option<Uuid>> {
    all(ports, org).iter().rev().map(|entry| entry.event.subject).collect()
}

pub fn entries_are_listed_the_newest_first(ports: &Ports) {
    let org = ports.org();
    let (ann, bob) = (somebody(ports), somebody(ports));
    let mut written = Vec::new();
    for (count, actor) in [(1, ann), (2, ann), (3, bob), (4, Actor::System)] {
        let event = TrailEvent::export_ended(count);
        ports.trail.record(org, &event, actor, ports.clock.now()).unwrap();
        written.insert(0, (actor, ports.clock.now(), event));
        // Two entries share a time.
        if count != 2 {
            ports.clock.tick();
        }
    }
    for limit in [1, 2, 1_000] {
        let read =
            |after, limit| ports.trail.list(org, &TrailFilter::default(), after, limit).unwrap();
        let entries = walk(limit, read, |entry, _| entry.cursor());
        let read: Vec<_> = entries.into_iter().map(|e| (e.actor, e.at, e.event)).collect();
        assert_eq!(read, written);
    }
    let counts = |filter: TrailFilter| -> Vec<_> {
        let found = ports.trail.list(org, &filter, None, 9).unwrap();
        found.iter().map(|entry| entry.event.contacts.unwrap()).collect()
    };
    let of = |actor: Actor| TrailFilter { actor: actor.parts().1, ..TrailFilter::default() };
    assert_eq!((counts(of(ann)), counts(of(bob))), (vec![2, 1], vec![3]));
    let from = Some(written[1].1);
    assert_eq!(counts(TrailFilter { from, ..TrailFilter::default() }), [4, 3, 2]);
    assert_eq!(counts(TrailFilter { until: from, ..TrailFilter::default() }), [1]);
    let kind = |kind| TrailFilter { kind: Some(kind), ..of(ann) };
    assert_eq!(counts(kind(TrailKind::ExportEnded)), [2, 1]);
    assert_eq!(counts(kind(TrailKind::KeyIssued)), [0; 0]);
}

pub fn keys_users_and_sessions_are_recorded(ports: &Ports) {
    let (org, actor) = (ports.org(), somebody(ports));
    let services = ports.services();
    let scopes = [Scope::Read, Scope::Export].into();
    let new = NewKey { name: "CRM", scopes, expires_at: None, random: [1; 32] };
    let (key, _) = services.keys.issue(org, &new, actor).unwrap();
    services.keys.revoke(org, key.id, actor).unwrap();
    services.keys.revoke(org, key.id, actor).unwrap();
    for name in ["Ann", "Bob"] {
        let user = user(org, &ports.ids, &ports.clock, name);
        ports.sessions.insert_user(&user, actor).unwrap();
        let same = UserPatch { role: Some(Role::Administrator), active: Some(true) };
        services.sessions.change_user(org, user.id, same, actor).unwrap();
    }
    let bob = services.sessions.users(org, None, 9).unwrap().pop().unwrap();
    let change = |patch| services.sessions.change_user(org, bob.id, patch, actor).unwrap();
    change(UserPatch { role: Some(Role::Editor), active: None });
    let entry = all(ports, org).remove(0);
    assert_eq!(
        (&entry.event.details[..], entry.event.subject),
        (&["editor".to_owned()][..], Some(bob.id.0))
    );
    for active in [false, false, true] {
        change(UserPatch { role: None, active: Some(active) });
    }
    let expected = [
        "key_issued",
        "key_revoked",
        "user_added",
        "user_added",
        "role_changed",
        "user_deactivated",
        "user_reactivated",
    ];
    assert_eq!(kinds(ports, org, actor), expected);
    let entries = all(ports, org);
    let issued = entries.iter().find(|entry| entry.event.kind == TrailKind::KeyIssued).unwrap();
    assert_eq!(issued.event.details, ["read", "export"]);

    let other = ports.org();
    let (session, ann, _) = signed_in(ports, other, "Ann", 1);
    let before = all(ports, other).len();
    sign_in_link(ports, &ann, 9);
    services.sessions.revoke(other, ann.id, session.id).unwrap();
    services.sessions.revoke(other, ann.id, session.id).unwrap();
    let entries = all(ports, other);
    assert_eq!(entries.len(), before + 1, "a link is no sign-in");
    let found: Vec<_> =
        entries[..2].iter().map(|e| (e.event.kind, e.actor, e.event.subject)).collect();
    let by_ann = |kind| (kind, ann.actor(), Some(session.id.0));
    assert_eq!(found, [by_ann(TrailKind::SignedOut), by_ann(TrailKind::SignedIn)]);

    let third = ports.org();
    let (_, cy, _) = signed_in(ports, third, "Cy", 11);
    for _ in 0..2 {
        services.sessions.end_all(third, cy.id, actor).unwrap();
    }
    let ended = all(ports, third);
    assert_eq!((ended[0].event.kind, ended[0].actor), (TrailKind::SessionsEnded, actor));
    assert_ne!(ended[1].event.kind, TrailKind::SessionsEnded, "recorded once");
}

pub fn settings_are_recorded_when_they_change(ports: &Ports) {
    let (org, actor) = (ports.org(), somebody(ports));
    let services = ports.services();
    for key in ["tier", "seats"] {
        let new = NewField::new(key, key, FieldType::Text).unwrap();
        services.fields.define(org, &new, actor).unwrap();
    }
    let again = NewField::new("tier", "Tier", FieldType::Text).unwrap();
    assert!(services.fields.define(org, &again, actor).is_err());
    let archived = FieldPatch { archived: Some(true), ..FieldPatch::default() };
    for _ in 0..2 {
        services.fields.update(org, "tier", None, archived.clone(), actor).unwrap();
        services.fields.reorder(org, &["seats".to_owned()], actor).unwrap();
    }
    let expected = ["field_defined", "field_defined", "field_changed", "fields_reordered"];
    assert_eq!(kinds(ports, org, actor), expected);
    assert_eq!(all(ports, org)[1].event.details, ["tier"]);

    let org = ports.org();
    let new = NewWebhook { url: "https://example.org/", types: &[], include: &[], random: [7; 32] };
    let (webhook, _) = services.webhooks.create(org, &new, actor).unwrap();
    let paused = RawWebhookPatch { paused: Some(true), ..RawWebhookPatch::default() };
    for _ in 0..2 {
        services.webhooks.update(org, webhook.id, None, &paused, actor).unwrap();
    }
    services.webhooks.rotate_secret(org, webhook.id, [8; 32], actor).unwrap();
    services.webhooks.delete(org, webhook.id, actor).unwrap();
    assert!(services.webhooks.delete(org, webhook.id, actor).is_err());
    let expected =
        ["webhook_added", "webhook_changed", "webhook_secret_rotated", "webhook_deleted"];
    assert_eq!(kinds(ports, org, actor), expected);
    assert_eq!(subjects(ports, org), [Some(webhook.id.0); 4]);

    let org = ports.org();
    let source = services.sources.create(org, definition(), actor).unwrap();
    let paused = || contacts_core::sync::RawSourcePatch {
        paused: Some(true),
        ..contacts_core::sync::RawSourcePatch::default()
    };
    for _ in 0..2 {
        services.sources.update(org, source.id, None, paused(), actor).unwrap();
    }
    services.sources.delete(org, source.id, actor).unwrap();
    assert!(services.sources.delete(org, source.id, actor).is_err());
    assert_eq!(kinds(ports, org, actor), ["source_added", "source_changed", "source_deleted"]);
    assert_eq!(subjects(ports, org), [Some(source.id.0); 3]);

    let org = ports.org();
    for name in ["vip", "old"] {
        let id = contacts_core::tag::TagId(ports.ids.next());
        ports.tags.ensure(org, id, &tag(name), ports.clock.now()).unwrap();
    }
    let tags = services.tags.list(org, "", "", 9).unwrap();
    for _ in 0..2 {
        services.tags.rename(org, tags[0].id, "Old", None, actor).unwrap();
    }
    services.tags.delete(org, tags[1].id, actor).unwrap();
    assert_eq!(kinds(ports, org, actor), ["tag_renamed", "tag_deleted"]);
    assert_eq!(subjects(ports, org), [Some(tags[0].id.0), Some(tags[1].id.0)]);

    let org = ports.org();
    let said = capture(org, &ports.ids, &ports.clock, visitor("v"), "Ann", "");
    let id = ContactId(ports.ids.next());
    ports.captures.capture(&said, id, actor, ports.clock.now()).unwrap();
    let widget = visitor("v").widget();
    for _ in 0..2 {
        services.conversations.name_widget(org, widget, Some("Shop"), actor).unwrap();
    }
    assert_eq!(kinds(ports, org, actor), ["widget_named"]);
    assert_eq!(subjects(ports, org), [Some(widget)]);
}

pub fn deletions_merges_and_erasures_are_recorded_without_names(ports: &Ports) {
    let (org, actor) = (ports.org(), somebody(ports));
    let services = ports.services();
    let add = |name: &str| ports.add(org, name, &format!("{name}@example.org")).id;
    let [ann, bob, cy, dan] = ["ann", "bob", "cy", "dan"].map(add);
    services.contacts.merge(org, ann, bob, None, actor).unwrap();
    services.undos.begin(org, UndoSubject::Merge(bob), actor).unwrap();
    services.contacts.delete(org, cy, None, actor).unwrap();
    assert!(services.contacts.delete(org, cy, None, actor).is_err());
    services.erasures.erase(org, dan, false, actor).unwrap();
    assert!(services.erasures.erase(org, dan, false, actor).is_err());
    let expected = ["contact_merged", "merge_undone", "contact_deleted", "contact_erased"];
    assert_eq!(kinds(ports, org, actor), expected);
    assert_eq!(subjects(ports, org), [bob, bob, cy, dan].map(|id| Some(id.0)));
    let shown = format!("{:?}", all(ports, org));
    assert!(["ann", "bob", "example"].iter().all(|name| !shown.contains(name)), "{shown}");
}

pub fn bulk_actions_that_export_delete_or_merge_are_recorded_with_their_number(ports: &Ports) {
    let (org, actor) = (ports.org(), somebody(ports));
    let services = ports.services();
    let add = |name: &str, host| ports.add(org, name, &format!("{name}@{host}")).id.0;
    let [ann, bob] = ["ann", "bob"].map(|name| add(name, "example.org"));
    let [cy, dan] = ["cy", "dan"].map(|name| add(name, "other.org"));
    let start = |kind: RawAction<'_>, scope: RawSelectionScope| {
        let target = ActionTarget::SelectionScope(scope);
        let new = NewAction { target, action: kind, confirm_count: Some(2) };
        services.actions.start(org, &new, actor).unwrap().id
    };
    let ids = || RawSelectionScope::Ids(vec![cy, dan]);
    let filter = filter_text(&[("q", "example"), ("reachable", "true")]);
    let matching = RawSelectionScope::Matching { filter, except: Vec::new() };
    let kind = |kind| RawAction { kind, ..RawAction::default() };
    let of_ids = start(kind("export"), ids());
    let of_filter = start(kind("export"), matching);
    let pair = MergePair { survivor: ContactId(ann), other: ContactId(bob) };
    let merged = services.actions.start_merge(org, vec![pair], actor).unwrap().id;
    services.undos.begin(org, UndoSubject::Action(merged), actor).unwrap();
    start(RawAction { tags: Some(vec!["vip"]), ..kind("add_tags") }, ids());
    let deleted = start(kind("delete"), ids());
    let found: Vec<_> = all(ports, org).into_iter().rev().map(|entry| entry.event).collect();
    let shown: Vec<_> = found
        .iter()
        .map(|e| (e.kind.as_str(), e.subject, e.contacts, e.details.join(" ")))
        .collect();
    let entry = |kind, id: contacts_core::action::ActionId, contacts, details: &str| {
        (kind, Some(id.0), contacts, details.to_owned())
    };
    assert_eq!(
        shown,
        [
            entry("export_started", of_ids, Some(2), "ids"),
            entry("export_started", of_filter, Some(2), "q reachable=true"),
            entry("contacts_merged", merged, Some(1), ""),
            entry("action_undone", merged, None, ""),
            entry("contacts_deleted", deleted, Some(2), "ids"),
        ]
    );
}

pub fn the_cancellation_of_a_bulk_action_is_recorded_where_its_start_was(ports: &Ports) {
    let (org, actor) = (ports.org(), somebody(ports));
    let selection = frozen(ports, org, [ports.add(org, "Ann", "ann@example.org").id]);
    let deletes = inserted(ports, org, &selection, ActionKind::Delete).id;
    let tags = inserted(ports, org, &selection, ActionKind::AddTags(vec![tag("vip")])).id;
    let now = ports.clock.now();
    for id in [deletes, tags] {
        assert!(ports.actions.cancel(org, id, actor, now).unwrap());
        assert!(!ports.actions.cancel(org, id, actor, now).unwrap(), "it has ended");
    }
    let found = all(ports, org);
    let shown: Vec<_> = found.iter().map(|entry| entry.event.kind.as_str()).collect();
    assert_eq!(shown, ["action_cancelled", "contacts_deleted"]);
    let TrailEvent { subject, contacts, details, .. } = &found[0].event;
    assert_eq!((*subject, *contacts), (Some(deletes.0), Some(0)));
    assert_eq!((&details[..], found[0].actor), (&["delete".to_owned()][..], actor));
}

pub fn the_start_the_cancellation_and_the_undo_of_an_import_are_recorded(ports: &Ports) {
    let (org, actor) = (ports.org(), somebody(ports));
    let services = ports.services();
    let started = ready_import(ports, org, Policy::FillBlanks);
    assert_eq!(all(ports, org), [], "an upload changes no contact");
    services.imports.start(org, started.id, actor).unwrap();
    assert!(services.imports.start(org, started.id, actor).is_err());
    services.runs.cancel(org, RunId(started.id.0), actor).unwrap();
    services.undos.begin(org, UndoSubject::Import(started.id), actor).unwrap();
    let expected = ["import_started", "import_cancelled", "import_undone"];
    assert_eq!(kinds(ports, org, actor), expected);
    assert_eq!(subjects(ports, org), [Some(started.id.0); 3]);
    let other = ports.org();
    let done = running_import(ports, other, Policy::FillBlanks);
    let state = contacts_core::run::RunState::Done;
    assert!(ports.imports.end(other, done.id, state, None, actor, ports.clock.now()).unwrap());
    assert_eq!(all(ports, other).len(), 1, "its end is not recorded");
}

pub fn an_export_is_recorded_before_it_reads_and_when_it_ends(ports: &Ports) {
    let (org, actor) = (ports.org(), somebody(ports));
    ports.add(org, "Ann", "ann@example.org");
    let filter = filter_text(&[("q", "ann")]);
    let format = ExportFormat::default();
    let exports = ports.services().exports;
    let file = exports.matching(org, ContactFilter::default(), &filter, &format, actor).unwrap();
    assert_eq!(kinds(ports, org, actor), ["export_started"]);
    assert_eq!(all(ports, org)[0].event.details, ["q"]);
    file.for_each(|chunk| drop(chunk.unwrap()));
    assert_eq!(kinds(ports, org, actor), ["export_started", "export_ended"]);
    assert_eq!(all(ports, org)[0].event.contacts, Some(1));
    let format = ExportFormat { columns: Some(vec!["x".to_owned()]), ..format };
    assert!(exports.matching(org, ContactFilter::default(), &filter, &format, actor).is_err());
    assert_eq!(all(ports, org).len(), 2);
}

pub fn an_export_that_is_broken_off_is_recorded_with_what_was_read(ports: &Ports) {
    let (org, actor) = (ports.org(), somebody(ports));
    ports.add(org, "Ann", "ann@example.org");
    let exports = ports.services().exports;
    let format = ExportFormat::default();
    let text = filter_text(&[]);
    let file = exports.matching(org, ContactFilter::default(), &text, &format, actor).unwrap();
    drop(file);
    let ended = &all(ports, org)[0].event;
    assert_eq!(ended.kind.as_str(), "export_ended");
    assert_eq!((ended.contacts, &ended.details[..]), (Some(0), &["incomplete".to_owned()][..]));
}

pub fn entries_are_deleted_after_400_days(ports: &Ports) {
    let org = ports.org();
    let at = ports.clock.now();
    for days in [0, 1] {
        let event = TrailEvent::export_ended(days);
        let at = at + Duration::days(days.cast_signed());
        ports.trail.record(org, &event, Actor::System, at).unwrap();
    }
    ports.housekeeping.sweep(at + KEEP_TRAIL - Duration::seconds(1)).unwrap();
    assert_eq!(all(ports, org).len(), 2);
    ports.housekeeping.sweep(at + KEEP_TRAIL).unwrap();
    assert_eq!(all(ports, org).iter().map(|e| e.event.contacts).collect::<Vec<_>>(), [Some(1)]);
}

pub fn organisations_do_not_see_each_other(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let event = TrailEvent::export_ended(1);
    ports.trail.record(org, &event, Actor::System, ports.clock.now()).unwrap();
    assert_eq!((all(ports, org).len(), all(ports, other).len()), (1, 0));
}
