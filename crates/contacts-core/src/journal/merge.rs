//! Undoing the merge of a contact into another (R53).

use std::collections::BTreeSet;

use time::OffsetDateTime;

use super::{JournalEffect, JournalEntry, JournalState};
use crate::campaign::{CampaignId, Subscription};
use crate::consent::Consent;
use crate::contact::{
    Change, Contact, ContactId, EmailAddress, ExternalId, FieldChange, FieldEdit, RestoreOutcome,
};
use crate::tag::TagId;
use crate::undo::{KeptItem, KeptReason};

/// What a merge did, as far as rules decide about undoing it. A store also keeps which notes,
/// conversations, sources and other rows moved, and gives back those that the survivor still has.
#[derive(Clone, Debug, PartialEq)]
pub struct MergeTrace {
    /// Time of the merge.
    pub at: OffsetDateTime,
    /// The contact that the other one was merged into.
    pub survivor: ContactId,
    /// The contact that was merged into another one, as it was, with its values of archived fields.
    pub other: Contact,
    /// Tags of the other contact.
    pub tags: BTreeSet<TagId>,
    /// Tags that the survivor got from it.
    pub gained_tags: BTreeSet<TagId>,
    /// Changes of the survivor's fields.
    pub edits: Vec<FieldEdit>,
    /// Whether the survivor was subscribed before (R51).
    pub was_subscribed: bool,
    /// Subscriptions of the other contact.
    pub subscriptions: Vec<UnitedSubscription>,
}

/// A subscription of a contact that was merged into another one.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitedSubscription {
    /// The subscription as it was.
    pub other: Subscription,
    /// The subscription of the survivor to the same campaign, before the merge.
    pub own: Option<Subscription>,
}

/// The current state of what a merge changed.
#[derive(Clone, Debug)]
pub struct MergeState {
    /// The survivor, with its values of archived fields.
    pub survivor: Contact,
    /// The survivor's state for [`MergeTrace::tags`].
    pub tags: JournalState,
    /// Subscriptions of the survivor to the campaigns of the trace.
    pub subscriptions: Vec<Subscription>,
    /// Keys of the other contact's addresses that a third contact has now.
    pub taken_emails: BTreeSet<String>,
    /// The external ids of both contacts that a third contact has now.
    pub taken_external_ids: BTreeSet<String>,
}

/// Both contacts after a merge is undone.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// The survivor. Its tags are those before the undo.
    pub survivor: Contact,
    /// Changes of the survivor's profile.
    pub changes: Change,
    /// The contact that was merged, without its tags. Its consent is the survivor's.
    pub other: Contact,
    /// Tags that the other contact has again.
    pub tags: BTreeSet<TagId>,
    /// Tags that the survivor loses.
    pub untagged: BTreeSet<TagId>,
    /// Subscriptions that the other contact has again.
    pub subscribed: Vec<Subscription>,
    /// Campaigns with the subscription that the survivor has again, if it had one.
    pub restored: Vec<(CampaignId, Option<Subscription>)>,
    /// What is kept because somebody changed it since.
    pub kept: Vec<KeptItem>,
}

