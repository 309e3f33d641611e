//! What holds for the whole repository: which crate depends on which, and how long a file may be.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use serde_json::Value;

/// What the core must not depend on: it has no format, no runtime and no technology.
const NOT_IN_THE_CORE: &[&str] =
    &["serde", "serde_json", "tokio", "futures", "diesel", "actix-web", "csv", "tracing", "rand"];

/// The most lines of a file of source, and of a file of tests. Generated files have no limit.
const MAX_LINES: usize = 500;
const MAX_TEST_LINES: usize = 800;

#[test]
fn crates_depend_on_each_other_as_the_architecture_says() {
    let document = fs::read_to_string(root().join("docs/ARCHITECTURE.md")).unwrap();
    let packages = packages();
    let found = packages.iter().map(|package| {
        let own = dependencies(package, &[None, Some("build")]).into_iter();
        let name = package["name"].as_str().unwrap().to_owned();
        (name, own.filter(|name| name.starts_with("contacts-")).collect())
    });
    let differences = differences(&table(&document), &found.collect());
    assert!(
        differences.is_empty(),
        "the code map of docs/ARCHITECTURE.md and the manifests differ: {}. Move what the crate \
         needs into the core or join the two in contacts-server, or else change the table",
        differences.join("; ")
    );
}

#[test]
fn tests_depend_on_the_testkit_and_no_other_crate_of_ours() {
    for package in packages() {
        let name = package["name"].as_str().unwrap();
        let allowed = dependencies(&package, &[None, Some("build")]);
        for dependency in dependencies(&package, &[Some("dev")]) {
            // A crate depends on itself to turn features on for its tests.
            let is_allowed = ["contacts-testkit", name].contains(&&*dependency)
                || !dependency.starts_with("contacts-")
                || allowed.contains(&dependency);
            assert!(
                is_allowed,
                "the tests of {name} depend on {dependency}: use contacts-testkit, or move the \
                 test to contacts-server"
            );
        }
    }
}

#[test]
fn a_table_that_differs_from_the_manifests_is_found() {
    let table = table(
        "| crate | what is in it | ours it may depend on |\n|---|---|---|\n\
         | `contacts-core` | rules | none |\n| `contacts-kit` | tests | core |\n\
         | `contacts-pg` | SQL | core, kit |\n| `contacts-gone` | nothing | core |\n\
         | `contacts-server` | wiring | all but kit |\n",
    );
    let found = [
        ("contacts-core", &["contacts-pg"][..]),
        ("contacts-kit", &["contacts-core"]),
        ("contacts-new", &[]),
        ("contacts-pg", &["contacts-core"]),
        ("contacts-server", &["contacts-pg", "contacts-kit"]),
    ];
    let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    let found = found.map(|(name, own)| (name.to_owned(), owned(own))).into();
    assert_eq!(
        differences(&table, &found),
        [
            "contacts-core must not depend on contacts-pg",
            "contacts-new is not in the table",
            "contacts-pg does not depend on contacts-kit",
            "contacts-server must not depend on contacts-kit",
            "contacts-gone does not exist",
        ]
    );
}

#[test]
fn the_core_depends_on_no_format_no_runtime_and_no_technology() {
    let packages = packages();
    let core = packages.iter().find(|package| package["name"] == "contacts-core").unwrap();
    for dependency in dependencies(core, &[None]) {
        assert!(
            !NOT_IN_THE_CORE.contains(&&*dependency),
            "contacts-core depends on {dependency}: that belongs in an adapter"
        );
    }
}

/// The folders of `contacts-http`, from the bottom to the top: a file may import its own folder
/// and those before it.
const HTTP_LAYERS: [&str; 3] = ["parts", "edge", "api"];

#[test]
fn layers_of_the_http_crate_import_only_lower_ones() {
    let source = Path::new("crates/contacts-http/src");
    for file in files().filter(|file| file.extension().is_some_and(|e| e == "rs")) {
        let Ok(local) = file.strip_prefix(source) else { continue };
        let folder = local.components().next().unwrap().as_os_str().to_str().unwrap();
        let folder = folder.trim_end_matches(".rs");
        if folder == "lib" {
            continue;
        }
        let layer = HTTP_LAYERS.iter().position(|name| *name == folder);
        let Some(layer) = layer else {
            panic!("{} is in no layer: move it into parts, edge or api", file.display());
        };
        for import in imports(&fs::read_to_string(root().join(&file)).unwrap()) {
            assert!(
                HTTP_LAYERS[..=layer].contains(&&*import),
                "{} imports crate::{import}, and {folder} may import {} only: move what it needs \
                 down into parts, or pass it in from lib.rs",
                file.display(),
                HTTP_LAYERS[..=layer].join(", ")
            );
        }
    }
}

