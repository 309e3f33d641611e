//! Imports of files with new, unchanged and changed contacts, compared with the same by hand.

use std::fs;
use std::path::PathBuf;

use contacts_core::contact::ContactId;

use crate::Result;
use crate::base::{LARGE, World};
use crate::files::{People, detail_id, write_tags};
use crate::program::{self, Ran};
use crate::report::Section;
use crate::stats::{Spread, digits, thousands};

/// Kinds of files, relative to the database into which they are imported.
const KINDS: [&str; 3] = ["new", "unchanged", "changed"];

/// Results of the runs of one kind of file.
#[derive(Default)]
struct Figures {
    ours: Vec<f64>,
    phase: Vec<f64>,
    limit: Vec<f64>,
    peak: Vec<f64>,
}

/// Columns of the sources that must be the same for both.
const SOURCES: &str = "count(*), count(*) FILTER (WHERE is_first), sum(row_number)";

/// Imports each kind, by the program and by hand in turn, each in a new copy of the base.
pub(crate) fn run(world: &mut World) -> Result<Section> {
    let rows = world.args.rows;
    write_files(world, rows, 0)?;
    write_files(world, rows, 1)?;
    let mut figures: [Figures; 3] = Default::default();
    for run in 0..world.args.runs {
        let states = if run % 2 == 0 {
            let ours = run_ours(world, rows, &mut figures)?;
            (ours, run_limit(world, &mut figures)?)
        } else {
            let limit = run_limit(world, &mut figures)?;
            (run_ours(world, rows, &mut figures)?, limit)
        };
        if states.0 != states.1 {
            return Err(format!("both hold different people: {states:#?}").into());
        }
        for (kind, figures) in KINDS.iter().zip(&figures) {
            let (ours, limit) = (figures.ours.last(), figures.limit.last());
            eprintln!("import: run {}, {kind}: {ours:.2?} s, limit {limit:.2?} s", run + 1);
        }
    }
    let notes = vec![
        "Seconds from the start of a process to its end. The run phase is the part of ours in \
         which rows are taken, after the file was stored and looked at. Goals: within 1.25x, and \
         96 MiB."
            .to_owned(),
    ];
    let head = vec!["file", "ours", "limit", "ratio", "run phase", "rows/s ours", "peak memory"];
    let table = KINDS.iter().zip(&figures).map(|(kind, figures)| row(kind, rows, figures));
    Ok(Section { head, rows: table.collect(), notes })
}

/// Imports new contacts from files of three sizes.
pub(crate) fn linear(world: &mut World) -> Result<Section> {
    let mut table = Vec::new();
    let mut smallest = f64::NAN;
    for rows in [world.args.rows / 100, world.args.rows / 10, world.args.rows] {
        write_files(world, rows, 0)?;
        let (mut walls, mut rates, mut peaks) = (Vec::new(), Vec::new(), Vec::new());
        for run in 0..world.args.runs {
            world.fresh("run")?;
            let ran = program::import(world, "run", &csv(world, 0))?;
            let phase = check_last(world, "new", rows)?;
            eprintln!("linear: {rows} rows, run {}: {:.2?}", run + 1, ran.wall);
            walls.push(ran.wall.as_secs_f64());
            rates.push(rows as f64 / phase);
            peaks.push(ran.peak as f64 / 1_024.0);
        }
        let rate = Spread::of(&rates);
        if smallest.is_nan() {
            smallest = rate.median;
        }
        table.push(vec![
            thousands(rows),
            Spread::of(&walls).show(" s"),
            rate.show(""),
            format!("{:.0}%", rate.median / smallest * 100.0),
            Spread::of(&peaks).show(" MiB"),
        ]);
    }
    world.postgres.drop_database("run")?;
    let head =
        vec!["rows", "ours", "rows/s while they are taken", "of the smallest", "peak memory"];
    Ok(Section { head, rows: table, notes: Vec::new() })
}

fn csv(world: &World, version: u64) -> PathBuf {
    world.postgres.folder().join(format!("people-{version}.csv"))
}

