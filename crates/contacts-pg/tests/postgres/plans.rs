//! Plans of the queries that must be fast in an organisation of any size.

use contacts_core::campaign::{CampaignCondition, CampaignId, DeliveryStatus, InCampaign};
use contacts_core::contact::{
    Contact, ContactFilter, ContactRepository, FilterText, PageRequest, SearchQuery, Sort, SortBy,
    TagCondition, TimeRange,
};
use contacts_core::run::RunFilter;
use contacts_core::selection::{
    NewSelection, Selection, SelectionId, SelectionRepository, SelectionScope,
};
use contacts_core::tag::TagName;
use contacts_core::{Actor, OrgId};
use contacts_pg::Database;
use contacts_pg::testing::{explain_count, explain_list, explain_pairs, explain_runs};
use diesel::{Connection, PgConnection, connection::SimpleConnection};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::support;

const ORG: OrgId = OrgId(Uuid::from_u128(1));

/// Inserts thirty thousand contacts, a tag on all of them and a tag on a few.
const PEOPLE: &str = "
    INSERT INTO contacts SELECT '00000000-0000-0000-0000-000000000001', gen_random_uuid(),
        'Person ' || n, 'person ' || n, 'p' || n || '@example.org', 'p' || n || '@example.org',
        NULL, NULL, ' person ' || n || ' p' || n || '@example.org', '{}',
        now() - n * interval '1 minute', now() - n * interval '1 minute', 1
        FROM generate_series(1, 30000) n;
    INSERT INTO contact_sources SELECT org_id, id, 'manual',
        '00000000-0000-0000-0000-000000000000', 'system', NULL, NULL, created_at, true FROM contacts;
    INSERT INTO tags VALUES
        ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-00000000000a', 'all', 'all', now()),
        ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-00000000000b', 'few', 'few', now());
    INSERT INTO contact_tags SELECT org_id, id, '00000000-0000-0000-0000-00000000000a' FROM contacts;
    INSERT INTO contact_tags SELECT org_id, id, '00000000-0000-0000-0000-00000000000b'
        FROM contacts LIMIT 20;
    INSERT INTO campaigns SELECT '00000000-0000-0000-0000-000000000001', id, 'campaign', 'x', now()
        FROM unnest(ARRAY['00000000-0000-0000-0000-000000000001',
            '00000000-0000-0000-0000-000000000002']::uuid[]) AS id;
    INSERT INTO subscriptions (org_id, contact_id, campaign_id, pending_at, opened_at, actor_kind)
        SELECT org_id, id, '00000000-0000-0000-0000-000000000001', now(), now(), 'system'
        FROM contacts LIMIT 300;
    INSERT INTO subscriptions (org_id, contact_id, campaign_id, pending_at, actor_kind)
        SELECT org_id, id, '00000000-0000-0000-0000-000000000002', now(), 'system' FROM contacts;
    SELECT gin_clean_pending_list('contacts_org_id_search_idx');
    ANALYZE;";

fn plan(database: &Database, filter: &ContactFilter, by: SortBy, descending: bool) -> String {
    let page = PageRequest { sort: Sort { by, descending }, ..PageRequest::default() };
    explain_list(database, ORG, filter, &page).unwrap()
}

