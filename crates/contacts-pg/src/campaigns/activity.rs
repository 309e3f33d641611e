//! What campaigns did to a contact (R41).

use contacts_core::Result;
use contacts_core::campaign::{Campaign, CampaignId, CampaignKind, DeliveryKind};
use contacts_core::contact::{ActivityKind, ActivitySource};
use serde_json::Value;
use time::OffsetDateTime;

use crate::database::unreadable;

/// What is told of a row `l` and its campaign `m`.
macro_rules! told {
    ($kind:literal) => {
        concat!(
            $kind,
            " AS kind, l.actor_kind, l.actor_id, jsonb_build_object('id', m.id, 'kind', m.kind, \
             'name', m.name, 'created', (extract(epoch FROM m.created_at) * 1000000)::bigint) \
             AS detail"
        )
    };
}

macro_rules! rows {
    ($table:literal) => {
        concat!(
            $table,
            " l JOIN campaigns m ON m.org_id = $1 AND m.id = l.campaign_id \
             WHERE l.org_id = $1 AND l.contact_id = $2"
        )
    };
}

pub(crate) const SUBSCRIBED: &str = told!("'subscribed'");
pub(crate) const SUBSCRIPTIONS: &str = rows!("subscriptions");
pub(crate) const DELIVERED: &str = told!("l.kind");
pub(crate) const DELIVERIES: &str = rows!("deliveries");

/// Reads what [`SUBSCRIBED`] or [`DELIVERED`] told.
pub(crate) fn activity(source: ActivitySource, kind: &str, detail: &Value) -> Result<ActivityKind> {
    let campaign = read(detail).ok_or_else(|| unreadable("campaigns"))?;
    if source == ActivitySource::Subscription {
        return Ok(ActivityKind::Subscribed(campaign));
    }
    let kind = DeliveryKind::parse(kind).ok_or_else(|| unreadable("deliveries.kind"))?;
    Ok(ActivityKind::Delivered { campaign, kind })
}

fn read(detail: &Value) -> Option<Campaign> {
    let text = |name: &str| detail[name].as_str();
    let created = i128::from(detail["created"].as_i64()?) * 1_000;
    Some(Campaign {
        id: CampaignId(text("id")?.parse().ok()?),
        kind: CampaignKind::parse(text("kind")?)?,
        name: text("name")?.to_owned(),
        created_at: OffsetDateTime::from_unix_timestamp_nanos(created).ok()?,
    })
}
