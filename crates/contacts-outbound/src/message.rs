//! Writes and signs messages as Standard Webhooks specifies.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use contacts_core::event::NumberedEvent;
use contacts_core::webhook::Message;
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use sha2::Sha256;
use time::OffsetDateTime;

use crate::contact::{ActorView, ContactView};

/// The headers and the body of a message.
pub(crate) struct SignedMessage {
    /// The header `webhook-id`.
    pub(crate) id: String,
    /// The header `webhook-timestamp`, in seconds since 1970.
    pub(crate) timestamp: String,
    /// The header `webhook-signature`: one signature for each secret, separated by spaces.
    pub(crate) signature: String,
    /// The body, as JSON.
    pub(crate) body: Vec<u8>,
}

#[derive(Serialize)]
struct Body<'a> {
    r#type: &'a str,
    #[serde(with = "time::serde::rfc3339")]
    timestamp: OffsetDateTime,
    data: Data<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Data<'a> {
    Event {
        number: u64,
        contact_ids: Vec<String>,
        fields: &'a [String],
        survivor_id: Option<String>,
        actor: ActorView,
        /// The contacts as they are now, in the order of `contact_ids`; null for one that is gone.
        #[serde(skip_serializing_if = "Option::is_none")]
        contacts: Option<Vec<Option<ContactView<'a>>>>,
    },
    Test {},
}

/// Writes and signs a message.
pub(crate) fn write(message: &Message<'_>) -> serde_json::Result<SignedMessage> {
    let data = match message.event {
        Some(NumberedEvent { number, event }) => Data::Event {
            number: *number,
            contact_ids: event.contacts.iter().map(ToString::to_string).collect(),
            fields: &event.fields,
            survivor_id: event.kind.survivor().map(|survivor| survivor.to_string()),
            actor: event.actor.into(),
            contacts: message.contacts.map(|contacts| {
                contacts.of(event).map(|contact| contact.map(ContactView::from)).collect()
            }),
        },
        None => Data::Test {},
    };
    // The time of the event stays the same however often the message is sent.
    let timestamp = message.event.map_or(message.at, |numbered| numbered.event.at);
    let body = Body { r#type: message.kind.as_str(), timestamp, data };
    let body = serde_json::to_vec(&body)?;
    let id = format!("msg_{}", message.id.0.simple());
    let timestamp = message.at.unix_timestamp().to_string();
    let signatures: Vec<_> =
        message.secrets.iter().map(|secret| sign(secret, &id, &timestamp, &body)).collect();
    Ok(SignedMessage { id, timestamp, signature: signatures.join(" "), body })
}

fn sign(secret: &[u8], id: &str, timestamp: &str, body: &[u8]) -> String {
    // HMAC accepts a key of any length, so this does not fail.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return String::new() };
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        mac.update(part);
    }
    format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification of Standard Webhooks.
    #[test]
    fn a_message_is_signed_as_the_standard_specifies() {
        let secret = BASE64_STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature =
            sign(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
