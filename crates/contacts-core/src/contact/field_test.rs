//! Parsing of conditions on custom fields (R20).

use super::{FieldCondition, FieldTest};
use crate::field::{Field, FieldType, FieldValue, RawValue};
use crate::text;

impl FieldCondition {
    /// Every operator.
    pub const OPERATORS: [&str; 13] = [
        "set",
        "unset",
        "is",
        "is_not",
        "any_of",
        "none_of",
        "contains",
        "starts_with",
        "ends_with",
        "less",
        "at_most",
        "greater",
        "at_least",
    ];
    /// Maximum number of values of `any_of` and `none_of`.
    pub const MAX_VALUES: usize = 100;

    /// Parses a condition: an operator that the field's type allows, and the value to compare with.
    /// `any_of` and `none_of` take comma-separated values, in which `\,` is a comma of a value; the
    /// other operators take the value as it is.
    ///
    /// # Errors
    ///
    /// What is wrong, to be read after the condition's name.
    pub fn parse(field: &Field, operator: &str, value: &str) -> Result<Self, String> {
        let is_text = matches!(field.kind, FieldType::Text | FieldType::Select(_) | FieldType::Url);
        let is_ordered = matches!(field.kind, FieldType::Number | FieldType::Date);
        let one = || coerce(field, value);
        let test = match operator {
            "set" | "unset" if !value.is_empty() => {
                return Err(format!("takes no value after {operator}"));
            }
            "set" => FieldTest::Set,
            "unset" => FieldTest::Unset,
            "is" => FieldTest::AnyOf(vec![one()?]),
            "is_not" => FieldTest::NoneOf(vec![one()?]),
            "any_of" => FieldTest::AnyOf(several(field, value)?),
            "none_of" => FieldTest::NoneOf(several(field, value)?),
            "contains" if is_text => FieldTest::Contains(part(operator, value)?),
            "starts_with" if is_text => FieldTest::StartsWith(part(operator, value)?),
            "ends_with" if is_text => FieldTest::EndsWith(part(operator, value)?),
            "less" if is_ordered => FieldTest::Less(one()?),
            "at_most" if is_ordered => FieldTest::AtMost(one()?),
            "greater" if is_ordered => FieldTest::Greater(one()?),
            "at_least" if is_ordered => FieldTest::AtLeast(one()?),
            known if Self::OPERATORS.contains(&known) => {
                return Err(format!("cannot be {known}: it is a {} field", field.kind.as_str()));
            }
            _ => return Err(format!("needs one of: {}", Self::OPERATORS.join(", "))),
        };
        Ok(Self { key: field.key.clone(), test })
    }
}

fn several(field: &Field, values: &str) -> Result<Vec<FieldValue>, String> {
    let values = split(values);
    if values.len() > FieldCondition::MAX_VALUES {
        return Err(format!("has more than {} values", FieldCondition::MAX_VALUES));
    }
    values.iter().map(|value| coerce(field, value)).collect()
}

/// Splits at commas, except those after a backslash, which lose the backslash.
fn split(values: &str) -> Vec<String> {
    let mut split = Vec::new();
    let mut value = String::new();
    let mut rest = values;
    while let Some((part, after)) = rest.split_once(',') {
        if let Some(escaped) = part.strip_suffix('\\') {
            value.push_str(escaped);
            value.push(',');
        } else {
            value.push_str(part);
            split.push(std::mem::take(&mut value));
        }
        rest = after;
    }
    value.push_str(rest);
    split.push(value);
    split
}

fn coerce(field: &Field, value: &str) -> Result<FieldValue, String> {
    field.kind.coerce(RawValue::Text(value)).map_err(|reason| reason.to_string())
}

fn part(operator: &str, value: &str) -> Result<String, String> {
    let part = text::nfc(text::trim(value));
    let is_kept = part.chars().all(|c| !c.is_control());
    if part.is_empty() || part.chars().count() > 200 || !is_kept {
        return Err(format!("needs 1 to 200 characters after {operator}"));
    }
    Ok(part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(FieldType::Number, "at_least", "10", true)]
    #[case(FieldType::Number, "at_least", "ten", false)]
    #[case(FieldType::Number, "contains", "1", false)]
    #[case(FieldType::Text, "less", "a", false)]
    #[case(FieldType::Text, "contains", "a\0b", false)]
    #[case(FieldType::Text, "any_of", "a,b", true)]
    #[case(FieldType::Text, "any_of", "a,,b", false)]
    #[case(FieldType::Text, "is", "a,,b", true)]
    #[case(FieldType::Text, "is_not", "", false)]
    #[case(FieldType::Number, "is", "1", true)]
    #[case(FieldType::Url, "starts_with", "https:", true)]
    #[case(FieldType::Text, "ends_with", "", false)]
    #[case(FieldType::Date, "starts_with", "2026", false)]
    #[case(FieldType::Boolean, "any_of", "yes", true)]
    #[case(FieldType::Date, "set", "", true)]
    #[case(FieldType::Date, "set", "2026-01-01", false)]
    #[case(FieldType::Date, "before", "2026-01-01", false)]
    fn a_condition_suits_its_type(
        #[case] kind: FieldType,
        #[case] operator: &str,
        #[case] value: &str,
        #[case] is_read: bool,
    ) {
        let field = Field::new("tier", "Tier", kind, 0).unwrap();
        assert_eq!(FieldCondition::parse(&field, operator, value).is_ok(), is_read);
    }

    #[rstest]
    #[case("is", r"Berlin, Mitte", &["Berlin, Mitte"])]
    #[case("any_of", r"Berlin\, Mitte,Paris", &["Berlin, Mitte", "Paris"])]
    #[case("any_of", r"a\,b\,c", &["a,b,c"])]
    #[case("any_of", "a\\", &["a\\"])]
    #[case("any_of", r"C:\temp,\\host", &[r"C:\temp", r"\\host"])]
    fn a_value_may_contain_commas(
        #[case] operator: &str,
        #[case] value: &str,
        #[case] expected: &[&str],
    ) {
        let field = Field::new("city", "City", FieldType::Text, 0).unwrap();
        let values = expected.iter().map(|value| FieldValue::Text((*value).to_owned())).collect();
        let condition = FieldCondition::parse(&field, operator, value).unwrap();
        assert_eq!(condition.test, FieldTest::AnyOf(values));
    }
}
