//! Chat operations: captures, reports and possible duplicates.

use contacts_core::Actor;
use contacts_core::contact::{Capture, ContactId, PairQuery};
use contacts_core::conversation::{Conversation, ConversationId};
use contacts_core::key::KeyId;
use contacts_core::{Clock, Ids};
use time::Duration;
use uuid::Uuid;

use super::Run;
use crate::random::Profile;
use crate::samples;

impl Run<'_> {
    pub(super) fn capture(&self, visitor: &str, conversation: u128, said: &Profile) -> String {
        if said.name.is_empty() && said.email.is_empty() {
            return "nothing is said".to_owned();
        }
        let ports = self.ports;
        let visitor = samples::visitor(visitor);
        let (name, email) = (said.name, said.email);
        let values = samples::capture(self.org, &ports.ids, &ports.clock, visitor, name, email);
        let values = Capture {
            conversation: ConversationId(Uuid::from_u128(conversation)),
            phone: (!said.phone.is_empty()).then(|| samples::phone(said.phone)),
            ..values
        };
        let (id, now) = (ContactId(ports.ids.next()), ports.clock.now());
        let key = Actor::Key(KeyId(Uuid::from_u128(9)));
        let taken = ports.captures.capture(&values, id, key, now);
        self.tell.result(taken, |contact| {
            let read = ports.contacts.get(self.org, contact);
            let read = self.tell.result(read, |read| self.tell.contact(&read.unwrap()));
            self.tell.lines([read].into_iter().chain(self.hanging(contact)))
        })
    }

    pub(super) fn report(
        &self,
        visitor: &str,
        conversation: u128,
        second: i64,
        messages: u32,
    ) -> String {
        let ports = self.ports;
        let visitor = samples::visitor(visitor);
        let values = samples::conversation(self.org, &ports.ids, &ports.clock, visitor);
        let at = self.begins + Duration::seconds(second);
        let id = ConversationId(Uuid::from_u128(conversation));
        let values = Conversation { id, started_at: at, last_message_at: at, messages, ..values };
        self.tell.result(ports.conversations.report(&values), |kept| self.tell.conversation(&kept))
    }

    pub(super) fn set_dismissed(&self, who: usize, other: usize, dismissed: bool) -> String {
        let (Some(contact), Some(other)) = (self.person(who), self.person(other)) else {
            return "nobody".to_owned();
        };
        let service = self.ports.services().duplicates;
        let done = service.set_dismissed(self.org, [contact.id, other.id], dismissed);
        let done = self.tell.result(done, |()| format!("dismissed: {dismissed}"));
        self.tell.lines([done].into_iter().chain(self.hanging(contact.id)).chain(self.pairs()))
    }

    /// Returns all pairs of possible duplicates, read in small pages.
    fn pairs(&self) -> Vec<String> {
        let (mut lines, mut after) = (Vec::new(), None);
        loop {
            let query = PairQuery { strength: None, after, limit: 3 };
            let page = self.ports.duplicates.pairs(self.org, &query).unwrap();
            lines.extend(page.items.iter().map(|pair| {
                let (one, other) = (self.tell.contact(&pair.one), self.tell.contact(&pair.other));
                format!("{one} and {other} for {:?}", pair.reasons)
            }));
            after = page.next;
            if after.is_none() {
                return lines;
            }
        }
    }

    /// Returns a contact's conversations and possible duplicates.
    pub(super) fn hanging(&self, contact: ContactId) -> Vec<String> {
        let ports = self.ports;
        let talks = ports.conversations.of_contact(self.org, contact, None, 100).unwrap();
        let last = ports.conversations.last_of(self.org, &[contact]).unwrap().remove(&contact);
        assert_eq!(last.as_ref(), talks.first());
        let talks = talks.iter().map(|talk| self.tell.conversation(talk));
        let others = ports.duplicates.duplicates(self.org, contact, None, 100).unwrap();
        let others = others.iter().map(|other| {
            format!("may be {} for {:?}", self.tell.contact(&other.contact), other.reasons)
        });
        talks.chain(others).collect()
    }
}
