//! Working with webhooks, and sending to them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;

use super::{
    Attempt, Delivery, DeliveryId, DeliveryState, Message, MessageType, NewDelivery, Paused,
    Sealer, Sent, TakenIn, Webhook, WebhookId, WebhookRepository, WebhookSecret, WebhookSender,
    WebhookUrl, pause_after, retry_after,
};
use crate::event::{EventFeed, FeedService, NumberedEvent};
use crate::import::Turn;
use crate::job::Outcome;
use crate::{Clock, Error, Ids, Invalid, OrgId, Result};

/// A webhook to be made.
#[derive(Clone, Debug)]
pub struct NewWebhook<'a> {
    /// Where messages are to go.
    pub url: &'a str,
    /// Of what it is to hear; of everything, when empty.
    pub types: &'a [String],
    /// 32 bytes that nobody can guess, from the system's random source.
    pub random: [u8; 32],
}

/// What to change of a webhook; what is absent stays.
#[derive(Clone, Debug, Default)]
pub struct WebhookPatch {
    /// Where messages are to go.
    pub url: Option<String>,
    /// Of what it is to hear; of everything, when empty.
    pub types: Option<Vec<String>>,
    /// Whether nothing is to be sent to it.
    pub paused: Option<bool>,
}

/// The use cases of webhooks.
#[derive(Clone)]
pub struct WebhookService {
    /// Where they are kept.
    pub webhooks: Arc<dyn WebhookRepository>,
    /// What happens.
    pub feed: Arc<dyn EventFeed>,
    /// What sends messages.
    pub sender: Arc<dyn WebhookSender>,
    /// What seals secrets.
    pub sealer: Arc<dyn Sealer>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub ids: Arc<dyn Ids>,
}

impl WebhookService {
    /// The most webhooks of an organisation.
    pub const MOST: usize = 20;
    /// For how long the secret before is valid beside a new one.
    pub const OLD_SECRET: Duration = Duration::from_secs(24 * 60 * 60);
    /// The most deliveries that wait before no more are made: the rest waits in the feed.
    pub const MOST_PENDING: usize = 1_000;
    /// How many events are taken in at once.
    const EVENTS: usize = 100;
    /// When a job that had something to do looks again: an event whose writer passed by the job
    /// while it was held is found then.
    const LOOK_AGAIN: Duration = Duration::from_secs(2);
    /// When a job that had nothing to do looks again without being woken.
    const LOOK_LATER: Duration = Duration::from_secs(300);

    /// Makes a webhook, which hears of what happens from now on. Its secret is returned this
    /// once.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] naming `url` or `types`; [`Error::Conflict`] when there are too many.
    pub fn create(&self, org: OrgId, new: &NewWebhook<'_>) -> Result<(Webhook, WebhookSecret)> {
        let mut wrong = Vec::new();
        let url = self.url(&mut wrong, new.url);
        let types = types(&mut wrong, new.types);
        let Some(url) = url.filter(|_| wrong.is_empty()) else { return Err(wrong.into()) };
        if self.webhooks.list(org)?.len() >= Self::MOST {
            let most = Self::MOST;
            return Err(Error::Conflict(format!("there are {most} webhooks: delete one first")));
        }
        let id = WebhookId(self.ids.next());
        let secret = WebhookSecret(new.random);
        let webhook = Webhook {
            org,
            id,
            url,
            types,
            paused: None,
            secret: self.sealer.seal(&place(org, id), &secret.0)?,
            old_secret: None,
            cursor: self.feed.end(org)?,
            failures: 0,
            rests_until: None,
            missed_at: None,
            created_at: self.clock.now(),
        };
        self.webhooks.insert(&webhook)?;
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

    /// All webhooks, the oldest first.
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
    /// [`Error::NotFound`]; [`Error::Invalid`] naming `url` or `types`.
    pub fn update(&self, org: OrgId, id: WebhookId, patch: &WebhookPatch) -> Result<Webhook> {
        let mut webhook = self.get(org, id)?;
        let mut wrong = Vec::new();
        if let Some(url) = &patch.url
            && let Some(url) = self.url(&mut wrong, url)
        {
            webhook.url = url;
        }
        if let Some(names) = &patch.types {
            webhook.types = types(&mut wrong, names);
        }
        if !wrong.is_empty() {
            return Err(wrong.into());
        }
        match patch.paused {
            Some(true) => webhook.paused = webhook.paused.or(Some(Paused::ByHand)),
            Some(false) => webhook.paused = None,
            None => {}
        }
        self.keep(webhook)
    }

    /// Gives a webhook a new secret. Messages are signed with the one before, too, for a day.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn rotate(
        &self,
        org: OrgId,
        id: WebhookId,
        random: [u8; 32],
    ) -> Result<(Webhook, WebhookSecret)> {
        let mut webhook = self.get(org, id)?;
        let secret = WebhookSecret(random);
        let sealed = self.sealer.seal(&place(org, id), &secret.0)?;
        let before = std::mem::replace(&mut webhook.secret, sealed);
        webhook.old_secret = Some((before, self.clock.now() + Self::OLD_SECRET));
        Ok((self.keep(webhook)?, secret))
    }

