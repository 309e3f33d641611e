//! The contract of [`contacts_core::batch::BatchRepository`] (R49, R50, R55).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use contacts_core::batch::Batch;
use contacts_core::consent::ConsentReason;
use contacts_core::contact::{
    Activity, ActivityKind, AddressChange, Contact, ContactFilter, ContactId, ContactPatch,
    FieldChange, SourceDetail,
};
use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::field::FieldType;
use contacts_core::import::{
    ImportRow, KeyConflict, MatchKey, Policy, RequiredValues, RowOutcome, RowRules, Skip,
};
use contacts_core::key::KeyId;
use contacts_core::{Actor, Clock, Error, Ids, OrgId, Result};
use time::OffsetDateTime;
use uuid::Uuid;

use super::check::{RACES, at_once, display, written};
use super::events::all_events;
use crate::Ports;
use crate::samples::{
    custom, email, external_id, field, import_row, name, phone, planned, tags, text,
};

const KEY: Actor = Actor::Key(KeyId(Uuid::from_u128(7)));

fn rules(policy: Policy, key: Option<MatchKey>) -> RowRules {
    RowRules { policy, key, required: RequiredValues::NameOrAddress }
}

/// Applies items at a time, with the key as their actor.
fn try_apply(
    ports: &Ports,
    org: OrgId,
    rules: RowRules,
    items: Vec<ImportRow>,
    at: OffsetDateTime,
) -> Result<Vec<RowOutcome>> {
    let items = (1..).zip(items).map(|(number, item)| planned(&ports.ids, number, item)).collect();
    ports.batches.apply(&Batch { org, actor: KEY, rules, items }, at)
}

fn apply_by(ports: &Ports, org: OrgId, rules: RowRules, items: Vec<ImportRow>) -> Vec<RowOutcome> {
    try_apply(ports, org, rules, items, ports.clock.tick()).unwrap()
}

fn apply(ports: &Ports, org: OrgId, items: Vec<ImportRow>) -> Vec<RowOutcome> {
    apply_by(ports, org, rules(Policy::Overwrite, None), items)
}

fn skipped(skip: Skip, contact: Option<ContactId>) -> RowOutcome {
    RowOutcome::Skipped { skip, contact }
}

fn ambiguous(conflict: KeyConflict) -> RowOutcome {
    skipped(Skip::Ambiguous(conflict), None)
}

fn with_phone(row: ImportRow, digits: &str) -> ImportRow {
    ImportRow { phone: Some(phone(digits)), ..row }
}

fn with_id(id: ContactId) -> ImportRow {
    ImportRow { id: Some(id), ..ImportRow::default() }
}

fn with_external_id(id: &str) -> ImportRow {
    ImportRow { external_id: Some(external_id(id)), ..ImportRow::default() }
}

fn add(ports: &Ports, org: OrgId, who: &str, id: &str) -> Contact {
    ports.add_with(org, who, &format!("{who}@example.org"), |contact| {
        contact.external_id = (!id.is_empty()).then(|| external_id(id));
    })
}

fn count(ports: &Ports, org: OrgId) -> usize {
    ports.all(org, &ContactFilter::default()).len()
}

pub fn items_are_answered_in_their_order(ports: &Ports) {
    let org = ports.org();
    let [ann, bo] = ["ann", "bo"].map(|who| add(ports, org, who, ""));
    let items = || {
        vec![
            import_row("bo", "bo@example.org"),
            import_row("Cy", "cy@example.org"),
            with_id(ContactId(ports.ids.next())),
            import_row("Ann", "ANN@example.org"),
        ]
    };
    let by = |policy| apply_by(ports, org, rules(policy, None), items());
    let unknown = skipped(Skip::NotFound, None);
    let unchanged = |contact: &Contact| skipped(Skip::Unchanged, Some(contact.id));
    let known = |contact: &Contact| skipped(Skip::Known, Some(contact.id));
    let none = skipped(Skip::Unknown, None);
    let updated = RowOutcome::Updated(ann.id);
    assert_eq!(by(Policy::UpdateOnly), [unchanged(&bo), none, unknown, updated]);
    assert_eq!(display(&ports.get(org, ann.id)), "Ann");
    let outcomes = by(Policy::AddOnly);
    let cy = ports.of_address(org, "cy@example.org").unwrap();
    assert_eq!(outcomes, [known(&bo), RowOutcome::Added(cy.id), unknown, known(&ann)]);
    let last = [unchanged(&bo), unchanged(&cy), unknown, unchanged(&ann)];
    assert_eq!((by(Policy::Overwrite), by(Policy::FillBlanks)), (last.to_vec(), last.to_vec()));
    assert_eq!(count(ports, org), 3);
}

