//! `contacts export`: writes contacts to a CSV file or a workbook.

mod target;

use std::io::{self, IsTerminal};
use std::iter;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Args;
use contacts_core::contact::{ContactFilter, FilterText};
use contacts_core::export::{ExportFormat, FileFormat};
use contacts_core::import::FileBytes;
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
    /// The kind of the file: csv, or xlsx for a workbook, in which spreadsheet programs change no
    /// value [default: csv, or that of the file's name]
    #[arg(long, value_name = "FORMAT", value_parser = parse_format)]
    format: Option<FileFormat>,
    /// Begin a CSV file with a byte order mark, for Excel
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
    let file_format = file_format(args)?;
    let target = Target::open(args.output.as_deref())?;
    let stop = listen_to_signals()?;
    with_services(database, |services| {
        let org = org::pick(services, args.org.as_deref())?.id;
        let filter = read_filter(services, org, &text)?;
        let run = services.exports.matching(org, filter.clone(), &text, &format, Actor::System);
        let mut run = run.map_err(|error| errors("--columns", error))?;
        let written = Arc::new(AtomicU64::new(0));
        let counter = written.clone();
        let csv = iter::from_fn(move || {
            let chunk = run.next();
            counter.store(run.written(), Ordering::Relaxed);
            chunk
        });
        let file = services.exports.convert(org, Box::new(csv), &format, file_format)?;
        let progress =
            args.output.is_some().then(|| progress(services, org, &filter)).transpose()?;
        let show = || {
            if let Some(progress) = &progress {
                progress.set_position(written.load(Ordering::Relaxed));
            }
        };
        write(file, target, show, &stop)?;
        let contacts = out::count(written.load(Ordering::Relaxed), "contact", "contacts");
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
    Ok(Progress::of_contacts(contacts.ports().contacts.count(org, filter)?))
}

fn write(file: FileBytes, mut target: Target, show: impl Fn(), stop: &Stop) -> Done<()> {
    for chunk in file {
        if stop.is_asked() {
            return Err(Failure::interrupted("the export was interrupted: nothing was written"));
        }
        target.write(&chunk?)?;
        show();
    }
    target.finish()
}

fn parse_format(text: &str) -> Result<FileFormat, String> {
    let found = FileFormat::ALL.into_iter().find(|format| format.as_str() == text);
    found.ok_or_else(|| "must be csv or xlsx".to_owned())
}

/// The kind of the file: the chosen one, or that which its name says.
fn file_format(args: &Export) -> Done<FileFormat> {
    let extension = args.output.as_deref().and_then(Path::extension).and_then(|name| name.to_str());
    let named = extension.and_then(|name| parse_format(&name.to_ascii_lowercase()).ok());
    let format = args.format.or(named).unwrap_or_default();
    if format == FileFormat::Xlsx && args.output.is_none() && io::stdout().is_terminal() {
        return Err(Failure::usage(
            "a workbook cannot be shown: name its file with --output".to_owned(),
        ));
    }
    Ok(format)
}
