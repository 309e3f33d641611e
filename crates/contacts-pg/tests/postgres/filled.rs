//! A contact with data in every table that can store personal data.

use contacts_core::action::{ActionTarget, NewAction, RawAction};
use contacts_core::answer::{AnswerKey, Claim, Fingerprint};
use contacts_core::contact::{ContactId, NewContact, Patch, RawPatch};
use contacts_core::field::RawValue;
use contacts_core::import::{Import, Interrupt};
use contacts_core::job::Outcome;
use contacts_core::selection::RawSelectionScope;
use contacts_core::{Actor, Clock, Ids, OrgId};
use contacts_testkit::{Ports, samples};
use diesel::{PgConnection, RunQueryDsl, sql_query};

pub(crate) struct Always;

impl Interrupt for Always {
    fn may_continue(&self) -> bool {
        true
    }

    fn must_end(&self) -> bool {
        false
    }
}

/// Adds data of the contact to every table.
pub(crate) fn fill(ports: &Ports, db: &mut PgConnection, org: OrgId) -> (ContactId, Import) {
    for key in ["tier", "old_tier"] {
        let field = samples::field(key, contacts_core::field::FieldType::Text, 0);
        ports.add_field(org, &field);
    }
    let contacts = ports.services().contacts;
    let new = NewContact {
        external_id: Some("outer-idmark"),
        name: Some("Zorgblatt Quuxley"),
        email: Some("Oldaddress@quuxmail.example"),
        phone: Some("+1 (202) 555-0173"),
        tags: vec!["vip"],
        custom: vec![
            ("tier", RawValue::Text("custommark")),
            ("old_tier", RawValue::Text("archivedmark")),
        ],
    };
    let id = contacts.create(org, &new, Actor::System).unwrap().id;
    ports.archive_field(org, &samples::key("old_tier"), true);
    ports.clock.tick();
    let patch =
        RawPatch { email: Patch::Set("Zorg.Blatt@quuxmail.example"), ..RawPatch::default() };
    contacts.update(org, id, None, &patch, Actor::System).unwrap();
    ports.services().notes.create(org, id, "notemark: called", Actor::System).unwrap();
    let other = NewContact {
        name: Some("Zorgblatt"),
        email: Some("z@quuxmail.example"),
        ..NewContact::default()
    };
    let other = contacts.create(org, &other, Actor::System).unwrap().id;
    contacts.merge(org, id, other, None, Actor::System).unwrap();

    let import =
        imported(ports, org, "Name,Email\nZorgblatt Quuxley,ZORG.BLATT@quuxmail.example\n,x\n");
    // The contact's former address, in the file of an import that did not match the contact.
    imported(ports, org, "Name,Email\nBo,bo@example.org\n,Oldaddress@quuxmail.example\n");
    chat(ports, db, org, id);
    connected(ports, db, org, id);
    exported(ports, db, org);
    acted(ports, org, id);
    let claim =
        Claim { key: AnswerKey([1; 32]), fingerprint: Fingerprint([2; 32]), by: ports.ids.next() };
    ports.answers.claim(org, &claim, ports.clock.now()).unwrap();
    let answer = b"{\"name\": \"Zorgblatt\"}".to_vec();
    assert!(ports.answers.store_answer(org, &claim, 201, Some(answer), ports.clock.now()).unwrap());
    (id, import)
}

/// Returns an import of a file that has run to its end.
pub(crate) fn imported(ports: &Ports, org: OrgId, text: &str) -> Import {
    let service = ports.services().imports;
    let mut upload = service.begin(org, "Zorgblatt Quuxley.csv", Actor::System, u64::MAX).unwrap();
    upload.push(text.as_bytes()).unwrap();
    let import = upload.finish().unwrap();
    service.analyse(org, import.id, &Always).unwrap();
    service.start(org, import.id, Actor::System).unwrap();
    ports.clock.tick();
    let (import, chunks) = service.chunks(org, import.id).unwrap().unwrap();
    assert_eq!(service.take(&import, chunks, &Always).unwrap(), Outcome::Done);
    import
}

fn run(db: &mut PgConnection, org: OrgId, statement: &str) {
    sql_query(statement.replace("$org", &format!("'{org}'"))).execute(db).unwrap();
}

/// Adds data of a connected source.
fn connected(ports: &Ports, db: &mut PgConnection, org: OrgId, contact: ContactId) {
    let [source, run_id] = [(); 2].map(|()| ports.ids.next().to_string());
    run(
        db,
        org,
        &format!(
            "INSERT INTO connected_sources (org_id, id, name, name_key, connector, settings, \
                 secrets, stream, mode, mapping, vanish, paused, failures, created_at) \
             VALUES ($org, '{source}', 'CRM', 'crm', 'http', '{{}}', '{{}}', 'people', '{{}}', \
                 '{{}}', '{{}}', true, 0, now())"
        ),
    );
    run(
        db,
        org,
        &format!(
            "INSERT INTO source_links (org_id, source_id, external_id, contact_id, said, \
                 vanished, seen_run_id) \
             VALUES ($org, '{source}', 'externalmark', '{contact}', '', false, '{run_id}')"
        ),
    );
}

