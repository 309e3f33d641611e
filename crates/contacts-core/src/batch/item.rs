//! Reads the items of a batch.

use uuid::Uuid;

use crate::Invalid;
use crate::contact::{
    ContactId, EmailAddress, ExternalId, Name, NewContact, Phone, Region, check, check_tags,
    check_value,
};
use crate::field::Field;
use crate::import::{ImportRow, MatchKey};
use crate::text;

/// An item as it was typed. Blank values change nothing, like blank cells of a file (R33).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawItem<'a> {
    /// The contact's id.
    pub id: Option<&'a str>,
    /// The values of the contact.
    pub values: NewContact<'a>,
}

/// Reads items.
#[derive(Clone, Debug)]
pub(super) struct ItemReader {
    /// The fields of the organisation; empty when no item has a custom value.
    pub(super) fields: Vec<Field>,
    /// The region of the organisation; `None` when no item has a phone number.
    pub(super) region: Option<Region>,
    /// The key that every item must have.
    pub(super) key: Option<MatchKey>,
}

impl ItemReader {
    /// Reads an item. Returns every invalid part if there is one.
    pub(super) fn read(&self, item: &RawItem<'_>) -> Result<ImportRow, Vec<Invalid>> {
        let RawItem { id, values } = item;
        let mut errors = Vec::new();
        let id = filled(*id).and_then(|text| {
            let parsed = Uuid::try_parse(text::trim(text)).or(Err("is not an id"));
            check(&mut errors, "id", parsed.map(ContactId))
        });
        let external_id = filled(values.external_id)
            .and_then(|text| check(&mut errors, "external_id", ExternalId::parse(text)));
        let name =
            filled(values.name).and_then(|text| check(&mut errors, "name", Name::parse(text)));
        let email = filled(values.email)
            .and_then(|text| check(&mut errors, "email", EmailAddress::parse(text)));
        let phone = filled(values.phone)
            .and_then(|text| check(&mut errors, "phone", Phone::parse(text, self.region)));
        let tags = check_tags(&mut errors, "tags", &values.tags);
        let custom = values.custom.iter().filter_map(|(key, raw)| {
            let value = check_value(&self.fields, key, Some(*raw));
            let (key, value) = check(&mut errors, &format!("custom.{key}"), value)?;
            Some((key, value?))
        });
        let custom = custom.collect();
        let lacks_key = self.key.is_some_and(|key| match key {
            MatchKey::Id => id.is_none(),
            MatchKey::ExternalId => external_id.is_none(),
            MatchKey::Email => email.is_none(),
        });
        if let Some(key) = self.key
            && lacks_key
            && errors.iter().all(|error| error.field != key.as_str())
        {
            errors.push(Invalid::new(key.as_str(), "is required, because it finds the contact"));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(ImportRow { id, external_id, email, name, phone, tags, custom, ..ImportRow::default() })
    }
}

/// Returns a text unless it is blank.
pub(super) fn filled(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text::trim(text).is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::{FieldType, RawValue};

    fn reader(key: Option<MatchKey>) -> ItemReader {
        let tier = Field::new("tier", "Tier", FieldType::Number, 0).unwrap();
        ItemReader { fields: vec![tier], region: Region::parse("DE"), key }
    }

    fn fields(read: Result<ImportRow, Vec<Invalid>>) -> Vec<String> {
        read.unwrap_err().into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn every_invalid_part_is_listed() {
        let values = NewContact {
            external_id: Some("a\nb"),
            name: Some("\u{1}"),
            email: Some("nobody"),
            phone: Some(&"5".repeat(200)),
            tags: vec!["ok", "a,b"],
            custom: vec![("tier", RawValue::Text("x")), ("none", RawValue::Text("x"))],
        };
        let item = RawItem { id: Some("17"), values };
        let expected = [
            "id",
            "external_id",
            "name",
            "email",
            "phone",
            "tags[1]",
            "custom.tier",
            "custom.none",
        ];
        assert_eq!(fields(reader(Some(MatchKey::Email)).read(&item)), expected);
    }

    #[test]
    fn blank_values_are_absent() {
        let blank = Some(" ");
        let custom = vec![("tier", RawValue::Text(""))];
        let values = NewContact {
            external_id: blank,
            name: blank,
            email: blank,
            phone: blank,
            custom,
            ..NewContact::default()
        };
        let item = RawItem { id: Some(""), values };
        assert_eq!(reader(None).read(&item), Ok(ImportRow::default()));
        for key in MatchKey::ALL {
            assert_eq!(fields(reader(Some(key)).read(&item)), [key.as_str()]);
        }
    }

    #[test]
    fn values_are_read_in_the_region_of_the_organisation() {
        let values = NewContact { phone: Some("030 901820"), ..NewContact::default() };
        let row = reader(None).read(&RawItem { id: None, values }).unwrap();
        assert_eq!(row.phone.unwrap().e164(), Some("+4930901820"));
    }
}
