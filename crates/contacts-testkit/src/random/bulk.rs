//! Random selections and bulk actions.

use contacts_core::action::{Action, ActionId, ActionKind, FieldSetting, SetValue, Tally};
use contacts_core::contact::{ContactFilter, ContactId, FilterText, TagCondition};
use contacts_core::run::RunState;
use contacts_core::selection::{NewSelection, SelectionId, SelectionScope};
use contacts_core::{Actor, Ids};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::Operation;
use super::campaigns::campaign_id;
use super::run::{Run, distinct};
use super::strategy::{field_value, filter, phone, some_tags};
use crate::samples::{key, tags};

/// A bulk action.
#[derive(Clone, Debug)]
pub enum BulkOperation {
    /// Adds tags.
    AddTags(Vec<&'static str>),
    /// Removes tags.
    RemoveTags(Vec<&'static str>),
    /// Adds the contacts to a campaign.
    AddToCampaign(u8),
    /// Removes the contacts from a campaign.
    RemoveFromCampaign(u8),
    /// Unsubscribes the contacts.
    Unsubscribe,
    /// Sets or clears a field.
    SetField(FieldSetting),
    /// Deletes the contacts that still match the filter of their selection.
    Delete,
}

pub(super) fn operation() -> impl Strategy<Value = Operation> {
    let target = option::weighted(0.5, vec(0..8usize, 0..6));
    // Most random filters match nothing here. These match many contacts, which may stop matching
    // later.
    let many = some_tags().prop_map(|none| ContactFilter {
        tags: TagCondition { none: tags(&none), ..TagCondition::default() },
        ..ContactFilter::default()
    });
    let select = (target, prop_oneof![2 => many, 1 => filter()], vec(0..8usize, 0..3), 1..4usize)
        .prop_map(|(target, filter, except, chunk)| {
            let filter = Box::new(filter);
            Operation::Select { target, filter, except, chunk }
        });
    let effect = prop_oneof![
        2 => some_tags().prop_map(BulkOperation::AddTags),
        2 => some_tags().prop_map(BulkOperation::RemoveTags),
        2 => (0..3u8).prop_map(BulkOperation::AddToCampaign),
        1 => (0..3u8).prop_map(BulkOperation::RemoveFromCampaign),
        1 => Just(BulkOperation::Unsubscribe),
        2 => setting().prop_map(BulkOperation::SetField),
        2 => Just(BulkOperation::Delete),
    ];
    let cancel = option::weighted(0.2, 0..3usize);
    let act = (0..3usize, vec(effect, 1..4), prop::bool::weighted(0.2), cancel)
        .prop_map(|(which, deeds, twice, cancel)| Operation::Act { which, deeds, twice, cancel });
    prop_oneof![1 => select, 2 => act]
}

fn setting() -> impl Strategy<Value = FieldSetting> {
    let phone = option::of(phone()).prop_map(SetValue::Phone);
    let custom = field_value().prop_flat_map(|(field, value)| {
        option::weighted(0.7, Just(value))
            .prop_map(move |value| SetValue::Custom(key(field), value))
    });
    (prop_oneof![1 => phone, 2 => custom], any::<bool>())
        .prop_map(|(value, only_blanks)| FieldSetting { value, only_blanks })
}

impl BulkOperation {
    fn kind(&self) -> ActionKind {
        match self {
            Self::AddTags(tags) => ActionKind::AddTags(distinct(tags)),
            Self::RemoveTags(tags) => ActionKind::RemoveTags(distinct(tags)),
            Self::AddToCampaign(campaign) => ActionKind::AddToCampaign(campaign_id(*campaign)),
            Self::RemoveFromCampaign(campaign) => {
                ActionKind::RemoveFromCampaign(campaign_id(*campaign))
            }
            Self::Unsubscribe => ActionKind::Unsubscribe,
            Self::SetField(setting) => ActionKind::SetField(setting.clone()),
            Self::Delete => ActionKind::Delete,
        }
    }
}

impl Run<'_> {
    pub(super) fn select(
        &self,
        target: Option<&[usize]>,
        filter: &ContactFilter,
        except: &[usize],
        chunk: usize,
    ) -> String {
        let ids = |who: &[usize]| {
            let people = who.iter().filter_map(|who| self.person(*who));
            people.map(|contact| contact.id).collect()
        };
        let filter = if target.is_some() { ContactFilter::default() } else { self.moved(filter) };
        let chosen = match target {
            Some(target) => SelectionScope::Ids(ids(target)),
            None => SelectionScope::Matching {
                text: FilterText::default(),
                filter: Box::new(filter.clone()),
                except: ids(except),
            },
        };
        let (id, at) = (SelectionId(self.ports.ids.next()), self.now());
        let new = NewSelection { id, chosen, chunk, actor: Actor::System, at };
        self.tell.result(self.ports.selections.freeze(self.org, &new), |selection| {
            let mut values = vec![format!("{} in {}", selection.contacts, selection.chunks)];
            for chunk in 0..selection.chunks {
                let ids = self.ports.selections.chunk(self.org, id, chunk).unwrap().unwrap();
                values.extend(ids.iter().map(|id| self.who(*id)));
            }
            self.chosen.borrow_mut().push((selection, filter));
            self.tell.lines(values.into_iter())
        })
    }

    /// Runs a bulk action as its job does, with a second between chunks.
    pub(super) fn act(
        &self,
        which: usize,
        effect: &BulkOperation,
        twice: bool,
        cancel: Option<usize>,
    ) -> String {
        let chosen = self.chosen.borrow();
        let Some(at) = which.checked_rem(chosen.len()) else { return "nobody chosen".to_owned() };
        let (selection, filter) = &chosen[chosen.len() - 1 - at];
        let still = match effect {
            BulkOperation::Delete => filter.clone(),
            _ => ContactFilter::default(),
        };
        let (selections, actions) = (&self.ports.selections, &self.ports.actions);
        let count = selections.count(self.org, selection.id, &still);
        let mut values = vec![self.tell.result(count, |count| format!("{count} are meant"))];
        let action = Action {
            org: self.org,
            id: ActionId(self.ports.ids.next()),
            kind: effect.kind(),
            selection: selection.id,
            state: RunState::Queued,
            problem: None,
            contacts: selection.contacts,
            chunks: selection.chunks,
            chunks_done: 0,
            tally: Tally::default(),
            undo: None,
            file: None,
            actor: Actor::System,
            created_at: self.now(),
            started_at: None,
            finished_at: None,
        };
        if let Err(error) = actions.insert(&action, None, self.now()) {
            return self.tell.error(&error);
        }
        for chunk in 0..selection.chunks {
            let now = self.ports.clock.tick();
            if cancel == Some(chunk as usize) {
                actions.end(self.org, action.id, RunState::Cancelled, None, now).unwrap();
            }
            for _ in 0..=u8::from(twice) {
                let applied = actions.apply(&action, chunk, usize::MAX, &still, now);
                values.push(self.tell.result(applied, |applied| format!("{applied:?}")));
            }
            let done = actions.part(self.org, action.id, chunk).unwrap();
            for (id, outcome, reason) in done.iter().flat_map(|done| done.lines()) {
                values.push(format!("{outcome} {reason} {}", self.who(id)));
            }
        }
        let ended = actions.end(self.org, action.id, RunState::Done, None, self.now()).unwrap();
        let kept = actions.get(self.org, action.id).unwrap().unwrap();
        values.push(format!("{ended} {:?} {} {:?}", kept.state, kept.chunks_done, kept.tally));
        self.tell.lines(values.into_iter())
    }

    fn who(&self, id: ContactId) -> String {
        let contact = self.ports.contacts.get(self.org, id).unwrap();
        contact.map_or("somebody who is gone".to_owned(), |contact| self.tell.contact(&contact))
    }
}
