//! The contract of [`contacts_core::contact::ContactRepository`] for lists (R21).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use std::time::Duration;

use contacts_core::contact::{
    Contact, ContactFilter, ContactPatch, Patch, Relevance, Sort, SortBy, SortSubject,
};
use contacts_core::page::{Count, Position};
use contacts_core::{Actor, Clock, OrgId};

use super::check::{display, search};
use crate::Ports;
use crate::samples::{email, new_name, page};

/// Adds contacts whose names, addresses and times sort differently, with many ties.
fn people(ports: &Ports, org: OrgId) -> Vec<Contact> {
    let names = ["Émile", "emma", "Emil", "", "zoë", "Zoe", "Ann", "Ann", "", "Öz", "Oz", "山田"];
    for (at, name) in names.iter().enumerate() {
        let email = if at % 4 == 3 && !name.is_empty() {
            String::new()
        } else {
            format!("p{}@example.org", at * 7 % 12)
        };
        ports.add(org, name, &email);
        if at % 3 == 0 {
            ports.clock.tick();
        }
    }
    let all = ports.all(org, &ContactFilter::default());
    for contact in all.iter().step_by(4) {
        let now = ports.clock.tick();
        ports.contacts.update(org, contact.id, None, &new_name("Kim"), Actor::System, now).unwrap();
    }
    ports.all(org, &ContactFilter::default())
}

fn in_order(mut people: Vec<Contact>, sort: &Sort) -> Vec<String> {
    let relevance = Relevance::Within;
    people.sort_by(|one, other| {
        let [one, other] = [one, other].map(|contact| {
            let subject = SortSubject { contact, relevance, last_conversation: None, field: None };
            sort.cursor(&subject)
        });
        sort.compare((&one.key, one.id), (&other.key, other.id))
    });
    people.iter().map(|contact| format!("{} {}", display(contact), contact.id)).collect()
}

pub fn every_sort_is_complete_on_pages_of_any_size(ports: &Ports) {
    let org = ports.org();
    let people = people(ports, org);
    for by in SortBy::ALL {
        for descending in [false, true] {
            let expected = in_order(people.clone(), &Sort { by: by.clone(), descending });
            for size in [1, 5, 12, 200] {
                let rows = ports.pages(org, &page(by.clone(), descending, size), |_| {});
                let rows: Vec<_> =
                    rows.iter().map(|c| format!("{} {}", display(c), c.id)).collect();
                assert_eq!(rows, expected, "{by:?}, descending: {descending}, size {size}");
            }
        }
    }
}

/// Adds contacts that match a search for `anna lee` in different ways, the oldest first.
fn matches_of_anna_lee(ports: &Ports, org: OrgId) {
    for (name, email) in [
        ("Anna Lee", ""),
        ("Joanna Lee", ""),
        ("Lee Anna", ""),
        ("Annabel Leeds", ""),
        ("Zoe", "anna@lee.example"),
        ("ÁNNA lee", "anna.lee@x.example"),
        ("Susanna Bradlee", ""),
        ("Anna", "lee@x.example"),
    ] {
        ports.clock.tick();
        ports.add(org, name, email);
    }
}

pub fn the_best_matches_of_a_search_come_first(ports: &Ports) {
    let org = ports.org();
    matches_of_anna_lee(ports, org);
    let found = |query: &str, descending| {
        let page = page(SortBy::Relevance, descending, 20);
        let listed = ports.contacts.list(org, &search(query), &page).unwrap();
        listed.items.iter().map(display).collect::<Vec<_>>()
    };
    let mut expected = [
        "ÁNNA lee",
        "Anna Lee",
        "Anna",
        "Annabel Leeds",
        "Lee Anna",
        "Susanna Bradlee",
        "Zoe",
        "Joanna Lee",
    ];
    assert_eq!(found("Anna Lee", true), expected);
    expected.reverse();
    assert_eq!(found("Anna Lee", false), expected);
    assert_eq!(found("anna@lee.example", true), ["Zoe"]);
    assert_eq!(found("ANNA.LEE@x.example", true), ["ÁNNA lee"]);
    // The further address of a contact is as good as its primary one.
    let zoe = ports.all(org, &search("zoe")).remove(0);
    let change =
        ContactPatch { email: Patch::Set(email("z@x.example")), ..ContactPatch::default() };
    ports.contacts.update(org, zoe.id, None, &change, Actor::System, ports.clock.tick()).unwrap();
    ports.add(org, "Newer", "banna@lee.example");
    assert_eq!(found("anna@lee.example", true), ["Zoe", "Newer"]);
}

