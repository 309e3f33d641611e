//! Audits in memory.
//!
//! Counts that the world derives from its rows have nothing to be compared with: their checks find
//! nothing here.

use std::collections::BTreeMap;
use std::time::Duration;

use contacts_core::audit::{AuditRepository, Check, Finding};
use contacts_core::campaign::{DeliveryKind, DeliveryStatus};
use contacts_core::job::Job;
use contacts_core::run::{RunKind, RunState};
use contacts_core::undo::UndoSubject;
use contacts_core::{OrgId, Result};
use time::OffsetDateTime;

use crate::World;
use crate::memory::jobs::Jobs;
use crate::memory::record::Record;
use crate::world::Rows;

impl AuditRepository for World {
    fn check(
        &self,
        org: OrgId,
        check: Check,
        now: OffsetDateTime,
        _: Duration,
    ) -> Result<Vec<String>> {
        let state = self.state();
        let Some(rows) = state.organisations.get(&org) else { return Ok(Vec::new()) };
        let mut found = match check {
            Check::RunWithoutJob => rows.runs_without_job(org, &state.jobs),
            Check::JobWithoutRun => rows.jobs_without_run(org, &state.jobs, now),
            _ => rows.failing(check, now),
        };
        found.truncate(Finding::MAX_EXAMPLES + 1);
        Ok(found)
    }
}

impl Rows {
    /// Returns the rows that fail a check that concerns no jobs.
    fn failing(&self, check: Check, now: OffsetDateTime) -> Vec<String> {
        match check {
            Check::DuplicateAddress => self.duplicate_addresses(),
            Check::AddressRows => self.failing_contacts(|record| !self.is_indexed(record)),
            Check::MissingSource => self.failing_contacts(|record| record.sources.is_empty()),
            Check::SubscribedLater => {
                self.failing_contacts(|record| self.was_subscribed_later(record))
            }
            Check::UnsubscribeNotKept => self.failing_contacts(|record| {
                let mut subscriptions = record.subscriptions.values();
                record.contact.consent.is_subscribed()
                    && !record.is_resubscribed()
                    && subscriptions.any(|subscription| subscription.unsubscribed_at.is_some())
            }),
            Check::MergeChain => self.broken_merges(),
            Check::WebhookAhead => {
                let ahead = self
                    .webhooks
                    .values()
                    .filter(|stored| stored.webhook.cursor > self.last_number());
                ahead.map(|stored| format!("webhooks:{}", stored.webhook.id)).collect()
            }
            Check::SelectionCount => {
                let wrong = self
                    .selections
                    .values()
                    .filter(|stored| stored.selection.contacts != stored.ids.len() as u64);
                wrong.map(|stored| format!("selections:{}", stored.selection.id)).collect()
            }
            Check::ActionCount => self.miscounted_actions(),
            Check::UndoCount => self.miscounted_undos(),
            Check::OrphanRow => self.orphans(),
            Check::FutureTime => self.future_rows(now + Duration::from_secs(60)),
            Check::ContactTotal
            | Check::FeedCounter
            | Check::FeedGap
            | Check::ImportCount
            | Check::RunWithoutJob
            | Check::JobWithoutRun => Vec::new(),
        }
    }

    fn failing_contacts(&self, fails: impl Fn(&Record) -> bool) -> Vec<String> {
        let failing = self.contacts.records.values().filter(|record| fails(record));
        failing.map(|record| format!("contacts:{}", record.contact.id)).collect()
    }

    fn duplicate_addresses(&self) -> Vec<String> {
        let mut owners: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for record in self.contacts.records.values().filter(|r| r.contact.email.is_some()) {
            owners.entry(record.contact.email_key()).or_default().push(record.contact.id);
        }
        let shared = owners.values().filter(|ids| ids.len() > 1);
        shared.filter_map(|ids| Some(format!("contacts:{}", ids.first()?))).collect()
    }

    /// Returns whether exactly the addresses of a contact find it.
    fn is_indexed(&self, record: &Record) -> bool {
        let Record { contact, addresses, .. } = record;
        let finds = |key| self.contacts.by_address.get(key) == Some(&contact.id);
        contact.emails().count() == addresses.len()
            && contact.emails().all(|e| addresses.contains_key(e.key()) && finds(e.key()))
    }

    fn was_subscribed_later(&self, record: &Record) -> bool {
        let Some(at) = record.contact.consent.unsubscribe().map(|first| first.at) else {
            return false;
        };
        let mut deliveries = record.deliveries.values();
        let may_be_late = deliveries.any(|delivery| delivery.kind == DeliveryKind::Unsubscribed)
            || self.merged.values().any(|survivor| *survivor == record.contact.id);
        let mut subscriptions = record.subscriptions.values();
        !may_be_late
            && subscriptions.any(|subscription| {
                subscription.status() == DeliveryStatus::Pending
                    && subscription.pending_at > at
                    && subscription.pending_at > record.contact.updated_at
            })
    }

    fn broken_merges(&self) -> Vec<String> {
        let exists = |id| self.contacts.records.contains_key(id);
        let broken = self.merged.iter().filter(|(id, survivor)| {
            !exists(survivor) || exists(id) || self.merged.contains_key(survivor)
        });
        broken.map(|(id, _)| format!("merged_contacts:{id}")).collect()
    }

