//! JSON as it is written: objects keep the order of their members, and numbers their digits.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// A line as JSON. Bytes that are no text are replaced, and what some languages write for numbers
/// that are none (`NaN`, `Infinity`) becomes null: for either a record need not be lost.
pub(crate) fn line(line: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(line);
    if ["NaN", "Infinity"].iter().any(|none| text.contains(none)) {
        return Cow::Owned(without_no_numbers(&text));
    }
    text
}

fn without_no_numbers(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    let mut is_in_text = false;
    while let Some(next) = rest.chars().next() {
        let none = ["-Infinity", "Infinity", "NaN"].iter().find(|none| rest.starts_with(**none));
        let length = match (is_in_text, next, none) {
            (false, _, Some(none)) => {
                written.push_str("null");
                rest = &rest[none.len()..];
                continue;
            }
            // With what it escapes.
            (true, '\\', _) => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            _ => next.len_utf8(),
        };
        is_in_text ^= next == '"';
        written.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    written
}

/// A value, whole.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// A member of an object.
    pub(crate) fn get(&self, name: &str) -> Option<&Json> {
        self.members().iter().find(|(member, _)| member == name).map(|(_, value)| value)
    }

    /// The members of an object; of anything else there are none.
    pub(crate) fn members(&self) -> &[(String, Json)] {
        match self {
            Self::Object(members) => members,
            _ => &[],
        }
    }

    /// The items of a list; of anything else there are none.
    pub(crate) fn items(&self) -> &[Json] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    /// A member of an object, to be changed.
    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Json> {
        match self {
            Self::Object(members) => {
                members.iter_mut().find(|(member, _)| member == name).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// The items of a list, to be changed.
    pub(crate) fn items_mut(&mut self) -> Option<&mut Vec<Json>> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// Gives an object a member.
    pub(crate) fn set(&mut self, name: &str, value: Json) {
        if let Self::Object(members) = self {
            members.retain(|(member, _)| member != name);
            members.push((name.to_owned(), value));
        }
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The texts of a list.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.items().iter().filter_map(Self::as_str)
    }

    pub(crate) fn is_true(&self) -> bool {
        *self == Self::Bool(true)
    }
}

/// As JSON.
impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(number) => f.write_str(number),
            Self::Text(text) => f.write_str(&quoted(text)),
            Self::List(items) => {
                f.write_str("[")?;
                for (at, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if at > 0 { "," } else { "" })?;
                }
                f.write_str("]")
            }
            Self::Object(members) => {
                f.write_str("{")?;
                for (at, (name, value)) in members.iter().enumerate() {
                    write!(f, "{}{}:{value}", if at > 0 { "," } else { "" }, quoted(name))?;
                }
                f.write_str("}")
            }
        }
    }
}

/// A text as JSON writes it.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Whole)
    }
}

struct Whole;

impl<'de> Visitor<'de> for Whole {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Number(serde_json::Value::from(value).to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element()? {
            all.push(item);
        }
        Ok(Json::List(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let mut all = Vec::new();
        while let Some(member) = members.next_entry()? {
            all.push(member);
        }
        Ok(Json::Object(all))
    }
}

/// The members of an object as they are written.
pub(crate) struct Members<'a>(pub(crate) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Cut)
    }
}

struct Cut;

impl<'de> Visitor<'de> for Cut {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some((name, value)) = members.next_entry::<Text<'de>, _>()? {
            all.push((name.0, value));
        }
        Ok(Members(all))
    }
}

/// A text; halves of characters, which some systems store, are replaced.
struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(Lossy).map(Self)
    }
}

struct Lossy;

impl<'de> Visitor<'de> for Lossy {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_bytes<E>(self, text: &'de [u8]) -> Result<Self::Value, E> {
        Ok(String::from_utf8_lossy(text))
    }

    fn visit_bytes<E>(self, text: &[u8]) -> Result<Self::Value, E> {
        Ok(Cow::Owned(String::from_utf8_lossy(text).into_owned()))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

/// What a piece of JSON is, at a glance.
pub(crate) enum Kind<'a> {
    Null,
    /// A text, a number or a truth value, as a text.
    Scalar(Cow<'a, str>),
    List(Vec<&'a RawValue>),
    Object,
}

/// Looks at a piece of JSON.
pub(crate) fn kind(json: &RawValue) -> serde_json::Result<Kind<'_>> {
    let json = json.get();
    Ok(match json.as_bytes().first() {
        Some(b'"') => Kind::Scalar(serde_json::from_str::<Text<'_>>(json)?.0),
        Some(b'n') => Kind::Null,
        Some(b'[') => Kind::List(serde_json::from_str(json)?),
        Some(b'{') => Kind::Object,
        _ => Kind::Scalar(Cow::Borrowed(json)),
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn a_value_comes_out_as_it_was_written() {
        let json = r#"{"b":[1,-2,1.5,true,null],"a":{"\"":"é"}}"#;
        assert_eq!(serde_json::from_str::<Json>(json).unwrap().to_string(), json);
    }

    #[rstest]
    #[case(r#"{"a":NaN,"b":-Infinity,"c":[Infinity]}"#, r#"{"a":null,"b":null,"c":[null]}"#)]
    #[case(r#"{"a":"NaN\"NaN","b":NaN}"#, r#"{"a":"NaN\"NaN","b":null}"#)]
    #[case(r#"{"a":"\\","NaN":1}"#, r#"{"a":"\\","NaN":1}"#)]
    #[case(r#""Infinity\"#, r#""Infinity\"#)]
    fn numbers_that_are_none_become_null(#[case] written: &str, #[case] expected: &str) {
        assert_eq!(line(written.as_bytes()), expected);
    }

    #[test]
    fn half_a_character_is_replaced_and_loses_no_record() {
        let members: Members<'_> = serde_json::from_str(r#"{"\ud800a":"b\udc00"}"#).unwrap();
        let [(name, value)] = &*members.0 else { panic!() };
        assert!(name.ends_with('a'), "{name}");
        assert!(matches!(kind(value).unwrap(), Kind::Scalar(text) if text.starts_with('b')));
    }
}
