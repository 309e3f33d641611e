//! The contract of [`contacts_core::contact::ContactRepository`] for search (R19).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use contacts_core::contact::{ContactPatch, Phone, Region, SortBy};
use contacts_core::field::{Field, FieldPatch, FieldType};
use contacts_core::{Actor, Clock, OrgId};

use super::check::{RACES, at_once, search};
use crate::Ports;
use crate::samples::{custom, field, key, new_name, page, phone, tag, tags, text};

const NOBODY: Vec<String> = Vec::new();

pub fn case_and_accents_do_not_matter(ports: &Ports) {
    let org = ports.org();
    ports.add(org, "José Ångström", "");
    ports.add(org, "Straße Łódź", "");
    for query in ["jose", "JOSÉ", "jose\u{301}", "angstrom", "ÅNGSTRÖM"] {
        assert_eq!(ports.found(org, query), ["José Ångström"], "{query}");
    }
    for query in ["strasse", "STRASSE", "lodz", "straß"] {
        assert_eq!(ports.found(org, query), ["Straße Łódź"], "{query}");
    }
}

pub fn long_words_are_found_anywhere_and_short_ones_at_the_start(ports: &Ports) {
    let org = ports.org();
    ports.add(org, "Anna Björk", "abjork@example.org");
    for (query, found) in [
        ("nna", true),
        ("jor", true),
        ("an", true),
        ("a", true),
        ("bj", true),
        ("ab", true),
        ("nn", false),
        ("rk", false),
        ("xample.or", true),
        ("annab", false),
    ] {
        assert_eq!(ports.found(org, query).len(), usize::from(found), "{query}");
    }
}

pub fn every_word_must_match_in_any_order(ports: &Ports) {
    let org = ports.org();
    ports.add_with(org, "Ann Lee", "shop@example.org", |c| c.phone = Some(phone("+12025550101")));
    ports.add(org, "Ann Ray", "ray@example.com");
    assert_eq!(ports.found(org, "ann"), ["Ann Lee", "Ann Ray"]);
    assert_eq!(ports.found(org, "lee ann"), ["Ann Lee"]);
    assert_eq!(ports.found(org, "  ann \t example.org 5550101 "), ["Ann Lee"]);
    assert_eq!(ports.found(org, "ann bo"), NOBODY);
}

