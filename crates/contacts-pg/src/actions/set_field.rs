//! Sets one field of the contacts of a part (R24).

use contacts_core::Actor;
use contacts_core::action::{Chunk, FieldSetting};
use contacts_core::contact::{Activity, ActivityKind, Contact, FieldEdit};
use contacts_core::journal::{JournalEffect, JournalEntry};
use diesel::{ExpressionMethods, QueryDsl};
use uuid::Uuid;

use crate::contacts::{ContactRow, Custom, FIRST_SOURCE, record_all, select_contacts};
use crate::database::{PgResult, RunQuery, TimedTx, Tx, run_again};
use crate::fields::{check_in_use, check_types};
use crate::imports::update_contacts;
use crate::schema::contacts;
use crate::statement::Bind;

/// Sets or clears the field of the existing contacts. Those that change are locked and compared
/// with the versions that were read; when one has changed meanwhile, the part is applied again.
pub(super) fn set_field(
    tx: &mut TimedTx<'_>,
    ids: &[Uuid],
    setting: &FieldSetting,
    actor: Actor,
    entries: &mut Vec<JournalEntry>,
) -> PgResult<Chunk> {
    check_in_use(tx, setting.custom_key())?;
    check_types(tx, setting.custom_value())?;
    let at = tx.now;
    let mut chunk = Chunk::default();
    let (mut changed, mut activities) = (Vec::new(), Vec::new());
    for before in existing(tx, ids)? {
        let mut contact = before.clone();
        let changes = setting.apply(&mut contact, at)?;
        if changes.is_empty() {
            chunk.unchanged.push(contact.id);
        } else {
            chunk.changed.push(contact.id);
            let what = ActivityKind::Edited(changes);
            activities.push((contact.id, Activity { at, actor, what }));
            let effects = FieldEdit::between(&before, &contact).into_iter();
            let effects = effects.map(JournalEffect::FieldSet);
            entries.extend(effects.map(|effect| JournalEntry { contact: contact.id, effect }));
            changed.push((contact, before.version));
        }
    }
    lock(tx, changed.iter().map(|(contact, _)| contact.id.0).collect())?;
    let versions: Vec<_> = changed.iter().map(|(contact, version)| (contact, *version)).collect();
    if update_contacts(tx, &versions)?.len() < changed.len() {
        return Err(run_again());
    }
    let activities: Vec<_> = activities.iter().map(|(id, activity)| (*id, activity)).collect();
    record_all(tx, &activities)?;
    Ok(chunk)
}

/// Returns the contacts that exist, with their values of archived fields, in the order of their
/// ids.
pub(super) fn existing(tx: &mut Tx<'_>, ids: &[Uuid]) -> PgResult<Vec<Contact>> {
    let org = tx.org;
    let mut select = tx.statement();
    select_contacts(&mut select, Custom::Whole, |select| {
        select.push("contacts c").push(FIRST_SOURCE).push("WHERE c.org_id = $1 AND c.id = ANY(");
        select.bind(Bind::Uuids(ids.to_vec())).push(") ORDER BY c.id");
    });
    let rows: Vec<ContactRow> = select.load(tx)?;
    rows.into_iter().map(|row| row.read(org)).collect()
}

/// Locks contacts in the order of their ids, so that two transactions cannot deadlock.
fn lock(tx: &mut Tx<'_>, ids: Vec<Uuid>) -> PgResult<()> {
    contacts::table
        .filter(contacts::org_id.eq(tx.org.0))
        .filter(contacts::id.eq_any(ids))
        .order(contacts::id)
        .select(contacts::id)
        .for_no_key_update()
        .execute(tx)
        .map(drop)
}
