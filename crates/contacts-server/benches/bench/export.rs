//! Exports of all contacts, over HTTP and on the command line, compared with `\copy`.

use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use contacts_core::import::{Format, Layout, Spreadsheets, TextFormat};
use contacts_import::TableFiles;

use crate::Result;
use crate::base::World;
use crate::http::download;
use crate::program::{self, Served};
use crate::report::Section;
use crate::stats::{Spread, digits};

/// The limit, as a script for `psql`.
const LIMIT: &str = include_str!("export.sql");

/// Number of columns whose cells must be the same. The remaining columns are times, which have
/// different formats.
const SAME: usize = 11;

/// Results of one way of exporting, in the order of the runs.
#[derive(Default)]
struct Figures {
    ours: Vec<f64>,
    first: Vec<f64>,
    peak: Vec<f64>,
}

/// Exports all contacts in each way, and by hand, in turn.
pub(crate) fn run(world: &mut World) -> Result<Section> {
    world.fresh("run")?;
    let folder = world.postgres.folder().to_owned();
    fs::write(folder.join("export.sql"), LIMIT)?;
    let [over_http, by_command] = ["http.csv", "command.csv"].map(|name| folder.join(name));
    let mut http = Figures::default();
    let mut command = Figures::default();
    let mut limit = Vec::new();
    for run in 0..world.args.runs {
        world.postgres.uninterrupted()?;
        // Each run starts with another way, so that none always has the warmer cache.
        for interrupt in 0..3 {
            match (run + interrupt) % 3 {
                0 => limit.push(by_hand(world)?.as_secs_f64()),
                1 => fetch(world, &over_http, &mut http)?,
                _ => {
                    let ran = program::export(world, "run", &by_command)?;
                    command.ours.push(ran.wall.as_secs_f64());
                    command.peak.push(ran.peak as f64 / 1_024.0);
                }
            }
        }
        if run == 0 {
            compare(&folder.join("limit.csv"), &over_http)?;
            compare(&folder.join("limit.csv"), &by_command)?;
        }
        let last = |figures: &[f64]| figures.last().copied().unwrap_or(f64::NAN);
        eprintln!(
            "export: run {}: {:.2} s over HTTP, {:.2} s by the command, limit {:.2} s",
            run + 1,
            last(&http.ours),
            last(&command.ours),
            last(&limit)
        );
    }
    let notes = vec![
        "Seconds until the whole file is on disk, of every column, tags and custom fields \
         included. The command is measured from its start to its end. Goals: within 1.5x, 64 MiB, \
         the first byte within 100 ms."
            .to_owned(),
    ];
    let head = vec!["export", "ours", "limit", "ratio", "contacts/s", "first byte", "peak memory"];
    let rows = world.args.rows;
    let rows = vec![
        row("over HTTP", rows, &http, &limit),
        row("by the command, to a file", rows, &command, &limit),
    ];
    Ok(Section { head, rows, notes })
}

/// Returns how long `psql` takes.
fn by_hand(world: &World) -> Result<Duration> {
    let mut psql = world.postgres.client("psql", "run");
    psql.arg("-v").arg(format!("org={}", World::org())).args(["-f", "export.sql"]);
    Ok(program::run(psql)?.wall)
}

fn fetch(world: &World, file: &Path, figures: &mut Figures) -> Result {
    let served = Served::start(world, "run")?;
    let token = World::token().reveal();
    let times = download(&served.address, &token, "/v1/contacts/export", file)?;
    figures.ours.push(times.whole.as_secs_f64());
    figures.first.push(times.first_byte.as_secs_f64() * 1_000.0);
    figures.peak.push(served.peak() as f64 / 1_024.0);
    Ok(())
}

/// Checks that two files contain the same contacts.
fn compare(limit: &Path, ours: &Path) -> Result {
    let layout = Layout {
        format: Format::Text(TextFormat::standard()),
        header_line: 1,
        has_header: true,
        header: Vec::new(),
    };
    let open =
        |path: &Path| -> Result<_> { Ok(TableFiles.rows(Box::new(File::open(path)?), &layout)) };
    let (mut limit, mut ours) = (open(limit)?, open(ours)?);
    loop {
        match (limit.next().transpose()?, ours.next().transpose()?) {
            (None, None) => return Ok(()),
            (Some(limit), Some(ours)) => {
                let (theirs, cells) = (limit.cells?, ours.cells?);
                let mut both = theirs.iter().zip(&cells).take(SAME);
                if !both.all(|(one, other)| is_same(one, other)) || theirs.len() != cells.len() {
                    return Err(format!("line {} differs: {theirs:?}, {cells:?}", ours.line).into());
                }
            }
            _ => return Err("one file holds more people than the other".into()),
        }
    }
}

/// Returns whether two cells have the same value. A number may have zeros after the decimal point.
fn is_same(one: &str, other: &str) -> bool {
    let number = |cell: &str| cell.parse::<f64>().ok();
    one == other || (number(one).is_some() && number(one) == number(other))
}

fn row(name: &str, rows: u64, figures: &Figures, limit: &[f64]) -> Vec<String> {
    let rates: Vec<_> = figures.ours.iter().map(|seconds| rows as f64 / seconds).collect();
    let first = match figures.first[..] {
        [] => String::new(),
        _ => Spread::of(&figures.first).show(" ms"),
    };
    vec![
        name.to_owned(),
        Spread::of(&figures.ours).show(" s"),
        Spread::of(limit).show(" s"),
        Spread::of_ratios(&figures.ours, limit).show("x"),
        Spread::of(&rates).show(""),
        first,
        format!("{} MiB", digits(Spread::of(&figures.peak).most)),
    ]
}
