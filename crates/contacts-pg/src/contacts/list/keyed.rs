//! Pages in an order whose keys are not columns of contacts (R21).
//!
//! - The last conversation has a table of its own. A list without a selective filter walks along
//!   its index.
//! - The values of custom fields have no index, because it would double the price of an import.
//!   Each page reads the value of every matching contact, and keeps the rows of the page: memory
//!   does not grow with the organisation, time does.
//!
//! After the contacts with a value come those without one, in the order of their ids.

use contacts_core::contact::{Contact, ContactFilter, ContactId, Cursor, CursorKey, PageRequest};
use contacts_core::field::{FieldKey, FieldType};
use contacts_core::page::Page;
use diesel::pg::PgRowByRowLoadingMode;
use diesel::sql_types::{Text, Timestamptz, Uuid as SqlUuid};
use diesel::{QueryableByName, RunQueryDsl};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{is_selective, load};
use crate::contacts::filter::{Access, push_filter};
use crate::contacts::row::{Custom, FIRST_SOURCE, select_contacts};
use crate::database::{Connected, PgError, PgResult, Tx};
use crate::fields;
use crate::statement::{Bind, IdRow, Statement};

/// The longest text of a number has 341 characters, so that none is cut.
const MAX_VALUE_CHARS: usize = 400;

#[derive(QueryableByName)]
struct TimeRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    key: OffsetDateTime,
}

#[derive(QueryableByName)]
struct ValueRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    value: String,
}

/// The orders of this module.
#[derive(Clone, Copy)]
pub(super) enum KeyedBy<'a> {
    LastConversation,
    Field(&'a FieldKey),
}

/// A list in such an order.
struct KeyedList<'a> {
    by: KeyedBy<'a>,
    filter: &'a ContactFilter,
    page: &'a PageRequest,
    /// Number of rows to find: those of the page, and the one after it.
    limit: usize,
}

/// Returns a page of matching contacts, ordered by their last conversation or by a custom field.
pub(super) fn list(
    tx: &mut Tx<'_>,
    by: KeyedBy<'_>,
    filter: &ContactFilter,
    page: &PageRequest,
) -> PgResult<Page<Contact, Cursor>> {
    let limit = page.size.get() + 1;
    let list = KeyedList { by, filter, page, limit };
    let mut rows = match &page.after {
        Some(Cursor { key: CursorKey::Missing, .. }) => Vec::new(),
        _ => list.with_values(tx)?,
    };
    if rows.len() < limit {
        let missing = list.without_values(tx, limit - rows.len())?;
        rows.extend(missing.into_iter().map(|id| (CursorKey::Missing, id)));
    }
    let rows = Page::cut(rows, page.size, |(key, id)| Cursor {
        sort: page.sort.clone(),
        key: key.clone(),
        id: *id,
    });
    let ids: Vec<_> = rows.items.iter().map(|(_, id)| id.0).collect();
    let mut items = contacts(tx, &ids)?;
    items.sort_by_key(|contact| ids.iter().position(|id| *id == contact.id.0));
    Ok(Page { items, next: rows.next })
}

fn contacts(tx: &mut Tx<'_>, ids: &[Uuid]) -> PgResult<Vec<Contact>> {
    let mut select = tx.statement();
    select_contacts(&mut select, Custom::Shown, |select| {
        select.push("contacts c").push(FIRST_SOURCE).push("WHERE c.org_id = $1 AND c.id = ANY(");
        select.bind(Bind::Uuids(ids.to_vec())).push(")");
    });
    load(tx, &select)
}

