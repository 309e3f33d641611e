//! What is asked for on the command line.

use std::path::PathBuf;

use crate::Result;

/// What is measured, and how much of it.
pub(crate) struct Args {
    /// The benchmarks to run.
    pub(crate) names: Vec<String>,
    /// How many contacts the large organisation holds, and how many rows a file has.
    pub(crate) rows: u64,
    /// How often each is run.
    pub(crate) runs: usize,
    /// How long a statement is repeated, in each run.
    pub(crate) seconds: u64,
    /// Whether the tables go into `docs/BENCHMARKS.md`.
    pub(crate) writes: bool,
    /// Where the server's programs are; without it they are looked for.
    pub(crate) pg_bin: Option<PathBuf>,
    /// Where the throw-away cluster is made.
    pub(crate) scratch: PathBuf,
}

const USAGE: &str = "usage: scripts/bench [NAME...] [--rows N] [--runs N] [--seconds N] \
     [--no-write] [--pg-bin FOLDER] [--scratch FOLDER]";

impl Args {
    /// Reads the arguments. Without names, every benchmark is run.
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
