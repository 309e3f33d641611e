//! Random selections, and what is done to them.

use contacts_core::action::{Action, ActionId, ActionKind, ActionState, Tally};
use contacts_core::contact::{ContactFilter, ContactId, FilterText, TagCondition};
use contacts_core::selection::{Chosen, NewSelection, SelectionId};
use contacts_core::{Actor, Ids};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::Operation;
use super::campaigns::campaign_id;
use super::run::{Run, distinct};
use super::strategy::{filter, some_tags};
use crate::samples::tags;

/// What is done to many.
#[derive(Clone, Debug)]
pub enum Deed {
    /// Tags are put on.
    AddTags(Vec<&'static str>),
    /// Tags are taken off.
    RemoveTags(Vec<&'static str>),
    /// They join a campaign.
    AddToCampaign(u8),
    /// They are deleted, if the filter by which they were chosen still means them.
    Delete,
}

pub(super) fn operation() -> impl Strategy<Value = Operation> {
    let whom = option::weighted(0.5, vec(0..8usize, 0..6));
    // Most filters mean nobody here: these mean many, who may be meant no more later.
    let many = some_tags().prop_map(|none| ContactFilter {
        tags: TagCondition { none: tags(&none), ..TagCondition::default() },
        ..ContactFilter::default()
    });
    let select = (whom, prop_oneof![2 => many, 1 => filter()], vec(0..8usize, 0..3), 1..4usize)
        .prop_map(|(whom, filter, except, piece)| {
            let filter = Box::new(filter);
            Operation::Select { whom, filter, except, piece }
        });
    let deed = prop_oneof![
        2 => some_tags().prop_map(Deed::AddTags),
        2 => some_tags().prop_map(Deed::RemoveTags),
        2 => (0..3u8).prop_map(Deed::AddToCampaign),
        2 => Just(Deed::Delete),
    ];
    let cancel = option::weighted(0.2, 0..3usize);
    let act = (0..3usize, vec(deed, 1..4), prop::bool::weighted(0.2), cancel)
        .prop_map(|(which, deeds, twice, cancel)| Operation::Act { which, deeds, twice, cancel });
    prop_oneof![1 => select, 2 => act]
}

impl Deed {
    fn kind(&self) -> ActionKind {
        match self {
            Self::AddTags(tags) => ActionKind::AddTags(distinct(tags)),
            Self::RemoveTags(tags) => ActionKind::RemoveTags(distinct(tags)),
            Self::AddToCampaign(campaign) => ActionKind::AddToCampaign(campaign_id(*campaign)),
            Self::Delete => ActionKind::Delete,
        }
    }
}

impl Run<'_> {
    pub(super) fn select(
        &self,
        whom: Option<&[usize]>,
        filter: &ContactFilter,
        except: &[usize],
        piece: usize,
    ) -> String {
        let ids = |who: &[usize]| {
            let people = who.iter().filter_map(|who| self.person(*who));
            people.map(|contact| contact.id).collect()
        };
        let filter = if whom.is_some() { ContactFilter::default() } else { self.moved(filter) };
        let chosen = match whom {
            Some(whom) => Chosen::Ids(ids(whom)),
            None => Chosen::Matching {
                text: FilterText::default(),
                filter: Box::new(filter.clone()),
                except: ids(except),
            },
        };
        let (id, at) = (SelectionId(self.ports.ids.next()), self.now());
        let new = NewSelection { id, chosen, piece, actor: Actor::System, at };
        self.tell.result(self.ports.selections.freeze(self.org, &new), |selection| {
            let mut told = vec![format!("{} in {}", selection.people, selection.pieces)];
            for piece in 0..selection.pieces {
                let ids = self.ports.selections.piece(self.org, id, piece).unwrap().unwrap();
                told.extend(ids.iter().map(|id| self.who(*id)));
            }
            self.chosen.borrow_mut().push((selection, filter));
            self.tell.lines(told.into_iter())
        })
    }

    /// Does something as the job does, each piece a second after the other.
    pub(super) fn act(
        &self,
        which: usize,
        deed: &Deed,
        twice: bool,
        cancel: Option<usize>,
    ) -> String {
        let chosen = self.chosen.borrow();
        let Some(at) = which.checked_rem(chosen.len()) else { return "nobody chosen".to_owned() };
        let (selection, filter) = &chosen[chosen.len() - 1 - at];
        let still = match deed {
            Deed::Delete => filter.clone(),
            _ => ContactFilter::default(),
        };
        let (selections, actions) = (&self.ports.selections, &self.ports.actions);
        let count = selections.count(self.org, selection.id, &still);
        let mut told = vec![self.tell.result(count, |count| format!("{count} are meant"))];
        let action = Action {
            org: self.org,
            id: ActionId(self.ports.ids.next()),
            kind: deed.kind(),
            selection: selection.id,
            state: ActionState::Running,
            problem: None,
            people: selection.people,
            pieces: selection.pieces,
            pieces_done: 0,
            tally: Tally::default(),
            file: None,
            actor: Actor::System,
            created_at: self.now(),
            started_at: None,
            finished_at: None,
        };
        if let Err(error) = actions.insert(&action, self.now()) {
            return self.tell.error(&error);
        }
        for piece in 0..selection.pieces {
            let now = self.ports.clock.tick();
            if cancel == Some(piece as usize) {
                actions.end(self.org, action.id, ActionState::Cancelled, None, now).unwrap();
            }
            for _ in 0..=u8::from(twice) {
                let applied = actions.apply(&action, piece, &still, now);
                told.push(self.tell.result(applied, |applied| format!("{applied:?}")));
            }
            let done = actions.piece(self.org, action.id, piece).unwrap();
            for (id, outcome, why) in done.iter().flat_map(|done| done.lines()) {
                told.push(format!("{outcome} {why} {}", self.who(id)));
            }
        }
        let ended = actions.end(self.org, action.id, ActionState::Done, None, self.now()).unwrap();
        let kept = actions.get(self.org, action.id).unwrap().unwrap();
        told.push(format!("{ended} {:?} {} {:?}", kept.state, kept.pieces_done, kept.tally));
        self.tell.lines(told.into_iter())
    }

    fn who(&self, id: ContactId) -> String {
        let contact = self.ports.contacts.get(self.org, id).unwrap();
        contact.map_or("somebody who is gone".to_owned(), |contact| self.tell.contact(&contact))
    }
}