pub fn several_items_about_one_contact_apply_in_order(ports: &Ports) {
    let org = ports.org();
    let tagged = |row: ImportRow, tag: &str| ImportRow { tags: tags(&[tag]), ..row };
    let items = vec![
        tagged(import_row("Ann", "ann@example.org"), "a"),
        with_phone(import_row("Anna", "ann@example.org"), "1"),
        import_row("Anna", "ann@example.org"),
        ImportRow { external_id: Some(external_id("1")), ..import_row("Anna", "ann@example.org") },
        tagged(with_phone(with_external_id("1"), "2"), "b"),
    ];
    let outcomes = apply(ports, org, items);
    let ann = ports.of_address(org, "ann@example.org").unwrap();
    let updated = RowOutcome::Updated(ann.id);
    let unchanged = skipped(Skip::Unchanged, Some(ann.id));
    assert_eq!(outcomes, [RowOutcome::Added(ann.id), updated, unchanged, updated, updated]);
    assert_eq!((display(&ann).as_str(), ann.phone.as_ref()), ("Anna", Some(&phone("2"))));
    assert_eq!((written(&ann.tags), count(ports, org)), (vec!["a", "b"], 1));
}

pub fn a_name_or_an_address_is_enough_to_add(ports: &Ports) {
    let org = ports.org();
    let named = ImportRow { name: Some(name("Ann")), ..ImportRow::default() };
    let addressed = ImportRow { email: Some(email("bo@example.org")), ..ImportRow::default() };
    let own = ImportRow { name: Some(name("Cy")), ..with_external_id("3") };
    let items = vec![named.clone(), addressed, own, named, with_external_id("4")];
    let outcomes = apply(ports, org, items);
    assert!(outcomes[..4].iter().all(|outcome| matches!(outcome, RowOutcome::Added(_))));
    assert_eq!(outcomes[4], skipped(Skip::Nobody, None));
    let contacts = ports.all(org, &ContactFilter::default());
    assert_eq!(contacts.iter().map(display).collect::<Vec<_>>(), ["-", "Ann", "Ann", "Cy"]);
    assert!(contacts.iter().all(Contact::is_incomplete));
}

pub fn an_item_finds_its_contact_by_each_of_its_keys(ports: &Ports) {
    let org = ports.org();
    let [ann, bo] = [("ann", "1"), ("bo", "2")].map(|(who, id)| add(ports, org, who, id));
    let twin = ports.add(org, "twin", "");
    let now = ports.clock.tick();
    ports.contacts.merge(org, ann.id, twin.id, None, KEY, now).unwrap().unwrap();
    let items = vec![
        with_phone(with_id(twin.id), "1"),
        with_phone(with_external_id("2"), "2"),
        ImportRow { email: Some(email("bo@example.org")), ..with_external_id("1") },
        ImportRow { email: Some(email("bo@example.org")), ..with_id(twin.id) },
        import_row("Bo", "bo@example.org"),
    ];
    let updated = RowOutcome::Updated;
    let two = |key| ambiguous(KeyConflict::Between(key, MatchKey::Email));
    let (by_external_id, by_id) = (two(MatchKey::ExternalId), two(MatchKey::Id));
    let expected = [updated(ann.id), updated(bo.id), by_external_id, by_id, updated(bo.id)];
    assert_eq!(apply(ports, org, items), expected);
    let phones = [&ann, &bo].map(|contact| ports.get(org, contact.id).phone);
    assert_eq!(phones, [Some(phone("1")), Some(phone("2"))]);
}

