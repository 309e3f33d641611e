//! `contacts import`: a file from look to summary.

mod ask;
mod dry_run;
mod follow;
pub(super) mod mapping;
mod skipped;
pub(super) mod summary;
mod undo;
mod upload;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use contacts_core::import::{Analysis, Import as Run, ImportService, ImportState, NewPlan, Policy};
use contacts_core::tag::TagName;
use contacts_worker::WorkerConfig;

use self::ask::Answer;
use self::mapping::Told;
use self::skipped::SkippedFile;
use super::inspect::cannot_start;
use super::progress::Progress;
use super::show::Found;
use super::{listen_to_signals, org, out, with_services};
use crate::config::DatabaseConfig;
use crate::report::{Done, Failure};
use crate::signals::Stop;

/// A file to be imported, or an import to be undone.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Import {
    #[command(subcommand)]
    task: Option<Task>,
    #[command(flatten)]
    file: ImportFile,
}

/// What else can be done with imports. A file of such a name is ./NAME.
#[derive(Debug, Subcommand)]
enum Task {
    /// Undoes an import, but for what was changed since
    Undo(undo::UndoImport),
}

/// A file to be imported.
#[derive(Args, Debug)]
struct ImportFile {
    /// The file
    #[arg(required = true)]
    file: Option<PathBuf>,
    /// Start without asking
    #[arg(long, short)]
    yes: bool,
    /// Only say what would happen, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Where a column goes: name, first_name, last_name, email, phone, tags, custom:KEY or skip.
    /// The column's name, or # and its number. May be repeated
    #[arg(long, value_name = "COLUMN=TARGET")]
    map: Vec<String>,
    /// What may happen to contacts: overwrite, fill_blanks, add_only or update_only
    #[arg(long)]
    policy: Option<String>,
    /// A tag for everybody in the file. May be repeated
    #[arg(long)]
    tag: Vec<String>,
    /// Write the skipped rows to a file, with the reasons
    #[arg(long, value_name = "FILE")]
    skipped: Option<PathBuf>,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
    /// The organisation, by id or name, where there are several
    #[arg(long, value_name = "ORG")]
    org: Option<String>,
}

/// What the command line asks for, understood.
struct Wishes<'a> {
    args: &'a ImportFile,
    told: Vec<Told>,
    policy: Option<Policy>,
    tags: Vec<TagName>,
    skipped: Option<SkippedFile>,
}

/// Imports a file, or undoes an import.
pub(super) fn import(database: &DatabaseConfig, args: &Import) -> Done {
    match (&args.task, &args.file.file) {
        (Some(Task::Undo(args)), _) => undo::undo(database, args),
        (None, Some(file)) => import_file(database, &args.file, file),
        (None, None) => Err(Failure::usage("say which file is to be imported")),
    }
}

fn import_file(database: &DatabaseConfig, args: &ImportFile, file: &Path) -> Done {
    // Everything that can be wrong without a database, before there is one.
    let source = upload::open(file)?;
    let mut wishes = Wishes {
        args,
        told: args.map.iter().map(|told| Told::parse(told)).collect::<Done<_>>()?,
        policy: args.policy.as_deref().map(parse_policy).transpose()?,
        tags: args.tag.iter().map(|tag| parse_tag(tag)).collect::<Done<_>>()?,
        skipped: None,
    };
    wishes.skipped =
        args.skipped.as_ref().map(|skipped| SkippedFile::open(skipped, file)).transpose()?;
    let stop = listen_to_signals()?;
    with_services(database, |services| {
        let org = org::pick(services, args.org.as_deref())?.id;
        // Whatever server runs beside may take the jobs as well; whoever does, they are done.
        let config = WorkerConfig { poll: Duration::from_millis(20), ..WorkerConfig::one() };
        let workers = services.worker(config).start().map_err(|_refused| {
            Failure::new("the system has no more threads for this user: raise the limit")
        })?;
        let uploaded = upload::store(&services.imports, org, file, source, &stop)?;
        let done = wishes.run(&services.imports, uploaded, &stop);
        workers.stop();
        done
    })
}