pub fn the_very_name_is_best_in_every_spelling(ports: &Ports) {
    let org = ports.org();
    for name in ["Jürgen Groß", "Juergen Gross", "Jürgen Grossmann", "Annemarie", "Anne-Marie Q"]
    {
        ports.clock.tick();
        ports.add(org, name, "");
    }
    let found = |query: &str| {
        let listed = ports.contacts.list(org, &search(query), &page(SortBy::Relevance, true, 20));
        listed.unwrap().items.iter().map(display).collect::<Vec<_>>()
    };
    for query in ["Juergen Gross", "jürgen groß", "JUERGEN GROß"] {
        let expected = ["Juergen Gross", "Jürgen Groß", "Jürgen Grossmann"];
        assert_eq!(found(query), expected, "{query}");
    }
    assert_eq!(found("anne-marie"), ["Annemarie", "Anne-Marie Q"]);
}

pub fn pages_of_the_best_matches_are_complete(ports: &Ports) {
    let org = ports.org();
    matches_of_anna_lee(ports, org);
    for descending in [true, false] {
        let mut request = page(SortBy::Relevance, descending, 200);
        let filter = search("anna lee");
        let all = ports.contacts.list(org, &filter, &request).unwrap().items;
        assert_eq!(all.len(), 8);
        for size in [1, 2, 3, 8] {
            request = page(SortBy::Relevance, descending, size);
            let mut rows = Vec::new();
            loop {
                let listed = ports.contacts.list(org, &filter, &request).unwrap();
                rows.extend(listed.items);
                let Some(next) = listed.next else { break };
                request.after = contacts_core::contact::Cursor::decode(&next.encode());
            }
            assert_eq!(rows, all, "size {size}, descending: {descending}");
        }
    }
}

pub fn no_row_is_skipped_or_shown_twice_while_rows_are_added(ports: &Ports) {
    for by in SortBy::ALL {
        for descending in [false, true] {
            let org = ports.org();
            let people = people(ports, org);
            let rows = ports.pages(org, &page(by.clone(), descending, 3), |listed| {
                // Adds one contact before the end of the page and one far behind it. The limit lets
                // the list end.
                if listed.items.len() == 3 && ports.found(org, "").len() < 30 {
                    let at = ports.ids.clone();
                    let next = contacts_core::Ids::next(&at).simple().to_string();
                    ports.add(org, "Aaa", &format!("a{next}@example.org"));
                    ports.add(org, "zzz", &format!("z{next}@example.org"));
                    ports.clock.advance(Duration::from_millis(1));
                }
            });
            for person in people {
                assert!(rows.iter().any(|row| row.id == person.id), "{by:?} {descending}");
            }
        }
    }
}

pub fn a_cursor_is_valid_after_its_row_is_deleted(ports: &Ports) {
    let org = ports.org();
    for name in ["Ann", "Bo", "Cy", "Di"] {
        ports.add(org, name, "");
    }
    let mut request = page(SortBy::Name, false, 2);
    let first = ports.contacts.list(org, &ContactFilter::default(), &request).unwrap();
    ports.contacts.delete(org, first.items[1].id, None, Actor::System, ports.clock.now()).unwrap();
    request.after = first.next;
    let second = ports.contacts.list(org, &ContactFilter::default(), &request).unwrap();
    assert_eq!(second.items.iter().map(display).collect::<Vec<_>>(), ["Cy", "Di"]);
    assert_eq!(second.next, None);
}