pub fn one_key_finds_the_contact_and_the_others_are_its_values(ports: &Ports) {
    let org = ports.org();
    let [ann, bo] = [("ann", "1"), ("bo", "2")].map(|(who, id)| add(ports, org, who, id));
    let own =
        |id: &str, address: &str| ImportRow { email: Some(email(address)), ..with_external_id(id) };
    let by = |key, items| apply_by(ports, org, rules(Policy::Overwrite, Some(key)), items);
    let updated = RowOutcome::Updated;
    let (id, address) = (MatchKey::ExternalId, MatchKey::Email);

    let outcomes = by(
        MatchKey::Email,
        vec![own("9", "ann@example.org"), own("2", "ann@example.org"), own("2", "x@example.org")],
    );
    let two = ambiguous(KeyConflict::Between(address, id));
    assert_eq!(outcomes, [updated(ann.id), two, ambiguous(KeyConflict::Taken(address, id))]);
    assert_eq!(ports.get(org, ann.id).external_id, Some(external_id("9")));

    let outcomes = by(
        MatchKey::ExternalId,
        vec![own("2", "new@example.org"), own("2", "ann@example.org"), own("7", "ann@example.org")],
    );
    let two = ambiguous(KeyConflict::Between(id, address));
    assert_eq!(outcomes, [updated(bo.id), two, ambiguous(KeyConflict::Taken(id, address))]);
    let bo = ports.get(org, bo.id);
    assert_eq!(bo.email, Some(email("new@example.org")));
    assert_eq!(bo.other_emails, [email("bo@example.org")]);

    let given = ImportRow { id: Some(ann.id), ..own("8", "a@example.org") };
    assert_eq!(by(MatchKey::Id, vec![given]), [updated(ann.id)]);
    let ann = ports.get(org, ann.id);
    assert_eq!(
        (ann.external_id, ann.email),
        (Some(external_id("8")), Some(email("a@example.org")))
    );
}

pub fn contacts_pass_their_external_ids_on(ports: &Ports) {
    let org = ports.org();
    let [ann, bo] = [("ann", "1"), ("bo", "2")].map(|(who, id)| add(ports, org, who, id));
    let given = |who: &Contact, id: &str| ImportRow { id: Some(who.id), ..with_external_id(id) };
    let new = ImportRow { name: Some(name("Cy")), ..with_external_id("2") };
    let outcomes = apply(ports, org, vec![given(&ann, "9"), given(&bo, "1"), new]);
    assert_eq!(outcomes[..2], [RowOutcome::Updated(ann.id), RowOutcome::Updated(bo.id)]);
    for (id, expected) in [("9", "ann"), ("1", "bo"), ("2", "Cy")] {
        let found = ports.contacts.of_external_id(org, &external_id(id)).unwrap();
        assert_eq!(display(&found.unwrap()), expected);
    }
}

pub fn an_address_that_has_no_room_is_skipped(ports: &Ports) {
    let org = ports.org();
    let ann = add(ports, org, "ann", "");
    for nth in 1..Contact::MAX_ADDRESSES {
        let address = Some(AddressChange::Add(email(&format!("a{nth}@example.org"))));
        let patch = ContactPatch { address, ..ContactPatch::default() };
        ports.contacts.update(org, ann.id, None, &patch, KEY, ports.clock.tick()).unwrap();
    }
    let before = ports.get(org, ann.id);
    let more = ImportRow { email: Some(email("more@example.org")), ..with_id(ann.id) };
    let outcomes = apply(ports, org, vec![with_phone(more, "1")]);
    assert_eq!(outcomes, [skipped(Skip::TooManyAddresses, Some(ann.id))]);
    assert_eq!(ports.get(org, ann.id), before);
}

