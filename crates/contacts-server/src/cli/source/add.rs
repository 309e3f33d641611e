//! Creates a source.

use std::time::Duration;

use clap::Args;
use contacts_core::sync::{
    Cursor, MappedField, Mapping, Mode, Overwrite, Schedule, Settings, SourceDefinition,
    VanishPolicy,
};
use contacts_core::tag::TagName;
use contacts_core::{Actor, OrgId, Services};

use super::ask;
use super::line;
use crate::cli::import::mapping::{ColumnMapping, apply};
use crate::cli::{org, out};
use crate::report::{Done, Failure};

/// Arguments of `contacts source add`.
#[derive(Args, Debug)]
pub(in crate::cli) struct Add {
    /// The name of the source
    name: String,
    #[command(flatten)]
    connector: ask::ConnectorArgs,
    /// The stream to read
    #[arg(long)]
    stream: String,
    /// Read all records each time, also when the connector can return only changes
    #[arg(long)]
    full: bool,
    /// The field by which changes are found, when the connector does not define it
    #[arg(long, value_name = "FIELD", conflicts_with = "full")]
    cursor_field: Option<String>,
    /// Import a field as name, first_name, middle_name, last_name, email, phone, tags or
    /// custom:KEY, or skip it. Other fields get the suggested target. May be repeated
    #[arg(long, value_name = "FIELD=TARGET")]
    map: Vec<String>,
    /// The values that the source may overwrite: own (its own and blank ones), blanks or everything
    #[arg(long, default_value = "own", value_name = "WHAT")]
    overwrite: String,
    /// The field with the external id, when the stream has no key
    #[arg(long, value_name = "FIELD")]
    id_field: Option<String>,
    /// Run every so many minutes
    #[arg(long, value_name = "MINUTES", conflicts_with = "cron")]
    every: Option<u64>,
    /// Run at the times of a cron expression with five fields
    #[arg(long, value_name = "EXPRESSION")]
    cron: Option<String>,
    /// The time zone of the cron expression
    #[arg(long, default_value = "UTC", value_name = "ZONE", requires = "cron")]
    time_zone: String,
    /// What happens when a contact is removed at the source: nothing, unlink, or tag:NAME
    #[arg(long, default_value = "nothing", value_name = "WHAT")]
    vanish: String,
    /// Create the source with its schedule paused
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
    let settings = args.connector.settings(services)?;
    let mapping = args.mapping(services, org, &settings)?;
    let definition = SourceDefinition {
        name: args.name.clone(),
        connector: args.connector.connector.clone(),
        mode: args.mode(services, &settings)?,
        settings,
        stream: args.stream.clone(),
        mapping,
        schedule,
        vanish,
        paused: args.paused,
    };
    let source = services.sources.create(org, definition, Actor::System)?;
    for MappedField { field, target, .. } in &source.mapping.fields {
        out::remark(format_args!("{} -> {target}", crate::cli::show::plain(field)));
    }
    out::print_line(line(&source, None))
}

impl Add {
    fn schedule(&self) -> Done<Option<Schedule>> {
        let schedule = match (self.every, &self.cron) {
            (None, None) => return Ok(None),
            (Some(minutes), _) => Schedule::every(Duration::from_secs(minutes.saturating_mul(60))),
            (None, Some(cron)) => Schedule::cron(cron, &self.time_zone),
        };
        let errors = |reason| Failure::usage(format!("the schedule {reason}"));
        schedule.map(Some).map_err(errors)
    }

    /// Reads only changes when the stream allows it, unless `--full` is given.
    fn mode(&self, services: &Services, settings: &Settings) -> Done<Mode> {
        if self.full {
            return Ok(Mode::Full);
        }
        if let Some(cursor) = &self.cursor_field {
            return Ok(Mode::Incremental { cursor: Some(cursor.clone()) });
        }
        let streams = services.sources.discover(&self.connector.connector, settings)?;
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

    /// The suggested targets of the fields of the first records, with the mappings applied.
    fn mapping(&self, services: &Services, org: OrgId, settings: &Settings) -> Done<Mapping> {
        let overwrite = Overwrite::parse(&self.overwrite).ok_or_else(|| {
            Failure::usage("--overwrite must be own, blanks or everything".to_owned())
        })?;
        let mappings = self.map.iter().map(|text| ColumnMapping::parse(text));
        let mappings = mappings.collect::<Done<Vec<_>>>()?;
        let sources = &services.sources;
        let sample = sources.sample(org, &self.connector.connector, settings, &self.stream)?;
        let suggested: Vec<_> = sample.suggestions.into_iter().map(|s| s.target).collect();
        let targets = apply(&mappings, &sample.fields, &suggested)?;
        let fields = sample.fields.into_iter().zip(targets);
        let fields = fields
            .filter_map(|(field, target)| Some(MappedField { field, target: target?, overwrite }));
        Ok(Mapping { fields: fields.collect(), id_field: self.id_field.clone() })
    }
}

fn vanish(text: &str) -> Done<VanishPolicy> {
    match text.split_once(':') {
        None if text == "nothing" => Ok(VanishPolicy::Nothing),
        None if text == "unlink" => Ok(VanishPolicy::Unlink),
        Some(("tag", name)) => TagName::parse(name)
            .map(VanishPolicy::Tag)
            .map_err(|reason| Failure::usage(format!("the tag of --vanish {reason}"))),
        _ => Err(Failure::usage("--vanish must be nothing, unlink or tag:NAME")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_for_removed_contacts_is_parsed() {
        assert_eq!(vanish("nothing").unwrap(), VanishPolicy::Nothing);
        assert_eq!(vanish("unlink").unwrap(), VanishPolicy::Unlink);
        assert_eq!(
            vanish("tag:Gone: 1").unwrap(),
            VanishPolicy::Tag(TagName::parse("Gone: 1").unwrap())
        );
        for errors in ["", "tag", "tag:", "tag:a,b", "delete"] {
            assert_eq!(vanish(errors).unwrap_err().status(), 2, "{errors}");
        }
    }
}
