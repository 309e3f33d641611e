//! Reads JSON Schema, with which connectors describe their settings and the fields of streams.

use contacts_core::sync::{Setting, SettingKind, SettingValue};

use crate::json::Json;
use crate::record::MAX_DEPTH;

/// Returns the paths of the fields that a schema describes, in its order.
pub(crate) fn fields(schema: &Json) -> Vec<String> {
    let mut all = Vec::new();
    collect_fields("", schema, 0, &mut all);
    all
}

fn collect_fields(prefix: &str, schema: &Json, depth: usize, all: &mut Vec<String>) {
    for (name, property) in properties(schema) {
        let path = path(prefix, name);
        let is_object = depth < MAX_DEPTH && properties(property).next().is_some();
        if is_object {
            collect_fields(&path, property, depth + 1, all);
        } else if !all.contains(&path) {
            all.push(path);
        }
    }
}

/// The properties of a schema and of its alternatives.
fn properties(schema: &Json) -> impl Iterator<Item = (&str, &Json)> {
    let schemas = std::iter::once(schema).chain(alternatives(schema));
    schemas
        .filter_map(|schema| schema.get("properties"))
        .flat_map(Json::members)
        .map(|(name, property)| (name.as_str(), property))
}

fn alternatives(schema: &Json) -> impl Iterator<Item = &Json> {
    ["allOf", "oneOf", "anyOf"]
        .into_iter()
        .filter_map(|name| schema.get(name))
        .flat_map(Json::items)
}

fn path(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}

/// Returns the settings that a schema describes, in the order of the specification.
pub(crate) fn settings(schema: &Json) -> Vec<Setting> {
    let root = Scope { path: "", is_required: true, is_secret: false, depth: 0 };
    settings_in(&root, schema)
}

/// The path of a setting or of the object around it, and what it inherits from the objects around.
struct Scope<'a> {
    path: &'a str,
    is_required: bool,
    is_secret: bool,
    depth: usize,
}

/// Returns the settings in an object: its own, then those of its alternatives.
fn settings_in(outer: &Scope<'_>, schema: &Json) -> Vec<Setting> {
    let properties = schema.get("properties").map_or(&[][..], Json::members);
    let mut properties: Vec<_> = properties.iter().filter(|(_, one)| !is_hidden(one)).collect();
    // The sort is stable: properties without a position keep their order, after the others.
    properties.sort_by_key(|(_, property)| position(property));
    let mut all = Vec::new();
    for (name, property) in properties {
        let is_required = schema.get("required").is_some_and(|all| all.texts().any(|n| n == name));
        let inner = Scope {
            path: &path(outer.path, name),
            is_required: outer.is_required && is_required,
            is_secret: outer.is_secret || is_secret(property),
            depth: outer.depth + 1,
        };
        let nested =
            if inner.depth < MAX_DEPTH { settings_in(&inner, property) } else { Vec::new() };
        if nested.is_empty() {
            all.push(setting(&inner, name, property));
        } else {
            all.extend(nested);
        }
    }
    let alternatives: Vec<_> =
        alternatives(schema).filter(|one| one.get("properties").is_some()).collect();
    let alternatives = alternatives.iter().map(|alternative| settings_in(outer, alternative));
    all.extend(join_alternatives(alternatives.collect()));
    all
}

/// Joins the settings of alternatives. A setting is required when all alternatives require it.
fn join_alternatives(alternatives: Vec<Vec<Setting>>) -> Vec<Setting> {
    let count = alternatives.len();
    let mut all: Vec<(Setting, usize)> = Vec::new();
    for setting in alternatives.into_iter().flatten() {
        let required = usize::from(setting.required);
        match all.iter_mut().find(|(found, _)| found.path == setting.path) {
            None => all.push((setting, required)),
            Some((found, times)) => {
                *times += required;
                found.secret |= setting.secret;
                // The default of one alternative is not the default of the setting.
                if found.default != setting.default {
                    found.default = None;
                }
                match (&mut found.kind, setting.kind) {
                    (SettingKind::Choice(all), SettingKind::Choice(more)) => {
                        all.extend(more);
                        all.dedup();
                    }
                    (kind, other) if *kind != other => *kind = SettingKind::Json,
                    _ => {}
                }
            }
        }
    }
    all.into_iter()
        .map(|(setting, times)| Setting { required: times == count, ..setting })
        .collect()
}

fn setting(scope: &Scope<'_>, name: &str, property: &Json) -> Setting {
    let text = |name| property.get(name).and_then(Json::as_str);
    let kind = kind(property);
    let default = property.get("default").or_else(|| property.get("const"));
    Setting {
        path: scope.path.to_owned(),
        title: text("title").map_or_else(|| name.replace('_', " "), str::to_owned),
        description: text("description").map(str::to_owned),
        kind,
        required: scope.is_required,
        secret: scope.is_secret,
        default: default.and_then(|default| match default {
            Json::Null => None,
            Json::Text(text) => Some(SettingValue::Text(text.clone())),
            other => Some(SettingValue::Json(other.to_string())),
        }),
    }
}

fn kind(property: &Json) -> SettingKind {
    let choices: Option<Vec<String>> = match (property.get("enum"), property.get("const")) {
        (Some(all), _) => texts(all.items()),
        (None, Some(one)) => texts(std::slice::from_ref(one)),
        (None, None) => None,
    };
    if let Some(choices) = choices.filter(|choices| !choices.is_empty()) {
        return SettingKind::Choice(choices);
    }
    // An alternative of type null only makes the setting optional.
    let is_not_null = |one: &&Json| types(one).any(|name| name != "null");
    let mut others = alternatives(property).filter(is_not_null);
    if let (Some(one), None) = (others.next(), others.next()) {
        return kind(one);
    }
    let types: Vec<_> = types(property).collect();
    let is = |name| types.contains(&name);
    if is("object") || is("array") || alternatives(property).next().is_some() {
        SettingKind::Json
    } else if is("string") {
        SettingKind::Text
    } else if is("integer") || is("number") {
        SettingKind::Number
    } else if is("boolean") {
        SettingKind::Boolean
    } else if types.is_empty() {
        SettingKind::Text
    } else {
        SettingKind::Json
    }
}

