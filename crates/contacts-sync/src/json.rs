//! JSON as it is written: objects keep the order of their members, and numbers keep their digits.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Returns a line as JSON text. Malformed UTF-8 is replaced, and the non-standard numbers of some
/// languages (`NaN`, `Infinity`) become null, so that neither loses a record.
pub(crate) fn line(line: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(line);
    if ["NaN", "Infinity"].iter().any(|name| text.contains(name)) {
        return Cow::Owned(replace_non_numbers(&text));
    }
    text
}

/// Replaces `NaN`, `Infinity` and `-Infinity` outside of texts by `null`.
fn replace_non_numbers(text: &str) -> String {
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    let mut is_in_text = false;
    while let Some(next) = rest.chars().next() {
        let name = ["-Infinity", "Infinity", "NaN"].iter().find(|name| rest.starts_with(**name));
        let length = match (is_in_text, next, name) {
            (false, _, Some(name)) => {
                replaced.push_str("null");
                rest = &rest[name.len()..];
                continue;
            }
            // The backslash and the character that it escapes.
            (true, '\\', _) => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            _ => next.len_utf8(),
        };
        is_in_text ^= next == '"';
        replaced.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    replaced
}

/// A JSON value.
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
    /// Returns a member of an object.
    pub(crate) fn get(&self, name: &str) -> Option<&Json> {
        self.members().iter().find(|(member, _)| member == name).map(|(_, value)| value)
    }

    /// The members of an object; empty for other values.
    pub(crate) fn members(&self) -> &[(String, Json)] {
        match self {
            Self::Object(members) => members,
            _ => &[],
        }
    }

    /// The items of a list; empty for other values.
    pub(crate) fn items(&self) -> &[Json] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    /// Returns a member of an object for changing it.
    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Json> {
        match self {
            Self::Object(members) => {
                members.iter_mut().find(|(member, _)| member == name).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// Returns the items of a list for changing them.
    pub(crate) fn items_mut(&mut self) -> Option<&mut Vec<Json>> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// Sets a member of an object; other values stay as they are.
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

    /// The texts in a list.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.items().iter().filter_map(Self::as_str)
    }

    pub(crate) fn is_true(&self) -> bool {
        *self == Self::Bool(true)
    }
}

/// Writes the value as JSON.
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

/// Returns a text as a JSON string, with quotation marks.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
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

/// The members of an object, with unparsed values.
pub(crate) struct Members<'a>(pub(crate) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
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

/// A text; lone surrogates, which some systems store, are replaced.
struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(TextVisitor).map(Self)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
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

/// The kind of a JSON value, with the values inside it unparsed.
pub(crate) enum Kind<'a> {
    Null,
    /// A text, a number or a boolean, as a text.
    Scalar(Cow<'a, str>),
    List(Vec<&'a RawValue>),
    Object,
}

/// Determines the kind of a JSON value by its first byte.
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
    fn a_value_is_written_as_it_was_read() {
        let json = r#"{"b":[1,-2,1.5,true,null],"a":{"\"":"é"}}"#;
        assert_eq!(serde_json::from_str::<Json>(json).unwrap().to_string(), json);
    }

    #[rstest]
    #[case(r#"{"a":NaN,"b":-Infinity,"c":[Infinity]}"#, r#"{"a":null,"b":null,"c":[null]}"#)]
    #[case(r#"{"a":"NaN\"NaN","b":NaN}"#, r#"{"a":"NaN\"NaN","b":null}"#)]
    #[case(r#"{"a":"\\","NaN":1}"#, r#"{"a":"\\","NaN":1}"#)]
    #[case(r#""Infinity\"#, r#""Infinity\"#)]
    fn non_numbers_become_null(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(line(text.as_bytes()), expected);
    }

    #[test]
    fn a_lone_surrogate_is_replaced_and_loses_no_record() {
        let members: Members<'_> = serde_json::from_str(r#"{"\ud800a":"b\udc00"}"#).unwrap();
        let [(name, value)] = &*members.0 else { panic!() };
        assert!(name.ends_with('a'), "{name}");
        assert!(matches!(kind(value).unwrap(), Kind::Scalar(text) if text.starts_with('b')));
    }
}
