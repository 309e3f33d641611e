//! Schemas in the form that client generators handle best.
//!
//! utoipa describes serde's `flatten` and `tag` by `allOf` and by unnamed alternatives. Generated
//! clients are correct when every object lists all its members, and when every alternative has a
//! name and a member with one allowed value. A `discriminator` would say the same again, and clients
//! of openapi-generator for Rust cannot read answers whose schema has one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use utoipa::openapi::schema::{
    AllOf, KnownFormat, Object, ObjectBuilder, OneOf, OneOfBuilder, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{Content, PathItem, Ref, RefOr, Schema};

/// Schemas by name.
pub(super) type Schemas = BTreeMap<String, RefOr<Schema>>;

/// Flattens all schemas, names their alternatives, and states which members are always present.
pub(super) fn normalise(schemas: &mut Schemas, items: &mut [(String, PathItem)]) {
    flatten(schemas);
    name_alternatives(schemas);
    items.iter_mut().for_each(|(_, item)| describe_files(item));
    let (answers, bodies) = (reachable(items, schemas, true), reachable(items, schemas, false));
    schemas.retain(|name, _| answers.contains(name) || bodies.contains(name));
    for (name, schema) in schemas {
        if let RefOr::T(Schema::Object(object)) = schema
            && !bodies.contains(name)
        {
            require_nullable(object);
        }
    }
}

/// Replaces every `allOf` by one object, or by alternatives that repeat the common members.
fn flatten(schemas: &mut Schemas) {
    let originals = schemas.clone();
    for schema in schemas.values_mut() {
        let RefOr::T(Schema::AllOf(all)) = schema else { continue };
        let mut common = ObjectBuilder::new().schema_type(Type::Object).build();
        common.description.clone_from(&all.description);
        let mut alternatives = None;
        for part in parts(all, &originals) {
            match part {
                Schema::Object(object) => add_members(&mut common, &object),
                Schema::OneOf(one_of) => alternatives = Some(one_of),
                _ => {}
            }
        }
        let flat = match alternatives {
            Some(one_of) => Schema::OneOf(spread(&common, one_of)),
            None => Schema::Object(common),
        };
        *schema = RefOr::T(flat);
    }
}

fn parts(all: &AllOf, schemas: &Schemas) -> Vec<Schema> {
    let parts = all.items.iter().filter_map(|item| match item {
        RefOr::Ref(reference) => match schemas.get(name_of(reference))? {
            RefOr::T(Schema::AllOf(nested)) => Some(parts(nested, schemas)),
            RefOr::T(schema) => Some(vec![schema.clone()]),
            RefOr::Ref(_) => None,
        },
        RefOr::T(schema) => Some(vec![schema.clone()]),
    });
    parts.flatten().collect()
}

/// Adds the common members to each alternative.
fn spread(common: &Object, mut one_of: OneOf) -> OneOf {
    for item in &mut one_of.items {
        if let RefOr::T(Schema::Object(alternative)) = item {
            add_members(alternative, common);
        }
    }
    one_of.description.clone_from(&common.description);
    one_of
}

fn add_members(object: &mut Object, other: &Object) {
    object.properties.extend(other.properties.clone());
    let required = other.required.iter().filter(|name| !object.required.contains(name));
    let required: Vec<_> = required.cloned().collect();
    object.required.extend(required);
}

/// Moves the tagged alternatives of every schema into schemas of their own.
fn name_alternatives(schemas: &mut Schemas) {
    let mut named = Schemas::new();
    for (name, schema) in schemas.iter_mut() {
        let RefOr::T(Schema::OneOf(one_of)) = schema else { continue };
        let tagged = one_of.items.iter().map(|item| match item {
            RefOr::T(Schema::Object(object)) => tag_of(object),
            _ => None,
        });
        let Some(tags) = tagged.collect::<Option<Vec<_>>>() else { continue };
        let mut replaced = OneOfBuilder::new().description(one_of.description.clone());
        for (value, item) in tags.iter().zip(&one_of.items) {
            let alternative = format!("{name}{}", camel_case(value));
            replaced = replaced.item(Ref::from_schema_name(&alternative));
            named.insert(alternative, item.clone());
        }
        *schema = RefOr::T(Schema::OneOf(replaced.build()));
    }
    schemas.extend(named);
}