#[test]
fn pages_searches_and_tags_are_answered_by_their_indexes() {
    let (database, scratch, ..) = support::database(2);
    PgConnection::establish(&scratch.url).unwrap().batch_execute(PEOPLE).unwrap();
    let everybody = ContactFilter::default();
    for (by, index) in [
        (SortBy::Name, "contacts_org_id_name_key_id_idx"),
        (SortBy::Email, "contacts_org_id_email_key_id_idx"),
        (SortBy::Created, "contacts_org_id_created_at_id_idx"),
        (SortBy::Updated, "contacts_org_id_updated_at_id_idx"),
    ] {
        for descending in [false, true] {
            let plan = plan(&database, &everybody, by.clone(), descending);
            assert!(plan.contains(index), "{by:?} is not answered by {index}:\n{plan}");
            assert!(!plan.contains("Seq Scan on contacts "), "{plan}");
        }
    }

    let rare = ContactFilter { query: SearchQuery::parse("p12345@exam"), ..everybody.clone() };
    let rare = plan(&database, &rare, SortBy::Name, false);
    assert!(rare.contains("contacts_org_id_search_idx"), "{rare}");

    let few = TagCondition { all: vec![TagName::parse("few").unwrap()], ..TagCondition::default() };
    let few = ContactFilter { tags: few, ..everybody.clone() };
    let few = plan(&database, &few, SortBy::Created, true);
    assert!(few.contains("contact_tags_org_id_tag_id_contact_id_idx"), "{few}");
    assert!(!few.contains("Seq Scan on contacts "), "{few}");

    for status in [vec![], vec![DeliveryStatus::Opened, DeliveryStatus::Clicked]] {
        let all = vec![InCampaign { campaign: CampaignId(Uuid::from_u128(1)), status }];
        let campaigns = CampaignCondition { all, ..CampaignCondition::default() };
        let reached = ContactFilter { campaigns, ..everybody.clone() };
        let reached = plan(&database, &reached, SortBy::Created, true);
        assert!(reached.contains("subscriptions_org_id_campaign_id_status_idx"), "{reached}");
        assert!(!reached.contains("Seq Scan"), "{reached}");
    }
}

#[test]
fn a_page_of_last_conversations_walks_along_its_index() {
    let (database, scratch, ..) = support::database(2);
    let mut db = PgConnection::establish(&scratch.url).unwrap();
    db.batch_execute(PEOPLE).unwrap();
    let conversations = "INSERT INTO last_conversations
        SELECT org_id, id, created_at FROM contacts ORDER BY random() LIMIT 20000;
        ANALYZE last_conversations;";
    db.batch_execute(conversations).unwrap();
    for descending in [false, true] {
        let everybody = ContactFilter::default();
        let plan = plan(&database, &everybody, SortBy::LastConversation, descending);
        let indexes = ["last_conversations_last_message_at_idx", "contacts_pkey"];
        for index in indexes {
            assert!(plan.contains(index), "{index} is not used:\n{plan}");
        }
        assert!(!plan.contains("Seq Scan") && !plan.contains("Sort"), "{plan}");
    }
}

#[test]
fn recent_changes_of_profiles_and_of_tags_are_found_by_their_indexes() {
    let (database, scratch, ..) = support::database(2);
    let mut db = PgConnection::establish(&scratch.url).unwrap();
    db.batch_execute(PEOPLE).unwrap();
    let changes = "INSERT INTO contact_changes
        SELECT org_id, id, created_at FROM contacts ORDER BY random() LIMIT 20000;
        ANALYZE contact_changes;";
    db.batch_execute(changes).unwrap();
    let newest = database.list(ORG, &ContactFilter::default(), &PageRequest::default()).unwrap();
    let updated = TimeRange { from: Some(newest.items[29].updated_at), until: None };
    let filter = ContactFilter { updated, ..ContactFilter::default() };
    let plan = plan(&database, &filter, SortBy::Name, false);
    let of_contacts = "contacts_org_id_updated_at_id_idx";
    for index in [of_contacts, "contact_changes_org_id_changed_at_contact_id_idx"] {
        assert!(plan.contains(index), "{index} is not used:\n{plan}");
    }
    assert!(!plan.contains("Seq Scan on contact"), "{plan}");
}