pub fn signs_of_patterns_are_ordinary_characters(ports: &Ports) {
    let org = ports.org();
    for name in
        ["100% Ann", "under_score", r"back\slash", "O'Brien", "say \"hi\"", "a.*b(c)[d]^$?+{2}|"]
    {
        ports.add(org, name, "");
    }
    for (query, found) in [
        ("100%", "100% Ann"),
        ("r_s", "under_score"),
        (r"k\s", r"back\slash"),
        ("o'b", "O'Brien"),
        ("\"hi\"", "say \"hi\""),
        ("a.*b(c)[d]^$?+{2}|", "a.*b(c)[d]^$?+{2}|"),
        ("[d]", "a.*b(c)[d]^$?+{2}|"),
    ] {
        assert_eq!(ports.found(org, query), [found], "{query}");
    }
    for query in
        ["%", "_", r"\", "%%%", "___", "und.rscore", "ann%", r"\\\", "'''", ".*.", "k_s", "k%h"]
    {
        assert_eq!(ports.found(org, query), NOBODY, "{query}");
    }
}

pub fn a_phone_is_found_by_its_digits(ports: &Ports) {
    let org = ports.org();
    ports.add_with(org, "Ann", "", |contact| {
        contact.phone = Some(Phone::parse("030 / 901-820", Region::parse("DE")).unwrap());
    });
    for query in [
        "030901820",
        "030 901820",
        "+49 30 901820",
        "4930901",
        "901-820",
        "(030)",
        "+49 (30) 901 820",
    ] {
        assert_eq!(ports.found(org, query), ["Ann"], "{query}");
    }
    assert_eq!(ports.found(org, "902820"), NOBODY);
}

pub fn an_empty_search_matches_every_contact(ports: &Ports) {
    let org = ports.org();
    ports.add(org, "Ann", "");
    ports.add(org, "", "bo@example.org");
    for query in ["", " ", "\u{3000}\u{200B}"] {
        assert_eq!(ports.found(org, query).len(), 2, "{query:?}");
    }
}

pub fn writing_without_spaces_is_found(ports: &Ports) {
    let org = ports.org();
    ports.add(org, "山田太郎", "");
    ports.add(org, "Ольга Ёлкина", "");
    for query in ["山", "山田", "太郎", "田太郎"] {
        assert_eq!(ports.found(org, query), ["山田太郎"], "{query}");
    }
    assert_eq!(ports.found(org, "елк ОЛЬ"), ["Ольга Ёлкина"]);
}

pub fn a_write_is_found_by_the_very_next_search(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "ann@example.org");
    assert_eq!(ports.found(org, "ann"), ["Ann"]);
    let now = ports.clock.now();
    ports.contacts.update(org, ann.id, None, &new_name("Bob"), Actor::System, now).unwrap();
    assert_eq!(ports.found(org, "bob"), ["Bob"]);
    let patch = crate::samples::new_email("bob@example.org");
    ports.contacts.update(org, ann.id, None, &patch, Actor::System, now).unwrap();
    assert_eq!(ports.found(org, "ann"), ["Bob"], "the old address stays");
    let contacts = ports.services().contacts;
    contacts.remove_address(org, ann.id, None, "ann@example.org", Actor::System).unwrap();
    assert_eq!(ports.found(org, "ann"), NOBODY);
}

pub fn a_name_is_found_without_its_apostrophes_and_hyphens(ports: &Ports) {
    let org = ports.org();
    ports.add(org, "Sean O’Neil", "s@no-reply.example");
    ports.add(org, "Anne-Marie Lee", "");
    ports.add(org, "Annemarie Ray", "");
    for (query, found) in [
        ("oneil", &["Sean O’Neil"][..]),
        ("sean ONEIL", &["Sean O’Neil"]),
        ("o'neil", &["Sean O’Neil"]),
        ("annemarie", &["Anne-Marie Lee", "Annemarie Ray"]),
        ("anne-marie", &["Anne-Marie Lee", "Annemarie Ray"]),
        ("marie lee", &["Anne-Marie Lee"]),
        ("noreply", &[]),
    ] {
        assert_eq!(ports.found(org, query), found, "{query}");
    }
    // The text of an edited name is the new one.
    let sean = ports.all(org, &search("oneil")).remove(0);
    let now = ports.clock.tick();
    let rename = new_name("Jean D'Arcy");
    ports.contacts.update(org, sean.id, None, &rename, Actor::System, now).unwrap();
    assert_eq!(ports.found(org, "darcy"), ["Jean D'Arcy"]);
    assert_eq!(ports.found(org, "oneil"), NOBODY);
}

pub fn rebuilding_the_searched_texts_changes_no_contact(ports: &Ports) {
    let org = ports.org();
    for name in ["Ann", "Sean O'Neil", "Zoe"] {
        ports.add(org, name, &format!("{}@x.example", &name[..3]));
    }
    let all = ports.all(org, &search(""));
    let feed = || ports.feed.after(org, None, 100).unwrap();
    let events = feed();
    while ports.contacts.rebuild_search(org, 1).unwrap() {}
    assert_eq!(ports.all(org, &search("")), all);
    assert_eq!(feed(), events);
    assert_eq!(ports.found(org, "oneil"), ["Sean O'Neil"]);
}

pub fn a_contact_is_found_by_the_names_of_its_tags(ports: &Ports) {
    // R59.
    let org = ports.org();
    ports.add_with(org, "Ann Lee", "a@x.example", |c| c.tags = tags(&["Café guests", "2024"]));
    ports.add_with(org, "Bo Guest", "b@x.example", |c| c.tags = tags(&["vip_%"]));
    ports.add(org, "Cy", "c@x.example");
    for (query, found) in [
        ("cafe", &["Ann Lee"][..]),
        ("CAFÉ", &["Ann Lee"]),
        ("uest", &["Ann Lee", "Bo Guest"]),
        ("gu", &["Ann Lee", "Bo Guest"]),
        ("ue", &[]),
        ("guest lee", &["Ann Lee"]),
        ("lee 2024 cafe", &["Ann Lee"]),
        ("bo cafe", &[]),
        ("v", &["Bo Guest"]),
        ("vip_%", &["Bo Guest"]),
        ("vip%", &[]),
        ("vipx", &[]),
    ] {
        assert_eq!(ports.found(org, query), found, "{query}");
    }
    // A tag is the least of the matches.
    let listed = ports.contacts.list(org, &search("guest"), &page(SortBy::Relevance, true, 20));
    let names: Vec<_> = listed.unwrap().items.iter().map(|contact| contact.name_key()).collect();
    assert_eq!(names, ["bo guest", "ann lee"]);
    assert_eq!(ports.contacts.count(org, &search("guest")).unwrap(), 2);
    // The new name is found, and the old one is not.
    let now = ports.clock.tick();
    let cafe = ports.tags.list(org, "café", "", 1).unwrap().remove(0);
    ports.tags.rename(org, cafe.id, &tag("Bistro"), None, Actor::System, now).unwrap();
    assert_eq!(ports.found(org, "bistro"), ["Ann Lee"]);
    assert_eq!(ports.found(org, "cafe"), NOBODY);
    ports.tags.delete(org, cafe.id, Actor::System, now).unwrap();
    assert_eq!(ports.found(org, "bistro"), NOBODY);
}

pub fn tags_of_other_organisations_are_not_searched(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    ports.add_with(other, "Ann", "", |contact| contact.tags = tags(&["vip"]));
    ports.add(org, "Bo", "");
    assert_eq!(ports.found(other, "vip"), ["Ann"]);
    assert_eq!(ports.found(org, "vip"), NOBODY);
}

fn patch_memo(ports: &Ports, org: OrgId, patch: &FieldPatch) -> Field {
    let patched =
        ports.fields.patch(org, &key("memo"), patch, None, Actor::System, ports.clock.now());
    patched.unwrap().unwrap()
}

fn searchable(searchable: bool) -> FieldPatch {
    FieldPatch { searchable: Some(searchable), ..FieldPatch::default() }
}

pub fn a_contact_is_found_by_the_values_of_searchable_fields(ports: &Ports) {
    // R59.
    let org = ports.org();
    ports.add_field(org, &Field { searchable: true, ..field("company", FieldType::Text, 0) });
    ports.add_field(org, &field("memo", FieldType::Text, 1));
    let ann = ports.add_with(org, "Ann", "a@x.example", |contact| {
        contact.custom = custom(&[("company", text("Müller Werke")), ("memo", text("Bremen"))]);
    });
    ports.add(org, "Bo Mullerson", "b@x.example");
    for (query, found) in [
        ("MULLER", &["Ann", "Bo Mullerson"][..]),
        ("ann erke", &["Ann"]),
        ("we", &["Ann"]),
        ("er", &[]),
        ("bremen", &[]),
    ] {
        assert_eq!(ports.found(org, query), found, "{query}");
    }
    let now = ports.clock.tick();
    let patch = ContactPatch {
        custom: [(key("company"), Some(text("Krause"))), (key("memo"), None)].into(),
        ..ContactPatch::default()
    };
    ports.contacts.update(org, ann.id, None, &patch, Actor::System, now).unwrap();
    assert_eq!(ports.found(org, "krause"), ["Ann"]);
    assert_eq!(ports.found(org, "werke"), NOBODY);
    // The word begins a word of the value, so the contact is not among the rest.
    ports.add(org, "Zokrauser", "");
    let listed = ports.contacts.list(org, &search("krause"), &page(SortBy::Relevance, true, 1));
    assert_eq!(listed.unwrap().items[0].id, ann.id);
}

pub fn a_field_becomes_searchable_and_ceases_to_be(ports: &Ports) {
    let org = ports.org();
    ports.add_field(org, &field("memo", FieldType::Text, 0));
    ports.add_with(org, "Ann", "", |contact| contact.custom = custom(&[("memo", text("Bremen"))]));
    ports.add(org, "Bo", "");
    let all = ports.all(org, &search(""));
    let rebuild = || while ports.contacts.rebuild_search(org, 1).unwrap() {};
    let archived = |archived| FieldPatch { archived: Some(archived), ..FieldPatch::default() };
    for (patch, found) in [
        (searchable(true), &["Ann"][..]),
        (archived(true), &[]),
        (archived(false), &["Ann"]),
        (searchable(false), &[]),
    ] {
        patch_memo(ports, org, &patch);
        rebuild();
        assert_eq!(ports.found(org, "bremen"), found, "{patch:?}");
    }
    assert_eq!(ports.all(org, &search("")), all);
}

pub fn a_contact_that_is_edited_while_a_field_becomes_searchable_is_found_by_it(ports: &Ports) {
    let org = ports.org();
    ports.add_field(org, &field("memo", FieldType::Text, 0));
    let ann = ports.add_with(org, "Ann", "", |contact| {
        contact.custom = custom(&[("memo", text("Bremen"))]);
    });
    for round in 0..RACES {
        patch_memo(ports, org, &searchable(false));
        let name = format!("Ann {round}");
        at_once(2, |nth| {
            if nth == 0 {
                let patch = new_name(&name);
                let now = ports.clock.now();
                ports.contacts.update(org, ann.id, None, &patch, Actor::System, now).unwrap();
            } else {
                patch_memo(ports, org, &searchable(true));
                while ports.contacts.rebuild_search(org, 10).unwrap() {}
            }
        });
        assert_eq!(ports.found(org, "bremen"), [name]);
    }
}
