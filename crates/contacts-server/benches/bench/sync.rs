//! Syncs of a recorded stream of a connector, compared with imports of the same contacts from a
//! file.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::Result;
use crate::base::{LARGE, World};
use crate::files::{FIELDS, People};
use crate::people::tag;
use crate::program::{self, Ran};
use crate::report::Section;
use crate::stats::{Spread, digits};

/// Kinds of streams and files, relative to the database.
const KINDS: [&str; 2] = ["new", "the same again"];

/// Columns of the sources that must be the same for both. Only first sources are compared, because
/// a repeated import adds another source.
const SOURCES: &str = "count(*) FILTER (WHERE is_first)";

/// Number of records between two state messages.
const COVERED: u64 = 1_000;

/// Results of the runs of one kind.
#[derive(Default)]
struct Figures {
    sync: Vec<f64>,
    import: Vec<f64>,
    sync_peak: Vec<f64>,
    import_peak: Vec<f64>,
}

/// Reads the stream twice and imports the file twice, in turn, each in a new copy of the base.
pub(crate) fn run(world: &mut World) -> Result<Section> {
    let rows = world.args.rows;
    let people = People { group: LARGE, first: rows, count: rows, version: 0 };
    people.write_csv(&csv(world))?;
    write_stream(world, people)?;
    let mut figures: [Figures; 2] = Default::default();
    for run in 0..world.args.runs {
        let (sync, import) = if run % 2 == 0 {
            let sync = sync(world, &mut figures)?;
            (sync, import(world, &mut figures)?)
        } else {
            let import = import(world, &mut figures)?;
            (sync(world, &mut figures)?, import)
        };
        if sync != import {
            return Err(format!("they leave different people: {sync:#?} {import:#?}").into());
        }
        for (kind, figures) in KINDS.iter().zip(&figures) {
            let (sync, import) = (figures.sync.last(), figures.import.last());
            eprintln!("sync: run {}, {kind}: {sync:.2?} s, import {import:.2?} s", run + 1);
        }
    }
    let table = KINDS.iter().zip(&figures).map(|(kind, figures)| {
        let rates: Vec<_> = figures.sync.iter().map(|seconds| rows as f64 / seconds).collect();
        vec![
            (*kind).to_owned(),
            Spread::of(&figures.sync).show(" s"),
            Spread::of(&figures.import).show(" s"),
            Spread::of_ratios(&figures.sync, &figures.import).show("x"),
            Spread::of(&rates).show(""),
            format!("{} MiB", digits(Spread::of(&figures.sync_peak).most)),
            format!("{} MiB", digits(Spread::of(&figures.import_peak).most)),
        ]
    });
    let notes = vec![
        "Seconds from the start of a process to its end: `contacts source run` and `contacts \
         import`. Peak memory is the program's own, without the connector's. Goals: within 2x, \
         and 96 MiB."
            .to_owned(),
    ];
    let head =
        vec!["people", "stream", "file", "ratio", "records/s", "peak memory", "peak, of the file"];
    Ok(Section { head, rows: table.collect(), notes })
}

fn csv(world: &World) -> PathBuf {
    world.postgres.folder().join("people-sync.csv")
}

