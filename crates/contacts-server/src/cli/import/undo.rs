//! `contacts import undo`: undoes an import.

use std::time::Duration;

use clap::Args;
use contacts_core::import::ImportId;
use contacts_core::run::RunState;
use contacts_core::undo::{KeptItem, KeptReason, Undo, UndoService, UndoSubject};
use contacts_core::{Actor, OrgId};
use contacts_worker::WorkerConfig;
use serde_json::json;
use uuid::Uuid;

use crate::cli::{listen_to_signals, org, out, with_services};
use crate::config::DatabaseConfig;
use crate::report::{Done, Failure};
use crate::signals::Stop;

/// The most kept items that are shown.
const MAX_KEPT: usize = 10;

/// Arguments of `contacts import undo`.
#[derive(Args, Debug)]
pub(in crate::cli) struct UndoImport {
    /// The import's id
    id: Uuid,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
    /// The organisation, by id or name, where there are several
    #[arg(long, value_name = "ORG")]
    org: Option<String>,
}

/// Undoes an import.
pub(in crate::cli) fn undo(database: &DatabaseConfig, args: &UndoImport) -> Done {
    let stop = listen_to_signals()?;
    with_services(database, |services| {
        let org = org::pick(services, args.org.as_deref())?.id;
        let config = WorkerConfig { poll: Duration::from_millis(20), ..WorkerConfig::one() };
        let (undos, import) = (&services.undos, UndoSubject::Import(ImportId(args.id)));
        undos.begin(org, import, Actor::System)?;
        let workers = services.worker(config).start().map_err(|_refused| {
            Failure::new("the system has no more threads for this user: raise the limit")
        })?;
        let done = to_the_end(undos, org, import, &stop).and_then(|undo| {
            report_result(args, &undo, &undos.kept(org, import, None, MAX_KEPT + 1)?)
        });
        workers.stop();
        done
    })
}

fn to_the_end(undos: &UndoService, org: OrgId, import: UndoSubject, stop: &Stop) -> Done<Undo> {
    loop {
        let undo = undos.get(org, import)?;
        if !undo.state.is_open() {
            return Ok(undo);
        }
        if stop.wait_for(Duration::from_millis(50)) {
            return Err(Failure::interrupted(
                "the import is partly undone: contacts serve or contacts work undoes the rest",
            ));
        }
    }
}

fn report_result(args: &UndoImport, undo: &Undo, kept: &[KeptItem]) -> Done {
    let tally = &undo.tally;
    if args.json {
        let view = json!({
            "id": undo.subject.id().to_string(), "state": undo.state.as_str(),
            "removed": tally.removed, "restored": tally.restored, "kept": tally.kept,
            "unchanged": tally.unchanged, "gone": tally.gone,
        });
        out::print_line(view)?;
    } else {
        let [removed, restored, left] =
            [tally.removed, tally.restored, tally.kept].map(out::grouped);
        out::print_line(format_args!("{removed} removed, {restored} restored, {left} kept"))?;
        for (at, kept) in kept.iter().enumerate() {
            match at {
                MAX_KEPT => out::print_line("    …")?,
                _ => out::print_line(format_args!("    {}", line(kept)))?,
            }
        }
    }
    match undo.state {
        RunState::Failed => {
            Err(Failure::new(undo.problem.clone().unwrap_or_else(|| "the undo failed".to_owned())))
        }
        RunState::Cancelled => {
            Err(Failure::interrupted("the undo was cancelled: what was restored stays"))
        }
        _ => Ok(()),
    }
}

fn line(kept: &KeptItem) -> String {
    let reason = match kept.reason {
        KeptReason::Edited => "was edited since",
        KeptReason::Taken => "is used by another contact now",
        KeptReason::Tagged => "was tagged since",
        KeptReason::Noted => "has a note",
        KeptReason::Conversation => "has a conversation",
        KeptReason::Subscribed => "is in a campaign",
        KeptReason::CameAgain => "was added from another source, too",
        KeptReason::Merged => "was merged",
        KeptReason::Delivered => "was reached by the campaign",
        KeptReason::Unsubscribed => "has unsubscribed",
        KeptReason::Unreachable => "has no address any more",
        KeptReason::Deleted => "was deleted",
    };
    match &kept.field {
        Some(field) => format!("{} of contact {} {reason}", field, kept.contact),
        None => format!("contact {} {reason}", kept.contact),
    }
}
