//! Kinds of bulk actions.

use uuid::Uuid;

use super::{FieldContext, FieldSetting};
use crate::campaign::CampaignId;
use crate::contact::{MergePair, check_tags};
use crate::export::ExportFormat;
use crate::field::RawValue;
use crate::tag::TagName;
use crate::{Invalid, Result};

/// Change of every contact in a selection (R24).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionKind {
    /// Adds tags. A new tag is created.
    AddTags(Vec<TagName>),
    /// Removes tags.
    RemoveTags(Vec<TagName>),
    /// Adds contacts to a campaign, unless they unsubscribed or have no address (R28).
    AddToCampaign(CampaignId),
    /// Removes contacts from a campaign, unless it has reached them: the record must keep saying
    /// what was sent (R29).
    RemoveFromCampaign(CampaignId),
    /// Unsubscribes contacts, with the reason that they asked (R51).
    Unsubscribe,
    /// Sets or clears one field.
    SetField(FieldSetting),
    /// Writes a CSV file (R25). Its columns are fixed when the export is requested.
    Export(ExportFormat),
    /// Deletes contacts permanently (R14).
    Delete,
    /// Merges pairs (R54). The contacts of the selection are those that are merged into others.
    Merge(Vec<MergePair>),
}

impl ActionKind {
    /// The names of all kinds, in a sentence.
    const NAMES: &str = "add_tags, remove_tags, add_to_campaign, remove_from_campaign, \
         unsubscribe, set_field, export or delete";

    /// Returns the name of the kind.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::AddTags(_) => "add_tags",
            Self::RemoveTags(_) => "remove_tags",
            Self::AddToCampaign(_) => "add_to_campaign",
            Self::RemoveFromCampaign(_) => "remove_from_campaign",
            Self::Unsubscribe => "unsubscribe",
            Self::SetField(_) => "set_field",
            Self::Export(_) => "export",
            Self::Delete => "delete",
            Self::Merge(_) => "merge",
        }
    }

    /// Returns whether an action of this kind can be undone (R53).
    pub fn can_be_undone(&self) -> bool {
        match self {
            Self::AddTags(_)
            | Self::RemoveTags(_)
            | Self::AddToCampaign(_)
            | Self::RemoveFromCampaign(_)
            | Self::SetField(_)
            | Self::Merge(_) => true,
            Self::Unsubscribe | Self::Export(_) | Self::Delete => false,
        }
    }

    /// Returns the campaign that the action needs.
    pub fn campaign(&self) -> Option<CampaignId> {
        match self {
            Self::AddToCampaign(campaign) | Self::RemoveFromCampaign(campaign) => Some(*campaign),
            _ => None,
        }
    }
}

/// An action as it was requested.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawAction<'a> {
    /// Name of the kind.
    pub kind: &'a str,
    /// Names of tags, for `add_tags` and `remove_tags`.
    pub tags: Option<Vec<&'a str>>,
    /// Id of the campaign, for `add_to_campaign` and `remove_from_campaign`.
    pub campaign: Option<Uuid>,
    /// Names of columns, for `export`. `None` means all.
    pub columns: Option<Vec<&'a str>>,
    /// Whether the file starts with a byte order mark, for `export`.
    pub byte_order_mark: Option<bool>,
    /// Name of the field, for `set_field`: `phone`, or `custom.` and a key.
    pub field: Option<&'a str>,
    /// Value of the field, for `set_field`. `Some(None)` clears the field.
    pub value: Option<Option<RawValue<'a>>>,
    /// Whether contacts that have a value keep it, for `set_field`.
    pub only_blanks: Option<bool>,
}

