//! The stored JSON of the parts of an action.

use std::collections::BTreeMap;

use contacts_core::action::{ActionKind, FieldSetting, SetValue, SkipReason, Tally};
use contacts_core::campaign::CampaignId;
use contacts_core::contact::{ContactId, MergePair, Phone};
use contacts_core::export::ExportFormat;
use contacts_core::field::FieldKey;
use contacts_core::tag::TagName;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::database::{PgResult, unreadable};
use crate::json::{value_from_json, value_to_json};
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

    pub(super) fn read(stored: Value) -> PgResult<Tally> {
        let broken = || unreadable("actions.tally");
        let stored: Self = serde_json::from_value(stored).map_err(|_error| broken())?;
        let skipped = stored.skipped.into_iter();
        let skipped =
            skipped.map(|(reason, n)| Ok((SkipReason::parse(&reason).ok_or_else(broken)?, n)));
        Ok(Tally {
            changed: stored.changed,
            unchanged: stored.unchanged,
            skipped: skipped.collect::<PgResult<_>>()?,
        })
    }
}

pub(super) fn write_kind(kind: &ActionKind) -> Value {
    match kind {
        ActionKind::AddTags(tags) | ActionKind::RemoveTags(tags) => {
            json!({"tags": tags.iter().map(TagName::as_str).collect::<Vec<_>>()})
        }
        ActionKind::AddToCampaign(campaign) | ActionKind::RemoveFromCampaign(campaign) => {
            json!({"campaign": campaign.0})
        }
        ActionKind::Export(ExportFormat { columns, byte_order_mark }) => {
            json!({"columns": columns, "bom": byte_order_mark})
        }
        ActionKind::Unsubscribe | ActionKind::Delete => json!({}),
        ActionKind::SetField(FieldSetting { value, only_blanks }) => match value {
            SetValue::Phone(phone) => json!({
                "phone": phone.as_ref().map(Phone::as_str),
                "e164": phone.as_ref().and_then(Phone::e164),
                "only_blanks": only_blanks,
            }),
            SetValue::Custom(key, value) => json!({
                "key": key.as_str(),
                "value": value.as_ref().map(value_to_json),
                "only_blanks": only_blanks,
            }),
        },
        ActionKind::Merge(pairs) => {
            let pairs = pairs.iter().map(|pair| [pair.survivor.0, pair.other.0]);
            json!({"pairs": pairs.collect::<Vec<_>>()})
        }
    }
}

pub(crate) fn read_kind(kind: &str, detail: &Value) -> PgResult<ActionKind> {
    let broken = || unreadable("actions.detail");
    let tags = || -> PgResult<Vec<TagName>> {
        let tags = detail["tags"].as_array().ok_or_else(broken)?;
        tags.iter().map(|tag| tag_name(tag.as_str().ok_or_else(broken)?)).collect()
    };
    let campaign = || -> PgResult<CampaignId> {
        let id = detail["campaign"].as_str().and_then(|id| Uuid::try_parse(id).ok());
        id.map(CampaignId).ok_or_else(broken)
    };
    Ok(match kind {
        "add_tags" => ActionKind::AddTags(tags()?),
        "remove_tags" => ActionKind::RemoveTags(tags()?),
        "add_to_campaign" => ActionKind::AddToCampaign(campaign()?),
        "remove_from_campaign" => ActionKind::RemoveFromCampaign(campaign()?),
        "unsubscribe" => ActionKind::Unsubscribe,
        "set_field" => ActionKind::SetField(read_setting(detail).ok_or_else(broken)?),
        "export" => {
            let columns = serde_json::from_value(detail["columns"].clone());
            ActionKind::Export(ExportFormat {
                columns: columns.map_err(|_error| broken())?,
                byte_order_mark: detail["bom"].as_bool().ok_or_else(broken)?,
            })
        }
        "delete" => ActionKind::Delete,
        "merge" => {
            let pairs: Vec<[Uuid; 2]> =
                serde_json::from_value(detail["pairs"].clone()).map_err(|_error| broken())?;
            let pairs = pairs.into_iter().map(|[survivor, other]| MergePair {
                survivor: ContactId(survivor),
                other: ContactId(other),
            });
            ActionKind::Merge(pairs.collect())
        }
        _ => return Err(unreadable("actions.kind")),
    })
}

fn read_setting(detail: &Value) -> Option<FieldSetting> {
    let text = |name: &str| detail[name].as_str().map(str::to_owned);
    let value = match text("key") {
        Some(key) => {
            let value = Some(&detail["value"]).filter(|value| !value.is_null());
            let value = value.map(|value| value_from_json(value.clone()));
            // A value that cannot be read makes the whole setting unreadable.
            let value = match value {
                Some(value) => Some(value?),
                None => None,
            };
            SetValue::Custom(FieldKey::parse(&key).ok()?, value)
        }
        None => SetValue::Phone(text("phone").map(|typed| Phone::stored(typed, text("e164")))),
    };
    Some(FieldSetting { value, only_blanks: detail["only_blanks"].as_bool()? })
}

/// Returns the JSON of the ids of skipped contacts, grouped by reason.
pub(super) fn write_skipped(skipped: &BTreeMap<SkipReason, Vec<ContactId>>) -> Value {
    let ids = |ids: &Vec<ContactId>| ids.iter().map(|id| id.0).collect::<Vec<_>>();
    let skipped: BTreeMap<_, _> =
        skipped.iter().map(|(reason, skipped)| (reason.as_str(), ids(skipped))).collect();
    json!(skipped)
}

pub(super) fn read_skipped(stored: Value) -> PgResult<BTreeMap<SkipReason, Vec<ContactId>>> {
    let broken = || unreadable("action_chunks.skipped");
    let stored: BTreeMap<String, Vec<Uuid>> =
        serde_json::from_value(stored).map_err(|_error| broken())?;
    let read = stored.into_iter().map(|(reason, ids)| {
        let reason = SkipReason::parse(&reason).ok_or_else(broken)?;
        Ok((reason, ids.into_iter().map(ContactId).collect()))
    });
    read.collect()
}
