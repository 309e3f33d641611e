//! Use cases of webhooks, and the delivery job.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;

use super::{
    Attempt, Delivery, DeliveryId, DeliveryState, FeedAdvance, Message, MessageType, NewDelivery,
    SecretRotation, SendOutcome, Webhook, WebhookId, WebhookPatch, WebhookRepository,
    WebhookSecret, WebhookSender, WebhookUrl, pause_after, retry_after,
};
use crate::answer::without_claim;
use crate::contact::ContactRepository;
use crate::event::{CurrentContacts, EventFeed, FeedService, NumberedEvent};
use crate::job::{Interrupt, Outcome};
use crate::seal::Sealer;
use crate::{Actor, Clock, Error, Ids, Invalid, OrgId, Ports, Result};

/// A webhook to create.
#[derive(Clone, Debug)]
pub struct NewWebhook<'a> {
    /// The URL that messages are posted to.
    pub url: &'a str,
    /// Names of the subscribed event types; all types when empty.
    pub types: &'a [String],
    /// What messages carry beside their event: `contact`, or nothing.
    pub include: &'a [String],
    /// The secret: 32 bytes from the system's random source.
    pub random: [u8; 32],
}

/// An unchecked patch of a webhook; an absent member stays as it is.
#[derive(Clone, Debug, Default)]
pub struct RawWebhookPatch {
    /// The URL that messages are posted to.
    pub url: Option<String>,
    /// Names of the subscribed event types; all types when empty.
    pub types: Option<Vec<String>>,
    /// What messages carry beside their event: `contact`, or nothing.
    pub include: Option<Vec<String>>,
    /// Whether the webhook is paused.
    pub paused: Option<bool>,
}

/// The use cases of webhooks.
#[derive(Clone)]
pub struct WebhookService {
    webhooks: Arc<dyn WebhookRepository>,
    feed: Arc<dyn EventFeed>,
    contacts: Arc<dyn ContactRepository>,
    sender: Arc<dyn WebhookSender>,
    sealer: Arc<dyn Sealer>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

impl WebhookService {
    /// Maximum number of webhooks in an organisation.
    pub const MAX_WEBHOOKS: usize = 20;
    /// How long messages are also signed with the previous secret after a rotation.
    pub const OLD_SECRET: Duration = Duration::from_secs(24 * 60 * 60);
    /// Maximum number of pending deliveries of a webhook. Further events wait in the feed.
    pub const MAX_PENDING_DELIVERIES: usize = 1_000;
    /// Maximum number of events for which deliveries are created at once.
    const EVENTS: usize = 100;
    /// Pause of a job that has sent something. Several events at once may fail to wake the job,
    /// because each locks its row; the job finds them after this pause.
    const RECHECK_AFTER: Duration = Duration::from_secs(2);
    /// Pause of a job that had nothing to send, unless it is woken.
    const IDLE_RECHECK_AFTER: Duration = Duration::from_secs(300);

    pub(crate) fn over(ports: &Ports) -> Self {
        Self {
            webhooks: ports.webhooks.clone(),
            feed: ports.feed.clone(),
            contacts: ports.contacts.clone(),
            sender: ports.webhook_sender.clone(),
            sealer: ports.webhook_sealer.clone(),
            clock: ports.clock.clone(),
            ids: ports.ids.clone(),
        }
    }

    /// Creates a webhook, which receives the events from now on. Its secret is returned only here.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] naming `url`, `types` or `include`; [`Error::Conflict`] when the organisation has
    /// [`Self::MAX_WEBHOOKS`].
    pub fn create(
        &self,
        org: OrgId,
        new: &NewWebhook<'_>,
        actor: Actor,
    ) -> Result<(Webhook, WebhookSecret)> {
        let mut errors = Vec::new();
        let url = self.url(&mut errors, new.url);
        let types = types(&mut errors, new.types);
        let include_contacts = includes_contacts(&mut errors, new.include);
        let Some(url) = url.filter(|_| errors.is_empty()) else { return Err(errors.into()) };
        let id = WebhookId(self.ids.next());
        let secret = WebhookSecret(new.random);
        let webhook = Webhook {
            org,
            id,
            url,
            types,
            include_contacts,
            paused: None,
            secret: self.sealer.seal(&seal_context(org, id), &secret.0)?,
            old_secret: None,
            // Read the cursor before the insert, so that an event in between is delivered and not
            // lost. It may number events, which is no effect of the request.
            cursor: without_claim(|| self.feed.end(org))?,
            failures: 0,
            rests_until: None,
            missed_at: None,
            created_at: self.clock.now(),
            version: 1,
        };
        self.webhooks.insert(&webhook, Self::MAX_WEBHOOKS, actor)?;
        Ok((webhook, secret))
    }

