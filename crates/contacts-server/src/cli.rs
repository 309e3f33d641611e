//! The command line.
//!
//! Every command succeeds, or ends with one sentence on standard error that says what to do, and an
//! exit status other than zero.

mod audit;
mod export;
mod import;
mod inspect;
mod key;
mod layout;
mod migrate;
mod openapi;
mod org;
mod out;
mod progress;
mod sandbox;
mod serve;
mod show;
mod sign_in_link;
mod source;
mod user;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};
use contacts_embed::Contacts;

use crate::config::{DatabaseConfig, LogConfig};
use crate::report::{Done, Failure};
use crate::wiring::{SMALL_POOL, Server};
use crate::{log, signals};

/// Manages the contacts that an organisation can message
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
    /// Serve the page and the API, and run jobs
    Serve(Box<serve::Serve>),
    /// Run jobs only, beside a `contacts serve` elsewhere
    Work(serve::Work),
    /// Serve the API over a world in memory, for tests of other programs
    Sandbox(sandbox::Sandbox),
    /// Bring the database schema up to date
    Migrate,
    /// Import a CSV file or a workbook, or undo an import
    Import(Box<import::Import>),
    /// Export contacts to a CSV file
    Export(export::Export),
    /// Create, run and list connected sources
    #[command(subcommand)]
    Source(source::Source),
    /// Show what an import into an empty organisation would do, without a database
    Inspect(inspect::Inspect),
    /// Create and list organisations
    #[command(subcommand)]
    Org(org::Org),
    /// Create, list and revoke API keys
    #[command(subcommand)]
    Key(key::Key),
    /// List and invite users, deactivate and reactivate them
    #[command(subcommand)]
    User(user::User),
    /// Create a link that signs a user in on the page, once
    SignInLink(sign_in_link::SignInLink),
    /// Check that what is stored is consistent; changes nothing and may run beside traffic
    Audit(audit::Audit),
    /// Print the OpenAPI description of the API
    Openapi,
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let failure = match Cli::try_parse() {
        Ok(cli) => match run(&cli) {
            Ok(()) => return ExitCode::SUCCESS,
            Err(failure) => failure,
        },
        Err(error) => usage_failure(&error),
    };
    if let Some(sentence) = failure.sentence() {
        out::print_warning(sentence);
    }
    ExitCode::from(failure.status())
}

fn run(cli: &Cli) -> Done {
    let lasts = matches!(cli.command, Command::Serve(_) | Command::Work(_) | Command::Sandbox(_));
    // A short command reports its failure itself, as one sentence.
    log::start(&cli.log, if lasts { "info" } else { "error" })?;
    let database = &cli.database;
    match &cli.command {
        Command::Serve(args) => serve::serve(database, args),
        Command::Work(args) => serve::work(database, args),
        Command::Sandbox(args) => sandbox::run(database, args),
        Command::Migrate => migrate::migrate(database),
        Command::Import(args) => import::import(database, args),
        Command::Export(args) => export::export(database, args),
        Command::Source(args) => source::run(database, args),
        Command::Inspect(args) => inspect::inspect(args),
        Command::Org(args) => org::run(database, args),
        Command::Key(args) => key::run(database, args),
        Command::User(args) => user::run(database, args),
        Command::SignInLink(args) => sign_in_link::run(database, args),
        Command::Audit(args) => audit::audit(database, args),
        Command::Openapi => openapi::print(),
    }
}

/// Runs a command over a database whose schema is up to date.
fn with_services(config: &DatabaseConfig, work: impl FnOnce(&Contacts) -> Done) -> Done {
    with_database(config, |contacts| {
        contacts.migrate()?;
        work(contacts)
    })
}

/// Runs a command over a database, and releases its server.
fn with_database(config: &DatabaseConfig, work: impl FnOnce(&Contacts) -> Done) -> Done {
    let server = Server::find(config)?;
    let done = server
        .options(SMALL_POOL)
        .connect()
        .map_err(Failure::from)
        .and_then(|contacts| work(&contacts));
    let left = server.begin_shutdown();
    done.and(left)
}

fn listen_to_signals() -> Done<signals::Stop> {
    signals::Stop::on_signals().map_err(|_refused| {
        Failure::new("the system has no more threads or files for this user: raise the limits")
    })
}

/// The error of clap as one sentence. Help and the version are not failures.
fn usage_failure(error: &clap::Error) -> Failure {
    match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            // A reader that closes the output early, such as `head`, has seen enough.
            let _ = error.print();
            Failure::silent(u8::try_from(error.exit_code()).unwrap_or(2))
        }
        _ => {
            let text = error.to_string();
            let message =
                text.split("\n\n").next().unwrap_or_default().trim_start_matches("error: ");
            let words: Vec<_> = message.split_whitespace().collect();
            let tip = text.lines().find_map(|line| line.trim().strip_prefix("tip: "));
            let tip = tip.unwrap_or("see contacts --help");
            Failure::usage(format!("{}; {tip}", words.join(" ")))
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
        let failure = usage_failure(&error);
        assert_eq!(
            failure.sentence(),
            Some("the following required arguments were not provided: <ID>; see contacts --help")
        );
        assert_eq!(failure.status(), 2);
        let error = Cli::try_parse_from(["contacts", "org", "create", "A", "--regoin", "DE"]);
        assert_eq!(
            usage_failure(&error.unwrap_err()).sentence(),
            Some("unexpected argument '--regoin' found; a similar argument exists: '--region'")
        );
    }
}
