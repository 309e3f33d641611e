//! Webhooks in memory.

use std::collections::BTreeMap;

use contacts_core::job::Job;
use contacts_core::trail::TrailEvent;
use contacts_core::webhook::{
    Attempt, Delivery, DeliveryId, DeliveryState, FeedAdvance, NewDelivery, Queue, SecretRotation,
    Webhook, WebhookId, WebhookPatch, WebhookRepository,
};
use contacts_core::{Actor, Current, Error, OrgId, Result};
use time::OffsetDateTime;

use crate::World;

/// A webhook and its deliveries.
pub(crate) struct StoredWebhook {
    pub(super) webhook: Webhook,
    deliveries: BTreeMap<DeliveryId, Delivery>,
}

impl StoredWebhook {
    fn add(&mut self, new: NewDelivery, now: OffsetDateTime) {
        let delivery = Delivery {
            id: new.id,
            webhook: self.webhook.id,
            kind: new.kind,
            number: new.number,
            state: DeliveryState::Pending,
            attempts: 0,
            due_at: now,
            created_at: now,
            attempted_at: None,
            status: None,
            problem: None,
        };
        self.deliveries.insert(new.id, delivery);
    }

    fn pending(&self) -> impl Iterator<Item = &Delivery> {
        self.deliveries.values().filter(|delivery| delivery.state == DeliveryState::Pending)
    }

    fn record(&mut self, attempt: &Attempt, now: OffsetDateTime) {
        let Some(delivery) = self.deliveries.get_mut(&attempt.delivery) else { return };
        let is_recorded = delivery.attempts != attempt.attempts_before
            || delivery.state != DeliveryState::Pending;
        if is_recorded {
            return;
        }
        delivery.state = attempt.state;
        delivery.attempts += 1;
        delivery.due_at = attempt.due_at;
        delivery.attempted_at = Some(now);
        delivery.status = attempt.status;
        delivery.problem.clone_from(&attempt.problem);
        self.webhook.record_attempt(attempt);
    }
}

impl World {
    fn sending<T>(
        &self,
        org: OrgId,
        id: WebhookId,
        act: impl FnOnce(&mut StoredWebhook) -> T,
    ) -> Result<Option<T>> {
        self.rows(org, |rows| Ok(rows.webhooks.get_mut(&id).map(act)))
    }

    /// Edits a webhook, records a change, and enqueues its delivery job unless it is paused.
    fn edit_webhook(
        &self,
        org: OrgId,
        id: WebhookId,
        event: TrailEvent,
        actor: Actor,
        now: OffsetDateTime,
        edit: impl FnOnce(&mut Webhook) -> Result<()>,
    ) -> Result<Option<Webhook>> {
        let edited = self.rows(org, |rows| {
            let Some(stored) = rows.webhooks.get_mut(&id) else { return Ok(None) };
            let version = stored.webhook.version;
            edit(&mut stored.webhook)?;
            let webhook = stored.webhook.clone();
            if webhook.version != version {
                rows.record(event, actor, now);
            }
            Ok(Some(webhook))
        })?;
        if edited.as_ref().is_some_and(|webhook| webhook.paused.is_none()) {
            self.queue_delivering(org, id, now);
        }
        Ok(edited)
    }

    fn queue_delivering(&self, org: OrgId, id: WebhookId, now: OffsetDateTime) {
        self.state().jobs.call(org, Job::DeliverWebhook(id), now, &self.ids());
    }
}

impl WebhookRepository for World {
    fn insert(&self, webhook: &Webhook, limit: usize, actor: Actor) -> Result<()> {
        self.rows(webhook.org, |rows| {
            if rows.webhooks.len() >= limit {
                return Err(Error::limit_reached(limit, "webhooks"));
            }
            let sending = StoredWebhook { webhook: webhook.clone(), deliveries: BTreeMap::new() };
            rows.webhooks.insert(webhook.id, sending);
            rows.record(TrailEvent::webhook_added(webhook.id), actor, webhook.created_at);
            Ok(())
        })?;
        self.queue_delivering(webhook.org, webhook.id, webhook.created_at);
        Ok(())
    }

    fn get(&self, org: OrgId, id: WebhookId) -> Result<Option<Webhook>> {
        self.sending(org, id, |sending| sending.webhook.clone())
    }

    fn list(&self, org: OrgId) -> Result<Vec<Webhook>> {
        self.read(org, |rows| {
            let mut webhooks: Vec<_> = rows.webhooks.values().map(|s| s.webhook.clone()).collect();
            webhooks.sort_by_key(|webhook| (webhook.created_at, webhook.id));
            Ok(webhooks)
        })
    }

