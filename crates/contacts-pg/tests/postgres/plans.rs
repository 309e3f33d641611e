//! The plans of the queries that must stay quick in an organisation of any size.

use contacts_core::campaign::{CampaignCondition, CampaignId, DeliveryStatus, InCampaign};
use contacts_core::contact::{
    Contact, ContactFilter, ContactRepository, FilterText, PageRequest, SearchQuery, Sort, SortBy,
    TagCondition,
};
use contacts_core::selection::{Chosen, NewSelection, Selection, SelectionId, SelectionRepository};
use contacts_core::tag::TagName;
use contacts_core::{Actor, OrgId};
use contacts_pg::Database;
use contacts_pg::testing::{explain_count, explain_list};
use diesel::{Connection, PgConnection, connection::SimpleConnection};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::support;

const ORG: OrgId = OrgId(Uuid::from_u128(1));

/// Thirty thousand contacts, a tag on everybody and one on a few.
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
            let plan = plan(&database, &everybody, by, descending);
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
fn possible_duplicates_are_found_without_walking_through_everybody() {
    let (database, scratch, ..) = support::database(2);
    let mut db = PgConnection::establish(&scratch.url).unwrap();
    db.batch_execute(PEOPLE).unwrap();
    // A few share their number, and a few names have no address.
    let alike = "UPDATE contacts SET phone_e164 = '+49' || (substr(name, 8)::int % 29990);
        UPDATE contacts SET email = NULL, email_key = '' WHERE substr(name, 8)::int % 1000 = 0;
        ANALYZE contacts;";
    db.batch_execute(alike).unwrap();
    let filter = ContactFilter { duplicates: Some(true), ..ContactFilter::default() };
    let plan = plan(&database, &filter, SortBy::Created, true);
    for index in ["contacts_org_id_phone_e164_idx", "contacts_org_id_name_key_no_email_idx"] {
        assert!(plan.contains(index), "{index} is not used:\n{plan}");
    }
    assert!(!plan.contains("Seq Scan on contacts "), "{plan}");
}

#[test]
fn a_selection_is_counted_again_by_its_ids() {
    let (database, scratch, ..) = support::database(2);
    PgConnection::establish(&scratch.url).unwrap().batch_execute(PEOPLE).unwrap();
    let filter = ContactFilter { query: SearchQuery::parse("person"), ..ContactFilter::default() };
    let new = NewSelection {
        id: SelectionId(Uuid::from_u128(7)),
        chosen: Chosen::Matching {
            text: FilterText::default(),
            filter: Box::new(filter.clone()),
            except: Default::default(),
        },
        piece: Selection::PIECE,
        actor: Actor::System,
        at: OffsetDateTime::UNIX_EPOCH,
    };
    let selection = database.freeze(ORG, &new).unwrap();
    assert_eq!(selection.people, 30_000);
    let plan = explain_count(&database, ORG, selection.id, &filter).unwrap();
    let by_ids = plan.lines().find(|line| line.contains("id = ANY (p.ids)"));
    assert!(by_ids.is_some_and(|line| line.contains("Index Cond")), "{plan}");
    assert_eq!(SelectionRepository::count(&database, ORG, selection.id, &filter).unwrap(), 30_000);
}

#[test]
fn the_thousandth_page_begins_where_its_cursor_says() {
    let (database, scratch, ..) = support::database(2);
    PgConnection::establish(&scratch.url).unwrap().batch_execute(PEOPLE).unwrap();
    let sort = Sort { by: SortBy::Name, descending: false };
    let first = PageRequest { sort, ..PageRequest::default() };
    let page = database.list(ORG, &ContactFilter::default(), &first).unwrap();
    let next = PageRequest { sort, after: page.next, ..PageRequest::default() };
    let plan = explain_list(&database, ORG, &ContactFilter::default(), &next).unwrap();
    let condition =
        plan.lines().find(|line| line.contains("Index Cond") && line.contains("ROW(")).unwrap();
    assert!(condition.contains("name_key"), "{plan}");
}

#[test]
fn many_that_stand_far_from_the_beginning_are_found_in_order() {
    let (database, scratch, ..) = support::database(2);
    let mut db = PgConnection::establish(&scratch.url).unwrap();
    db.batch_execute(PEOPLE).unwrap();
    // More stand before them than are looked at first, and they are more than are sorted.
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
fn few_of_many_are_found_in_order() {
    let (database, scratch, ..) = support::database(2);
    let mut db = PgConnection::establish(&scratch.url).unwrap();
    db.batch_execute(PEOPLE).unwrap();
    // So few that a page is met further on, and so few that they are found sooner.
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