pub fn a_batch_leaves_the_activity_and_events_of_single_changes(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add_with(org, "ann", "ann@example.org", |c| c.tags = tags(&["Trade Show"]));
    let bo = add(ports, org, "bo", "");
    let before = all_events(ports, org).len();
    let now = ports.clock.tick();
    let tagged = |row: ImportRow, names: &[&str]| ImportRow { tags: tags(names), ..row };
    let items = vec![
        tagged(import_row("Cy", "cy@example.org"), &["VIP"]),
        with_phone(import_row("Ann", "ann@example.org"), "1"),
        tagged(import_row("Ann", "ann@example.org"), &["trade show", "vip", "a"]),
        tagged(import_row("bo", "bo@example.org"), &["TRADE SHOW"]),
    ];
    try_apply(ports, org, rules(Policy::Overwrite, None), items, now).unwrap();

    let cy = ports.of_address(org, "cy@example.org").unwrap();
    assert_eq!(cy.source.detail, SourceDetail::Manual { by: KEY });
    assert_eq!((cy.created_at, written(&cy.tags)), (now, vec!["VIP"]));
    let sources = ports.contacts.sources(org, ann.id, None, 10).unwrap();
    assert_eq!(sources, [ann.source], "only a new contact gets a source");

    let entry = |what| Activity { at: now, actor: KEY, what };
    let change = |field: &str, from: Option<&str>, to: &str| FieldChange {
        field: field.to_owned(),
        from: from.map(str::to_owned),
        to: Some(to.to_owned()),
    };
    let texts = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>();
    let added = |tags| entry(ActivityKind::Tagged { added: texts(tags), removed: Vec::new() });
    let changes = vec![change("name", Some("ann"), "Ann"), change("phone", None, "1")];
    assert_eq!(ports.activity(org, cy.id), [entry(ActivityKind::Created)]);
    let activity = ports.activity(org, ann.id);
    assert_eq!(activity[..2], [added(&["a", "VIP"]), entry(ActivityKind::Edited(changes))]);
    assert_eq!(ports.activity(org, bo.id)[..1], [added(&["Trade Show"])]);

    let event = |kind, contact: ContactId, fields: &[&str]| ContactEvent {
        kind,
        contacts: vec![contact],
        fields: texts(fields),
        actor: KEY,
        at: now,
    };
    let expected = [
        event(EventKind::Created, cy.id, &[]),
        event(EventKind::Updated, ann.id, &["name", "phone", "tags"]),
        event(EventKind::Updated, bo.id, &["tags"]),
    ];
    assert_eq!(all_events(ports, org)[before..], expected);
}

pub fn what_a_batch_adds_happens_after_what_it_changes(ports: &Ports) {
    let org = ports.org();
    let zoe = add(ports, org, "zoe", "");
    let items = vec![
        import_row("Ann", "ann@example.org"),
        with_phone(import_row("zoe", "zoe@example.org"), "1"),
    ];
    apply(ports, org, items);
    let ann = ports.of_address(org, "ann@example.org").unwrap();
    let now = ports.clock.tick();
    ports.contacts.merge(org, ann.id, zoe.id, None, KEY, now).unwrap().unwrap();
    let activity = ports.activity(org, ann.id).into_iter().map(|entry| entry.what);
    let own =
        activity.filter(|what| matches!(what, ActivityKind::Created | ActivityKind::Edited(_)));
    let own: Vec<_> = own.collect();
    assert_eq!(own[0], ActivityKind::Created);
    assert!(matches!(own[1], ActivityKind::Edited(_)));
}