    fn patch(
        &self,
        org: OrgId,
        id: WebhookId,
        patch: &WebhookPatch,
        if_version: Option<u64>,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Webhook>> {
        let event = TrailEvent::webhook_changed(id);
        self.edit_webhook(org, id, event, actor, now, |webhook| {
            Current::check(webhook, if_version)?;
            webhook.apply(patch);
            Ok(())
        })
    }

    fn rotate_secret(
        &self,
        org: OrgId,
        id: WebhookId,
        rotation: &SecretRotation,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Webhook>> {
        let event = TrailEvent::webhook_secret_rotated(id);
        self.edit_webhook(org, id, event, actor, now, |webhook| {
            webhook.rotate_secret(rotation);
            Ok(())
        })
    }

    fn delete(&self, org: OrgId, id: WebhookId, actor: Actor, now: OffsetDateTime) -> Result<bool> {
        self.rows(org, |rows| {
            let deleted = rows.webhooks.remove(&id).is_some();
            if deleted {
                rows.record(TrailEvent::webhook_deleted(id), actor, now);
            }
            Ok(deleted)
        })
    }

    fn append_events(
        &self,
        org: OrgId,
        id: WebhookId,
        events: &FeedAdvance,
        forget_before: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<bool> {
        let taken = self.sending(org, id, |sending| {
            if sending.webhook.cursor != events.from {
                return false;
            }
            sending.webhook.cursor = events.to;
            if events.missed {
                sending.webhook.missed_at = Some(now);
            }
            sending.deliveries.retain(|_, delivery| delivery.created_at >= forget_before);
            events.deliveries.iter().for_each(|new| sending.add(*new, now));
            true
        });
        Ok(taken?.unwrap_or(false))
    }

    fn add_delivery(
        &self,
        org: OrgId,
        id: WebhookId,
        delivery: NewDelivery,
        now: OffsetDateTime,
    ) -> Result<bool> {
        let added = self.sending(org, id, |sending| {
            sending.webhook.check_active().map(|()| sending.add(delivery, now))
        })?;
        let added = added.transpose()?.is_some();
        if added {
            self.queue_delivering(org, id, now);
        }
        Ok(added)
    }

    fn queue(&self, org: OrgId, id: WebhookId, now: OffsetDateTime) -> Result<Queue> {
        let first = self.sending(org, id, |sending| {
            sending.pending().min_by_key(|d| (d.due_at, d.number, d.id)).cloned()
        });
        Ok(match first?.flatten() {
            Some(first) if first.due_at <= now => Queue { due: Some(first), next_at: None },
            first => Queue { due: None, next_at: first.map(|first| first.due_at) },
        })
    }

    fn pending(&self, org: OrgId, id: WebhookId, bound: usize) -> Result<usize> {
        let pending = self.sending(org, id, |sending| sending.pending().take(bound).count());
        Ok(pending?.unwrap_or(0))
    }

    fn attempted(
        &self,
        org: OrgId,
        id: WebhookId,
        attempt: &Attempt,
        now: OffsetDateTime,
    ) -> Result<()> {
        self.sending(org, id, |sending| sending.record(attempt, now)).map(drop)
    }

    fn delivery(
        &self,
        org: OrgId,
        id: WebhookId,
        delivery: DeliveryId,
    ) -> Result<Option<Delivery>> {
        let found = self.sending(org, id, |sending| sending.deliveries.get(&delivery).cloned());
        Ok(found?.flatten())
    }

    fn deliveries(
        &self,
        org: OrgId,
        id: WebhookId,
        state: Option<DeliveryState>,
        after: Option<DeliveryId>,
        limit: usize,
    ) -> Result<Vec<Delivery>> {
        let listed = self.sending(org, id, |sending| {
            let newest = sending.deliveries.values().rev();
            let wanted = newest.filter(|delivery| {
                state.is_none_or(|state| delivery.state == state)
                    && after.is_none_or(|after| delivery.id < after)
            });
            wanted.take(limit).cloned().collect()
        });
        Ok(listed?.unwrap_or_default())
    }

    fn redeliver(
        &self,
        org: OrgId,
        id: WebhookId,
        delivery: Option<DeliveryId>,
        now: OffsetDateTime,
    ) -> Result<u64> {
        let again = self.sending(org, id, |sending| {
            let all = sending.deliveries.values_mut();
            let meant = all.filter(|known| match delivery {
                Some(delivery) => known.id == delivery,
                None => known.state == DeliveryState::Dead,
            });
            let mut again = 0;
            for delivery in meant {
                (delivery.state, delivery.attempts) = (DeliveryState::Pending, 0);
                delivery.due_at = now;
                again += 1;
            }
            again
        });
        let again = again?.unwrap_or(0);
        if again > 0 {
            self.queue_delivering(org, id, now);
        }
        Ok(again)
    }
}