#[test]
fn possible_duplicates_are_found_by_an_index() {
    let (database, scratch, ..) = support::database(2);
    let mut db = PgConnection::establish(&scratch.url).unwrap();
    db.batch_execute(PEOPLE).unwrap();
    // A few contacts share a phone number, and a few have a name without an address.
    let alike = "UPDATE contacts SET phone_e164 = '+49' || (substr(name, 8)::int % 29990);
        UPDATE contacts SET email = NULL, email_key = '' WHERE substr(name, 8)::int % 1000 = 0;
        ANALYZE contacts;";
    db.batch_execute(alike).unwrap();
    let filter = ContactFilter { duplicates: Some(true), ..ContactFilter::default() };
    let plan = plan(&database, &filter, SortBy::Created, true);
    for index in ["contacts_org_id_phone_e164_idx", "contacts_org_id_name_key_id_idx"] {
        assert!(plan.contains(index), "{index} is not used:\n{plan}");
    }
    assert!(!plan.contains("Seq Scan on contacts "), "{plan}");
    db.batch_execute("VACUUM contacts").unwrap();
    let plans = explain_pairs(&database, ORG).unwrap();
    let indexes = [
        "contacts_org_id_phone_e164_idx",
        "contacts_org_id_name_key_id_idx",
        "contacts_org_id_name_key_no_email_idx",
    ];
    for (plan, index) in plans.iter().zip(indexes) {
        let walk = format!("Index Only Scan using {index}");
        assert!(plan.contains(&walk), "{index} is not walked along:\n{plan}");
        assert!(!plan.contains("Seq Scan") && !plan.contains("Bitmap"), "{plan}");
    }
}

#[test]
fn a_selection_is_counted_again_by_its_ids() {
    let (database, scratch, ..) = support::database(2);
    PgConnection::establish(&scratch.url).unwrap().batch_execute(PEOPLE).unwrap();
    let filter = ContactFilter { query: SearchQuery::parse("person"), ..ContactFilter::default() };
    let new = NewSelection {
        id: SelectionId(Uuid::from_u128(7)),
        chosen: SelectionScope::Matching {
            text: FilterText::default(),
            filter: Box::new(filter.clone()),
            except: Default::default(),
        },
        chunk: Selection::CHUNK,
        actor: Actor::System,
        at: OffsetDateTime::UNIX_EPOCH,
    };
    let selection = database.freeze(ORG, &new).unwrap();
    assert_eq!(selection.contacts, 30_000);
    let plan = explain_count(&database, ORG, selection.id, &filter).unwrap();
    let by_ids = plan.lines().find(|line| line.contains("id = ANY (p.ids)"));
    assert!(by_ids.is_some_and(|line| line.contains("Index Cond")), "{plan}");
    assert_eq!(SelectionRepository::count(&database, ORG, selection.id, &filter).unwrap(), 30_000);
}

#[test]
fn the_thousandth_page_starts_after_its_cursor() {
    let (database, scratch, ..) = support::database(2);
    PgConnection::establish(&scratch.url).unwrap().batch_execute(PEOPLE).unwrap();
    let sort = Sort { by: SortBy::Name, descending: false };
    let first = PageRequest { sort: sort.clone(), ..PageRequest::default() };
    let page = database.list(ORG, &ContactFilter::default(), &first).unwrap();
    let next = PageRequest { sort, after: page.next, ..PageRequest::default() };
    let plan = explain_list(&database, ORG, &ContactFilter::default(), &next).unwrap();
    let condition =
        plan.lines().find(|line| line.contains("Index Cond") && line.contains("ROW(")).unwrap();
    assert!(condition.contains("name_key"), "{plan}");
}

#[test]
fn distant_matches_are_found_in_order() {
    let (database, scratch, ..) = support::database(2);
    let mut db = PgConnection::establish(&scratch.url).unwrap();
    db.batch_execute(PEOPLE).unwrap();
    // More contacts come before the tagged ones than the first walk reads, and more are tagged than
    // the bound.
    let far = "DELETE FROM contact_tags USING contacts c WHERE c.id = contact_id \
         AND c.created_at > now() - interval '8000 minutes'";
    db.batch_execute(far).unwrap();
    let tags = TagCondition { all: vec![TagName::parse("all").unwrap()], ..Default::default() };
    let filter = ContactFilter { tags, ..ContactFilter::default() };
    let page = database.list(ORG, &filter, &PageRequest::default()).unwrap();
    let names: Vec<_> = page.items.iter().map(Contact::name_key).collect();
    let expected: Vec<_> = (8000..8050).map(|n| format!("person {n}")).collect();
    assert_eq!(names, expected);
}