pub fn an_unsubscribed_address_stays_unsubscribed(ports: &Ports) {
    let org = ports.org();
    let gone = ["ann", "bo"].map(|who| add(ports, org, who, ""));
    for contact in &gone {
        ports.lower_consent(org, contact.id, ConsentReason::Asked, None);
        assert!(ports.removed(org, contact.id));
    }
    let cy = add(ports, org, "cy", "3");
    let before = all_events(ports, org).len();
    let items = vec![
        import_row("Ann", "Ann@example.org"),
        ImportRow { email: Some(email("bo@example.org")), ..with_external_id("3") },
        import_row("Di", "di@example.org"),
    ];
    let outcomes = apply(ports, org, items);
    assert_eq!(outcomes[1], RowOutcome::Updated(cy.id));
    let [ann, di] = ["ann@example.org", "di@example.org"].map(|a| ports.of_address(org, a));
    assert!(!ann.unwrap().consent.is_subscribed() && di.unwrap().consent.is_subscribed());
    assert!(!ports.get(org, cy.id).consent.is_subscribed());
    let events = &all_events(ports, org)[before..];
    let lowered = events.iter().filter(|event| event.fields == ["consent"]);
    let lowered: Vec<_> = lowered.map(|event| (event.contacts.clone(), event.actor)).collect();
    assert_eq!(lowered, [(vec![cy.id], KEY)]);
}

pub fn two_batches_at_once_add_each_contact_once(ports: &Ports) {
    let org = ports.org();
    for round in 0..RACES {
        // The second batch has the contacts in the opposite order, under other external ids.
        let outcomes = at_once(2, |nth| {
            let item = |n: usize| ImportRow {
                external_id: (nth == 1).then(|| external_id(&format!("{round}-{n}"))),
                ..import_row("Ann", &format!("{round}-{n}@example.org"))
            };
            let mut items: Vec<_> = (0..5).map(item).collect();
            if nth == 1 {
                items.reverse();
            }
            let now = ports.clock.now();
            try_apply(ports, org, rules(Policy::Overwrite, None), items, now).unwrap()
        });
        let outcomes: Vec<_> = outcomes.into_iter().flatten().collect();
        let added = outcomes.iter().filter(|outcome| matches!(outcome, RowOutcome::Added(_)));
        assert_eq!((outcomes.len(), added.count()), (10, 5));
        assert_eq!(count(ports, org), 5 * (round + 1));
    }
}

pub fn a_value_that_does_not_fit_its_field_changes_nothing(ports: &Ports) {
    let org = ports.org();
    ports.add_field(org, &field("size", FieldType::Number, 0));
    ports.add_field(org, &field("tier", FieldType::Text, 1));
    let row = |who: &str, key: &str| ImportRow {
        custom: custom(&[(key, text("gold"))]),
        tags: tags(&["vip"]),
        ..import_row(who, &format!("{who}@example.org"))
    };
    let now = ports.clock.tick();
    let rules = rules(Policy::Overwrite, None);
    let items = vec![row("ann", "tier"), row("bo", "size")];
    let refused = try_apply(ports, org, rules, items, now);
    assert!(matches!(refused, Err(Error::Invalid(errors)) if errors[0].field == "custom.size"));
    assert_eq!((count(ports, org), all_events(ports, org)), (0, Vec::new()));
    assert_eq!(ports.tags.list(org, "", "", 10).unwrap(), []);
    apply(ports, org, vec![row("ann", "tier")]);
    let ann = ports.of_address(org, "ann@example.org").unwrap();
    assert_eq!(ann.custom, custom(&[("tier", text("gold"))]));
}

pub fn organisations_do_not_see_each_other(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let ann = add(ports, org, "ann", "1");
    let items = vec![
        with_phone(with_id(ann.id), "1"),
        ImportRow { external_id: Some(external_id("1")), ..import_row("Eve", "ann@example.org") },
    ];
    let outcomes = apply(ports, other, items);
    assert_eq!(outcomes[0], skipped(Skip::NotFound, None));
    assert!(matches!(outcomes[1], RowOutcome::Added(_)));
    assert_eq!(ports.get(org, ann.id), ann);
}
