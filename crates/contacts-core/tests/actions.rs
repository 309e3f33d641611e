//! Use cases of bulk actions (R24), on the world in memory.

use std::sync::atomic::{AtomicUsize, Ordering};

use contacts_core::Actor;
use contacts_core::action::{ActionService, ActionTarget, NewAction, RawAction};
use contacts_core::job::{ChunkPace, Interrupt, Outcome};
use contacts_core::run::RunState;
use contacts_core::selection::RawSelectionScope;
use contacts_testkit::{CountedIds, World};

/// An interrupt that stops work after a number of parts.
struct After(AtomicUsize);

impl Interrupt for After {
    fn may_continue(&self) -> bool {
        self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
    }

    fn must_end(&self) -> bool {
        false
    }
}

#[test]
fn an_action_gives_way_and_is_cancelled_within_a_chunk() {
    const CONTACTS: u64 = 2_500;
    const FIRST: u64 = ChunkPace::FIRST_ROWS as u64;
    let world = World::new();
    let (org, ports) = (world.org(), world.ports());
    let actions: ActionService = ports.services().actions;
    let ids = (0..CONTACTS).map(|n| CountedIds::nth(1_000_000 + n)).collect();
    let new = NewAction {
        target: ActionTarget::SelectionScope(RawSelectionScope::Ids(ids)),
        action: RawAction { kind: "add_tags", tags: Some(vec!["vip"]), ..RawAction::default() },
        confirm_count: None,
    };
    let action = actions.start(org, &new, Actor::System).unwrap();
    assert_eq!((action.chunks, action.tally.contacts()), (1, 0));
    let run = |parts| actions.run(org, action.id, &After(AtomicUsize::new(parts))).unwrap();
    assert_eq!(run(1), Outcome::Again);
    let stored = actions.get(org, action.id).unwrap();
    assert_eq!((stored.chunks_done, stored.tally.contacts()), (0, FIRST));
    let cancelled = actions.cancel(org, action.id, Actor::System).unwrap();
    assert_eq!(run(9), Outcome::Done);
    assert_eq!(actions.get(org, action.id).unwrap(), cancelled);
    assert_eq!((cancelled.state, cancelled.tally.contacts()), (RunState::Cancelled, FIRST));

    let action = actions.start(org, &new, Actor::System).unwrap();
    let run = |parts| actions.run(org, action.id, &After(AtomicUsize::new(parts))).unwrap();
    assert_eq!((run(1), run(9)), (Outcome::Again, Outcome::Done));
    let done = actions.get(org, action.id).unwrap();
    assert_eq!((done.state, done.chunks_done), (RunState::Done, 1));
    assert_eq!(done.tally.contacts(), CONTACTS);
}
