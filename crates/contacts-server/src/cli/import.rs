//! `contacts import`: imports a file and prints the summary.

mod ask;
mod columns;
mod correct;
mod domains;
mod dry_run;
mod follow;
pub(super) mod mapping;
mod retry;
mod skipped;
pub(super) mod summary;
mod undo;
mod upload;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use contacts_core::Actor;
use contacts_core::import::{
    Analysis, ChoicesOrigin, DomainReplacements, Import as Run, ImportService, ImportState,
    LayoutChoice, NewPlan, Policy, TableProblem,
};
use contacts_core::run::RunState;
use contacts_core::tag::TagName;
use contacts_worker::WorkerConfig;

use self::ask::Answer;
use self::columns::ColumnArgs;
use self::correct::CellCorrection;
use self::mapping::ColumnMapping;
use self::skipped::SkippedFile;
use super::inspect::{cannot_start, unusable};
use super::layout::LayoutArgs;
use super::progress::Progress;
use super::show::{Found, plain};
use super::{listen_to_signals, org, out, with_services};
use crate::config::DatabaseConfig;
use crate::report::{Done, Failure};
use crate::signals::Stop;

/// Arguments of `contacts import`.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Import {
    #[command(subcommand)]
    task: Option<Task>,
    #[command(flatten)]
    file: ImportFile,
}

/// Subcommands of `contacts import`. A file with the name of one is given as ./NAME.
#[derive(Debug, Subcommand)]
enum Task {
    /// Import corrected rows into the import that skipped them
    Retry(retry::RetryImport),
    /// Undo an import, except for what was changed since
    Undo(undo::UndoImport),
}

/// The file to import, and how.
#[derive(Args, Debug)]
struct ImportFile {
    /// The file to import
    #[arg(required = true)]
    file: Option<PathBuf>,
    #[command(flatten)]
    layout: LayoutArgs,
    /// Start without confirmation
    #[arg(long, short)]
    yes: bool,
    /// Show what would happen, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Import a column as id, external_id, name, first_name, middle_name, last_name, email,
    /// other_emails, phone, tags, subscribed, unsubscribed or custom:KEY, or skip it.
    /// COLUMN is its name, or # and its number. May be repeated
    #[arg(long, value_name = "COLUMN=TARGET")]
    map: Vec<String>,
    /// Begin with the suggestions for the file, not with the choices of the last import with the same
    /// headers
    #[arg(long)]
    ignore_earlier_choices: bool,
    /// How existing contacts are changed: overwrite, fill_blanks, add_only or update_only. opt_out
    /// unsubscribes everyone in the file, or those that a column names, and adds nobody
    #[arg(long)]
    policy: Option<String>,
    /// Whether a column overwrites values of existing contacts, whatever the policy: overwrite or
    /// fill_blanks; for tags and other addresses add. May be repeated
    #[arg(long, value_name = "COLUMN=RULE")]
    rule: Vec<String>,
    /// The text in a column of phone numbers, external ids or a custom field that clears the value of
    /// the contact, as in Phone=NULL; "" stands for a blank cell. May be repeated
    #[arg(long, value_name = "COLUMN=WORD")]
    clear: Vec<String>,
    /// How a column writes dates or numbers that can be read in two ways: day_first, month_first,
    /// comma or point (the decimal mark). May be repeated
    #[arg(long, value_name = "COLUMN=FORMAT")]
    format: Vec<String>,
    /// Correct a cell before the import: the line on which its row begins, its column, and the new
    /// text, as in 7:Email=ann@example.org. May be repeated
    #[arg(long, value_name = "LINE:COLUMN=VALUE")]
    correct: Vec<String>,
    /// Add a tag to every contact in the file. May be repeated
    #[arg(long)]
    tag: Vec<String>,
    /// Replace a misspelt domain of addresses, as in gmial.com=gmail.com. May be repeated
    #[arg(long, value_name = "DOMAIN=DOMAIN")]
    replace_domain: Vec<String>,
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

/// The parsed arguments.
struct Request<'a> {
    args: &'a ImportFile,
    layout: LayoutChoice,
    mappings: Vec<ColumnMapping>,
    policy: Option<Policy>,
    tags: Vec<TagName>,
    domains: DomainReplacements,
    columns: ColumnArgs,
    corrections: Vec<CellCorrection>,
    skipped: Option<SkippedFile>,
}

/// Imports a file, or undoes an import.
pub(super) fn import(database: &DatabaseConfig, args: &Import) -> Done {
    match (&args.task, &args.file.file) {
        (Some(Task::Retry(args)), _) => retry::retry(database, args),
        (Some(Task::Undo(args)), _) => undo::undo(database, args),
        (None, Some(file)) => import_file(database, &args.file, file),
        (None, None) => Err(Failure::usage("name the file to import")),
    }
}

