//! Bulk actions (R24) on three chunks of two contacts each.

use contacts_core::action::{Action, ActionId, ActionKind, FieldSetting, SetValue, Tally};
use contacts_core::campaign::{CampaignId, CampaignKind};
use contacts_core::contact::{ContactId, MergePair, NewContact, Phone};
use contacts_core::export::ExportFormat;
use contacts_core::file::FileId;
use contacts_core::run::RunState;
use contacts_core::selection::RawSelectionScope;
use contacts_core::tag::TagName;
use contacts_core::undo::UndoSubject;
use contacts_core::{Actor, OrgId};
use contacts_embed::Contacts;
use contacts_testkit::CountedIds;
use diesel::{Connection, PgConnection, RunQueryDsl, sql_query};
use uuid::Uuid;

use crate::walk::{Stage, finish};

/// Number of contacts.
const PEOPLE: u64 = 6;

fn tags(names: &[&str]) -> Vec<TagName> {
    names.iter().map(|name| TagName::parse(name).unwrap()).collect()
}

/// Queues an action on all contacts.
fn queue(contacts: &Contacts, org: OrgId, url: &str, kind: ActionKind) {
    let mut ids = Vec::new();
    for n in 0..PEOPLE {
        let (name, email) = (format!("Person {n}"), format!("p{n}@example.org"));
        let tags = if n % 2 == 0 { vec!["old", "even"] } else { vec!["odd"] };
        let new =
            NewContact { name: Some(&name), email: Some(&email), tags, ..NewContact::default() };
        ids.push(contacts.contacts.create(org, &new, Actor::System).unwrap().id.0);
    }
    if let ActionKind::AddToCampaign(campaign) = &kind {
        contacts.campaigns.register(org, *campaign, CampaignKind::Campaign, "Spring").unwrap();
    }
    // Each contact is merged into the next one, and so all into the last.
    let kind = match kind {
        ActionKind::Merge(_) => ActionKind::Merge(merges(&ids)),
        kind => kind,
    };
    let chosen = RawSelectionScope::Ids(ids);
    let selection = contacts.selections.create(org, &chosen, Actor::System).unwrap();
    split(url, org);
    let now = contacts.clock.now();
    let is_export = matches!(kind, ActionKind::Export(_));
    let action = Action {
        org,
        id: ActionId(contacts.ids.next()),
        kind,
        selection: selection.id,
        state: RunState::Running,
        problem: None,
        contacts: PEOPLE,
        chunks: 3,
        chunks_done: 0,
        tally: Tally::default(),
        undo: None,
        file: is_export.then(|| FileId(contacts.ids.next())),
        actor: Actor::System,
        created_at: now,
        started_at: None,
        finished_at: None,
    };
    // Insert the action directly: the service would run a small action at once.
    contacts.ports().actions.insert(&action, None, now).unwrap();
}

/// Returns the pairs that merge each contact into the next one, and the last into the first.
fn merges(ids: &[Uuid]) -> Vec<MergePair> {
    let survivors = ids.iter().cycle().skip(1);
    let pairs = ids.iter().zip(survivors);
    let pairs = pairs.map(|(other, survivor)| MergePair {
        survivor: ContactId(*survivor),
        other: ContactId(*other),
    });
    pairs.collect()
}

/// Splits the only chunk of a small selection into three.
fn split(url: &str, org: OrgId) {
    let mut db = PgConnection::establish(url).unwrap();
    let statements = [
        "INSERT INTO selection_chunks SELECT org_id, selection_id, n, ids[2 * n + 1 : 2 * n + 2] \
         FROM selection_chunks, generate_series(1, 2) n",
        "UPDATE selection_chunks SET ids = ids[1:2]",
        "UPDATE selections SET chunks = 3",
    ];
    for statement in statements {
        let place = if statement.contains("= ids[1:2]") { " AND chunk = 0" } else { "" };
        sql_query(format!("{statement} WHERE org_id = '{org}'{place}")).execute(&mut db).unwrap();
    }
}

fn walk(kind: &ActionKind) {
    let mut stage = Stage::new();
    let url = stage.url().to_owned();
    stage.walk(|contacts: &Contacts, org: OrgId| queue(contacts, org, &url, kind.clone()));
}

#[test]
fn tags_are_added() {
    walk(&ActionKind::AddTags(tags(&["old", "new"])));
}

#[test]
fn tags_are_removed() {
    walk(&ActionKind::RemoveTags(tags(&["even"])));
}

#[test]
fn everybody_joins_a_campaign() {
    walk(&ActionKind::AddToCampaign(CampaignId(CountedIds::nth(77))));
}

/// Undoes an action that has ended. Its parts have two contacts each.
fn walk_undo(kind: &ActionKind) {
    let mut stage = Stage::new();
    let url = stage.url().to_owned();
    stage.walk(|contacts: &Contacts, org: OrgId| {
        queue(contacts, org, &url, kind.clone());
        finish(contacts);
        let action = contacts.actions.list(org, None, 1).unwrap()[0].id;
        contacts.undos.begin(org, UndoSubject::Action(action), Actor::System).unwrap();
    });
}

#[test]
fn added_tags_are_undone() {
    walk_undo(&ActionKind::AddTags(tags(&["old", "new"])));
}

#[test]
fn removed_tags_are_undone() {
    walk_undo(&ActionKind::RemoveTags(tags(&["even"])));
}

#[test]
fn a_campaign_is_left_again() {
    walk_undo(&ActionKind::AddToCampaign(CampaignId(CountedIds::nth(77))));
}

#[test]
fn a_field_is_restored() {
    let value = SetValue::Phone(Some(Phone::parse("12", None).unwrap()));
    walk_undo(&ActionKind::SetField(FieldSetting { value, only_blanks: false }));
}

#[test]
fn merged_pairs_are_separated() {
    walk_undo(&ActionKind::Merge(Vec::new()));
}

#[test]
fn everybody_is_exported() {
    let columns = Some(["id", "name", "email", "tags"].map(str::to_owned).to_vec());
    walk(&ActionKind::Export(ExportFormat { columns, byte_order_mark: true }));
}

#[test]
fn everybody_is_deleted() {
    walk(&ActionKind::Delete);
}

#[test]
fn pairs_are_merged() {
    walk(&ActionKind::Merge(Vec::new()));
}