/// Writes files of contacts for both, with numbers that follow those of the organisation.
fn write_files(world: &World, rows: u64, version: u64) -> Result {
    let people = People { group: LARGE, first: world.args.rows, count: rows, version };
    people.write_csv(&csv(world, version))?;
    let folder = world.postgres.folder().join(format!("limit-{version}"));
    fs::create_dir_all(&folder)?;
    people.write_staged(&folder.join("staged.copy"))?;
    let mut tags = fs::File::create(folder.join("tags.copy"))?;
    write_tags(&mut tags, LARGE)
}

fn run_ours(world: &mut World, rows: u64, figures: &mut [Figures; 3]) -> Result<Vec<String>> {
    world.fresh("run")?;
    let mut states = Vec::new();
    for ((kind, version), figures) in KINDS.into_iter().zip([0, 0, 1]).zip(figures) {
        let touched = touched(world)?;
        let ran = program::import(world, "run", &csv(world, version))?;
        figures.ours.push(ran.wall.as_secs_f64());
        figures.peak.push(ran.peak as f64 / 1_024.0);
        figures.phase.push(check_last(world, kind, rows)?);
        if kind == "unchanged" && touched != self::touched(world)? {
            return Err("an import of unchanged rows has rewritten contacts".into());
        }
        states.push(world.digest(SOURCES)?);
    }
    world.postgres.drop_database("run")?;
    Ok(states)
}

fn run_limit(world: &mut World, figures: &mut [Figures; 3]) -> Result<Vec<String>> {
    world.fresh("run")?;
    let mut states = Vec::new();
    for (((place, kind), version), figures) in (0..).zip(KINDS).zip([0, 0, 1]).zip(figures) {
        let ran = limit(world, version, ContactId(detail_id(LARGE, kind, 100 + place)))
            .map_err(|error| format!("the limit of {kind}: {error}"))?;
        figures.limit.push(ran.wall.as_secs_f64());
        states.push(world.digest(SOURCES)?);
    }
    world.postgres.drop_database("run")?;
    Ok(states)
}

fn limit(world: &World, version: u64, import: ContactId) -> Result<Ran> {
    let mut command = world.postgres.client("psql", "run");
    command.current_dir(world.postgres.folder().join(format!("limit-{version}")));
    let now = world.postgres.ask("postgres", "SELECT now()")?;
    for (name, value) in
        [("org", World::org().to_string()), ("import", import.to_string()), ("now", now)]
    {
        command.arg("-v").arg(format!("{name}={value}"));
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/bench/import.sql");
    command.args(["-o", "/dev/null", "-f", script]);
    program::run(command)
}

/// Checks the result of the last import, and returns how long its rows took.
fn check_last(world: &World, kind: &str, rows: u64) -> Result<f64> {
    let answer = world.postgres.ask(
        "run",
        "SELECT state, tally ->> 'added', tally ->> 'updated', tally -> 'skipped', \
         extract(epoch FROM finished_at - started_at) FROM imports ORDER BY created_at DESC LIMIT 1",
    )?;
    let (counts, phase) = answer.rsplit_once('|').unwrap_or_default();
    let expected = match kind {
        "new" => format!("done|{rows}|0|[]"),
        "unchanged" => format!("done|0|0|[[\"unchanged\", {rows}]]"),
        _ => format!("done|0|{rows}|[]"),
    };
    if counts != expected {
        return Err(format!("the import says {counts} and should say {expected}").into());
    }
    Ok(phase.parse()?)
}

/// Returns how many contacts were ever updated or deleted, and how many dead rows exist.
fn touched(world: &World) -> Result<String> {
    let counts = "SELECT pg_stat_get_tuples_updated(oid), pg_stat_get_tuples_deleted(oid), \
         pg_stat_get_dead_tuples(oid) FROM pg_class WHERE oid = 'contacts'::regclass";
    world.postgres.ask("run", counts)
}

fn row(kind: &str, rows: u64, figures: &Figures) -> Vec<String> {
    let rates: Vec<_> = figures.ours.iter().map(|seconds| rows as f64 / seconds).collect();
    let peak = Spread::of(&figures.peak);
    vec![
        kind.to_owned(),
        Spread::of(&figures.ours).show(" s"),
        Spread::of(&figures.limit).show(" s"),
        Spread::of_ratios(&figures.ours, &figures.limit).show("x"),
        Spread::of(&figures.phase).show(" s"),
        Spread::of(&rates).show(""),
        format!("{} MiB", digits(peak.most)),
    ]
}