/// Adds data of a widget and of campaigns.
fn chat(ports: &Ports, db: &mut PgConnection, org: OrgId, contact: ContactId) {
    let [widget, conversation, unlinked, campaign] = [(); 4].map(|()| ports.ids.next().to_string());
    for id in [&conversation, &unlinked] {
        run(
            db,
            org,
            &format!(
                "INSERT INTO conversations (org_id, id, widget_id, visitor, started_at, \
                 last_message_at, messages, preview, link) \
             VALUES ($org, '{id}', '{widget}', 'visitormark', now(), now(), 1, 'previewmark', 'x')"
            ),
        );
    }
    run(
        db,
        org,
        &format!(
            "INSERT INTO contact_conversations (org_id, contact_id, conversation_id) \
         VALUES ($org, '{contact}', '{conversation}')"
        ),
    );
    run(
        db,
        org,
        &format!(
            "INSERT INTO visitors (org_id, widget_id, visitor, contact_id) \
         VALUES ($org, '{widget}', 'visitormark', '{contact}')"
        ),
    );
    run(
        db,
        org,
        &format!(
            "INSERT INTO contact_sources (org_id, contact_id, kind, detail_id, reference, visitor, at, is_first) \
         VALUES ($org, '{contact}', 'chat', '{widget}', '{conversation}', 'visitormark', now(), false)"
        ),
    );
    run(
        db,
        org,
        &format!(
            "INSERT INTO campaigns (org_id, id, kind, name, created_at) \
         VALUES ($org, '{campaign}', 'email', 'x', now())"
        ),
    );
    run(
        db,
        org,
        &format!(
            "INSERT INTO subscriptions (org_id, contact_id, campaign_id, pending_at, actor_kind) \
         VALUES ($org, '{contact}', '{campaign}', now(), 'system')"
        ),
    );
    run(
        db,
        org,
        &format!(
            "INSERT INTO deliveries (org_id, id, contact_id, campaign_id, kind, at, actor_kind) \
         VALUES ($org, 'zorgblatt-1', '{contact}', '{campaign}', 'sent', now(), 'system')"
        ),
    );
    let twin =
        NewContact { name: Some("Twin"), email: Some("twin@example.org"), ..NewContact::default() };
    let twin = ports.services().contacts.create(org, &twin, Actor::System).unwrap().id;
    run(
        db,
        org,
        &format!(
            "INSERT INTO possible_duplicates (org_id, contact_id, other_id, at) \
         VALUES ($org, '{contact}', '{twin}', now())"
        ),
    );
    run(
        db,
        org,
        &format!(
            "INSERT INTO unsubscribes (org_id, contact_id, at) VALUES ($org, '{contact}', now())"
        ),
    );
}

/// Runs bulk actions on the contact.
fn acted(ports: &Ports, org: OrgId, contact: ContactId) {
    let action = RawAction { kind: "add_tags", tags: Some(vec!["new"]), ..RawAction::default() };
    let target = ActionTarget::SelectionScope(RawSelectionScope::Ids(vec![contact.0]));
    let new = NewAction { target, action, confirm_count: None };
    let service = ports.services().actions;
    let action = service.start(org, &new, Actor::System).unwrap();
    assert_eq!(action.tally.changed, 1);
}

/// Exports the contact, and adds a selection that contains it.
fn exported(ports: &Ports, db: &mut PgConnection, org: OrgId) {
    let [action, selection, file] = [(); 3].map(|()| ports.ids.next());
    let bytes = b"name\nZorgblatt Quuxley\n";
    ports.files.append(org, contacts_core::file::FileId(file), 0, bytes).unwrap();
    run(
        db,
        org,
        &format!(
            "INSERT INTO selections (org_id, id, filter, contacts, chunks, actor_kind, created_at) \
         VALUES ($org, '{selection}', '{{\"q\": \"ZORG.blatt@quuxmail.example\"}}', 1, 0, 'system', '2026-01-01')"
        ),
    );
    run(
        db,
        org,
        &format!(
            "INSERT INTO actions (org_id, id, kind, detail, selection_id, state, contacts, chunks, \
             chunks_done, tally, file_id, actor_kind, created_at, finished_at) \
         VALUES ($org, '{action}', 'export', '{{}}', '{selection}', 'done', 1, 0, 0, '{{}}', \
             '{file}', 'system', '2026-01-01', '2026-01-01')"
        ),
    );
}
