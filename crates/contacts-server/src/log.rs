//! The log on standard error: text on a terminal, and JSON elsewhere.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use crate::config::{LogConfig, LogFormat};
use crate::report::{Done, Failure};

/// Starts logging. `usual` is the level when none is configured.
///
/// # Errors
///
/// A sentence when the configured level is invalid.
pub fn start(config: &LogConfig, usual: &str) -> Done {
    let level = config.log.as_deref().filter(|level| !level.trim().is_empty());
    // r2d2 repeats errors that we log ourselves, and actix logs routine work.
    let directives = format!("r2d2=off,actix_server=warn,{}", level.unwrap_or(usual));
    let filter = EnvFilter::try_new(directives).map_err(|_not_a_filter| {
        Failure::usage("CONTACTS_LOG is not a level: use error, warn, info, debug or trace")
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
    // It fails only in tests, where another test has started the log.
    drop(started);
    report_panics();
    Ok(())
}

/// Logs panics by their place in the source only: a panic's message may contain personal data.
fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "internal error: please report it with this place");
    }));
}
