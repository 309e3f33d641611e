//! Time until the page shows its content in a browser, in the large organisation.

use std::path::Path;
use std::process::Command;

use serde::Deserialize;

use crate::Result;
use crate::base::World;
use crate::program::{Served, sign_in_link};
use crate::report::Section;
use crate::stats::Spread;

/// The measurements of the browser; see `crates/contacts-web/browser/bench.mjs`.
#[derive(Deserialize)]
struct Measured {
    load: Vec<Load>,
    keys: Vec<Key>,
    tasks: Vec<Tasks>,
}

/// The measurements of a first visit.
#[derive(Deserialize)]
struct Load {
    rows_ms: f64,
    files: u64,
    body_bytes: f64,
    wire_bytes: f64,
}

/// The measurements of a search, from its last key to its rows on the screen.
#[derive(Deserialize)]
struct Key {
    text: String,
    ms: f64,
}

/// The measurements of scrolling over five thousand rows.
#[derive(Deserialize)]
struct Tasks {
    longest_ms: f64,
    long_tasks: f64,
}

/// Opens the page, searches and scrolls.
pub(crate) fn run(world: &mut World) -> Result<Section> {
    world.fresh("run")?;
    let served = Served::start(world, "run")?;
    let link = sign_in_link(world, "run", &served.address)?;
    let measured = measure(&link, world.args.runs)?;
    drop(served);
    world.postgres.drop_database("run")?;
    let head = vec!["what", "ours", "goal"];
    Ok(Section { head, rows: rows(&measured), notes: Vec::new() })
}

fn measure(link: &str, runs: usize) -> Result<Measured> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../contacts-web/browser");
    let mut node = Command::new("node");
    let output = node.current_dir(folder).args(["bench.mjs", link, &runs.to_string()]).output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("run scripts/web once, which installs what this needs\n{said}").into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn rows(measured: &Measured) -> Vec<Vec<String>> {
    let of =
        |part: fn(&Load) -> f64| Spread::of(&measured.load.iter().map(part).collect::<Vec<_>>());
    let files = measured.load.first().map_or(0, |load| load.files);
    let mut rows = vec![
        row(
            format!("first load: {files} files, with the headers of HTTP"),
            of(|load| load.wire_bytes / 1e3).show(" kB"),
            "30 kB at most",
        ),
        row(
            "the same without headers".to_owned(),
            of(|load| load.body_bytes / 1e3).show(" kB"),
            "",
        ),
        row("first visit: rows on screen".to_owned(), of(|load| load.rows_ms).show(" ms"), ""),
    ];
    let mut texts: Vec<&str> = Vec::new();
    for Key { text, .. } in &measured.keys {
        if !texts.contains(&text.as_str()) {
            texts.push(text);
        }
    }
    for text in texts {
        let keys = measured.keys.iter().filter(|key| key.text == text).map(|key| key.ms);
        let spread = Spread::of(&keys.collect::<Vec<_>>());
        rows.push(row(
            format!("last key of `{text}` to its rows"),
            spread.show(" ms"),
            "250 ms at most",
        ));
    }
    let tasks =
        |part: fn(&Tasks) -> f64| Spread::of(&measured.tasks.iter().map(part).collect::<Vec<_>>());
    rows.push(row(
        "longest task in 5,000 rows".to_owned(),
        tasks(|seen| seen.longest_ms).show(" ms"),
        "100 ms at most",
    ));
    rows.push(row(
        "tasks over 50 ms in 5,000 rows".to_owned(),
        tasks(|seen| seen.long_tasks).show(""),
        "",
    ));
    rows
}

fn row(what: String, ours: String, goal: &str) -> Vec<String> {
    vec![what, ours, goal.to_owned()]
}