impl RawAction<'_> {
    /// Whether the request needs the fields and the region of [`FieldContext`].
    pub fn needs_context(&self) -> bool {
        self.kind == "set_field"
    }

    /// Validates the request.
    ///
    /// # Errors
    ///
    /// Every part that is wrong: `type`, `tags`, `campaign_id`, `columns`, `bom`, `field`, `value`,
    /// `only_blanks`.
    pub fn read(&self, context: &FieldContext) -> Result<ActionKind, Vec<Invalid>> {
        let mut errors = Vec::new();
        let takes_tags = matches!(self.kind, "add_tags" | "remove_tags");
        let takes_campaign = matches!(self.kind, "add_to_campaign" | "remove_from_campaign");
        let is_export = self.kind == "export";
        let sets_field = self.kind == "set_field";
        let parts = [
            ("tags", takes_tags, self.tags.is_some()),
            ("campaign_id", takes_campaign, self.campaign.is_some()),
            ("columns", is_export, self.columns.is_some()),
            ("bom", is_export, self.byte_order_mark.is_some()),
            ("field", sets_field, self.field.is_some()),
            ("value", sets_field, self.value.is_some()),
            ("only_blanks", sets_field, self.only_blanks.is_some()),
        ];
        let optional = ["columns", "bom", "only_blanks"];
        for (part, is_taken, is_given) in parts {
            match (is_taken, is_given) {
                (true, false) if !optional.contains(&part) => {
                    errors.push(Invalid::new(part, "is required"));
                }
                (false, true) => {
                    errors.push(Invalid::new(part, format!("is no part of {}", self.shown())));
                }
                _ => {}
            }
        }
        let names = self.tags.as_deref().unwrap_or_default();
        let tags = check_tags(&mut errors, "tags", names);
        if takes_tags && self.tags.is_some() && names.is_empty() {
            errors.push(Invalid::new("tags", "must name a tag"));
        }
        let setting = self.field.filter(|_| sets_field).zip(self.value);
        let setting = setting.and_then(|(field, value)| {
            let only_blanks = self.only_blanks.unwrap_or_default();
            FieldSetting::read(&mut errors, field, value, only_blanks, context)
        });
        let kind = match (self.kind, self.campaign) {
            ("add_tags", _) => Some(ActionKind::AddTags(tags)),
            ("remove_tags", _) => Some(ActionKind::RemoveTags(tags)),
            ("add_to_campaign", Some(id)) => Some(ActionKind::AddToCampaign(CampaignId(id))),
            ("remove_from_campaign", Some(id)) => {
                Some(ActionKind::RemoveFromCampaign(CampaignId(id)))
            }
            ("add_to_campaign" | "remove_from_campaign", None) => None,
            ("unsubscribe", _) => Some(ActionKind::Unsubscribe),
            ("set_field", _) => setting.map(ActionKind::SetField),
            ("export", _) => Some(ActionKind::Export(self.format())),
            ("delete", _) => Some(ActionKind::Delete),
            _ => {
                // Without a valid kind, the other members cannot be judged.
                return Err(Invalid::one("type", format!("must be {}", ActionKind::NAMES)));
            }
        };
        kind.filter(|_| errors.is_empty()).ok_or(errors)
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
    use crate::action::SetValue;
    use crate::contact::Phone;
    use crate::field::{Field, FieldKey, FieldType, FieldValue, NewField, Number};

    use super::*;

    fn errors(raw: &RawAction<'_>) -> Vec<String> {
        let errors = raw.read(&FieldContext::default()).unwrap_err();
        errors.into_iter().map(|part| format!("{} {}", part.field, part.reason)).collect()
    }

    #[test]
    fn each_kind_takes_its_own_parts() {
        let tags = Some(vec!["vip", "VIP", "new"]);
        let raw = RawAction { kind: "add_tags", tags, ..RawAction::default() };
        assert!(
            matches!(raw.read(&FieldContext::default()), Ok(ActionKind::AddTags(tags)) if tags.len() == 2)
        );
        let campaign = Some(Uuid::from_u128(1));
        let raw = RawAction { campaign, ..raw };
        assert_eq!(errors(&raw), ["campaign_id is no part of add_tags"]);
        let raw = RawAction { kind: "add_to_campaign", campaign, ..RawAction::default() };
        assert_eq!(
            raw.read(&FieldContext::default()),
            Ok(ActionKind::AddToCampaign(CampaignId(Uuid::from_u128(1))))
        );
        let raw = RawAction { kind: "remove_from_campaign", ..raw };
        assert_eq!(
            raw.read(&FieldContext::default()),
            Ok(ActionKind::RemoveFromCampaign(CampaignId(Uuid::from_u128(1))))
        );
        assert_eq!(
            errors(&RawAction { campaign: None, ..raw.clone() }),
            ["campaign_id is required"]
        );
        let raw = RawAction { kind: "unsubscribe", ..raw };
        assert_eq!(errors(&raw), ["campaign_id is no part of unsubscribe"]);
        let raw = RawAction { campaign: None, ..raw };
        assert_eq!(raw.read(&FieldContext::default()), Ok(ActionKind::Unsubscribe));
        let raw = RawAction { kind: "remove_tags", tags: Some(Vec::new()), ..RawAction::default() };
        assert_eq!(errors(&raw), ["tags must name a tag"]);
        let raw = RawAction { tags: Some(vec!["a,b"]), ..raw };
        assert_eq!(errors(&raw), ["tags[0] holds a comma, which separates tags"]);
        let raw = RawAction { kind: "export", ..RawAction::default() };
        assert_eq!(
            raw.read(&FieldContext::default()),
            Ok(ActionKind::Export(ExportFormat::default()))
        );
        let columns = Some(vec!["name"]);
        let raw = RawAction { columns, byte_order_mark: Some(true), ..raw };
        assert!(
            matches!(raw.read(&FieldContext::default()), Ok(ActionKind::Export(format)) if format.byte_order_mark)
        );
        let raw = RawAction { kind: "delete", ..raw };
        assert_eq!(errors(&raw), ["columns is no part of delete", "bom is no part of delete"]);
        assert_eq!(errors(&RawAction { kind: "erase", ..RawAction::default() }).len(), 1);
    }

    #[test]
    fn a_field_is_set_to_a_value_that_fits_it() {
        let seats = NewField::new("seats", "Seats", FieldType::Number).unwrap();
        let old = NewField::new("old", "Old", FieldType::Text).unwrap();
        let field = |new: NewField, archived| Field { archived, ..new.at(0) };
        let fields = vec![field(seats, false), field(old, true)];
        let context = FieldContext { fields, region: None };
        let set = |field, value, only_blanks| RawAction {
            kind: "set_field",
            field: Some(field),
            value: Some(value),
            only_blanks,
            ..RawAction::default()
        };
        let read = |raw: RawAction<'_>| {
            raw.read(&context).map_err(|errors| {
                errors.into_iter().map(|part| part.field).collect::<Vec<_>>().join(" ")
            })
        };
        let kind =
            |value, only_blanks| Ok(ActionKind::SetField(FieldSetting { value, only_blanks }));
        let seven = Number::new(7.0).map(FieldValue::Number);
        let custom = |value| SetValue::Custom(FieldKey::parse("seats").unwrap(), value);
        let number = Some(RawValue::Number(7.0));
        assert_eq!(read(set("custom.seats", number, None)), kind(custom(seven.clone()), false));
        let text = Some(RawValue::Text("7"));
        assert_eq!(read(set("custom.seats", text, Some(true))), kind(custom(seven), true));
        for empty in [None, Some(RawValue::Text(" "))] {
            assert_eq!(read(set("custom.seats", empty, None)), kind(custom(None), false));
            assert_eq!(read(set("phone", empty, None)), kind(SetValue::Phone(None), false));
            assert_eq!(read(set("phone", empty, Some(true))), Err("only_blanks".to_owned()));
        }
        let phone = SetValue::Phone(Some(Phone::parse("1", None).unwrap()));
        assert_eq!(read(set("phone", Some(RawValue::Text("1")), None)), kind(phone, false));
        let many = Some(RawValue::Text("many"));
        for (field, value, wrong) in [
            ("custom.seats", many, "value"),
            ("custom.old", many, "field"),
            ("custom.new", many, "field"),
            ("name", many, "field"),
            ("phone", number, "value"),
        ] {
            assert_eq!(read(set(field, value, None)), Err(wrong.to_owned()), "{field}");
        }
        let bare = RawAction { kind: "set_field", ..RawAction::default() };
        assert_eq!(read(bare), Err("field value".to_owned()));
        let other = RawAction { kind: "delete", ..set("phone", None, None) };
        assert_eq!(read(other), Err("field value".to_owned()));
    }
}