pub fn a_cursor_is_read_back_from_its_text(ports: &Ports) {
    let org = ports.org();
    people(ports, org);
    for by in SortBy::ALL {
        let mut request = page(by, true, 5);
        let first = ports.contacts.list(org, &ContactFilter::default(), &request).unwrap();
        let next = first.next.unwrap();
        let read = contacts_core::contact::Cursor::decode(&next.encode());
        assert_eq!(read.as_ref(), Some(&next));
        request.after = read;
        let second = ports.contacts.list(org, &ContactFilter::default(), &request).unwrap();
        assert!(second.items.iter().all(|row| first.items.iter().all(|old| old.id != row.id)));
    }
}

pub fn the_last_page_has_no_next_one_even_when_it_is_full(ports: &Ports) {
    let org = ports.org();
    ports.add(org, "Ann", "");
    ports.add(org, "Bo", "");
    let listed = ports.contacts.list(org, &ContactFilter::default(), &page(SortBy::Name, false, 2));
    let listed = listed.unwrap();
    assert_eq!((listed.items.len(), listed.next), (2, None));
    let none = ports.contacts.list(org, &search("nobody"), &page(SortBy::Name, false, 2)).unwrap();
    assert_eq!((none.items.len(), none.next), (0, None));
}

pub fn a_page_is_filtered_and_sorted_at_once(ports: &Ports) {
    let org = ports.org();
    for name in ["Ann Lee", "Bo Lee", "Cy Ray", "Di Lee"] {
        ports.add(org, name, "");
    }
    let mut request = page(SortBy::Name, true, 2);
    let first = ports.contacts.list(org, &search("lee"), &request).unwrap();
    assert_eq!(first.items.iter().map(display).collect::<Vec<_>>(), ["Di Lee", "Bo Lee"]);
    request.after = first.next;
    let second = ports.contacts.list(org, &search("lee"), &request).unwrap();
    assert_eq!(second.items.iter().map(display).collect::<Vec<_>>(), ["Ann Lee"]);
}

pub fn a_row_carries_its_tags_and_its_source(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add_with(org, "Ann", "ann@example.org", |contact| {
        contact.tags = crate::samples::tags(&["vip", "beta"]);
        contact.custom = crate::samples::custom(&[("tier", crate::samples::text("gold"))]);
    });
    let bo = ports.add(org, "Bo", "bo@example.org");
    assert_eq!(ports.all(org, &ContactFilter::default()), [ann, bo]);
}

pub fn a_small_quick_count_is_exact(ports: &Ports) {
    let org = ports.org();
    for name in ["Ann", "Bo", "Cy"] {
        ports.add(org, name, "");
        ports.add(ports.org(), name, "");
    }
    for (filter, number) in [(ContactFilter::default(), 3), (search("bo"), 1), (search("di"), 0)] {
        assert_eq!(ports.contacts.count(org, &filter).unwrap(), number);
        assert_eq!(ports.contacts.count_quickly(org, &filter).unwrap(), Count::Exact(number));
    }
}

pub fn the_number_of_all_contacts_follows_every_change(ports: &Ports) {
    let org = ports.org();
    let all = ContactFilter::default();
    let check = |number| {
        assert_eq!(ports.contacts.count(org, &all).unwrap(), number);
        assert_eq!(ports.contacts.count_quickly(org, &all).unwrap(), Count::Exact(number));
    };
    check(0);
    let [ann, bo] = ["Ann", "Bo"].map(|name| ports.add(org, name, "").id);
    check(2);
    // From here on, some changes have numbers in the feed, and some wait for theirs.
    ports.feed.end(org).unwrap();
    let cy = ports.add(org, "Cy", "").id;
    check(3);
    let delete = |id| {
        ports.contacts.delete(org, id, None, Actor::System, ports.clock.now()).unwrap();
    };
    delete(ann);
    check(2);
    ports.feed.end(org).unwrap();
    check(2);
    delete(bo);
    delete(cy);
    check(0);
}
