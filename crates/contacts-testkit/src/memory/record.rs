//! A contact in memory, with everything that belongs to it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use contacts_core::Actor;
use contacts_core::action::ActionId;
use contacts_core::campaign::{CampaignId, Delivery, DeliveryId, Subscription};
use contacts_core::consent::ConsentChange;
use contacts_core::contact::{
    Activity, ActivityCursor, ActivityKind, ActivitySource, AddressSource, Contact, Source,
    SourceDetail,
};
use contacts_core::conversation::{ConversationId, Visitor};
use contacts_core::tag::TagName;
use time::OffsetDateTime;

/// Number of activities recorded so far, of all contacts. It orders activities of the same time.
static NOTED: AtomicU64 = AtomicU64::new(0);

/// A contact and everything that belongs to it.
#[derive(Clone)]
pub(crate) struct Record {
    /// The contact. Its tags are spelled as the stored tags are.
    pub(crate) contact: Contact,
    pub(crate) sources: Vec<Source>,
    /// The source and the actor of each capture.
    pub(crate) senders: Vec<(SourceDetail, Actor)>,
    /// Details captured from each visitor, in each conversation that is a source of the contact.
    pub(crate) stated: BTreeMap<(Visitor, ConversationId), BTreeSet<String>>,
    /// Activities stored for this contact alone, by their number among those of all contacts.
    pub(crate) activity: BTreeMap<u64, Activity>,
    pub(crate) subscriptions: BTreeMap<CampaignId, Subscription>,
    /// Deliveries, in the order of their ids.
    pub(crate) deliveries: BTreeMap<DeliveryId, Delivery>,
    /// Activities of the bulk actions that changed the contact.
    pub(crate) bulk: BTreeMap<ActionId, Activity>,
    /// When and how each address was added, by its key.
    pub(super) addresses: BTreeMap<String, (OffsetDateTime, AddressSource)>,
}

impl Record {
    pub(crate) fn note(&mut self, at: OffsetDateTime, actor: Actor, what: ActivityKind) {
        self.activity.insert(NOTED.fetch_add(1, Relaxed), Activity { at, actor, what });
    }

    /// Adds a source unless it is already stored. Returns whether it was added.
    pub(crate) fn add_source(&mut self, at: OffsetDateTime, detail: SourceDetail) -> bool {
        if self.sources.iter().any(|known| known.detail.has_same_detail(&detail)) {
            return false;
        }
        self.sources.push(Source { at, detail });
        // The first source is how the contact was created, so it stays first.
        self.sources[1..].sort_by_key(|source| source.at);
        true
    }

    /// Stores details captured from a visitor in a conversation that is a source of the contact.
    pub(crate) fn add_stated(
        &mut self,
        visitor: &Visitor,
        conversation: ConversationId,
        stated: BTreeSet<String>,
    ) {
        let detail = SourceDetail::Chat {
            widget: visitor.widget(),
            visitor: visitor.id().to_owned(),
            conversation: conversation.to_string(),
        };
        if self.sources.iter().any(|source| source.detail == detail) {
            self.stated.entry((visitor.clone(), conversation)).or_default().extend(stated);
        }
    }

    /// Returns every activity of the contact, with its position.
    pub(super) fn happened(&self) -> Vec<(ActivityCursor, Activity)> {
        let sources = self.sources.iter().cloned().enumerate();
        let sources = sources.filter_map(|(at, source)| {
            let sender =
                self.senders.iter().find(|(detail, _)| detail.has_same_detail(&source.detail));
            let (place, activity) = Activity::of_source(source, at == 0)?;
            let actor = sender.map_or(activity.actor, |(_, actor)| *actor);
            Some((place, Activity { actor, ..activity }))
        });
        let events = self.activity.iter().map(|(nth, activity)| {
            let (at, source) = (activity.at, ActivitySource::Event);
            (ActivityCursor { at, source, key: format!("{nth:020}") }, activity.clone())
        });
        let actions = self.bulk.iter().map(|(id, activity)| {
            let (at, source) = (activity.at, ActivitySource::Action);
            (ActivityCursor { at, source, key: id.to_string() }, activity.clone())
        });
        sources.chain(events).chain(actions).collect()
    }

    /// Returns whether an administrator has subscribed the contact again.
    pub(crate) fn is_resubscribed(&self) -> bool {
        let mut entries = self.activity.values();
        entries.any(|entry| {
            matches!(entry.what, ActivityKind::ConsentChanged(ConsentChange::Raise { .. }))
        })
    }

    /// Adds tags that the contact lacks, removes tags that it has, and records the activity.
    pub(crate) fn change_tags(
        &mut self,
        at: OffsetDateTime,
        actor: Actor,
        added: &[TagName],
        removed: &[TagName],
    ) {
        let tags = &mut self.contact.tags;
        tags.retain(|tag| !removed.contains(tag));
        tags.extend(added.iter().cloned());
        tags.sort();
        self.note_tags(at, actor, added, removed);
    }

    /// Records which tags were added and removed, unless there are none.
    pub(crate) fn note_tags(
        &mut self,
        at: OffsetDateTime,
        actor: Actor,
        added: &[TagName],
        removed: &[TagName],
    ) {
        let written = |tags: &[TagName]| tags.iter().map(ToString::to_string).collect();
        if !added.is_empty() || !removed.is_empty() {
            let what = ActivityKind::Tagged { added: written(added), removed: written(removed) };
            self.note(at, actor, what);
        }
    }
}