impl MergeTrace {
    /// Decides what undoing the merge does to both contacts.
    ///
    /// - A field that the survivor got from the other contact is restored if nobody has edited it
    ///   since. The other contact gets its fields as they were.
    /// - An address or an external id goes back if the survivor still has it, and did not choose the
    ///   address as its primary one since.
    /// - A tag goes back if nobody has removed it since. A subscription goes back if it is as the
    ///   merge left it.
    /// - Consent is never raised: both contacts have the consent that the survivor has now.
    ///
    /// Returns `None` when the other contact would have neither a name nor an address, because they
    /// were removed since.
    pub fn undo(&self, state: &MergeState, now: OffsetDateTime) -> Option<Split> {
        let (survivor, other) = (state.survivor.clone(), self.other.clone());
        let consent = survivor.consent.clone();
        let mut split = Split {
            other: Contact {
                tags: Vec::new(),
                consent,
                version: other.version + 1,
                updated_at: now,
                ..other
            },
            survivor,
            changes: Change::new(),
            tags: BTreeSet::new(),
            untagged: BTreeSet::new(),
            subscribed: Vec::new(),
            restored: Vec::new(),
            kept: Vec::new(),
        };
        split.restore_fields(&self.edits, &state.taken_external_ids);
        split.restore_external_id(&state.taken_external_ids);
        split.restore_addresses(&self.edits, &state.taken_emails);
        if split.other.name.is_none() && split.other.email.is_none() && self.was_named() {
            return None;
        }
        split.restore_tags(self, &state.tags, now);
        split.restore_subscriptions(self, &state.subscriptions);
        split.note_consent(self);
        if !split.changes.is_empty() {
            split.survivor.version += 1;
            split.survivor.updated_at = now;
        }
        Some(split)
    }

    /// Returns the external ids that the undo may restore. A third contact may have them now.
    pub fn external_ids(&self) -> BTreeSet<&ExternalId> {
        let former = self.edits.iter().filter_map(|edit| match edit {
            FieldEdit::ExternalId { from, .. } => from.as_ref(),
            _ => None,
        });
        former.chain(&self.other.external_id).collect()
    }

    fn was_named(&self) -> bool {
        self.other.name.is_some() || self.other.email.is_some()
    }
}

impl UnitedSubscription {
    /// Returns the survivor's subscription after the merge.
    fn united(&self, survivor: ContactId) -> Subscription {
        let mut united = self.own.clone().unwrap_or_else(|| self.other.clone());
        united.merge_with(&self.other);
        Subscription { contact: survivor, ..united }
    }
}

impl Split {
    /// Returns the changed fields of the survivor, as events name them.
    pub fn fields(&self) -> Vec<String> {
        let tags = (!self.untagged.is_empty()).then(|| "tags".to_owned());
        self.changes.iter().map(|change| change.field.clone()).chain(tags).collect()
    }

    fn keep(&mut self, contact: ContactId, field: impl Into<String>, reason: KeptReason) {
        self.kept.push(KeptItem { contact, field: Some(field.into()), reason });
    }

    fn restore_fields(&mut self, edits: &[FieldEdit], taken: &BTreeSet<String>) {
        for edit in edits.iter().filter(|edit| !matches!(edit, FieldEdit::Email { .. })) {
            if let FieldEdit::ExternalId { from: Some(from), .. } = edit
                && taken.contains(from.as_str())
            {
                self.keep(self.survivor.id, edit.field(), KeptReason::Taken);
                continue;
            }
            match edit.restore(&mut self.survivor) {
                RestoreOutcome::Done => self.changes.push(edit.restored()),
                RestoreOutcome::Already => {}
                RestoreOutcome::Changed => {
                    self.keep(self.survivor.id, edit.field(), KeptReason::Edited);
                }
            }
        }
    }

    fn restore_external_id(&mut self, taken: &BTreeSet<String>) {
        let Some(external_id) = &self.other.external_id else { return };
        let is_kept = self.survivor.external_id.as_ref() == Some(external_id);
        if is_kept || taken.contains(external_id.as_str()) {
            self.other.external_id = None;
            self.keep(self.other.id, "external_id", KeptReason::Taken);
        }
    }

