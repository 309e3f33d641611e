//! The port of batches (R55).
//!
//! Items are planned and written like the rows of an import, with a few statements on sets. They
//! leave the activity of single changes, because a batch has no record of its own.

use std::collections::{BTreeSet, HashMap};

use contacts_core::Result;
use contacts_core::batch::{Batch, BatchRepository};
use contacts_core::contact::{Activity, ContactId};
use contacts_core::import::{ChunkWrites, RowOutcome};
use contacts_core::tag::TagName;
use time::OffsetDateTime;

use crate::Database;
use crate::contacts::{Sources, insert_sources, link_tags, record_all};
use crate::database::{PgResult, TimedTx};
use crate::events::publish;
use crate::fields::check_types;
use crate::imports::apply_rows;
use crate::tags;

impl BatchRepository for Database {
    fn apply(&self, batch: &Batch, now: OffsetDateTime) -> Result<Vec<RowOutcome>> {
        self.write_at(batch.org, now, |tx| apply(tx, batch))
    }
}

fn apply(tx: &mut TimedTx<'_>, batch: &Batch) -> PgResult<Vec<RowOutcome>> {
    tx.use_generic_plans()?;
    check_types(tx, batch.custom_values())?;
    let writes = apply_rows(tx, batch, &batch.items)?;
    add_sources_and_tags(tx, &writes)?;
    record_activity(tx, batch, &writes)?;
    publish(tx, &writes.events)?;
    Ok(writes.outcomes)
}

/// Adds the sources of new contacts, and the tags.
fn add_sources_and_tags(tx: &mut TimedTx<'_>, writes: &ChunkWrites) -> PgResult<()> {
    let mut sources = Sources::default();
    let mut links: Vec<(ContactId, &TagName)> = Vec::new();
    for planned in &writes.contacts {
        let id = planned.contact.id;
        if planned.is_new() {
            sources.push(id, &planned.contact.source, true);
        }
        links.extend(planned.tags.iter().map(|tag| (id, tag)));
    }
    insert_sources(tx, &sources)?;
    link_tags(tx, &writes.tags, &links).map(drop)
}

fn record_activity(tx: &mut TimedTx<'_>, batch: &Batch, writes: &ChunkWrites) -> PgResult<()> {
    let names: BTreeSet<_> = writes.tags.values().cloned().collect();
    let spelled = tags::stored_spelling(tx, &names)?.into_iter();
    let spelled: HashMap<_, _> = spelled.map(|tag| (tag.key().to_owned(), tag)).collect();
    let mut entries: Vec<(ContactId, Activity)> = Vec::new();
    for planned in &writes.contacts {
        let tags = planned.tags.iter().filter_map(|tag| spelled.get(tag.key()));
        let tags: BTreeSet<_> = tags.cloned().collect();
        let tags: Vec<_> = tags.into_iter().collect();
        let activity = planned.activity(&tags, batch.actor, tx.now);
        entries.extend(activity.into_iter().map(|entry| (planned.contact.id, entry)));
    }
    record_all(tx, &entries.iter().map(|(id, entry)| (*id, entry)).collect::<Vec<_>>())
}
