//! The activity of a contact in campaigns (R41).

use contacts_core::campaign::{Campaign, CampaignId, CampaignKind, DeliveryKind};
use contacts_core::contact::{ActivityKind, ActivitySource};
use serde_json::Value;
use time::OffsetDateTime;

use crate::database::{PgResult, unreadable};

/// The JSON of a campaign `m`, as [`read`] reads it.
macro_rules! campaign_json {
    () => {
        "jsonb_build_object('id', m.id, 'kind', m.kind, 'name', m.name, \
         'created', (extract(epoch FROM m.created_at) * 1000000)::bigint)"
    };
}

/// The columns that the activity shows of a row `l` and its campaign `m`.
macro_rules! select_activity {
    ($kind:literal) => {
        concat!($kind, " AS kind, l.actor_kind, l.actor_id, ", campaign_json!(), " AS detail")
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

pub(crate) const SUBSCRIBED: &str = select_activity!("'subscribed'");
pub(crate) const SUBSCRIPTIONS: &str = rows!("subscriptions");
/// The columns that the activity shows of an action `a`, with its campaign as the member `of`.
pub(crate) const ACTED: &str = concat!(
    "a.kind, a.actor_kind, a.actor_id, a.detail || jsonb_build_object('of', (SELECT ",
    campaign_json!(),
    " FROM campaigns m WHERE m.org_id = $1 AND m.id = (a.detail ->> 'campaign')::uuid)) AS detail"
);
pub(crate) const DELIVERED: &str = select_activity!("l.kind");
pub(crate) const DELIVERIES: &str = rows!("deliveries");

/// Reads a row that [`SUBSCRIBED`] or [`DELIVERED`] selected.
pub(crate) fn activity(
    source: ActivitySource,
    kind: &str,
    detail: &Value,
) -> PgResult<ActivityKind> {
    let campaign = read(detail)?;
    if source == ActivitySource::Subscription {
        return Ok(ActivityKind::Subscribed(campaign));
    }
    let kind = DeliveryKind::parse(kind).ok_or_else(|| unreadable("deliveries.kind"))?;
    Ok(ActivityKind::Delivered { campaign, kind })
}

/// Reads the JSON of a campaign.
pub(crate) fn read(detail: &Value) -> PgResult<Campaign> {
    parse(detail).ok_or_else(|| unreadable("campaigns"))
}

fn parse(detail: &Value) -> Option<Campaign> {
    let text = |name: &str| detail[name].as_str();
    let created = i128::from(detail["created"].as_i64()?) * 1_000;
    Some(Campaign {
        id: CampaignId(text("id")?.parse().ok()?),
        kind: CampaignKind::parse(text("kind")?)?,
        name: text("name")?.to_owned(),
        created_at: OffsetDateTime::from_unix_timestamp_nanos(created).ok()?,
    })
}
