//! Making a source.

use std::time::Duration;

use clap::Args;
use contacts_core::OrgId;
use contacts_core::sync::{
    Cursor, Definition, Mapped, Mapping, Mode, Overwrite, Schedule, Settings, Vanish,
};
use contacts_core::tag::TagName;

use super::ask;
use super::line;
use crate::cli::import::mapping::{Told, apply};
use crate::cli::{org, out};
use crate::report::{Done, Failure};
use crate::wiring::Services;

/// A source to be made.
#[derive(Args, Debug)]
pub(in crate::cli) struct Add {
    /// What people call it
    name: String,
    #[command(flatten)]
    told: ask::Told,
    /// The stream that is read
    #[arg(long)]
    stream: String,
    /// Read everything each time, also where what has changed can be asked for
    #[arg(long)]
    full: bool,
    /// By which field what has changed is asked for, where the connector does not know
    #[arg(long, value_name = "FIELD", conflicts_with = "full")]
    cursor_field: Option<String>,
    /// Where a field goes: name, first_name, last_name, email, phone, tags, custom:KEY or skip. The
    /// others go where they are likely to belong. May be repeated
    #[arg(long, value_name = "FIELD=TARGET")]
    map: Vec<String>,
    /// What the fields may overwrite: own, blanks or everything
    #[arg(long, default_value = "own", value_name = "WHAT")]
    overwrite: String,
    /// The field that holds the external id, where the stream has no key
    #[arg(long, value_name = "FIELD")]
    id_field: Option<String>,
    /// Run so many minutes after the last run began
    #[arg(long, value_name = "MINUTES", conflicts_with = "cron")]
    every: Option<u64>,
    /// Run at the times of a cron expression of five fields
    #[arg(long, value_name = "EXPRESSION")]
    cron: Option<String>,
    /// The time zone of the cron expression
    #[arg(long, default_value = "UTC", value_name = "ZONE", requires = "cron")]
    time_zone: String,
    /// What happens to contacts that vanish there: nothing, unlink, or tag:NAME
    #[arg(long, default_value = "nothing", value_name = "WHAT")]
    vanish: String,
    /// Do not run it by itself yet
    #[arg(long)]
    paused: bool,
    /// The organisation, by id or name, where there are several
    #[arg(long, value_name = "ORG")]
    org: Option<String>,
}

pub(super) fn add(services: &Services, args: &Add) -> Done {
    let org = org::pick(services, args.org.as_deref())?.id;
    let schedule = args.schedule()?;
    let vanish = vanish(&args.vanish)?;
    let settings = args.told.settings(services)?;
    let mapping = args.mapping(services, org, &settings)?;
    let definition = Definition {
        name: args.name.clone(),
        connector: args.told.connector.clone(),
        mode: args.mode(services, &settings)?,
        settings,
        stream: args.stream.clone(),
        mapping,
        schedule,
        vanish,
        paused: args.paused,
    };
    let source = services.sources.create(org, definition)?;
    for Mapped { field, target, .. } in &source.mapping.fields {
        out::remark(format_args!("{} -> {target}", crate::cli::show::plain(field)));
    }
    out::say(line(&source, None))
}

impl Add {
    fn schedule(&self) -> Done<Option<Schedule>> {
        let schedule = match (self.every, &self.cron) {
            (None, None) => return Ok(None),
            (Some(minutes), _) => Schedule::every(Duration::from_secs(minutes.saturating_mul(60))),
            (None, Some(cron)) => Schedule::cron(cron, &self.time_zone),
        };
        let wrong = |why| Failure::usage(format!("the schedule {why}"));
        schedule.map(Some).map_err(wrong)
    }

    /// What has changed is asked for, where that can be.
    fn mode(&self, services: &Services, settings: &Settings) -> Done<Mode> {
        if self.full {
            return Ok(Mode::Full);
        }
        if let Some(cursor) = &self.cursor_field {
            return Ok(Mode::Incremental { cursor: Some(cursor.clone()) });
        }
        let streams = services.sources.discover(&self.told.connector, settings)?;
        let stream = streams.into_iter().find(|stream| stream.name == self.stream);
        let stream = stream.ok_or_else(|| {
            Failure::usage("there is no such stream: contacts source look lists them")
        })?;
        Ok(match stream.cursor {
            Cursor::Known => Mode::Incremental { cursor: None },
            Cursor::Field(Some(field)) => Mode::Incremental { cursor: Some(field) },
            Cursor::None | Cursor::Field(None) => Mode::Full,
        })
    }

    /// Where the fields of the first records are likely to belong, and where they were told to go.
    fn mapping(&self, services: &Services, org: OrgId, settings: &Settings) -> Done<Mapping> {
        let overwrite = Overwrite::parse(&self.overwrite).ok_or_else(|| {
            Failure::usage("--overwrite must be own, blanks or everything".to_owned())
        })?;
        let told = self.map.iter().map(|told| Told::parse(told)).collect::<Done<Vec<_>>>()?;
        let sources = &services.sources;
        let sample = sources.sample(org, &self.told.connector, settings, &self.stream)?;
        let suggested: Vec<_> = sample.suggestions.into_iter().map(|s| s.target).collect();
        let targets = apply(&told, &sample.fields, &suggested)?;
        let fields = sample.fields.into_iter().zip(targets);
        let fields =
            fields.filter_map(|(field, target)| Some(Mapped { field, target: target?, overwrite }));
        Ok(Mapping { fields: fields.collect(), id_field: self.id_field.clone() })
    }
}

fn vanish(text: &str) -> Done<Vanish> {
    match text.split_once(':') {
        None if text == "nothing" => Ok(Vanish::Nothing),
        None if text == "unlink" => Ok(Vanish::Unlink),
        Some(("tag", name)) => TagName::parse(name)
            .map(Vanish::Tag)
            .map_err(|why| Failure::usage(format!("the tag of --vanish {why}"))),
        _ => Err(Failure::usage("--vanish must be nothing, unlink or tag:NAME")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_to_the_vanished_is_read() {
        assert_eq!(vanish("nothing").unwrap(), Vanish::Nothing);
        assert_eq!(vanish("unlink").unwrap(), Vanish::Unlink);
        assert_eq!(vanish("tag:Gone: 1").unwrap(), Vanish::Tag(TagName::parse("Gone: 1").unwrap()));
        for wrong in ["", "tag", "tag:", "tag:a,b", "delete"] {
            assert_eq!(vanish(wrong).unwrap_err().status(), 2, "{wrong}");
        }
    }
}