    fn keep(&self, mut webhook: Webhook) -> Result<Webhook> {
        (webhook.failures, webhook.rests_until) = (0, None);
        if self.webhooks.update(&webhook, self.clock.now())? {
            Ok(webhook)
        } else {
            Err(Error::NotFound("webhook"))
        }
    }

    /// Deletes a webhook.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn delete(&self, org: OrgId, id: WebhookId) -> Result<()> {
        let deleted = self.webhooks.delete(org, id)?;
        if deleted { Ok(()) } else { Err(Error::NotFound("webhook")) }
    }

    /// Has a message sent that tells of nothing.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Conflict`] when it is paused.
    pub fn test(&self, org: OrgId, id: WebhookId) -> Result<Delivery> {
        if self.get(org, id)?.paused.is_some() {
            return Err(Error::Conflict("the webhook is paused: go on with it first".to_owned()));
        }
        let delivery = DeliveryId(self.ids.next());
        let new = NewDelivery { id: delivery, kind: MessageType::Test, number: None };
        self.webhooks.add_delivery(org, id, new, self.clock.now())?;
        let delivery = self.webhooks.delivery(org, id, delivery)?;
        delivery.ok_or(Error::NotFound("webhook"))
    }

    /// Deliveries, the newest first.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn deliveries(
        &self,
        org: OrgId,
        id: WebhookId,
        state: Option<DeliveryState>,
        before: Option<DeliveryId>,
        limit: usize,
    ) -> Result<Vec<Delivery>> {
        self.get(org, id)?;
        self.webhooks.deliveries(org, id, state, before, limit)
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

    /// Sends every delivery again that was given up; says how many.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn redeliver_dead(&self, org: OrgId, id: WebhookId) -> Result<u64> {
        self.get(org, id)?;
        self.webhooks.redeliver(org, id, None, self.clock.now())
    }

    /// Sends what is due, one message at a time, until nothing is or others have to have their
    /// turn. New events come in the order of their numbers; what has failed comes again beside
    /// them.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn deliver(&self, org: OrgId, id: WebhookId, turn: &dyn Turn) -> Result<Outcome> {
        let mut pause = Self::LOOK_LATER;
        loop {
            if !turn.may_go_on() {
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
            } else if !self.take_in(&webhook, now)? {
                let look = now + pause;
                return Ok(Outcome::Rest(queue.next_at.map_or(look, |next| next.min(look))));
            }
            pause = Self::LOOK_AGAIN;
        }
    }

    /// Makes deliveries of events; says whether there were any.
    fn take_in(&self, webhook: &Webhook, now: OffsetDateTime) -> Result<bool> {
        let (org, id) = (webhook.org, webhook.id);
        let (events, missed) = match self.feed.after(org, Some(webhook.cursor), Self::EVENTS) {
            Ok(events) => (events, false),
            // It was paused, or slow, for longer than events are kept.
            Err(Error::CursorExpired) => (self.feed.after(org, None, Self::EVENTS)?, true),
            Err(error) => return Err(error),
        };
        let Some(last) = events.last() else { return Ok(false) };
        if self.webhooks.pending(org, id, Self::MOST_PENDING)? >= Self::MOST_PENDING {
            return Ok(false);
        }
        let deliveries = events.iter().filter_map(|NumberedEvent { number, event }| {
            let kind = MessageType::from(event.kind);
            let new =
                || NewDelivery { id: DeliveryId(self.ids.next()), kind, number: Some(*number) };
            webhook.wants(kind).then(new)
        });
        let taken = TakenIn {
            from: webhook.cursor,
            to: last.number,
            deliveries: deliveries.collect(),
            missed,
        };
        self.webhooks.take_in(org, id, &taken, now - FeedService::KEPT, now)?;
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
            let lost = Sent::Failed("the event is not kept any more".to_owned());
            let attempt = attempt(webhook, delivery, lost, now);
            let attempt = Attempt { state: DeliveryState::Dead, ..attempt };
            return self.webhooks.attempted(org, webhook.id, &attempt, now);
        }
        let message = Message {
            url: &webhook.url,
            id: delivery.id,
            kind: delivery.kind,
            event: event.as_ref(),
            at: now,
            secrets: self.secrets(webhook, now)?,
        };
        let sent = self.sender.send(&message);
        let now = self.clock.now();
        let attempt = attempt(webhook, delivery, sent, now);
        self.webhooks.attempted(org, webhook.id, &attempt, now)
    }

    /// What messages are signed with now.
    fn secrets(&self, webhook: &Webhook, now: OffsetDateTime) -> Result<Vec<Vec<u8>>> {
        let old = webhook.old_secret.as_ref().filter(|(_, until)| now < *until);
        let sealed = [&webhook.secret].into_iter().chain(old.map(|(sealed, _)| sealed));
        let place = place(webhook.org, webhook.id);
        sealed.map(|sealed| self.sealer.open(&place, sealed)).collect()
    }

    fn url(&self, wrong: &mut Vec<Invalid>, text: &str) -> Option<WebhookUrl> {
        let url = WebhookUrl::parse(text).map_err(str::to_owned);
        let url = url.and_then(|url| self.sender.accepts(&url).map(|()| url));
        url.map_err(|why| wrong.push(Invalid::new("url", why))).ok()
    }
}

