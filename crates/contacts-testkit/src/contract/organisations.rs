//! The contract of [`contacts_core::org::OrganisationRepository`].
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use contacts_core::contact::Region;
use contacts_core::org::Organisation;
use contacts_core::{Clock, Ids, OrgId};

use crate::Ports;

fn add_organisation(ports: &Ports, name: &str, region: Option<Region>) -> Organisation {
    let id = OrgId(ports.ids.next());
    let organisation = Organisation::new(id, name, region, ports.clock.now()).unwrap();
    ports.organisations.insert(&organisation).unwrap();
    organisation
}

pub fn an_organisation_is_read_as_it_was_written(ports: &Ports) {
    let one = add_organisation(ports, "Bäckerei \"Ü\"", Region::parse("DE"));
    let other = add_organisation(ports, "Bäckerei \"Ü\"", None);
    assert_eq!(ports.organisations.get(one.id).unwrap(), Some(one));
    assert_eq!(ports.organisations.get(other.id).unwrap(), Some(other));
}

pub fn one_that_is_not_there_answers_nothing(ports: &Ports) {
    assert_eq!(ports.organisations.get(OrgId(ports.ids.next())).unwrap(), None);
}

pub fn organisations_do_not_see_each_other(ports: &Ports) {
    let one = add_organisation(ports, "One", None);
    let other = add_organisation(ports, "Other", None);
    assert_eq!(ports.organisations.get(one.id).unwrap(), Some(one));
    assert_eq!(ports.organisations.get(other.id).unwrap(), Some(other));
}

pub fn the_oldest_is_listed_first(ports: &Ports) {
    let mut all = ports.organisations.list().unwrap();
    for name in ["B", "C", "A"] {
        ports.clock.tick();
        all.push(add_organisation(ports, name, None));
    }
    assert_eq!(ports.organisations.list().unwrap(), all);
}
