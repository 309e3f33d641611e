//! What a bulk action does.

use uuid::Uuid;

use crate::campaign::CampaignId;
use crate::contact::check_tags;
use crate::export::ExportFormat;
use crate::tag::TagName;
use crate::{Invalid, Result};

/// What is done to everybody in a selection (R24).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionKind {
    /// Puts tags on; a tag that nobody carried yet is made.
    AddTags(Vec<TagName>),
    /// Takes tags off.
    RemoveTags(Vec<TagName>),
    /// Puts into a campaign whoever can be reached and has not unsubscribed (R28).
    AddToCampaign(CampaignId),
    /// Writes a CSV file (R25). Once it is asked for, its columns are fixed.
    Export(ExportFormat),
    /// Deletes for ever (R14).
    Delete,
}

impl ActionKind {
    /// The kind's name.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::AddTags(_) => "add_tags",
            Self::RemoveTags(_) => "remove_tags",
            Self::AddToCampaign(_) => "add_to_campaign",
            Self::Export(_) => "export",
            Self::Delete => "delete",
        }
    }
}

/// What is to be done, as it was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawAction<'a> {
    /// The kind's name.
    pub kind: &'a str,
    /// Of `add_tags` and `remove_tags`: names of tags.
    pub tags: Option<Vec<&'a str>>,
    /// Of `add_to_campaign`: the campaign.
    pub campaign: Option<Uuid>,
    /// Of `export`: names of columns; nothing means every one.
    pub columns: Option<Vec<&'a str>>,
    /// Of `export`: whether the file begins with a byte order mark.
    pub byte_order_mark: Option<bool>,
}

impl RawAction<'_> {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// Every part that is wrong: `type`, `tags`, `campaign_id`, `columns`, `bom`.
    pub fn read(&self) -> Result<ActionKind, Vec<Invalid>> {
        let mut wrong = Vec::new();
        let takes_tags = matches!(self.kind, "add_tags" | "remove_tags");
        let is_export = self.kind == "export";
        let parts = [
            ("tags", takes_tags, self.tags.is_some()),
            ("campaign_id", self.kind == "add_to_campaign", self.campaign.is_some()),
            ("columns", is_export, self.columns.is_some()),
            ("bom", is_export, self.byte_order_mark.is_some()),
        ];
        for (part, is_taken, is_given) in parts {
            match (is_taken, is_given) {
                (true, false) if !is_export => wrong.push(Invalid::new(part, "is required")),
                (false, true) => {
                    wrong.push(Invalid::new(part, format!("is no part of {}", self.shown())));
                }
                _ => {}
            }
        }
        let given = self.tags.as_deref().unwrap_or_default();
        let tags = check_tags(&mut wrong, "tags", given);
        if takes_tags && self.tags.is_some() && given.is_empty() {
            wrong.push(Invalid::new("tags", "must name a tag"));
        }
        let kind = match (self.kind, self.campaign) {
            ("add_tags", _) => Some(ActionKind::AddTags(tags)),
            ("remove_tags", _) => Some(ActionKind::RemoveTags(tags)),
            ("add_to_campaign", Some(id)) => Some(ActionKind::AddToCampaign(CampaignId(id))),
            ("add_to_campaign", None) => None,
            ("export", _) => Some(ActionKind::Export(self.format())),
            ("delete", _) => Some(ActionKind::Delete),
            _ => {
                // What else is given cannot be judged.
                let reason = "must be add_tags, remove_tags, add_to_campaign, export or delete";
                return Err(Invalid::one("type", reason));
            }
        };
        kind.filter(|_| wrong.is_empty()).ok_or(wrong)
    }

    fn format(&self) -> ExportFormat {
        let names = self.columns.as_ref();
        ExportFormat {
            columns: names.map(|names| names.iter().map(ToString::to_string).collect()),
            byte_order_mark: self.byte_order_mark.unwrap_or_default(),
        }
    }

    fn shown(&self) -> &str {
        self.kind
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(raw: &RawAction<'_>) -> Vec<String> {
        let wrong = raw.read().unwrap_err();
        wrong.into_iter().map(|part| format!("{} {}", part.field, part.reason)).collect()
    }

    #[test]
    fn each_kind_takes_its_own_parts() {
        let tags = Some(vec!["vip", "VIP", "new"]);
        let raw = RawAction { kind: "add_tags", tags, ..RawAction::default() };
        assert!(matches!(raw.read(), Ok(ActionKind::AddTags(tags)) if tags.len() == 2));
        let campaign = Some(Uuid::from_u128(1));
        let raw = RawAction { campaign, ..raw };
        assert_eq!(wrong(&raw), ["campaign_id is no part of add_tags"]);
        let raw = RawAction { kind: "add_to_campaign", campaign, ..RawAction::default() };
        assert_eq!(raw.read(), Ok(ActionKind::AddToCampaign(CampaignId(Uuid::from_u128(1)))));
        assert_eq!(
            wrong(&RawAction { campaign: None, ..raw.clone() }),
            ["campaign_id is required"]
        );
        let raw = RawAction { kind: "remove_tags", tags: Some(Vec::new()), ..RawAction::default() };
        assert_eq!(wrong(&raw), ["tags must name a tag"]);
        let raw = RawAction { tags: Some(vec!["a,b"]), ..raw };
        assert_eq!(wrong(&raw), ["tags[0] holds a comma, which separates tags"]);
        let raw = RawAction { kind: "export", ..RawAction::default() };
        assert_eq!(raw.read(), Ok(ActionKind::Export(ExportFormat::default())));
        let columns = Some(vec!["name"]);
        let raw = RawAction { columns, byte_order_mark: Some(true), ..raw };
        assert!(matches!(raw.read(), Ok(ActionKind::Export(format)) if format.byte_order_mark));
        let raw = RawAction { kind: "delete", ..raw };
        assert_eq!(wrong(&raw), ["columns is no part of delete", "bom is no part of delete"]);
        assert_eq!(wrong(&RawAction { kind: "erase", ..RawAction::default() }).len(), 1);
    }
}