    fn miscounted_actions(&self) -> Vec<String> {
        let wrong = self.actions.values().filter(|stored| {
            let action = &stored.action;
            let skipped: u64 = action.tally.skipped.values().sum();
            let counted = action.tally.changed + action.tally.unchanged + skipped;
            action.chunks_done as usize > stored.parts.len()
                || action.state == RunState::Done
                    && (action.chunks_done != action.chunks || action.contacts != counted)
        });
        wrong.map(|stored| format!("actions:{}", stored.action.id)).collect()
    }

    fn miscounted_undos(&self) -> Vec<String> {
        let undos = self.undos.values().map(|stored| &stored.undo);
        let wrong = undos.filter(|undo| {
            let is_wrong = match undo.subject {
                UndoSubject::Import(import) => {
                    let chunks = self.imports.get(&import).map_or(0, |run| run.chunks.len());
                    undo.chunks as usize != chunks || undo.chunks_done > undo.chunks
                }
                UndoSubject::Action(action) => {
                    let chunks = self.journal.get(&action).map_or(0, Vec::len);
                    undo.chunks_done as usize + chunks > undo.chunks as usize
                }
                UndoSubject::Merge(_) => undo.chunks_done > undo.chunks,
            };
            is_wrong || undo.state == RunState::Done && undo.chunks_done != undo.chunks
        });
        wrong.map(|undo| format!("undos:{}", undo.id)).collect()
    }

    fn orphans(&self) -> Vec<String> {
        let is_owned = |file| {
            self.imports.values().any(|run| run.import.file == file)
                || self.actions.values().any(|stored| stored.action.file == Some(file))
        };
        let files =
            self.files.iter().filter(|(file, chunks)| !chunks.is_empty() && !is_owned(**file));
        let files = files.map(|(file, _)| format!("file_chunks:{file}"));
        let lost = self.failing_contacts(|record| {
            let mut deliveries = record.deliveries.values();
            deliveries.any(|delivery| !self.campaigns.contains_key(&delivery.campaign))
        });
        files.chain(lost).collect()
    }

    fn future_rows(&self, limit: OffsetDateTime) -> Vec<String> {
        let contacts = self.failing_contacts(|record| {
            record.contact.created_at > limit || record.contact.updated_at > limit
        });
        let events = self.events.iter().filter(|event| event.at > limit);
        let runs = self.runs().filter(|run| {
            let times = [Some(run.created_at), run.started_at, run.finished_at];
            times.into_iter().flatten().any(|at| at > limit)
        });
        let selections = self.selections.values().map(|stored| &stored.selection);
        let selections = selections.filter(|selection| selection.created_at > limit);
        let webhooks = self.webhooks.values().map(|stored| &stored.webhook);
        let webhooks = webhooks.filter(|webhook| webhook.created_at > limit);
        contacts
            .into_iter()
            .chain(events.map(|_| "events:".to_owned()))
            .chain(runs.map(|run| format!("{}:{}", table_of(run.kind), run.id)))
            .chain(selections.map(|selection| format!("selections:{}", selection.id)))
            .chain(webhooks.map(|webhook| format!("webhooks:{}", webhook.id)))
            .collect()
    }

    fn runs_without_job(&self, org: OrgId, jobs: &Jobs) -> Vec<String> {
        let lost = self.open_jobs().filter(|job| !jobs.contains(org, *job));
        lost.filter_map(|job| match job {
            Job::AnalyseImport(id) | Job::RunImport(id) => Some(format!("imports:{id}")),
            Job::DryRun(id) => Some(format!("dry_runs:{id}")),
            Job::Undo(id) => Some(format!("undos:{id}")),
            Job::RunAction(id) => Some(format!("actions:{id}")),
            Job::Erase(id) => Some(format!("erasures:{id}")),
            Job::DeliverWebhook(id) => Some(format!("webhooks:{id}")),
            Job::Sync(id) => Some(format!("connected_sources:{id}")),
            Job::SweepEvents | Job::EraseFile(_) | Job::RebuildSearch => None,
        })
        .collect()
    }

    fn jobs_without_run(&self, org: OrgId, jobs: &Jobs, now: OffsetDateTime) -> Vec<String> {
        let overdue = jobs.of_org(org).filter(|(.., due)| *due <= now - Duration::from_secs(3_600));
        let lost = overdue.filter(|(_, job, _)| !self.has_subject(*job));
        lost.map(|(id, ..)| format!("jobs:{id}")).collect()
    }

    fn has_subject(&self, job: Job) -> bool {
        let mut imports = self.imports.values();
        match job {
            Job::AnalyseImport(id) | Job::RunImport(id) => self.imports.contains_key(&id),
            Job::DryRun(id) => imports.any(|run| {
                let dry = run.dry.as_ref().map(|dry| dry.as_run().id.0);
                dry == Some(id.0)
            }),
            Job::Undo(id) => self.undos.values().any(|stored| stored.undo.id == id),
            Job::RunAction(id) | Job::EraseFile(id) => self.actions.contains_key(&id),
            Job::Erase(id) => self.erasures.contains_key(&id),
            Job::DeliverWebhook(id) => self.webhooks.contains_key(&id),
            Job::Sync(id) => self.sources.contains_key(&id),
            Job::SweepEvents | Job::RebuildSearch => true,
        }
    }
}

/// Returns the name by which findings refer to runs of a kind.
fn table_of(kind: RunKind) -> &'static str {
    match kind {
        RunKind::Import => "imports",
        RunKind::DryRun => "dry_runs",
        RunKind::Undo | RunKind::UndoAction => "undos",
        RunKind::Erasure => "erasures",
        RunKind::Sync => "sync_runs",
        _ => "actions",
    }
}