fn texts(all: &[Json]) -> Option<Vec<String>> {
    let all = all.iter().filter(|one| **one != Json::Null);
    all.map(|one| one.as_str().map(str::to_owned)).collect()
}

fn types(property: &Json) -> impl Iterator<Item = &str> {
    let types = property.get("type");
    types.into_iter().flat_map(|types| types.as_str().into_iter().chain(types.texts()))
}

fn is_secret(property: &Json) -> bool {
    let is_marked =
        ["airbyte_secret", "secret", "writeOnly"].iter().filter_map(|mark| property.get(mark));
    let mut is_marked = is_marked;
    is_marked.any(Json::is_true)
        || property.get("format").and_then(Json::as_str) == Some("password")
}

fn is_hidden(property: &Json) -> bool {
    property.get("airbyte_hidden").is_some_and(Json::is_true)
}

/// The position of the setting in a form.
fn position(property: &Json) -> i64 {
    match property.get("order") {
        Some(Json::Number(position)) => position.parse().unwrap_or(i64::MAX),
        _ => i64::MAX,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn json(text: &str) -> Json {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn fields_have_the_paths_of_their_objects_in_order() {
        let schema = json(
            r#"{"type":"object","properties":{
                "name":{"type":"string"},
                "address":{"type":["object","null"],"properties":{"city":{},"at":{"type":"object"}}},
                "owner":{"oneOf":[{"type":"null"},{"properties":{"id":{}}},{"properties":{"id":{},"of":{}}}]},
                "body":{"type":"object","additionalProperties":true},
                "flag":true}}"#,
        );
        let expected =
            ["name", "address.city", "address.at", "owner.id", "owner.of", "body", "flag"];
        assert_eq!(fields(&schema), expected);
        assert!(fields(&json("{}")).is_empty());
    }

    #[test]
    fn a_very_deep_schema_is_read() {
        let deep = format!("{}{{}}{}", r#"{"properties":{"a":"#.repeat(50), "}}".repeat(50));
        assert_eq!(fields(&json(&deep)).len(), 1);
        assert_eq!(settings(&json(&deep)).len(), 1);
    }

    const SPEC: &str = r#"{"type":"object","required":["shop","credentials"],"properties":{
        "since":{"type":["null","string"],"title":"Start","format":"date","order":2},
        "shop":{"type":"string","title":"Shop","description":"Its name.","order":0},
        "hidden":{"type":"string","airbyte_hidden":true},
        "credentials":{"type":"object","order":1,"oneOf":[
            {"title":"OAuth","required":["kind","client_secret"],"properties":{
                "kind":{"type":"string","const":"oauth"},
                "client_secret":{"type":"string","airbyte_secret":true}}},
            {"title":"Key","required":["kind","key"],"properties":{
                "kind":{"type":"string","const":"key"},
                "key":{"type":"string","airbyte_secret":true}}}]}}}"#;

    #[test]
    fn settings_are_in_the_order_of_the_specification_with_those_of_every_alternative() {
        let described: Vec<_> = settings(&json(SPEC))
            .into_iter()
            .map(|setting| {
                let mark = |is, mark| if is { mark } else { "" };
                format!(
                    "{}{}{}",
                    setting.path,
                    mark(setting.required, "!"),
                    mark(setting.secret, "*")
                )
            })
            .collect();
        let expected = [
            "shop!",
            "credentials.kind!",
            "credentials.client_secret*",
            "credentials.key*",
            "since",
        ];
        assert_eq!(described, expected);
        let kind = &settings(&json(SPEC))[1];
        assert_eq!(kind.kind, SettingKind::Choice(vec!["oauth".to_owned(), "key".to_owned()]));
        assert_eq!(kind.default, None);
    }

    #[rstest]
    #[case(r#"{"type":"integer"}"#, SettingKind::Number)]
    #[case(r#"{"type":["boolean","null"]}"#, SettingKind::Boolean)]
    #[case(r#"{"type":"array","items":{"type":"string"}}"#, SettingKind::Json)]
    #[case(r#"{"type":["string","integer"]}"#, SettingKind::Text)]
    #[case(r#"{"anyOf":[{"type":"string"},{"type":"null"}]}"#, SettingKind::Text)]
    #[case(r#"{"anyOf":[{"type":"string"},{"type":"object"}]}"#, SettingKind::Json)]
    #[case(r#"{"type":"integer","enum":[1,2]}"#, SettingKind::Number)]
    #[case(r#"{}"#, SettingKind::Text)]
    fn the_kind_of_a_setting_follows_from_its_schema(
        #[case] schema: &str,
        #[case] expected: SettingKind,
    ) {
        assert_eq!(kind(&json(schema)), expected);
    }

    #[test]
    fn everything_in_a_secret_object_is_secret() {
        let schema = r#"{"properties":{"a":{"writeOnly":true,"properties":{"b":{"default":5}}}}}"#;
        let settings = settings(&json(schema));
        assert_eq!((settings[0].path.as_str(), settings[0].secret), ("a.b", true));
        assert_eq!(settings[0].default, Some(SettingValue::Json("5".to_owned())));
    }
}