impl Wishes<'_> {
    fn run(self, imports: &ImportService, uploaded: Run, stop: &Stop) -> Done {
        let (org, id) = (uploaded.org, uploaded.id);
        if self.args.dry_run {
            let done = self.rehearse(imports, uploaded, stop);
            // Nobody will start it.
            let _ = imports.cancel(org, id);
            return done;
        }
        let started = self.prepare(imports, uploaded, stop).and_then(|ready| {
            self.confirm(&ready, stop)?;
            Ok(imports.start(org, id)?)
        });
        let started = started.inspect_err(|_failure| {
            // An import that nobody will start is of no use to anybody; one at an end stays.
            let _ = imports.cancel(org, id);
        })?;
        let rows = started.analysis.as_ref().map_or(0, |analysis| analysis.rows);
        let ended = follow::to_the_end(imports, &started, stop, &Progress::of_rows(rows))?;
        self.conclude(imports, &ended)
    }

    /// Says what would happen.
    fn rehearse(&self, imports: &ImportService, uploaded: Run, stop: &Stop) -> Done {
        let ready = self.prepare(imports, uploaded, stop)?;
        let (run, issues) = dry_run::rehearse(imports, &ready, stop)?;
        if self.args.json {
            return out::say(summary::json(&Run { tally: run.tally, ..ready }));
        }
        self.tell("So it would go:");
        summary::lines(&run.tally, issues.iter()).iter().for_each(|line| self.tell(line));
        Ok(())
    }

    /// Waits until the file was looked at, applies what was told, and shows what would happen.
    fn prepare(&self, imports: &ImportService, uploaded: Run, stop: &Stop) -> Done<Run> {
        let looked = follow::until_looked_at(imports, &uploaded, stop)?;
        let (Some(analysis), Some(plan), ImportState::Ready) =
            (&looked.analysis, &looked.plan, looked.state)
        else {
            let problem = looked.problem.unwrap_or_else(|| "the import was cancelled".to_owned());
            return Err(Failure::new(problem));
        };
        let columns = mapping::apply(&self.told, &analysis.layout.header, &plan.columns)?;
        let new =
            NewPlan { columns: Some(columns), policy: self.policy, tags: Some(self.tags.clone()) };
        let ready = imports.replan(looked.org, looked.id, new)?;
        self.show(&ready, analysis);
        if let Some(plan) = &ready.plan {
            plan.check().map_err(|error| Failure::new(cannot_start(&error)))?;
        }
        Ok(ready)
    }

    fn show(&self, ready: &Run, analysis: &Analysis) {
        let Some(plan) = &ready.plan else { return };
        let found = Found {
            name: &ready.file_name,
            layout: &analysis.layout,
            samples: &analysis.samples,
            rows: analysis.rows,
            suggestions: &analysis.suggestions,
            columns: &plan.columns,
        };
        found.lines().into_iter().for_each(|line| self.tell(&line));
        self.tell(summary::policy(plan.policy));
        if !plan.tags.is_empty() {
            let tags: Vec<_> = plan.tags.iter().map(TagName::as_str).collect();
            self.tell(&format!("Everybody in the file is tagged {}.", tags.join(", ")));
        }
    }

    fn confirm(&self, ready: &Run, stop: &Stop) -> Done {
        if self.args.yes {
            return Ok(());
        }
        let rows = ready.analysis.as_ref().map_or(0, |analysis| analysis.rows);
        let question = format!("Import {}? [y/N] ", out::count(rows, "row", "rows"));
        match ask::ask(&question, stop) {
            Answer::Yes => Ok(()),
            Answer::No => Err(Failure::new("nothing was imported, as you said")),
            Answer::Interrupted => Err(follow::interrupted()),
            Answer::Nobody => Err(Failure::usage(
                "nothing was imported: nobody is at a terminal to be asked, so say --yes to start without asking",
            )),
        }
    }

    fn conclude(self, imports: &ImportService, ended: &Run) -> Done {
        if self.args.json {
            out::say(summary::json(ended))?;
        } else {
            // A few are enough to see what is wrong; all are in the file of skipped rows.
            let issues = imports.issues(ended.org, ended.id, 0, summary::ISSUES + 1)?;
            summary::lines(&ended.tally, issues.iter()).iter().for_each(|line| self.tell(line));
        }
        if let Some(file) = self.skipped {
            let (rows, file) = file.write(imports.skipped_rows(ended.org, ended.id)?)?;
            let rows = out::count(rows, "skipped row is", "skipped rows are");
            out::remark(format_args!("The {rows} in {}.", file.display()));
        }
        match ended.state {
            ImportState::Cancelled => Err(Failure::interrupted(
                "the import was cancelled: what was taken before stays, and it can be imported again",
            )),
            ImportState::Failed => Err(Failure::new(
                ended.problem.clone().unwrap_or_else(|| "the import failed".to_owned()),
            )),
            _ => Ok(()),
        }
    }

    /// Standard output is for the summary when that is JSON. Whoever closes it early wants to
    /// hear no more, and the import goes on.
    fn tell(&self, line: &str) {
        if self.args.json {
            out::remark(line);
        } else {
            let _ = out::say(line);
        }
    }
}

fn parse_policy(name: &str) -> Done<Policy> {
    Policy::parse(&name.trim().replace('-', "_")).ok_or_else(|| {
        let names = Policy::ALL.map(Policy::as_str).join(", ");
        Failure::usage(format!("{name} is no policy: use one of {names}"))
    })
}

fn parse_tag(name: &str) -> Done<TagName> {
    TagName::parse(name)
        .map_err(|why| Failure::usage(format!("--tag cannot be used: the name {why}")))
}
