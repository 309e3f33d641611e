//! The log: on standard error, for people on a terminal, and as JSON for programs elsewhere.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use crate::config::{LogConfig, LogFormat};
use crate::report::{Done, Failure};

/// Starts logging. `usual` is the level when the configuration does not say.
///
/// # Errors
///
/// A sentence when the configured level is none.
pub fn start(config: &LogConfig, usual: &str) -> Done {
    let level = config.log.as_deref().filter(|level| !level.trim().is_empty());
    // r2d2 repeats what our own errors say, and actix what it does when nothing is wrong.
    let directives = format!("r2d2=off,actix_server=warn,{}", level.unwrap_or(usual));
    let filter = EnvFilter::try_new(directives).map_err(|_not_a_filter| {
        Failure::usage("CONTACTS_LOG is no level: use error, warn, info, debug or trace")
    })?;
    let terminal = io::stderr().is_terminal();
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let is_text = match config.log_format {
        LogFormat::Auto => terminal || level.is_none() && usual == "error",
        LogFormat::Text => true,
        LogFormat::Json => false,
    };
    let started = if is_text {
        builder.with_target(false).with_ansi(terminal).try_init()
    } else {
        builder.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init()
    };
    // Only a test could have started it before.
    drop(started);
    report_panics();
    Ok(())
}

/// A panic's message may hold what somebody typed, so only its place is told.
fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "the program has a fault: please report it with this place");
    }));
}
