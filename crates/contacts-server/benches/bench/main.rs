//! Speed of the program, compared with the same Postgres without anything in between.
//!
//! The program runs as a separate process, and so does its limit: `psql` and `pgbench` on the same
//! server, with the same rows, schema and indexes, and statements written by hand. Both take turns,
//! so that noise of the machine affects both. `docs/BENCHMARKS.md` explains the tables.

use std::process::ExitCode;

mod args;
mod base;
mod batch;
mod bulk;
mod capture;
mod deliveries;
mod export;
mod files;
mod http;
mod import;
mod list;
mod load;
mod page;
mod people;
mod postgres;
mod program;
mod random;
mod report;
mod search;
mod start;
mod statement;
mod stats;
mod sync;
mod words;

/// The reason why a benchmark has no result. It is printed on a terminal, and its kind does not
/// matter.
type Error = Box<dyn std::error::Error + Send + Sync>;

/// The result of a step of a benchmark.
type Result<T = ()> = std::result::Result<T, Error>;

/// A benchmark and its name.
struct Benchmark {
    name: &'static str,
    run: fn(&mut base::World) -> Result<report::Section>,
}

const ALL: &[Benchmark] = &[
    Benchmark { name: "import", run: import::run },
    Benchmark { name: "batch", run: batch::run },
    Benchmark { name: "linear", run: import::linear },
    Benchmark { name: "list", run: list::run },
    Benchmark { name: "search", run: search::run },
    Benchmark { name: "export", run: export::run },
    Benchmark { name: "bulk", run: bulk::run },
    Benchmark { name: "capture", run: capture::run },
    Benchmark { name: "deliveries", run: deliveries::run },
    Benchmark { name: "sync", run: sync::run },
    Benchmark { name: "start", run: start::run },
    Benchmark { name: "page", run: page::run },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --all-targets` runs this program, too, and must not wait for the benchmarks.
    if !arguments.iter().any(|argument| argument == "--bench") {
        println!("Nothing is measured: run scripts/bench.");
        return ExitCode::SUCCESS;
    }
    match measure(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(arguments: &[String]) -> Result {
    let names: Vec<_> = ALL.iter().map(|benchmark| benchmark.name).collect();
    let args = args::Args::read(arguments, &names)?;
    let mut world = base::World::new(args)?;
    for benchmark in ALL {
        if world.args.names.iter().any(|name| name == benchmark.name) {
            eprintln!("== {}", benchmark.name);
            let section = (benchmark.run)(&mut world)?;
            report::publish(&world, benchmark.name, &section)?;
        }
    }
    Ok(())
}