#[test]
fn imports_are_found() {
    let source = "use crate::{api::tags, edge};\n//! [`crate::edge`]\nlet x = crate::parts::etag();\n\
                  use super::super::list;";
    assert_eq!(imports(source), ["api", "edge", "parts", "super::super"]);
}

/// The modules at the crate's root that a source file names, comments left out.
fn imports(source: &str) -> Vec<String> {
    let code: Vec<_> = source.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join(" ");
    let mut found = Vec::new();
    for rest in code.split("crate::").skip(1) {
        let group = rest.strip_prefix('{').and_then(|group| group.split_once('}'));
        let paths = group.map_or(rest, |(group, _)| group).split(',');
        let paths = if group.is_some() { paths.collect() } else { vec![rest] };
        let first = |path: &str| {
            let is_word = |c: char| c.is_alphanumeric() || c == '_';
            path.trim().split(|c| !is_word(c)).next().unwrap_or_default().to_owned()
        };
        found.extend(paths.into_iter().map(first).filter(|name| !name.is_empty()));
    }
    if code.contains("super::super") {
        found.push("super::super".to_owned());
    }
    found
}

#[test]
fn the_world_of_the_sandbox_needs_no_test_library() {
    let packages = packages();
    let testkit = packages.iter().find(|package| package["name"] == "contacts-testkit").unwrap();
    let needed = testkit["dependencies"].as_array().unwrap().iter();
    let needed =
        needed.filter(|existing| existing["kind"].is_null() && existing["optional"] == false);
    let needed: Vec<_> = needed.map(|existing| existing["name"].as_str().unwrap()).collect();
    assert_eq!(
        needed,
        ["contacts-core", "time", "uuid"],
        "contacts-server is built with contacts-testkit: make a test library optional there"
    );
    let server = packages.iter().find(|package| package["name"] == "contacts-server").unwrap();
    let mut existing = server["dependencies"].as_array().unwrap().iter();
    let testkit = existing.find(|existing| existing["name"] == "contacts-testkit").unwrap();
    let features = (&testkit["uses_default_features"], &testkit["features"]);
    assert_eq!(features, (&Value::Bool(false), &Value::Array(vec![])));
}

#[test]
fn no_crate_is_published_and_all_have_the_lints_of_the_workspace() {
    for package in packages() {
        let name = package["name"].as_str().unwrap();
        assert_eq!(
            package["publish"],
            Value::Array(vec![]),
            "{name} lacks publish.workspace = true"
        );
        let manifest = fs::read_to_string(package["manifest_path"].as_str().unwrap()).unwrap();
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{name} lacks the lints of the workspace: add [lints] workspace = true"
        );
    }
}

#[test]
fn no_file_is_too_long() {
    for file in files().filter(|file| file.extension().is_some_and(|e| e == "rs")) {
        let text = fs::read_to_string(root().join(&file)).unwrap();
        if text.starts_with("// @generated") {
            continue;
        }
        let lines = text.lines().count();
        let is_test =
            file.components().any(|part| part.as_os_str() == "tests") || file.ends_with("tests.rs");
        let max = if is_test { MAX_TEST_LINES } else { MAX_LINES };
        assert!(
            lines <= max,
            "{} has {lines} lines, {max} at most: find the second idea in it and give that a file \
             of its own",
            file.display()
        );
    }
}

#[test]
fn no_file_refers_to_a_path_outside_the_repository() {
    // Put together here, so that this file does not refer to it either.
    let outside = [["..", "shared"].join("/"), ["work", "shared"].join("/")];
    for file in files() {
        let Ok(text) = fs::read_to_string(root().join(&file)) else { continue };
        for path in &outside {
            assert!(
                !text.contains(path),
                "{} refers to {path}, which a clone of the repository does not have",
                file.display()
            );
        }
    }
}