/// Writes the output of a connector for the commands to discover and to read, and a list that
/// allows this connector.
fn write_stream(world: &World, people: People) -> Result {
    let folder = world.postgres.folder();
    let of = json!({"name": "people"});
    let [[city, ..], [points, ..]] = FIELDS;
    let fields = ["id", "name", "email", "phone", "tags", city, points];
    let properties: Value = fields.iter().map(|name| ((*name).to_owned(), json!({}))).collect();
    let stream = json!({"name": "people", "json_schema": {"properties": properties},
        "supported_sync_modes": ["full_refresh", "incremental"],
        "source_defined_cursor": true, "source_defined_primary_key": [["id"]]});
    let catalog = json!({"type": "CATALOG", "catalog": {"streams": [stream]}});
    writeln!(File::create(folder.join("discover.jsonl"))?, "{catalog}")?;
    let spec = json!({"type": "SPEC", "spec": {"connectionSpecification": {"properties": {}}}});
    writeln!(File::create(folder.join("spec.jsonl"))?, "{spec}")?;

    let mut out = BufWriter::new(File::create(folder.join("read.jsonl"))?);
    for (number, person) in people.iter() {
        let tags: Vec<_> = person.tags.iter().map(|at| tag(*at)).collect();
        let data = json!({"id": number, "name": person.name, "email": person.email,
            "phone": person.phone, "tags": tags, city: person.city, points: person.points});
        let record = json!({"stream": "people", "data": data, "emitted_at": 1_767_225_600_000_u64});
        writeln!(out, "{}", json!({"type": "RECORD", "record": record}))?;
        let read = number - people.first + 1;
        if read.is_multiple_of(COVERED) || read == people.count {
            let stream = json!({"stream_descriptor": of, "stream_state": {"read": read}});
            let state = json!({"type": "STREAM", "stream": stream});
            writeln!(out, "{}", json!({"type": "STATE", "state": state}))?;
        }
    }
    out.flush()?;

    // The shell replaces itself with `cat`; the command of the connector is the name of a file.
    let replay = format!("exec cat '{}'/\"$0\".jsonl", folder.display());
    let connector =
        json!({"name": "replay", "protocol": "airbyte", "command": ["sh", "-c", replay]});
    writeln!(File::create(connectors(world))?, "{}", json!({"connectors": [connector]}))?;
    Ok(())
}

fn connectors(world: &World) -> PathBuf {
    world.postgres.folder().join("connectors.json")
}

/// Runs `contacts source` with these arguments.
fn source(world: &World, arguments: &[&str]) -> Result<Ran> {
    let mut command = program::contacts(world, "run");
    command.env("CONTACTS_CONNECTORS", connectors(world)).arg("source").args(arguments);
    command.args(["--org", &World::org().to_string()]);
    program::run(command)
}

fn sync(world: &mut World, figures: &mut [Figures; 2]) -> Result<Vec<String>> {
    world.fresh("run")?;
    let mut add = vec!["add", "Replayed", "--connector", "replay", "--stream", "people"];
    let [[city, ..], [points, ..]] = FIELDS;
    let mapped =
        [format!("{city}=custom:{city}"), format!("{points}=custom:{points}"), "id=skip".into()];
    let plain = ["name=name", "email=email", "phone=phone", "tags=tags"];
    for map in mapped.iter().map(String::as_str).chain(plain) {
        add.extend(["--map", map]);
    }
    source(world, &add)?;
    world.postgres.checkpoint()?;
    let mut states = Vec::new();
    for (at, figures) in figures.iter_mut().enumerate() {
        let ran = source(world, &["run", "Replayed"])?;
        figures.sync.push(ran.wall.as_secs_f64());
        figures.sync_peak.push(ran.peak as f64 / 1_024.0);
        check(world, at)?;
        states.push(world.digest(SOURCES)?);
    }
    world.postgres.drop_database("run")?;
    Ok(states)
}

fn import(world: &mut World, figures: &mut [Figures; 2]) -> Result<Vec<String>> {
    world.fresh("run")?;
    world.postgres.checkpoint()?;
    let mut states = Vec::new();
    for figures in figures {
        let ran = program::import(world, "run", &csv(world))?;
        figures.import.push(ran.wall.as_secs_f64());
        figures.import_peak.push(ran.peak as f64 / 1_024.0);
        states.push(world.digest(SOURCES)?);
    }
    world.postgres.drop_database("run")?;
    Ok(states)
}

/// Checks the result of the last run.
fn check(world: &World, at: usize) -> Result {
    let rows = world.args.rows;
    let said = world.postgres.ask(
        "run",
        "SELECT state, tally ->> 'added', tally ->> 'updated', tally -> 'skipped' FROM sync_runs \
         ORDER BY id DESC LIMIT 1",
    )?;
    let expected = match at {
        0 => format!("done|{rows}|0|[]"),
        _ => format!("done|0|0|[[\"unchanged\", {rows}]]"),
    };
    if said == expected {
        return Ok(());
    }
    Err(format!("the run says {said} and should say {expected}").into())
}