impl KeyedList<'_> {
    /// Returns how the conditions of the filter are checked: along an order, or as a set.
    fn access(&self) -> Access {
        if is_selective(self.filter) { Access::AsSet } else { Access::EachRow }
    }

    fn with_values(&self, tx: &mut Tx<'_>) -> PgResult<Vec<(CursorKey, ContactId)>> {
        match self.by {
            KeyedBy::LastConversation => {
                let mut select = tx.statement();
                self.push_conversations(tx, &mut select)?;
                let rows: Vec<TimeRow> = select.load(tx)?;
                Ok(rows.into_iter().map(|r| (CursorKey::Time(r.key), ContactId(r.id))).collect())
            }
            KeyedBy::Field(key) => match fields::find(tx, key)? {
                Some(field) => self.values(tx, key, &field.kind),
                None => Ok(Vec::new()),
            },
        }
    }

    /// Appends the query for the contacts of the page that have a conversation.
    fn push_conversations(&self, tx: &mut Tx<'_>, select: &mut Statement) -> PgResult<()> {
        let access = self.access();
        let (direction, comparison) =
            if self.page.sort.descending { (" DESC", "<") } else { ("", ">") };
        if access == Access::AsSet {
            select.push("WITH found AS MATERIALIZED (SELECT c.id FROM contacts c ");
            select.push("WHERE c.org_id = $1");
            push_filter(tx, select, self.filter, access)?;
            select.push(") ");
        }
        select.push("SELECT k.contact_id AS id, k.last_message_at AS key ");
        select.push("FROM last_conversations k JOIN ");
        select.push(if access == Access::AsSet {
            "found c ON c.id = k.contact_id WHERE k.org_id = $1"
        } else {
            "contacts c ON c.org_id = k.org_id AND c.id = k.contact_id \
             WHERE k.org_id = $1 AND c.org_id = $1"
        });
        if let Some(Cursor { key: CursorKey::Time(at), id, .. }) = &self.page.after {
            select.push(&format!(" AND (k.last_message_at, k.contact_id) {comparison} ("));
            select.bind(Bind::Time(*at)).push(", ").bind(Bind::Uuid(id.0)).push(")");
        }
        if access == Access::EachRow {
            push_filter(tx, select, self.filter, access)?;
        }
        select.push(&format!(
            " ORDER BY k.last_message_at{direction}, k.contact_id{direction} LIMIT "
        ));
        select.bind(Bind::Int(self.limit as i64));
        Ok(())
    }

    /// Reads the values of all matching contacts, row by row, and keeps the rows of the page.
    fn values(
        &self,
        tx: &mut Tx<'_>,
        key: &FieldKey,
        kind: &FieldType,
    ) -> PgResult<Vec<(CursorKey, ContactId)>> {
        let mut select = tx.statement();
        select.push("SELECT c.id, left(c.custom ->> ").bind(Bind::Text(key.to_string()));
        select.push(&format!(", {MAX_VALUE_CHARS}) AS value FROM contacts c WHERE c.org_id = $1"));
        select.push(" AND c.custom ? ").bind(Bind::Text(key.to_string()));
        push_filter(tx, &mut select, self.filter, self.access())?;
        let query = select.build();
        let rows = RunQueryDsl::load_iter::<ValueRow, PgRowByRowLoadingMode>(query, tx.db())
            .map_err(PgError::from)?;
        let mut first = FirstRows::new(self);
        for row in rows {
            let ValueRow { id, value } = row?;
            first.add(CursorKey::of_value(kind, &value), ContactId(id));
        }
        Ok(first.finish())
    }

    /// Returns the ids of contacts without a value, in their order.
    fn without_values(&self, tx: &mut Tx<'_>, limit: usize) -> PgResult<Vec<ContactId>> {
        let mut select = tx.statement();
        self.push_without_values(tx, &mut select, limit)?;
        let rows: Vec<IdRow> = select.load(tx)?;
        Ok(rows.into_iter().map(|row| ContactId(row.id)).collect())
    }

    fn push_without_values(
        &self,
        tx: &mut Tx<'_>,
        select: &mut Statement,
        limit: usize,
    ) -> PgResult<()> {
        let access = self.access();
        let as_set = access == Access::AsSet;
        if as_set {
            select.push("WITH found AS MATERIALIZED (");
        }
        select.push("SELECT c.id FROM contacts c WHERE c.org_id = $1");
        match self.by {
            KeyedBy::LastConversation => {
                select.push(
                    " AND NOT EXISTS (SELECT 1 FROM last_conversations k \
                     WHERE k.org_id = $1 AND k.contact_id = c.id OFFSET 0)",
                );
            }
            // A key that is not defined has no values.
            KeyedBy::Field(key) => {
                select.push(" AND NOT (c.custom ? ").bind(Bind::Text(key.to_string()));
                select.push(" AND EXISTS (SELECT 1 FROM fields f WHERE f.org_id = $1 AND f.key = ");
                select.bind(Bind::Text(key.to_string())).push("))");
            }
        }
        let is_descending = self.page.sort.descending;
        if let Some(Cursor { key: CursorKey::Missing, id, .. }) = &self.page.after {
            select.push(if is_descending { " AND c.id < " } else { " AND c.id > " });
            select.bind(Bind::Uuid(id.0));
        }
        push_filter(tx, select, self.filter, access)?;
        if as_set {
            select.push(") SELECT c.id FROM found c");
        }
        select.push(if is_descending { " ORDER BY c.id DESC" } else { " ORDER BY c.id" });
        select.push(" LIMIT ").bind(Bind::Int(limit as i64));
        Ok(())
    }
}

/// The first rows after a cursor. Holds twice as many as are wanted at most.
struct FirstRows<'a> {
    page: &'a PageRequest,
    limit: usize,
    rows: Vec<(CursorKey, ContactId)>,
    /// Whether the rows are sorted and as many as are wanted, so that a row after the last one can
    /// be ignored.
    is_full: bool,
}

impl<'a> FirstRows<'a> {
    fn new(list: &KeyedList<'a>) -> Self {
        let rows = Vec::with_capacity(2 * list.limit);
        Self { page: list.page, limit: list.limit, rows, is_full: false }
    }

    fn add(&mut self, key: CursorKey, id: ContactId) {
        let sort = &self.page.sort;
        let is_after =
            |at: &(CursorKey, ContactId)| sort.compare((&key, id), (&at.0, at.1)).is_gt();
        let after = self.page.after.as_ref();
        if after.is_some_and(|after| !sort.compare((&key, id), (&after.key, after.id)).is_gt())
            || self.is_full && self.rows.get(self.limit - 1).is_some_and(is_after)
        {
            return;
        }
        self.rows.push((key, id));
        if self.rows.len() >= 2 * self.limit {
            self.cut();
        }
    }

    fn cut(&mut self) {
        let sort = &self.page.sort;
        self.rows.sort_by(|one, other| sort.compare((&one.0, one.1), (&other.0, other.1)));
        self.rows.truncate(self.limit);
        self.is_full = self.rows.len() == self.limit;
    }

    fn finish(mut self) -> Vec<(CursorKey, ContactId)> {
        self.cut();
        self.rows
    }
}

/// Returns the plans of the queries that find a page of the last conversations, for the tests that
/// pin them: of the contacts with one, and of those without.
pub(super) fn explain(
    tx: &mut Tx<'_>,
    filter: &ContactFilter,
    page: &PageRequest,
) -> PgResult<String> {
    let limit = page.size.get() + 1;
    let list = KeyedList { by: KeyedBy::LastConversation, filter, page, limit };
    let mut with = tx.statement();
    list.push_conversations(tx, &mut with)?;
    let mut without = tx.statement();
    list.push_without_values(tx, &mut without, limit)?;
    Ok(with.plan(tx)? + &without.plan(tx)?)
}
