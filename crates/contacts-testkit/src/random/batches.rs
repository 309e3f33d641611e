//! Random batches (R55).

use contacts_core::batch::Batch;
use contacts_core::contact::ContactId;
use contacts_core::import::{
    ImportRow, MatchKey, PlannedRow, Policy, RequiredValues, RowOutcome, RowRules,
};
use contacts_core::{Actor, Ids};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::run::{Run, distinct};
use super::{Operation, Profile};
use crate::samples;

/// External ids; an empty one is left out.
const EXTERNAL_IDS: &[&str] = &["", "1", "2", "É 3"];

/// An item of a random batch.
#[derive(Clone, Debug)]
pub struct RandomItem {
    /// Index of the contact whose id the item has.
    pub who: Option<usize>,
    /// The organisation's own id, if it is not empty.
    pub external_id: &'static str,
    /// The other values.
    pub values: Profile,
}

pub(super) fn operation(
    values: impl Strategy<Value = Profile>,
) -> impl Strategy<Value = Operation> {
    let item = (option::weighted(0.2, 0..8usize), select(EXTERNAL_IDS), values)
        .prop_map(|(who, external_id, values)| RandomItem { who, external_id, values });
    let key = option::weighted(0.3, select(&MatchKey::ALL[..]));
    (vec(item, 1..6), select(&Policy::ALL[..]), key)
        .prop_map(|(items, policy, key)| Operation::Batch { items, policy, key })
}

impl Run<'_> {
    pub(super) fn batch(
        &self,
        items: &[RandomItem],
        policy: Policy,
        key: Option<MatchKey>,
    ) -> String {
        let rules = RowRules { policy, key, required: RequiredValues::NameOrAddress };
        let items = (1..).zip(items).map(|(number, item)| self.item(number, item)).collect();
        let batch = Batch { org: self.org, actor: Actor::System, rules, items };
        let applied = self.ports.batches.apply(&batch, self.now());
        self.tell.result(applied, |outcomes| {
            self.tell.lines(outcomes.into_iter().map(|outcome| self.outcome(outcome)))
        })
    }

    fn item(&self, number: u64, item: &RandomItem) -> PlannedRow {
        let RandomItem { who, external_id, values } = item;
        let row = ImportRow {
            id: who.and_then(|who| self.person(who)).map(|contact| contact.id),
            external_id: (!external_id.is_empty()).then(|| samples::external_id(external_id)),
            email: (!values.email.is_empty()).then(|| samples::email(values.email)),
            name: (!values.name.is_empty()).then(|| samples::name(values.name)),
            phone: (!values.phone.is_empty()).then(|| samples::phone(values.phone)),
            others: Vec::new(),
            tags: distinct(&values.tags),
            custom: samples::custom(&values.custom),
            is_opted_out: false,
            ..ImportRow::default()
        };
        let id = ContactId(self.ports.ids.next());
        PlannedRow { number, line: number, id, row: Ok(row), warnings: Vec::new() }
    }

    fn outcome(&self, outcome: RowOutcome) -> String {
        let shown = |id: ContactId| self.tell.contact(&self.ports.get(self.org, id));
        match outcome {
            RowOutcome::Added(id) => format!("added {}", shown(id)),
            RowOutcome::Updated(id) => format!("updated {}", shown(id)),
            RowOutcome::Skipped { skip, contact } => format!("{skip:?} {:?}", contact.map(shown)),
        }
    }
}