#[test]
fn only_rules_that_exist_are_cited() {
    let rules = fs::read_to_string(root().join("docs/RULES.md")).unwrap();
    let last = cited(&rules).into_iter().max().unwrap();
    let is_prose =
        |file: &PathBuf| file.extension().is_some_and(|e| e == "rs" || e == "md" || e == "sql");
    for file in files().filter(is_prose) {
        let text = fs::read_to_string(root().join(&file)).unwrap();
        for rule in cited(&text) {
            assert!(
                (1..=last).contains(&rule),
                "{} cites R{rule}, and the rules are R1 to R{last}: see docs/RULES.md",
                file.display()
            );
        }
    }
}

#[test]
fn citations_are_found() {
    assert_eq!(cited("as R7 says (R12, R34); not CR1, R, or R5x"), [7, 12, 34]);
}

/// The numbers of the rules that a text cites: words of an R and a number.
fn cited(text: &str) -> Vec<u32> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let words = text.split(|c| !is_word(c));
    let number = |word: &str| word.strip_prefix('R')?.parse().ok();
    words.filter(|word| word.len() <= 4).filter_map(number).collect()
}

/// The crates that each crate may depend on, by the code map.
struct Table(BTreeMap<String, Allowed>);

enum Allowed {
    /// These, and it depends on each of them.
    These(BTreeSet<String>),
    /// Any but these.
    AllBut(BTreeSet<String>),
}

/// Reads the code map of `docs/ARCHITECTURE.md`.
fn table(document: &str) -> Table {
    let rows = document.lines().filter_map(|line| line.strip_prefix("| `contacts-"));
    let rows = rows.map(|row| {
        let (name, rest) = row.split_once('`').unwrap();
        let allowed = rest.trim_end_matches(" |").rsplit('|').next().unwrap().trim();
        let set = |list: &str| list.split(", ").map(|name| format!("contacts-{name}")).collect();
        let allowed = match (allowed, allowed.strip_prefix("all but ")) {
            (_, Some(list)) => Allowed::AllBut(set(list)),
            ("none", None) => Allowed::These(BTreeSet::new()),
            (list, None) => Allowed::These(set(list)),
        };
        (format!("contacts-{name}"), allowed)
    });
    Table(rows.collect())
}

/// Where the code map and the manifests differ, as sentences.
fn differences(table: &Table, found: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut differences = Vec::new();
    for (name, own) in found {
        let (forbidden, unused): (Vec<_>, Vec<_>) = match table.0.get(name) {
            None => {
                differences.push(format!("{name} is not in the table"));
                continue;
            }
            Some(Allowed::These(these)) => {
                (own.difference(these).collect(), these.difference(own).collect())
            }
            Some(Allowed::AllBut(those)) => (own.intersection(those).collect(), Vec::new()),
        };
        let forbidden = forbidden.iter().map(|other| format!("{name} must not depend on {other}"));
        let unused = unused.iter().map(|other| format!("{name} does not depend on {other}"));
        differences.extend(forbidden.chain(unused));
    }
    let deleted = table.0.keys().filter(|name| !found.contains_key(*name));
    differences.extend(deleted.map(|name| format!("{name} does not exist")));
    differences
}

/// The names of a package's dependencies of some kinds.
fn dependencies(package: &Value, kinds: &[Option<&str>]) -> Vec<String> {
    let all = package["dependencies"].as_array().unwrap().iter();
    all.filter(|dependency| kinds.contains(&dependency["kind"].as_str()))
        .map(|dependency| dependency["name"].as_str().unwrap().to_owned())
        .collect()
}

fn packages() -> Vec<Value> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// The paths of the repository's files, from its root. Files that are not committed yet count.
fn files() -> impl Iterator<Item = PathBuf> {
    let mut files = Vec::new();
    collect(&root(), &mut files);
    files.into_iter().map(|file| file.strip_prefix(root()).unwrap().to_owned())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    const NOT_OURS: &[&str] = &["target", ".git", ".venv", "node_modules"];
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let is_ours = entry.file_name().to_str().is_some_and(|name| !NOT_OURS.contains(&name));
        let kind = entry.file_type().unwrap();
        if is_ours && kind.is_dir() {
            collect(&entry.path(), files);
        } else if is_ours && kind.is_file() {
            files.push(entry.path());
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}