/// Where a webhook's secret belongs: moved to another's row it cannot be opened.
fn place(org: OrgId, id: WebhookId) -> Vec<u8> {
    [org.0.as_bytes().as_slice(), id.0.as_bytes()].concat()
}

fn types(wrong: &mut Vec<Invalid>, names: &[String]) -> BTreeSet<MessageType> {
    let mut types = BTreeSet::new();
    for name in names {
        match MessageType::parse(name).filter(|kind| *kind != MessageType::Test) {
            Some(kind) => drop(types.insert(kind)),
            None => {
                let known = MessageType::EVENTS.map(MessageType::as_str).join(", ");
                wrong.push(Invalid::new("types", format!("must be of {known}")));
                break;
            }
        }
    }
    types
}

/// What an attempt makes of a delivery and its webhook.
fn attempt(webhook: &Webhook, delivery: &Delivery, sent: Sent, now: OffsetDateTime) -> Attempt {
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
    };
    let (status, problem) = match sent {
        Sent::Answered(status @ 200..=299) => return Attempt { status: Some(status), ..done },
        Sent::Answered(status @ 300..=399) => {
            (Some(status), "it answered with a redirect, which is not followed".to_owned())
        }
        Sent::Answered(status) => (Some(status), format!("it answered with {status}")),
        Sent::Failed(why) => (None, why),
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