/// Returns the only allowed value of the member that tells an alternative from the others.
fn tag_of(object: &Object) -> Option<String> {
    object.properties.values().find_map(|property| {
        let RefOr::T(Schema::Object(property)) = property else { return None };
        match property.enum_values.as_deref()? {
            [Value::String(value)] => Some(value.clone()),
            _ => None,
        }
    })
}

fn camel_case(snake_case: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().to_string() + letters.as_str())
    };
    snake_case.split('_').filter_map(capital).collect()
}

/// Describes a body that is not JSON as a file, or as a form whose part `file` is a file.
fn describe_files(item: &mut PathItem) {
    const FORM: &str = "multipart/form-data";
    let is_file = |kind: &str| [FORM, "text/csv", "application/octet-stream"].contains(&kind);
    let describe = |kind: &str, content: &mut RefOr<Content>| {
        let RefOr::T(content) = content else { return };
        let file = ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::String))
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)));
        let schema = match kind {
            FORM => ObjectBuilder::new()
                .schema_type(Type::Object)
                .property("file", file)
                .required("file")
                .build(),
            _ => file.build(),
        };
        content.schema = Some(schema.into());
    };
    let PathItem { get, post, .. } = item;
    for operation in [get, post].into_iter().flatten() {
        for response in operation.responses.responses.values_mut() {
            let RefOr::T(response) = response else { continue };
            let files = response.content.iter_mut().filter(|(kind, _)| is_file(kind));
            files.for_each(|(kind, content)| describe(kind, content));
        }
        if let Some(RefOr::T(body)) = &mut operation.request_body {
            let files = body.content.iter_mut().filter(|(kind, _)| is_file(kind));
            files.for_each(|(kind, content)| describe(kind, content));
        }
    }
}

/// Returns the schemas that responses refer to, or those that bodies and parameters refer to.
fn reachable(items: &[(String, PathItem)], schemas: &Schemas, answers: bool) -> BTreeSet<String> {
    let mut open = Vec::new();
    for (_, item) in items {
        let PathItem { get, put, post, delete, patch, .. } = item;
        for operation in [get, put, post, delete, patch].into_iter().flatten() {
            if answers {
                collect_references(&json(&operation.responses), &mut open);
            } else {
                collect_references(&json(&operation.request_body), &mut open);
                collect_references(&json(&operation.parameters), &mut open);
            }
        }
    }
    let mut found = BTreeSet::new();
    while let Some(name) = open.pop() {
        if let Some(schema) = schemas.get(&name)
            && found.insert(name)
        {
            collect_references(&json(schema), &mut open);
        }
    }
    found
}

fn collect_references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            let reference = members.get("$ref").and_then(Value::as_str);
            found.extend(reference.and_then(|path| path.rsplit('/').next()).map(str::to_owned));
            members.values().for_each(|value| collect_references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_references(item, found)),
        _ => {}
    }
}

/// Marks nullable members as required: in a response they are always present.
fn require_nullable(object: &mut Object) {
    let nullable = object.properties.iter().filter(|(_, property)| is_nullable(property));
    let missing = nullable.map(|(name, _)| name).filter(|name| !object.required.contains(name));
    let missing: Vec<_> = missing.cloned().collect();
    object.required.extend(missing);
}

fn is_nullable(property: &RefOr<Schema>) -> bool {
    let json = json(property);
    let is_null = |schema: &Value| schema["type"] == "null";
    json["type"].as_array().is_some_and(|types| types.iter().any(|kind| kind == "null"))
        || json["oneOf"].as_array().is_some_and(|options| options.iter().any(is_null))
}

fn name_of(reference: &Ref) -> &str {
    reference.ref_location.rsplit('/').next().unwrap_or_default()
}

fn json(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}
