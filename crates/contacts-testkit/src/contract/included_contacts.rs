//! Events that carry the current state of their contacts, in messages and in the feed (R42).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use contacts_core::contact::Contact;
use contacts_core::event::FeedStart;
use contacts_core::import::Policy;
use contacts_core::page::PageSize;
use contacts_core::webhook::{NewWebhook, RawWebhookPatch};
use contacts_core::{Actor, Clock};

use super::webhooks::{run, service};
use crate::Ports;
use crate::samples::{chunk, import_row, new_name, running_import, tags};

pub fn a_message_carries_contacts_as_they_are_when_it_is_sent(ports: &Ports) {
    let (org, by) = (ports.org(), Actor::System);
    let (service, sender) = service(ports);
    let include = ["contact".to_owned()];
    let url = "https://example.org/hook";
    let new = NewWebhook { url, types: &[], include: &include, random: [7; 32] };
    let webhook = service.create(org, &new, Actor::System).unwrap().0;
    let ann = ports.add_with(org, "Ann", "ann@example.org", |c| c.tags = tags(&["vip"]));
    let bo = ports.add(org, "Bo", "bo@example.org");
    ports.contacts.update(org, ann.id, None, &new_name("Anna"), by, ports.clock.tick()).unwrap();
    ports.contacts.delete(org, bo.id, None, by, ports.clock.now()).unwrap();
    run(ports, &service);
    let sent: Vec<_> = sender.take().into_iter().map(|message| message.contacts).collect();
    let (now, gone) = (Some(vec![Some(ports.get(org, ann.id))]), Some(vec![None]));
    assert_eq!(sent, [now.clone(), gone.clone(), now, gone]);
    let without = RawWebhookPatch { include: Some(Vec::new()), ..RawWebhookPatch::default() };
    assert!(
        !service.update(org, webhook.id, None, &without, Actor::System).unwrap().include_contacts
    );
    service.test(org, webhook.id).unwrap();
    ports.add(org, "Cy", "");
    run(ports, &service);
    assert!(sender.take().iter().all(|message| message.contacts.is_none()));
}

pub fn a_page_of_events_ends_where_it_has_many_contacts(ports: &Ports) {
    let (org, now) = (ports.org(), ports.clock.now());
    let rows = (0..1_100).map(|n| import_row("Ann", &format!("p{n}@example.org")));
    let import = running_import(ports, org, Policy::Overwrite);
    ports.imports.apply(&import, &chunk(&ports.ids, 0, rows.collect()), now).unwrap();
    let feed = ports.services().feed;
    let size = PageSize::default();
    let (page, contacts) = feed.read_with_contacts(org, FeedStart::Oldest, size).unwrap();
    assert_eq!((page.items.len(), page.next, page.more), (2, 2, true));
    let first = &page.items[0].event;
    let ids: Vec<_> = contacts.of(first).map(|contact| contact.unwrap().id).collect();
    assert_eq!(ids, first.contacts);
    let gone = ports.feed.after(org, Some(2), 1).unwrap()[0].event.contacts[7];
    ports.contacts.delete(org, gone, None, Actor::System, now).unwrap();
    let start = FeedStart::After(page.next);
    let (page, contacts) = feed.read_with_contacts(org, start, size).unwrap();
    let (items, next, more) = (page.items, page.next, page.more);
    assert_eq!((items.len(), items[0].event.contacts.len(), next, more), (2, 100, 4, false));
    let states: Vec<_> = contacts.of(&items[0].event).collect();
    assert_eq!(states.iter().position(Option::is_none), Some(7));
    assert_eq!(states.iter().flatten().count(), 99);
    let end = feed.read_with_contacts(org, FeedStart::After(4), size).unwrap().0;
    assert_eq!((end.items.len(), end.next, end.more), (0, 4, false));
}

pub fn organisations_do_not_see_each_others_contacts(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let ann = ports.add(org, "Ann", "ann@example.org");
    let feed = ports.services().feed;
    let read = |org| feed.read_with_contacts(org, FeedStart::Oldest, PageSize::default()).unwrap();
    assert_eq!(read(other).0.items, []);
    let (page, contacts) = read(org);
    let states: Vec<Option<Contact>> =
        contacts.of(&page.items[0].event).map(Option::<&Contact>::cloned).collect();
    assert_eq!(states, [Some(ann)]);
}