fn import_file(database: &DatabaseConfig, args: &ImportFile, file: &Path) -> Done {
    // Before the database is opened: these mistakes need none to be found.
    let source = upload::open(file)?;
    let mut request = Request {
        args,
        layout: args.layout.choice()?,
        mappings: args.map.iter().map(|map| ColumnMapping::parse(map)).collect::<Done<_>>()?,
        policy: args.policy.as_deref().map(parse_policy).transpose()?,
        tags: args.tag.iter().map(|tag| parse_tag(tag)).collect::<Done<_>>()?,
        domains: domains::parse(&args.replace_domain)?,
        columns: ColumnArgs::parse(&args.rule, &args.clear, &args.format)?,
        corrections: args.correct.iter().map(|c| CellCorrection::parse(c)).collect::<Done<_>>()?,
        skipped: None,
    };
    request.skipped =
        args.skipped.as_ref().map(|skipped| SkippedFile::open(skipped, file)).transpose()?;
    let stop = listen_to_signals()?;
    with_services(database, |services| {
        let org = org::pick(services, args.org.as_deref())?.id;
        // A running server may take the jobs, too: either way they are done.
        let config = WorkerConfig { poll: Duration::from_millis(20), ..WorkerConfig::one() };
        let workers = services.worker(config).start().map_err(|_refused| {
            Failure::new("the system has no more threads for this user: raise the limit")
        })?;
        let uploaded = upload::store(&services.imports, org, file, source, &stop)?;
        let done = request.run(&services.imports, uploaded, &stop);
        workers.stop();
        done
    })
}

