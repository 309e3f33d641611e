//! Sets one field of the contacts of a part (R24).

use contacts_core::Actor;
use contacts_core::action::{Chunk, FieldSetting};
use contacts_core::contact::{Activity, ActivityKind, Contact};
use diesel::{ExpressionMethods, QueryDsl};
use uuid::Uuid;

use crate::contacts::{ContactRow, Custom, FIRST_SOURCE, record_all, select_contacts};
use crate::database::{PgResult, RunQuery, TimedTx, Tx, run_again};
use crate::fields::check_types;
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
) -> PgResult<Chunk> {
    check_types(tx, setting.custom_value())?;
    let at = tx.now;
    let mut chunk = Chunk::default();
    let (mut changed, mut activities) = (Vec::new(), Vec::new());
    for mut contact in existing(tx, ids)? {
        let version = contact.version;
        let changes = setting.apply(&mut contact, at)?;
        if changes.is_empty() {
            chunk.unchanged.push(contact.id);
        } else {
            chunk.changed.push(contact.id);
            let what = ActivityKind::Edited(changes);
            activities.push((contact.id, Activity { at, actor, what }));
            changed.push((contact, version));
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
fn existing(tx: &mut Tx<'_>, ids: &[Uuid]) -> PgResult<Vec<Contact>> {
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
