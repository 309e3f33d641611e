//! A sender of webhooks that sends nothing, and a seal that hides nothing.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use contacts_core::webhook::{
    DeliveryId, Message, MessageType, Sealer, Sent, WebhookSender, WebhookUrl,
};
use contacts_core::{Error, Result};
use time::OffsetDateTime;

/// A message that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentMessage {
    /// Where to.
    pub url: String,
    /// Its id.
    pub id: DeliveryId,
    /// What it tells of.
    pub kind: MessageType,
    /// The event's number.
    pub number: Option<u64>,
    /// When it was sent.
    pub at: OffsetDateTime,
    /// What it was signed with.
    pub secrets: Vec<Vec<u8>>,
}

/// Notes messages instead of sending them. Each is answered with 204, unless other answers were
/// laid ready. Clones are one sender.
#[derive(Clone, Debug, Default)]
pub struct FakeSender(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    sent: Vec<SentMessage>,
    answers: VecDeque<Sent>,
}

impl FakeSender {
    /// Lays answers ready for the next messages.
    pub fn answers(&self, answers: impl IntoIterator<Item = Sent>) {
        self.with(|state| state.answers.extend(answers));
    }

    /// Takes what was sent since it was last taken.
    pub fn take(&self) -> Vec<SentMessage> {
        self.with(|state| std::mem::take(&mut state.sent))
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl WebhookSender for FakeSender {
    fn accepts(&self, url: &WebhookUrl) -> Result<(), String> {
        if url.is_plain() { Err("must begin with https://".to_owned()) } else { Ok(()) }
    }

    fn send<'a>(&self, message: &Message<'a>) -> Sent {
        self.with(|state| {
            state.sent.push(SentMessage {
                url: message.url.as_str().to_owned(),
                id: message.id,
                kind: message.kind,
                number: message.event.map(|event| event.number),
                at: message.at,
                secrets: message.secrets.clone(),
            });
            state.answers.pop_front().unwrap_or(Sent::Answered(204))
        })
    }
}

/// Seals by turning bits around, and notices another place.
#[derive(Clone, Copy, Debug, Default)]
pub struct FakeSealer;

impl Sealer for FakeSealer {
    fn seal(&self, place: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
        Ok(place.iter().copied().chain(plain.iter().map(|byte| !byte)).collect())
    }

    fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>> {
        let hidden = sealed.strip_prefix(place);
        let hidden = hidden.ok_or_else(|| Error::store("it was sealed for another place"))?;
        Ok(hidden.iter().map(|byte| !byte).collect())
    }
}