impl Request<'_> {
    fn run(self, imports: &ImportService, uploaded: Run, stop: &Stop) -> Done {
        let (org, id) = (uploaded.org, uploaded.id);
        if self.args.dry_run {
            let done = self.rehearse(imports, uploaded, stop);
            // The import stays unstarted otherwise.
            let _ = imports.cancel(org, id, Actor::System);
            return done;
        }
        let started = self.prepare(imports, uploaded, stop).and_then(|ready| {
            self.confirm(&ready, stop)?;
            Ok(imports.start(org, id, Actor::System)?)
        });
        let started = started.inspect_err(|_failure| {
            // The import stays unstarted otherwise. One that has ended cannot be cancelled.
            let _ = imports.cancel(org, id, Actor::System);
        })?;
        let rows = started.analysis.as_ref().map_or(0, |analysis| analysis.rows);
        let ended = follow::to_the_end(imports, &started, stop, &Progress::of_rows(rows))?;
        self.report_result(imports, &ended)
    }

    /// Prints what would happen.
    fn rehearse(&self, imports: &ImportService, uploaded: Run, stop: &Stop) -> Done {
        let ready = self.prepare(imports, uploaded, stop)?;
        let (run, issues) = dry_run::rehearse(imports, &ready, stop)?;
        if self.args.json {
            return out::print_line(summary::json(&Run { tally: run.tally, ..ready }));
        }
        self.print("The import would do this:");
        summary::lines(&run.tally, issues.iter()).iter().for_each(|line| self.print(line));
        Ok(())
    }

    /// Waits until the file is analysed, applies the arguments, and prints the plan.
    fn prepare(&self, imports: &ImportService, uploaded: Run, stop: &Stop) -> Done<Run> {
        let mut analysed = follow::until_analysed(imports, &uploaded, stop)?;
        let is_open = matches!(analysed.state, ImportState::Ready | ImportState::Unusable);
        if is_open && self.layout != LayoutChoice::default() {
            let chosen = imports.choose_layout(analysed.org, analysed.id, &self.layout)?;
            analysed = follow::until_analysed(imports, &chosen, stop)?;
        }
        let (Some(analysis), Some(plan), ImportState::Ready) =
            (&analysed.analysis, &analysed.plan, analysed.state)
        else {
            let problem = analysed.problem.unwrap_or_else(|| "the import was cancelled".to_owned());
            let is_headless = problem == TableProblem::NoHeader.to_string();
            return Err(Failure::new(match is_headless {
                true => unusable(&TableProblem::NoHeader),
                false => problem,
            }));
        };
        let uses_suggestions = self.args.ignore_earlier_choices && plan.choices_of.is_some();
        let suggested: Vec<_> = analysis.suggestions.iter().map(|s| s.target.clone()).collect();
        let first = if uses_suggestions { &suggested } else { &plan.columns };
        let header = &analysis.layout.header;
        let columns = mapping::apply(&self.mappings, header, first)?;
        let new = NewPlan {
            uses_suggestions,
            columns: Some(columns),
            policy: self.policy,
            tags: Some(self.tags.clone()),
            domains: (!self.args.replace_domain.is_empty()).then(|| self.domains.clone()),
            formats: self.columns.formats(&plan.formats, header)?,
            rules: self.columns.rules(&plan.rules, header)?,
        };
        let ready = imports.replan(analysed.org, analysed.id, new)?;
        correct::apply(imports, &ready, &self.corrections, header)?;
        self.show(imports, &ready, analysis);
        if let Some(plan) = &ready.plan {
            plan.check().map_err(|error| Failure::new(cannot_start(&error)))?;
        }
        Ok(ready)
    }

    fn show(&self, imports: &ImportService, ready: &Run, analysis: &Analysis) {
        let Some(plan) = &ready.plan else { return };
        let found = Found { name: &ready.file_name, analysis, plan };
        found.lines().into_iter().for_each(|line| self.print(&line));
        if let Some(origin) = &plan.choices_of {
            // The import may have been deleted since.
            let file_name = imports.get(ready.org, origin.import).map(|import| import.file_name);
            self.print(&choices_line(*origin, &file_name.unwrap_or_default()));
        }
        self.print(summary::policy(plan));
        if !plan.tags.is_empty() {
            let tags: Vec<_> = plan.tags.iter().map(TagName::as_str).collect();
            self.print(&format!("Every contact in the file is tagged {}.", tags.join(", ")));
        }
        found.warnings().into_iter().for_each(|warning| self.print(&warning));
        domains::lines(analysis, plan).iter().for_each(|line| self.print(line));
    }

    fn confirm(&self, ready: &Run, stop: &Stop) -> Done {
        if self.args.yes {
            return Ok(());
        }
        let rows = ready.analysis.as_ref().map_or(0, |analysis| analysis.rows);
        let question = format!("Import {}? [y/N] ", out::count(rows, "row", "rows"));
        match ask::ask(&question, stop) {
            Answer::Yes => Ok(()),
            Answer::No => Err(Failure::new("nothing was imported: the import was not confirmed")),
            Answer::Interrupted => Err(follow::interrupted()),
            Answer::NoTerminal => Err(Failure::usage(
                "nothing was imported: there is no terminal to confirm on, so add --yes",
            )),
        }
    }

    fn report_result(self, imports: &ImportService, ended: &Run) -> Done {
        if self.args.json {
            out::print_line(summary::json(ended))?;
        } else {
            // The first ones show what is wrong; the file of skipped rows has all.
            let issues = imports.issues(ended.org, ended.id, 0, summary::MAX_ISSUES + 1)?;
            summary::lines(&ended.tally, issues.iter()).iter().for_each(|line| self.print(line));
        }
        if let Some(file) = self.skipped {
            let (rows, file) = file.write(imports.skipped_rows(ended.org, ended.id)?)?;
            let rows = out::count(rows, "skipped row is", "skipped rows are");
            out::remark(format_args!("The {rows} in {}.", file.display()));
        }
        match ended.state {
            ImportState::Run(RunState::Cancelled) => Err(Failure::interrupted(
                "the import was cancelled: rows imported before stay, and the file can be imported again",
            )),
            ImportState::Run(RunState::Failed) => Err(Failure::new(
                ended.problem.clone().unwrap_or_else(|| "the import failed".to_owned()),
            )),
            _ => Ok(()),
        }
    }

    /// Prints a line for people: on standard error when standard output is for JSON. The import
    /// goes on when the reader closes standard output.
    fn print(&self, line: &str) {
        if self.args.json {
            out::remark(line);
        } else {
            let _ = out::print_line(line);
        }
    }
}

fn choices_line(origin: ChoicesOrigin, file_name: &str) -> String {
    let (name, day) = (plain(file_name), origin.started_at.date());
    format!("Choices of {name}, imported on {day}. To start over, add --ignore-earlier-choices.")
}

fn parse_policy(name: &str) -> Done<Policy> {
    Policy::parse(&name.trim().replace('-', "_")).ok_or_else(|| {
        let names = Policy::ALL.map(Policy::as_str).join(", ");
        Failure::usage(format!("{name} is not a policy: use one of {names}"))
    })
}

fn parse_tag(name: &str) -> Done<TagName> {
    TagName::parse(name)
        .map_err(|reason| Failure::usage(format!("--tag cannot be used: the name {reason}")))
}