    fn restore_addresses(&mut self, edits: &[FieldEdit], taken: &BTreeSet<String>) {
        let before = self.survivor.clone();
        self.restore_primary(edits);
        let primary = self.survivor.email.clone();
        let goes_back = |email: &&EmailAddress| {
            before.has_email(email.key()) && primary.as_ref().is_none_or(|p| p.key() != email.key())
        };
        let (back, kept): (Vec<_>, Vec<_>) =
            self.other.emails().cloned().partition(|email| goes_back(&email));
        if let Some(first) = kept.first() {
            let is_taken = kept.iter().any(|email| taken.contains(email.key()));
            let reason = if is_taken { KeptReason::Taken } else { KeptReason::Edited };
            let is_primary = self.other.email.as_ref() == Some(first);
            self.keep(self.other.id, if is_primary { "email" } else { "addresses" }, reason);
        }
        self.survivor.other_emails.retain(|email| !back.contains(email));
        let names: Vec<_> = back
            .iter()
            .filter(|email| before.other_emails.contains(email))
            .map(EmailAddress::as_str)
            .collect();
        let from = Some(names.join(", ")).filter(|names| !names.is_empty());
        if from.is_some() {
            self.changes.push(FieldChange { field: "addresses".to_owned(), from, to: None });
        }
        // The primary address comes first. If it is kept, another one takes its place.
        let mut back = back.into_iter();
        self.other.email = back.next();
        self.other.other_emails = back.collect();
    }

    /// Makes the survivor's former primary address the primary one again.
    fn restore_primary(&mut self, edits: &[FieldEdit]) {
        let edit = edits.iter().find_map(|edit| match edit {
            FieldEdit::Email { from, to, .. } if from != to => Some((edit, from, to)),
            _ => None,
        });
        let Some((edit, from, to)) = edit else { return };
        if self.survivor.email == *from {
            return;
        }
        let is_from_there = match from {
            Some(from) => self.survivor.other_emails.contains(from),
            // A contact with further addresses has a primary one.
            None => {
                self.survivor.other_emails.iter().all(|email| self.other.has_email(email.key()))
            }
        };
        if self.survivor.email != *to || !is_from_there {
            self.keep(self.survivor.id, "email", KeptReason::Edited);
            return;
        }
        self.survivor.other_emails.retain(|email| Some(email) != from.as_ref());
        let former = std::mem::replace(&mut self.survivor.email, from.clone());
        self.survivor
            .other_emails
            .extend(former.filter(|email| !self.other.has_email(email.key())));
        self.survivor.other_emails.sort_unstable_by(|one, other| one.key().cmp(other.key()));
        self.changes.push(edit.restored());
    }

    fn restore_tags(&mut self, trace: &MergeTrace, state: &JournalState, now: OffsetDateTime) {
        let effect = JournalEffect::TagsAdded(trace.tags.iter().copied().collect());
        let entry = JournalEntry { contact: self.survivor.id, effect };
        self.tags = entry.reverse(trace.at, state, now).tags_removed.into_iter().collect();
        self.untagged = self.tags.intersection(&trace.gained_tags).copied().collect();
        if state.tags.keys().any(|tag| !self.tags.contains(tag)) {
            self.keep(self.other.id, "tags", KeptReason::Tagged);
        }
    }

    fn restore_subscriptions(&mut self, trace: &MergeTrace, current: &[Subscription]) {
        let mut kept = None;
        for united in &trace.subscriptions {
            let campaign = united.other.campaign;
            let now = current.iter().find(|subscription| subscription.campaign == campaign);
            match now {
                Some(now) if *now == united.united(self.survivor.id) => {
                    self.subscribed.push(united.other.clone());
                    self.restored.push((campaign, united.own.clone()));
                }
                Some(now) if now.has_more_than(&united.united(self.survivor.id)) => {
                    kept = Some(KeptReason::Delivered);
                }
                _ => kept = kept.or(Some(KeptReason::Subscribed)),
            }
        }
        if let Some(reason) = kept {
            self.keep(self.other.id, "campaign", reason);
        }
    }

    fn note_consent(&mut self, trace: &MergeTrace) {
        if self.survivor.consent.is_subscribed() {
            return;
        }
        let was_subscribed = [
            (self.survivor.id, trace.was_subscribed),
            (self.other.id, trace.other.consent == Consent::Subscribed),
        ];
        for (contact, was_subscribed) in was_subscribed {
            if was_subscribed {
                self.keep(contact, "consent", KeptReason::Unsubscribed);
            }
        }
    }
}
