//! The command line of the benchmarks.

use std::path::PathBuf;

use crate::Result;

/// The arguments of a run of the benchmarks.
pub(crate) struct Args {
    /// Names of the benchmarks to run.
    pub(crate) names: Vec<String>,
    /// Number of contacts in the large organisation, and number of rows in a file.
    pub(crate) rows: u64,
    /// Number of runs of each benchmark.
    pub(crate) runs: usize,
    /// Number of seconds for which each run repeats a statement.
    pub(crate) seconds: u64,
    /// Whether the tables are written to `docs/BENCHMARKS.md`.
    pub(crate) writes: bool,
    /// Folder of the server's programs. Without it, they are searched for.
    pub(crate) pg_bin: Option<PathBuf>,
    /// Folder in which the temporary cluster is created.
    pub(crate) scratch: PathBuf,
}

const USAGE: &str = "usage: scripts/bench [NAME...] [--rows N] [--runs N] [--seconds N] \
     [--no-write] [--pg-bin FOLDER] [--scratch FOLDER]";

impl Args {
    /// Reads the arguments. Without names, all benchmarks are run.
    pub(crate) fn read(arguments: &[String], known: &[&str]) -> Result<Self> {
        let mut args = Self {
            names: Vec::new(),
            rows: 1_000_000,
            runs: 5,
            seconds: 2,
            writes: true,
            pg_bin: None,
            scratch: std::env::temp_dir(),
        };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let mut value = || rest.next().ok_or_else(|| format!("{argument} lacks its value"));
            match argument.as_str() {
                "--bench" => {}
                "--rows" => args.rows = value()?.replace('_', "").parse()?,
                "--runs" => args.runs = value()?.parse()?,
                "--seconds" => args.seconds = value()?.parse()?,
                "--no-write" => args.writes = false,
                "--pg-bin" => args.pg_bin = Some(value()?.into()),
                "--scratch" => args.scratch = value()?.into(),
                name if known.contains(&name) => args.names.push(name.to_owned()),
                _ => return Err(format!("{argument} is unknown\n{USAGE}\nnames: {known:?}").into()),
            }
        }
        if args.rows < 1_000 || args.runs == 0 || args.seconds == 0 {
            return Err("at least 1000 rows, one run and one second are needed".into());
        }
        if args.names.is_empty() {
            args.names = known.iter().map(ToString::to_string).collect();
        }
        Ok(args)
    }
}
