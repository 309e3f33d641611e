//! Random changes of consent, and the check that nothing else raises it (R51).

use contacts_core::Actor;
use contacts_core::consent::{ConsentChange, ConsentNote, ConsentReason};
use contacts_core::contact::Contact;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::Operation;
use super::run::Run;

pub(super) fn operation() -> impl Strategy<Value = Operation> {
    let note = || select(&["by phone", "signed a form"][..]);
    let note = move || note().prop_map(|text| ConsentNote::parse(text).unwrap());
    let lower = (select(&ConsentReason::ALL[..]), option::of(note()))
        .prop_map(|(reason, note)| ConsentChange::Lower { reason, note });
    let raise = note().prop_map(|note| ConsentChange::Raise { note });
    (0..8usize, prop_oneof![2 => lower, 1 => raise])
        .prop_map(|(who, change)| Operation::Consent { who, change })
}

impl Run<'_> {
    pub(super) fn change_consent(&self, who: usize, change: &ConsentChange) -> String {
        let Some(contact) = self.person(who) else { return "nobody".to_owned() };
        let consents = &self.ports.consents;
        let changed = consents.change(self.org, contact.id, change, Actor::System, self.now());
        if matches!(change, ConsentChange::Raise { .. }) {
            let mut lowered = self.lowered.borrow_mut();
            for key in keys(&contact) {
                lowered.remove(&key);
            }
        }
        self.tell.result(changed, |consent| {
            consent.map_or("nobody".to_owned(), |consent| self.tell.consent(&consent))
        })
    }

    /// Checks that contacts are still unsubscribed if they, or contacts with one of their
    /// addresses, were unsubscribed and nobody has raised their consent since.
    pub(super) fn check_consents(&self) {
        let mut lowered = self.lowered.borrow_mut();
        for contact in self.people() {
            if contact.consent.is_subscribed() {
                assert!(keys(&contact).all(|key| !lowered.contains(&key)), "consent was raised");
            } else {
                lowered.extend(keys(&contact));
            }
        }
    }
}

fn keys(contact: &Contact) -> impl Iterator<Item = String> {
    let emails = contact.emails().map(|email| email.key().to_owned());
    emails.chain([contact.id.to_string()])
}
