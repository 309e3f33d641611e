//! Changes to the plan of an import (R32, R33).

use std::collections::BTreeMap;

use actix_web::web::Data;
use contacts_core::Invalid;
use contacts_core::import::{DomainReplacements, ImportId, NewPlan, Policy, Target};
use contacts_core::tag::TagName;
use serde::Deserialize;
use utoipa::ToSchema;

use super::format::FormatView;
use super::rule::RuleView;
use super::view::{ImportView, PolicyView};
use crate::parts::answer::{Answer, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::body::{Body, present};
use crate::parts::caller::CanImport;
use crate::parts::path::Id;
use crate::parts::problem::{Problem, ProblemView};
use crate::parts::shared::Shared;
use crate::parts::table::Table;

/// Maximum number of tags in a plan.
const MAX_TAGS: usize = 100;

pub(super) fn routes(table: Table) -> Table {
    table.add::<__path_replan, _, _>(replan)
}

/// A patch of an import's plan; absent members stay unchanged.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = PlanPatch)]
struct PlanBody {
    /// Whether the plan goes back to the suggestions before the other members are applied, in place
    /// of the choices of an earlier import. Tags stay.
    #[serde(default)]
    use_suggestions: bool,
    /// The target of each column of the file, in order: `id`, `external_id`, `name`, `first_name`,
    /// `middle_name`, `last_name`, `email`, `other_emails`, `phone`, `tags`, `subscribed`, `unsubscribed`,
    /// `custom:` followed by the key of a custom field, or null to skip the column.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    columns: Option<Vec<Option<String>>>,
    /// The policy for existing and new contacts.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<PolicyView>, nullable = false)]
    policy: Option<String>,
    /// Tags to add to every contact in the file, at most 100.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    tags: Option<Vec<String>>,
    /// The domains of addresses to replace: the domain in the file, and the one to read in its place; at
    /// most 100. They replace those before.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, example = json!({"gmial.com": "gmail.com"}))]
    domains: Option<BTreeMap<String, String>>,
    /// The formats of columns whose values do not show them, each column once. They replace those
    /// before.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    formats: Option<Vec<FormatView>>,
    /// The rules of columns that differ from the policy, each column once. They replace those before.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    rules: Option<Vec<RuleView>>,
}

impl PlanBody {
    fn read(self) -> Result<NewPlan, Problem> {
        let mut errors = Vec::new();
        let columns = self.columns.map(|columns| read_columns(&columns, &mut errors));
        let policy = self.policy.and_then(|name| {
            let policy = Policy::parse(&name);
            if policy.is_none() {
                let reason = "must be overwrite, fill_blanks, add_only, update_only or opt_out";
                errors.push(Invalid::new("policy", reason));
            }
            policy
        });
        let tags = self.tags.map(|names| read_tags(&names, &mut errors));
        let rules = self.rules.map(|rules| {
            let rules = rules.into_iter().enumerate();
            rules.map(|(at, rule)| rule.read(at, &mut errors)).collect()
        });
        if !errors.is_empty() {
            return Err(Problem::invalid(errors));
        }
        let domains = self.domains.map(DomainReplacements::parse).transpose()?;
        let formats = self.formats.map(|all| all.into_iter().map(Into::into).collect());
        let uses_suggestions = self.use_suggestions;
        Ok(NewPlan { uses_suggestions, columns, policy, tags, domains, formats, rules })
    }
}

fn read_columns(columns: &[Option<String>], errors: &mut Vec<Invalid>) -> Vec<Option<Target>> {
    let mut targets = Vec::with_capacity(columns.len());
    for (at, column) in columns.iter().enumerate() {
        let target = column.as_deref().map(Target::parse);
        if target == Some(None) {
            let reason = format!("must be {}, custom: and a field's key, or null", Target::NAMES);
            errors.push(Invalid::new(format!("columns[{at}]"), reason));
        }
        targets.push(target.flatten());
    }
    targets
}

fn read_tags(names: &[String], errors: &mut Vec<Invalid>) -> Vec<TagName> {
    if names.len() > MAX_TAGS {
        errors.push(Invalid::new("tags", format!("names more than {MAX_TAGS} tags")));
        return Vec::new();
    }
    let mut tags = Vec::with_capacity(names.len());
    for (at, name) in names.iter().enumerate() {
        match TagName::parse(name) {
            Ok(tag) => tags.push(tag),
            Err(reason) => errors.push(Invalid::new(format!("tags[{at}]"), reason)),
        }
    }
    tags.sort();
    tags.dedup();
    tags
}

/// Change the plan of an import
#[utoipa::path(
    patch, path = "/v1/imports/{id}", tag = "imports", operation_id = "plan_import",
    params(("id" = Uuid, Path, description = "The import")),
    request_body = PlanBody,
    responses(
        (status = 200, description = "The import with its new plan", body = ImportView),
        (status = 404, description = "There is no such import", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: it is not ready", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn replan(
    CanImport(caller): CanImport,
    shared: Data<Shared>,
    Id(id): Id<ImportId>,
    Body(body): Body<PlanBody>,
) -> Answer {
    let body = blocking(&shared, move |api| {
        let import = api.imports.replan(caller.org, id, body.read()?)?;
        to_json(&ImportView::new(import, api.clock.now()))
    });
    Ok(ok(body.await?))
}
