//! Edits of a webhook, applied to the locked row (R12, R63).

use std::collections::BTreeSet;

use time::OffsetDateTime;

use super::{Attempt, MessageType, Paused, Webhook, WebhookUrl};

/// A checked patch of a webhook; an absent member stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebhookPatch {
    /// The URL that messages are posted to.
    pub url: Option<WebhookUrl>,
    /// The subscribed event types; all types when empty.
    pub types: Option<BTreeSet<MessageType>>,
    /// Whether messages carry the current states of the contacts of their events.
    pub include_contacts: Option<bool>,
    /// Whether the webhook is paused.
    pub paused: Option<bool>,
}

/// A new secret for a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretRotation {
    /// The new secret, sealed.
    pub secret: Vec<u8>,
    /// Until when messages are also signed with the previous secret.
    pub old_secret_until: OffsetDateTime,
}

impl Webhook {
    /// Applies a patch. A patch that changes something raises the version by one. Every patch
    /// resets the failures, so that the next attempt is made at once.
    pub fn apply(&mut self, patch: &WebhookPatch) {
        let state = |webhook: &Self| {
            (webhook.url.clone(), webhook.types.clone(), webhook.include_contacts, webhook.paused)
        };
        let before = state(self);
        if let Some(url) = &patch.url {
            self.url = url.clone();
        }
        if let Some(types) = &patch.types {
            self.types = types.clone();
        }
        self.include_contacts = patch.include_contacts.unwrap_or(self.include_contacts);
        match patch.paused {
            Some(true) => self.paused = self.paused.or(Some(Paused::Manual)),
            Some(false) => self.paused = None,
            None => {}
        }
        self.version += u64::from(before != state(self));
        self.reset_failures();
    }

    /// Replaces the secret and keeps the current one as the previous one. Raises the version by
    /// one and resets the failures.
    pub fn rotate_secret(&mut self, rotation: &SecretRotation) {
        let old = std::mem::replace(&mut self.secret, rotation.secret.clone());
        self.old_secret = Some((old, rotation.old_secret_until));
        self.version += 1;
        self.reset_failures();
    }

    /// Records what an attempt reveals about the webhook's health. An attempt for an older version
    /// reveals nothing about the current one and changes nothing; otherwise a late answer of the
    /// old URL could pause a webhook that has just been edited.
    pub fn record_attempt(&mut self, attempt: &Attempt) {
        if attempt.webhook_version != self.version {
            return;
        }
        self.failures = attempt.failures;
        self.rests_until = attempt.rests_until;
        if attempt.gone && self.paused.is_none() {
            self.paused = Some(Paused::Gone);
            self.version += 1;
        }
    }

    fn reset_failures(&mut self) {
        (self.failures, self.rests_until) = (0, None);
    }
}
