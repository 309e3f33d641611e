//! How the parts of an action are kept as JSON.

use std::collections::BTreeMap;

use contacts_core::Result;
use contacts_core::action::{ActionKind, SkipReason, Tally};
use contacts_core::campaign::CampaignId;
use contacts_core::contact::ContactId;
use contacts_core::export::ExportFormat;
use contacts_core::tag::TagName;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::database::unreadable;
use crate::tags::tag_name;

#[derive(Serialize, Deserialize)]
pub(super) struct StoredTally {
    changed: u64,
    unchanged: u64,
    skipped: BTreeMap<String, u64>,
}

impl StoredTally {
    pub(super) fn write(tally: &Tally) -> Value {
        let skipped = tally.skipped.iter();
        json!(Self {
            changed: tally.changed,
            unchanged: tally.unchanged,
            skipped: skipped.map(|(reason, n)| (reason.as_str().to_owned(), *n)).collect(),
        })
    }

    pub(super) fn read(stored: Value) -> Result<Tally> {
        let broken = || unreadable("actions.tally");
        let stored: Self = serde_json::from_value(stored).map_err(|_error| broken())?;
        let skipped = stored.skipped.into_iter();
        let skipped =
            skipped.map(|(reason, n)| Ok((SkipReason::parse(&reason).ok_or_else(broken)?, n)));
        Ok(Tally {
            changed: stored.changed,
            unchanged: stored.unchanged,
            skipped: skipped.collect::<Result<_>>()?,
        })
    }
}

pub(super) fn write_kind(kind: &ActionKind) -> Value {
    match kind {
        ActionKind::AddTags(tags) | ActionKind::RemoveTags(tags) => {
            json!({"tags": tags.iter().map(TagName::as_str).collect::<Vec<_>>()})
        }
        ActionKind::AddToCampaign(campaign) => json!({"campaign": campaign.0}),
        ActionKind::Export(ExportFormat { columns, byte_order_mark }) => {
            json!({"columns": columns, "bom": byte_order_mark})
        }
        ActionKind::Delete => json!({}),
    }
}

pub(crate) fn read_kind(kind: &str, detail: &Value) -> Result<ActionKind> {
    let broken = || unreadable("actions.detail");
    let tags = || -> Result<Vec<TagName>> {
        let tags = detail["tags"].as_array().ok_or_else(broken)?;
        tags.iter().map(|tag| tag_name(tag.as_str().ok_or_else(broken)?)).collect()
    };
    Ok(match kind {
        "add_tags" => ActionKind::AddTags(tags()?),
        "remove_tags" => ActionKind::RemoveTags(tags()?),
        "add_to_campaign" => {
            let campaign = detail["campaign"].as_str().and_then(|id| Uuid::try_parse(id).ok());
            ActionKind::AddToCampaign(CampaignId(campaign.ok_or_else(broken)?))
        }
        "export" => {
            let columns = serde_json::from_value(detail["columns"].clone());
            ActionKind::Export(ExportFormat {
                columns: columns.map_err(|_error| broken())?,
                byte_order_mark: detail["bom"].as_bool().ok_or_else(broken)?,
            })
        }
        "delete" => ActionKind::Delete,
        _ => return Err(unreadable("actions.kind")),
    })
}

/// The ids of skipped people by the reason.
pub(super) fn write_skipped(skipped: &BTreeMap<SkipReason, Vec<ContactId>>) -> Value {
    let ids = |ids: &Vec<ContactId>| ids.iter().map(|id| id.0).collect::<Vec<_>>();
    let skipped: BTreeMap<_, _> =
        skipped.iter().map(|(reason, skipped)| (reason.as_str(), ids(skipped))).collect();
    json!(skipped)
}

pub(super) fn read_skipped(stored: Value) -> Result<BTreeMap<SkipReason, Vec<ContactId>>> {
    let broken = || unreadable("action_pieces.skipped");
    let stored: BTreeMap<String, Vec<Uuid>> =
        serde_json::from_value(stored).map_err(|_error| broken())?;
    let read = stored.into_iter().map(|(reason, ids)| {
        let reason = SkipReason::parse(&reason).ok_or_else(broken)?;
        Ok((reason, ids.into_iter().map(ContactId).collect()))
    });
    read.collect()
}
