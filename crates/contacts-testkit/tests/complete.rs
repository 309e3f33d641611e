//! Every property of a contract is named by its macro, and every contract is run by both stores.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Where the contracts are run, from this crate's folder.
const RUN_BY: [&str; 2] = ["tests/memory.rs", "../contacts-pg/tests/postgres/contracts.rs"];

#[test]
fn each_module_of_properties_is_named_whole_by_its_macro() {
    let (macros, modules): (Vec<_>, Vec<_>) =
        sources().into_iter().partition(|(name, _)| name.starts_with("macros"));
    let macros: String = macros.into_iter().map(|(_, text)| text).collect();
    let named = named(&macros);
    let written: BTreeMap<_, _> = modules
        .iter()
        .map(|(module, text)| (module.as_str(), written(text)))
        .filter(|(_, properties)| !properties.is_empty())
        .collect();
    assert_eq!(differences(&written, &named), Vec::<String>::new());
    let count: usize = written.values().map(BTreeSet::len).sum();
    assert!(count > 300, "only {count} properties: they are looked for in the wrong place");
}

#[test]
fn each_contract_is_run_by_both_stores() {
    let sources = sources();
    let contracts: Vec<_> = sources.iter().flat_map(|(_, text)| contracts(text)).collect();
    assert!(contracts.len() > 20, "contracts are looked for in the wrong place");
    for file in RUN_BY {
        let text = fs::read_to_string(folder().join(file)).unwrap();
        for contract in &contracts {
            let call = format!("contacts_testkit::{contract}!(");
            assert!(text.contains(&call), "{file} does not run {contract}: add {call}…)");
        }
    }
}

#[test]
fn a_property_that_one_of_two_modules_drops_is_found() {
    let macros = "properties! { $make, notes: a_note_is_read } properties! { $make, tags: alone }";
    let notes = "pub fn a_note_is_read(ports: &Ports) {\npub fn alone(ports: &Ports) {\n";
    let tags = "pub fn alone(ports: &Ports) {\nfn helper(ports: &Ports) {\n";
    let written = BTreeMap::from([("notes", written(notes)), ("tags", written(tags))]);
    let differences = differences(&written, &named(macros));
    assert_eq!(differences, ["notes: the macro lacks alone, or it never runs"]);
}

/// What modules have and macros do not name.
fn differences(
    written: &BTreeMap<&str, BTreeSet<&str>>,
    named: &BTreeMap<&str, BTreeSet<&str>>,
) -> Vec<String> {
    let none = BTreeSet::new();
    let lacks = |(module, properties): (&&str, &BTreeSet<&str>)| {
        let named = named.get(module).unwrap_or(&none);
        let lacking: Vec<_> = properties.difference(named).copied().collect();
        let lacking = lacking.join(", ");
        (!lacking.is_empty())
            .then(|| format!("{module}: the macro lacks {lacking}, or it never runs"))
    };
    written.iter().filter_map(lacks).collect()
}

/// The properties that a module has.
fn written(text: &str) -> BTreeSet<&str> {
    let properties = text.lines().filter(|line| line.ends_with("(ports: &Ports) {"));
    properties.filter_map(|line| Some(line.strip_prefix("pub fn ")?.split_once('(')?.0)).collect()
}

/// The properties that macros name, by module.
fn named(macros: &str) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut named = BTreeMap::<_, BTreeSet<_>>::new();
    for list in macros.split("properties! { $make, ").skip(1) {
        let (module, rest) = list.split_once(':').unwrap();
        let (properties, _) = rest.split_once('}').unwrap();
        named.entry(module).or_default().extend(properties.split_whitespace());
    }
    named
}

/// The names of the contracts' macros.
fn contracts(text: &str) -> impl Iterator<Item = &str> {
    let names = text.lines().filter_map(|line| line.strip_prefix("macro_rules! "));
    names.map(|name| name.trim_end_matches(" {")).filter(|name| name.ends_with("_contract"))
}

/// The name without extension, and the text, of each file of contracts.
fn sources() -> Vec<(String, String)> {
    let files = fs::read_dir(folder().join("src/contract")).unwrap();
    let paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    let stem = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    paths.iter().map(|path| (stem(path), fs::read_to_string(path).unwrap())).collect()
}

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
