//! A webhook sender that sends nothing, and a sealer that hides nothing.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use contacts_core::contact::Contact;
use contacts_core::seal::Sealer;
use contacts_core::webhook::{
    DeliveryId, Message, MessageType, SendOutcome, WebhookSender, WebhookUrl,
};
use contacts_core::{Error, Result};
use time::OffsetDateTime;

/// A message that was handed to the sender.
#[derive(Clone, Debug, PartialEq)]
pub struct SentMessage {
    /// The URL of the webhook.
    pub url: String,
    /// The id of the delivery.
    pub id: DeliveryId,
    /// The type of the message.
    pub kind: MessageType,
    /// The number of the event that the message reports, if any.
    pub number: Option<u64>,
    /// The contacts of the event as they are now, if the webhook includes them. `None` in place of
    /// one that is gone.
    pub contacts: Option<Vec<Option<Contact>>>,
    /// The time at which the message was sent.
    pub at: OffsetDateTime,
    /// The secrets that the message was signed with.
    pub secrets: Vec<Vec<u8>>,
}

/// A sender that records messages instead of sending them. It answers each with 204, unless a test
/// prepares other answers. Clones share one state.
#[derive(Clone, Debug, Default)]
pub struct FakeSender(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    sent: Vec<SentMessage>,
    answers: VecDeque<SendOutcome>,
}

impl FakeSender {
    /// Prepares answers for the next messages.
    pub fn answers(&self, answers: impl IntoIterator<Item = SendOutcome>) {
        self.with(|state| state.answers.extend(answers));
    }

    /// Removes and returns the messages that were sent since the last call.
    pub fn take(&self) -> Vec<SentMessage> {
        self.with(|state| std::mem::take(&mut state.sent))
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl WebhookSender for FakeSender {
    fn accepts(&self, url: &WebhookUrl) -> Result<(), String> {
        if url.is_plain() { Err("must start with https://".to_owned()) } else { Ok(()) }
    }

    fn send<'a>(&self, message: &Message<'a>) -> SendOutcome {
        self.with(|state| {
            state.sent.push(SentMessage {
                url: message.url.as_str().to_owned(),
                id: message.id,
                kind: message.kind,
                number: message.event.map(|event| event.number),
                contacts: message.contacts.zip(message.event).map(|(contacts, event)| {
                    contacts.of(&event.event).map(Option::<&Contact>::cloned).collect()
                }),
                at: message.at,
                secrets: message.secrets.clone(),
            });
            state.answers.pop_front().unwrap_or(SendOutcome::Answered(204))
        })
    }
}

/// A sealer that inverts bits, and refuses to open a secret in another context.
#[derive(Clone, Copy, Debug, Default)]
pub struct FakeSealer;

impl Sealer for FakeSealer {
    fn seal(&self, context: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
        Ok(context.iter().copied().chain(plain.iter().map(|byte| !byte)).collect())
    }

    fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>> {
        let hidden = sealed.strip_prefix(context);
        let hidden = hidden.ok_or_else(|| Error::store("it was sealed for another context"))?;
        Ok(hidden.iter().map(|byte| !byte).collect())
    }
}
