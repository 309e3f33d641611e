//! What holds for the repository as a whole: who may know whom, and how long a file may be.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use serde_json::Value;

/// Who may depend on whom, of ours.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("contacts-core", &[]),
    ("contacts-testkit", &["contacts-core"]),
    ("contacts-pg", &["contacts-core"]),
    ("contacts-import", &["contacts-core"]),
    ("contacts-worker", &["contacts-core"]),
    ("contacts-http", &["contacts-core"]),
    ("contacts-guard", &[]),
    ("contacts-outbound", &["contacts-core", "contacts-guard"]),
    ("contacts-sync", &["contacts-core", "contacts-guard"]),
    (
        "contacts-embed",
        &[
            "contacts-core",
            "contacts-pg",
            "contacts-import",
            "contacts-outbound",
            "contacts-worker",
        ],
    ),
    (
        "contacts-server",
        &[
            "contacts-core",
            "contacts-pg",
            "contacts-import",
            "contacts-worker",
            "contacts-embed",
            "contacts-http",
            "contacts-sync",
        ],
    ),
];

/// What the core must never know: it has no format, no runtime and no technology.
const NOT_IN_THE_CORE: &[&str] =
    &["serde", "serde_json", "tokio", "futures", "diesel", "actix-web", "csv", "tracing", "rand"];

/// The longest a file of source may be, and a file of tests.
const LONGEST: usize = 500;
const LONGEST_TEST: usize = 800;

/// The number of the last rule in `docs/RULES.md`.
const RULES: u32 = 47;

#[test]
fn each_crate_knows_only_whom_it_may() {
    let allowed: BTreeMap<_, _> = MAY_KNOW.iter().copied().collect();
    for package in packages() {
        let name = package["name"].as_str().unwrap();
        let Some(may_know) = allowed.get(name) else {
            panic!("{name} is not in MAY_KNOW: say there whom it may depend on");
        };
        for known in dependencies(&package, &[None, Some("build")]) {
            assert!(
                !known.starts_with("contacts-") || may_know.contains(&&*known),
                "{name} depends on {known}, which it must not know: move what it needs into the \
                 core, or join the two in contacts-server"
            );
        }
        for known in dependencies(&package, &[Some("dev")]) {
            // A crate turns its own features on for its tests so.
            let is_fine = ["contacts-testkit", name].contains(&&*known);
            assert!(
                !known.starts_with("contacts-") || may_know.contains(&&*known) || is_fine,
                "the tests of {name} depend on {known}: use contacts-testkit, or move the test to \
                 contacts-server"
            );
        }
    }
}

#[test]
fn the_core_knows_no_format_no_runtime_and_no_technology() {
    let packages = packages();
    let core = packages.iter().find(|package| package["name"] == "contacts-core").unwrap();
    for known in dependencies(core, &[None]) {
        assert!(
            !NOT_IN_THE_CORE.contains(&&*known),
            "contacts-core depends on {known}: that belongs in an adapter"
        );
    }
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
        let lines = fs::read_to_string(root().join(&file)).unwrap().lines().count();
        let is_test =
            file.components().any(|part| part.as_os_str() == "tests") || file.ends_with("tests.rs");
        let longest = if is_test { LONGEST_TEST } else { LONGEST };
        assert!(
            lines <= longest,
            "{} has {lines} lines, {longest} at most: find the second idea in it and give that a \
             file of its own",
            file.display()
        );
    }
}

#[test]
fn no_file_refers_to_what_is_outside_of_the_repository() {
    // Put together here, so that this file does not refer to it either.
    let outside = [["..", "shared"].join("/"), ["work", "shared"].join("/")];
    for file in files() {
        let Ok(text) = fs::read_to_string(root().join(&file)) else { continue };
        for path in &outside {
            assert!(
                !text.contains(path),
                "{} refers to {path}, which whoever clones the repository does not have",
                file.display()
            );
        }
    }
}

#[test]
fn only_rules_that_exist_are_cited() {
    let is_prose =
        |file: &PathBuf| file.extension().is_some_and(|e| e == "rs" || e == "md" || e == "sql");
    for file in files().filter(is_prose) {
        let text = fs::read_to_string(root().join(&file)).unwrap();
        for rule in cited(&text) {
            assert!(
                (1..=RULES).contains(&rule),
                "{} cites R{rule}, and the rules are R1 to R{RULES}: see docs/RULES.md",
                file.display()
            );
        }
    }
}

#[test]
fn citations_are_found() {
    assert_eq!(cited("as R7 says (R12, R34); not CR1, R, or R5x"), [7, 12, 34]);
}

/// The numbers of the rules that a text cites: an R and a number, standing alone.
fn cited(text: &str) -> Vec<u32> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let words = text.split(|c| !is_word(c));
    let number = |word: &str| word.strip_prefix('R')?.parse().ok();
    words.filter(|word| word.len() <= 4).filter_map(number).collect()
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

/// The repository's own files, by their path in it: what is kept, and what is about to be.
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
