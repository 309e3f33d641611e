//! `contacts export`: writes contacts to a CSV file.

mod target;

use std::path::PathBuf;

use clap::Args;
use contacts_core::contact::{ContactFilter, FilterText};
use contacts_core::export::{Export as Run, ExportFormat};
use contacts_core::page::Count;
use contacts_core::{Actor, Error, Invalid, OrgId, Services};
use contacts_embed::Contacts;

use self::target::Target;
use super::progress::Progress;
use super::{listen_to_signals, org, out, with_services};
use crate::config::DatabaseConfig;
use crate::report::{Done, Failure};
use crate::signals::Stop;

/// Arguments of `contacts export`.
#[derive(Args, Debug)]
pub(super) struct Export {
    /// Export only contacts that match: a filter of the API's list, such as tags_any=vip, q=ann or
    /// field.tier=any_of:gold. May be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    filter: Vec<String>,
    /// The columns in order, comma-separated: id, name, email, phone, tags, consent, source,
    /// created_at, updated_at, and keys of custom fields [default: all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    columns: Option<Vec<String>>,
    /// The file to write, which gets this name when it is complete [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Begin the file with a byte order mark, for Excel
    #[arg(long)]
    bom: bool,
    /// The organisation, by id or name, where there are several
    #[arg(long, value_name = "ORG")]
    org: Option<String>,
}

/// Exports contacts.
pub(super) fn export(database: &DatabaseConfig, args: &Export) -> Done {
    let filter = args.filter.iter().map(|text| part(text)).collect::<Done<Vec<_>>>()?;
    let text = FilterText::new(filter);
    let format = ExportFormat { columns: args.columns.clone(), byte_order_mark: args.bom };
    // Before the database is opened: these mistakes need none to be found.
    let target = Target::open(args.output.as_deref())?;
    let stop = listen_to_signals()?;
    with_services(database, |services| {
        let org = org::pick(services, args.org.as_deref())?.id;
        let filter = read_filter(services, org, &text)?;
        let run = services.exports.matching(org, filter.clone(), &text, &format, Actor::System);
        let run = run.map_err(|error| errors("--columns", error))?;
        let progress = args.output.is_some().then(|| progress(services, org, &filter));
        let written = write(run, target, progress.transpose()?.as_ref(), &stop)?;
        let contacts = out::count(written, "contact", "contacts");
        match &args.output {
            Some(file) => out::remark(format_args!("Exported {contacts} to {}.", file.display())),
            None => out::remark(format_args!("Exported {contacts}.")),
        }
        Ok(())
    })
}

fn part(text: &str) -> Done<(String, String)> {
    let part = text.split_once('=').filter(|(name, _)| FilterText::is_name(name));
    let (name, value) = part.ok_or_else(|| {
        let names = FilterText::NAMES.join(", ");
        Failure::usage(format!(
            "--filter {text} is not a filter: write NAME=VALUE, where NAME is one of {names}, or {}KEY",
            FilterText::FIELD
        ))
    })?;
    Ok((name.to_owned(), value.to_owned()))
}

fn read_filter(services: &Services, org: OrgId, filter: &FilterText) -> Done<ContactFilter> {
    let read = services.segments.read(org, filter, services.clock.now());
    read.map_err(|error| errors("--filter", error))
}

/// A failure that names the option with the invalid value.
fn errors(option: &str, error: Error) -> Failure {
    let Error::Invalid(parts) = error else { return error.into() };
    let part = |part: &Invalid| format!("{} {}", part.field, part.reason);
    let parts: Vec<_> = parts.iter().map(part).collect();
    Failure::usage(format!("{option} cannot be used: {}", parts.join("; ")))
}

fn progress(contacts: &Contacts, org: OrgId, filter: &ContactFilter) -> Done<Progress> {
    let counted = contacts.ports().contacts.count(org, filter, true)?;
    let (Count::Exact(contacts) | Count::MoreThan(contacts)) = counted;
    Ok(Progress::of_contacts(contacts))
}

fn write(mut run: Run, mut target: Target, progress: Option<&Progress>, stop: &Stop) -> Done<u64> {
    while let Some(chunk) = run.next() {
        if stop.is_asked() {
            return Err(Failure::interrupted("the export was interrupted: nothing was written"));
        }
        target.write(&chunk?)?;
        if let Some(progress) = progress {
            progress.set_position(run.written());
        }
    }
    target.finish()?;
    Ok(run.written())
}