    /// Finds a webhook.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn get(&self, org: OrgId, id: WebhookId) -> Result<Webhook> {
        self.webhooks.get(org, id)?.ok_or(Error::NotFound("webhook"))
    }

    /// Lists all webhooks, the oldest first.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn list(&self, org: OrgId) -> Result<Vec<Webhook>> {
        self.webhooks.list(org)
    }

    /// Changes a webhook.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Invalid`] naming `url`, `types` or `include`; [`Error::Stale`] when the
    /// webhook does not have the expected version.
    pub fn update(
        &self,
        org: OrgId,
        id: WebhookId,
        if_version: Option<u64>,
        raw: &RawWebhookPatch,
        actor: Actor,
    ) -> Result<Webhook> {
        let mut errors = Vec::new();
        let patch = WebhookPatch {
            url: raw.url.as_ref().and_then(|url| self.url(&mut errors, url)),
            types: raw.types.as_ref().map(|names| types(&mut errors, names)),
            include_contacts: raw
                .include
                .as_ref()
                .map(|names| includes_contacts(&mut errors, names)),
            paused: raw.paused,
        };
        if !errors.is_empty() {
            return Err(errors.into());
        }
        let patched = self.webhooks.patch(org, id, &patch, if_version, actor, self.clock.now())?;
        patched.ok_or(Error::NotFound("webhook"))
    }

    /// Replaces the secret of a webhook. For [`Self::OLD_SECRET`], messages are also signed with
    /// the previous one.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn rotate_secret(
        &self,
        org: OrgId,
        id: WebhookId,
        random: [u8; 32],
        actor: Actor,
    ) -> Result<(Webhook, WebhookSecret)> {
        let (secret, now) = (WebhookSecret(random), self.clock.now());
        let rotation = SecretRotation {
            secret: self.sealer.seal(&seal_context(org, id), &secret.0)?,
            old_secret_until: now + Self::OLD_SECRET,
        };
        let rotated = self.webhooks.rotate_secret(org, id, &rotation, actor, now)?;
        Ok((rotated.ok_or(Error::NotFound("webhook"))?, secret))
    }

    /// Deletes a webhook.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn delete(&self, org: OrgId, id: WebhookId, actor: Actor) -> Result<()> {
        let deleted = self.webhooks.delete(org, id, actor, self.clock.now())?;
        if deleted { Ok(()) } else { Err(Error::NotFound("webhook")) }
    }

    /// Queues a test message.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Conflict`] when the webhook is paused.
    pub fn test(&self, org: OrgId, id: WebhookId) -> Result<Delivery> {
        let delivery = DeliveryId(self.ids.next());
        let new = NewDelivery { id: delivery, kind: MessageType::Test, number: None };
        if !self.webhooks.add_delivery(org, id, new, self.clock.now())? {
            return Err(Error::NotFound("webhook"));
        }
        let delivery = self.webhooks.delivery(org, id, delivery)?;
        delivery.ok_or(Error::NotFound("webhook"))
    }

    /// Lists deliveries, the newest first.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn deliveries(
        &self,
        org: OrgId,
        id: WebhookId,
        state: Option<DeliveryState>,
        after: Option<DeliveryId>,
        limit: usize,
    ) -> Result<Vec<Delivery>> {
        self.get(org, id)?;
        self.webhooks.deliveries(org, id, state, after, limit)
    }

    /// Sends a delivery again.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn redeliver(&self, org: OrgId, id: WebhookId, delivery: DeliveryId) -> Result<Delivery> {
        self.webhooks.redeliver(org, id, Some(delivery), self.clock.now())?;
        self.webhooks.delivery(org, id, delivery)?.ok_or(Error::NotFound("delivery"))
    }

    /// Sends every dead delivery again; returns how many there were.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn redeliver_dead(&self, org: OrgId, id: WebhookId) -> Result<u64> {
        self.get(org, id)?;
        self.webhooks.redeliver(org, id, None, self.clock.now())
    }

    /// The delivery job: sends what is due, one message at a time, until nothing is due or other
    /// jobs wait. New events are sent in the order of their numbers; failed ones are sent again in
    /// between.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn deliver(&self, org: OrgId, id: WebhookId, interrupt: &dyn Interrupt) -> Result<Outcome> {
        let mut pause = Self::IDLE_RECHECK_AFTER;
        loop {
            if !interrupt.may_continue() {
                return Ok(Outcome::Again);
            }
            let now = self.clock.now();
            let Some(webhook) = self.webhooks.get(org, id)? else { return Ok(Outcome::Done) };
            if webhook.paused.is_some() {
                return Ok(Outcome::Done);
            }
            if let Some(until) = webhook.rests_until.filter(|until| *until > now) {
                return Ok(Outcome::Rest(until));
            }
            let queue = self.webhooks.queue(org, id, now)?;
            if let Some(delivery) = queue.due {
                self.send(&webhook, &delivery)?;
            } else if !self.append_events(&webhook, now)? {
                let next_check = now + pause;
                return Ok(Outcome::Rest(
                    queue.next_at.map_or(next_check, |next| next.min(next_check)),
                ));
            }
            pause = Self::RECHECK_AFTER;
        }
    }

    /// Creates deliveries for events; returns whether there were any.
    fn append_events(&self, webhook: &Webhook, now: OffsetDateTime) -> Result<bool> {
        let (org, id) = (webhook.org, webhook.id);
        let (events, missed) = match self.feed.after(org, Some(webhook.cursor), Self::EVENTS) {
            Ok(events) => (events, false),
            // The webhook was paused or slow for so long that events have expired.
            Err(Error::CursorExpired) => (self.feed.after(org, None, Self::EVENTS)?, true),
            Err(error) => return Err(error),
        };
        let Some(last) = events.last() else { return Ok(false) };
        if self.webhooks.pending(org, id, Self::MAX_PENDING_DELIVERIES)?
            >= Self::MAX_PENDING_DELIVERIES
        {
            return Ok(false);
        }
        let deliveries = events.iter().filter_map(|NumberedEvent { number, event }| {
            let kind = MessageType::from(event.kind);
            let new =
                || NewDelivery { id: DeliveryId(self.ids.next()), kind, number: Some(*number) };
            webhook.wants(kind).then(new)
        });
        let advance = FeedAdvance {
            from: webhook.cursor,
            to: last.number,
            deliveries: deliveries.collect(),
            missed,
        };
        self.webhooks.append_events(org, id, &advance, now - FeedService::RETENTION, now)?;
        Ok(true)
    }

    fn send(&self, webhook: &Webhook, delivery: &Delivery) -> Result<()> {
        let (org, now) = (webhook.org, self.clock.now());
        let event = match delivery.number {
            Some(number) => match self.feed.after(org, Some(number.saturating_sub(1)), 1) {
                Ok(mut events) => events.pop().filter(|event| event.number == number),
                Err(Error::CursorExpired) => None,
                Err(error) => return Err(error),
            },
            None => None,
        };
        if delivery.number.is_some() && event.is_none() {
            let lost = SendOutcome::Failed("the event has expired".to_owned());
            let attempt = attempt(webhook, delivery, lost, now);
            let attempt = Attempt { state: DeliveryState::Dead, ..attempt };
            return self.webhooks.attempted(org, webhook.id, &attempt, now);
        }
        let contacts = match &event {
            Some(event) if webhook.include_contacts => {
                let events = std::iter::once(&event.event);
                Some(CurrentContacts::read(&*self.contacts, org, events)?)
            }
            _ => None,
        };
        let message = Message {
            url: &webhook.url,
            id: delivery.id,
            kind: delivery.kind,
            event: event.as_ref(),
            contacts: contacts.as_ref(),
            at: now,
            secrets: self.secrets(webhook, now)?,
        };
        let sent = self.sender.send(&message);
        let now = self.clock.now();
        let attempt = attempt(webhook, delivery, sent, now);
        self.webhooks.attempted(org, webhook.id, &attempt, now)
    }

    /// The secrets to sign with now.
    fn secrets(&self, webhook: &Webhook, now: OffsetDateTime) -> Result<Vec<Vec<u8>>> {
        let old = webhook.old_secret.as_ref().filter(|(_, until)| now < *until);
        let sealed = [&webhook.secret].into_iter().chain(old.map(|(sealed, _)| sealed));
        let context = seal_context(webhook.org, webhook.id);
        sealed.map(|sealed| self.sealer.open(&context, sealed)).collect()
    }

    fn url(&self, errors: &mut Vec<Invalid>, text: &str) -> Option<WebhookUrl> {
        let url = WebhookUrl::parse(text).map_err(str::to_owned);
        let url = url.and_then(|url| self.sender.accepts(&url).map(|()| url));
        url.map_err(|reason| errors.push(Invalid::new("url", reason))).ok()
    }
}