#[test]
fn the_best_of_many_matches_come_first() {
    let (database, scratch, ..) = support::database(2);
    let mut db = PgConnection::establish(&scratch.url).unwrap();
    db.batch_execute(PEOPLE).unwrap();
    // Every search but one matches more contacts than are found at once. The oldest contact has the
    // very name. A word begins with `mail` in old contacts only, and it occurs in all.
    let changes = "UPDATE contacts c SET name = c.name || w.word, name_key = c.name_key || w.word,
            search = ' ' || c.name_key || w.word || ' ' || c.email_key
        FROM (SELECT id, CASE
            WHEN created_at < now() - interval '25000 minutes' THEN ' mailer'
            WHEN created_at < now() - interval '24990 minutes' THEN ' mailing'
            ELSE ' webmail' END AS word FROM contacts) w WHERE w.id = c.id;
        UPDATE contacts SET name = 'Person', name_key = 'person', search = ' person ' || email_key
        WHERE name = 'Person 30000 mailer';
        ANALYZE contacts;";
    db.batch_execute(changes).unwrap();
    let list = |query: &str, pages: usize| {
        let filter = ContactFilter { query: SearchQuery::parse(query), ..Default::default() };
        let (mut names, mut after) = (Vec::new(), None);
        for _ in 0..pages {
            let page = PageRequest { sort: Sort::BEST_FIRST, after, ..PageRequest::default() };
            let page = database.list(ORG, &filter, &page).unwrap();
            names.extend(page.items.iter().map(|contact| contact.name_key().to_owned()));
            after = page.next;
        }
        names
    };
    let names = |numbers: std::ops::Range<u32>, word: &str| -> Vec<_> {
        numbers.map(|n| format!("person {n} {word}")).collect()
    };
    let person = list("Person", 2);
    assert_eq!((person[0].as_str(), &person[1..]), ("person", &names(1..100, "webmail")[..]));
    assert_eq!(list("erson", 2), names(1..101, "webmail"));
    assert_eq!(list("mailing", 1), names(24990..25000, "mailing"));
    let mail = list("mail", 101);
    assert_eq!(mail[..10], names(24990..25000, "mailing"));
    assert_eq!(mail[10..5_010], names(25000..30000, "mailer"));
    assert_eq!(mail[5_010..], names(1..41, "webmail"));
}

#[test]
fn few_of_many_are_found_in_order() {
    let (database, scratch, ..) = support::database(2);
    let mut db = PgConnection::establish(&scratch.url).unwrap();
    db.batch_execute(PEOPLE).unwrap();
    // First so few that the second walk fills a page, then so few that finding all of them is
    // faster.
    for (step, pages) in [(200, 3), (2_000, 1)] {
        let thinned = format!(
            "DELETE FROM contact_tags USING contacts c WHERE c.id = contact_id \
                 AND substr(c.name, 8)::int % {step} <> 0"
        );
        db.batch_execute(&thinned).unwrap();
        let tags = TagCondition { all: vec![TagName::parse("all").unwrap()], ..Default::default() };
        let filter = ContactFilter { tags, ..ContactFilter::default() };
        let (mut names, mut after) = (Vec::new(), None);
        for _ in 0..pages {
            let page = PageRequest { after, ..PageRequest::default() };
            let page = database.list(ORG, &filter, &page).unwrap();
            names.extend(page.items.iter().map(|contact| contact.name_key().to_owned()));
            after = page.next;
        }
        let expected: Vec<_> =
            (1..=30_000 / step).map(|n| format!("person {}", n * step)).collect();
        assert_eq!(names, expected);
        assert!(after.is_none());
    }
}

