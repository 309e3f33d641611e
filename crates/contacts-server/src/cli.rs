//! The command line.
//!
//! Every command ends well, or with one sentence on standard error that says what to do, and an
//! exit status that is not zero.

mod export;
mod import;
mod inspect;
mod key;
mod migrate;
mod openapi;
mod org;
mod out;
mod progress;
mod serve;
mod show;
mod source;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

use crate::config::{DatabaseConfig, LogConfig};
use crate::report::{Done, Failure};
use crate::wiring::{Server, Services};
use crate::{log, signals};

/// The people an organisation can message.
#[derive(Debug, Parser)]
#[command(name = "contacts", version, subcommand_required = true, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    database: DatabaseConfig,
    #[command(flatten)]
    log: LogConfig,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves the API, and runs jobs beside it
    Serve(Box<serve::Serve>),
    /// Runs jobs only, beside a `contacts serve` elsewhere
    Work(serve::Work),
    /// Brings the database's schema up to date
    Migrate,
    /// Imports a CSV file
    Import(import::Import),
    /// Exports contacts to a CSV file
    Export(export::Export),
    /// Makes, runs and lists connected sources
    #[command(subcommand)]
    Source(source::Source),
    /// Says what an import would find and do in an empty organisation, without a database
    Inspect(inspect::Inspect),
    /// Makes and lists organisations
    #[command(subcommand)]
    Org(org::Org),
    /// Makes, lists and revokes API keys
    #[command(subcommand)]
    Key(key::Key),
    /// Prints the API's OpenAPI description
    Openapi,
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let failure = match Cli::try_parse() {
        Ok(cli) => match run(&cli) {
            Ok(()) => return ExitCode::SUCCESS,
            Err(failure) => failure,
        },
        Err(error) => misunderstood(&error),
    };
    if let Some(sentence) = failure.sentence() {
        out::complain(sentence);
    }
    ExitCode::from(failure.status())
}

fn run(cli: &Cli) -> Done {
    let lasts = matches!(cli.command, Command::Serve(_) | Command::Work(_));
    // What a short command has to say of a failure, it says itself.
    log::start(&cli.log, if lasts { "info" } else { "error" })?;
    let database = &cli.database;
    match &cli.command {
        Command::Serve(args) => serve::serve(database, args),
        Command::Work(args) => serve::work(database, args),
        Command::Migrate => migrate::migrate(database),
        Command::Import(args) => import::import(database, args),
        Command::Export(args) => export::export(database, args),
        Command::Source(args) => source::run(database, args),
        Command::Inspect(args) => inspect::inspect(args),
        Command::Org(args) => org::run(database, args),
        Command::Key(args) => key::run(database, args),
        Command::Openapi => openapi::print(),
    }
}

/// Runs a command over a database whose schema is up to date.
fn with_services(config: &DatabaseConfig, work: impl FnOnce(&Services) -> Done) -> Done {
    with_database(config, |services| {
        services.migrate()?;
        work(services)
    })
}

/// Runs a command over a database, and leaves it in order.
fn with_database(config: &DatabaseConfig, work: impl FnOnce(&Services) -> Done) -> Done {
    let server = Server::find(config)?;
    let done = server.open(Services::FEW).and_then(|services| work(&services));
    let left = server.leave();
    done.and(left)
}

fn listen_to_signals() -> Done<signals::Stop> {
    signals::Stop::on_signals().map_err(|_refused| {
        Failure::new("the system has no more threads or files for this user: raise the limits")
    })
}

/// What clap says, as one sentence; help and the version are no failures.
fn misunderstood(error: &clap::Error) -> Failure {
    match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            // Whoever closes the output early has seen enough.
            let _ = error.print();
            Failure::silent(u8::try_from(error.exit_code()).unwrap_or(2))
        }
        _ => {
            let text = error.to_string();
            let said = text.split("\n\n").next().unwrap_or_default().trim_start_matches("error: ");
            let said: Vec<_> = said.split_whitespace().collect();
            Failure::usage(format!("{}; see contacts --help", said.join(" ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_commands_are_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_wrong_argument_is_one_sentence() {
        let error = Cli::try_parse_from(["contacts", "key", "revoke"]).unwrap_err();
        let failure = misunderstood(&error);
        assert_eq!(
            failure.sentence(),
            Some("the following required arguments were not provided: <ID>; see contacts --help")
        );
        assert_eq!(failure.status(), 2);
    }
}