/// Binds a sealed secret to its webhook: copied to another row, it cannot be opened.
fn seal_context(org: OrgId, id: WebhookId) -> Vec<u8> {
    [org.0.as_bytes().as_slice(), id.0.as_bytes()].concat()
}

fn types(errors: &mut Vec<Invalid>, names: &[String]) -> BTreeSet<MessageType> {
    let mut types = BTreeSet::new();
    for name in names {
        match MessageType::parse(name).filter(|kind| *kind != MessageType::Test) {
            Some(kind) => drop(types.insert(kind)),
            None => {
                let known = MessageType::EVENTS.map(MessageType::as_str).join(", ");
                errors.push(Invalid::new("types", format!("must be of {known}")));
                break;
            }
        }
    }
    types
}

/// Returns whether the names of what messages carry contain `contact`, the only one there is.
fn includes_contacts(errors: &mut Vec<Invalid>, names: &[String]) -> bool {
    if names.iter().any(|name| name != "contact") {
        errors.push(Invalid::new("include", "must be contact, or empty"));
    }
    !names.is_empty()
}

/// The outcome of an attempt, for the delivery and its webhook.
fn attempt(
    webhook: &Webhook,
    delivery: &Delivery,
    sent: SendOutcome,
    now: OffsetDateTime,
) -> Attempt {
    let attempts = delivery.attempts + 1;
    let done = Attempt {
        delivery: delivery.id,
        attempts_before: delivery.attempts,
        state: DeliveryState::Delivered,
        due_at: now,
        status: None,
        problem: None,
        failures: 0,
        rests_until: None,
        gone: false,
        webhook_version: webhook.version,
    };
    let (status, problem) = match sent {
        SendOutcome::Answered(status @ 200..=299) => {
            return Attempt { status: Some(status), ..done };
        }
        SendOutcome::Answered(status @ 300..=399) => {
            (Some(status), "it responded with a redirect, which is not followed".to_owned())
        }
        SendOutcome::Answered(status) => {
            (Some(status), format!("it responded with status {status}"))
        }
        SendOutcome::Failed(reason) => (None, reason),
    };
    let failures = webhook.failures.saturating_add(1);
    let again = retry_after(attempts, delivery.id.0);
    Attempt {
        state: if again.is_some() { DeliveryState::Pending } else { DeliveryState::Dead },
        due_at: now + again.unwrap_or_default(),
        status,
        problem: Some(problem),
        failures,
        rests_until: Some(now + pause_after(failures)),
        gone: status == Some(410),
        ..done
    }
}
