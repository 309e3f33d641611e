//! Reports measurements as tables on the terminal and in `docs/BENCHMARKS.md`.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::Result;
use crate::base::World;
use crate::stats::thousands;

/// The table of a benchmark.
pub(crate) struct Section {
    /// Headers of the columns.
    pub(crate) head: Vec<&'static str>,
    /// Rows of the table.
    pub(crate) rows: Vec<Vec<String>>,
    /// Notes that explain the table.
    pub(crate) notes: Vec<String>,
}

/// Prints a section, and replaces the previous one in the document.
pub(crate) fn publish(world: &World, name: &str, section: &Section) -> Result {
    let mut text = section.table();
    for note in &section.notes {
        let _ = writeln!(text, "\n{note}");
    }
    let _ = writeln!(text, "\n{}", circumstances(world)?);
    println!("\n{text}");
    if !world.args.writes {
        return Ok(());
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/BENCHMARKS.md");
    let document = fs::read_to_string(&path)?;
    let (begin, end) = (format!("<!-- {name} -->"), format!("<!-- /{name} -->"));
    let places = document.find(&begin).zip(document.find(&end));
    let Some((from, to)) = places.filter(|(from, to)| from < to) else {
        return Err(format!("docs/BENCHMARKS.md lacks the lines {begin} and {end}").into());
    };
    let (before, after) = (&document[..from + begin.len()], &document[to..]);
    Ok(fs::write(&path, format!("{before}\n{text}{after}"))?)
}

impl Section {
    fn table(&self) -> String {
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            let widths = cells.map(|cell| cell.chars().count());
            widths.chain([self.head[column].chars().count()]).max().unwrap_or(0)
        };
        let widths: Vec<_> = (0..self.head.len()).map(width).collect();
        let mut text = String::new();
        let mut line = |cells: &mut dyn Iterator<Item = &str>| {
            for (cell, width) in cells.zip(&widths) {
                let _ = write!(text, "| {cell:width$} ");
            }
            text.push_str("|\n");
        };
        line(&mut self.head.iter().copied());
        let rules: Vec<_> = widths.iter().map(|width| "-".repeat(*width)).collect();
        line(&mut rules.iter().map(String::as_str));
        for row in &self.rows {
            line(&mut row.iter().map(String::as_str));
        }
        text
    }
}

/// Describes where, when and on which version the measurements were made.
fn circumstances(world: &World) -> Result<String> {
    let cores = std::thread::available_parallelism()?;
    let memory = fs::read_to_string("/proc/meminfo")?;
    let kib = memory.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok());
    let gib = kib.unwrap_or(0).div_ceil(1 << 20);
    let version = world.postgres.version()?;
    let day = world.postgres.ask("postgres", "SELECT current_date")?;
    let (rows, runs) = (thousands(world.args.rows), world.args.runs);
    let commit = commit();
    Ok(format!(
        "{day}, commit {commit}: {rows} rows, {runs} runs; {cores} cores, {gib} GiB, \
         PostgreSQL {version}."
    ))
}

fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        output.status.success().then_some(text)
    };
    let Some(commit) = git(&["rev-parse", "--short", "HEAD"]) else { return "unknown".to_owned() };
    let is_clean =
        git(&["status", "--porcelain", "--", ":!docs"]).is_some_and(|text| text.is_empty());
    if is_clean { commit } else { format!("{commit} and later changes") }
}