/// Inserts two thousand runs of each kind, all of which have ended.
const RUNS: &str = "
    INSERT INTO imports SELECT '00000000-0000-0000-0000-000000000001', gen_random_uuid(),
        gen_random_uuid(), 'a.csv', 1, 'system', NULL, 'done', NULL, NULL, NULL, 0,
        '{}', now(), now(), now() FROM generate_series(1, 2000);
    INSERT INTO dry_runs (org_id, id, import_id, state, rows_read, tally, created_at, finished_at)
        SELECT org_id, gen_random_uuid(), id, 'done', 0, '{}', now(), now() FROM imports;
    INSERT INTO undos (org_id, id, subject_id, actor_kind, state, was, chunks, chunks_done,
        tally, created_at, finished_at)
        SELECT org_id, gen_random_uuid(), id, 'system', 'done', 'done', 0, 0, '{}', now(), now()
        FROM imports;
    INSERT INTO actions (org_id, id, kind, detail, selection_id, state, contacts, chunks,
        chunks_done, tally, actor_kind, created_at, finished_at)
        SELECT org_id, gen_random_uuid(), 'delete', '{}', id, 'done', 0, 0, 0,
        '{\"changed\": 0, \"unchanged\": 0, \"skipped\": {}}', 'system', now(), now() FROM imports;
    INSERT INTO erasures (org_id, id, contact_id, forget_unsubscribe, state, waits_for, files,
        actor_kind, created_at, finished_at)
        SELECT org_id, gen_random_uuid(), id, false, 'done', '{}', 0, 'system', now(), now()
        FROM imports;
    INSERT INTO connected_sources (org_id, id, name, name_key, connector, settings, secrets, stream,
        mode, mapping, vanish, paused, failures, created_at, version)
        VALUES ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000003',
        'x', 'x', 'x', '{}', '{}', 'x', '{}', '{}', '{}', false, 0, now(), 1);
    INSERT INTO sync_runs (org_id, id, source_id, state, tally, vanished, attempt, stalled, log,
        created_at, finished_at)
        SELECT org_id, gen_random_uuid(), '00000000-0000-0000-0000-000000000003', 'done',
        '{\"added\": 0, \"updated\": 0, \"skipped\": []}', 0, 1, 0, '{}', now(), now()
        FROM imports;
    ANALYZE;";

#[test]
fn the_newest_and_the_open_runs_are_read_from_an_index_of_each_table() {
    let (database, scratch, ..) = support::database(2);
    PgConnection::establish(&scratch.url).unwrap().batch_execute(RUNS).unwrap();
    let tables = ["imports", "dry_runs", "undos", "actions", "erasures", "sync_runs"];
    for only_open in [false, true] {
        let plan = explain_runs(&database, ORG, &RunFilter { only_open, ..Default::default() });
        let plan = plan.unwrap();
        for table in tables {
            assert!(!plan.contains(&format!("Seq Scan on {table}")), "{table}:\n{plan}");
            let open = format!("{table}_org_id_id_open_idx");
            assert_eq!(plan.contains(&open), only_open, "{open}:\n{plan}");
        }
        assert!(!plan.contains("Bitmap"), "a page is read from the end of each index:\n{plan}");
    }
}

#[test]
fn a_search_for_a_tag_uses_the_indexes_of_the_text_and_of_the_tag() {
    let (database, scratch, ..) = support::database(2);
    PgConnection::establish(&scratch.url).unwrap().batch_execute(PEOPLE).unwrap();
    let search =
        |query| ContactFilter { query: SearchQuery::parse(query), ..ContactFilter::default() };
    let tagged = plan(&database, &search("few"), SortBy::Created, true);
    for index in ["contacts_org_id_search_idx", "contact_tags_org_id_tag_id_contact_id_idx"] {
        assert!(tagged.contains(index), "{index} is not used:\n{tagged}");
    }
    assert!(!tagged.contains("Seq Scan on contact"), "{tagged}");
    let found = database.list(ORG, &search("few"), &PageRequest::default()).unwrap();
    assert_eq!(found.items.len(), 20);
    // A word that is in no tag is looked for in the text only.
    let untagged = plan(&database, &search("p12345@exam"), SortBy::Created, true);
    assert!(!untagged.contains("contact_tags"), "{untagged}");
}
