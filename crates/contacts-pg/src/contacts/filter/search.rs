//! The condition that a search matches (R19, R59).

use contacts_core::contact::{SearchQuery, Term};
use uuid::Uuid;

use super::{Access, push_any};
use crate::database::{PgResult, Tx};
use crate::statement::{Bind, Statement, anywhere};
use crate::tags;

/// Appends the condition that each term occurs in the searched text, or in the name of a tag.
///
/// The tags are looked up first. A term that occurs in none, which is the usual case, is a
/// condition on the text only.
pub(super) fn push(
    tx: &mut Tx<'_>,
    statement: &mut Statement,
    query: &SearchQuery,
    access: Access,
) -> PgResult<()> {
    if query.is_empty() {
        return Ok(());
    }
    let tags = tags::matching(tx, query.terms())?;
    for term in query.terms() {
        let ids: Vec<_> =
            tags.iter().filter(|(_, name)| term.matches_tag(name)).map(|(id, _)| *id).collect();
        if ids.is_empty() {
            push_any(statement, term.needles(), |statement, needle| {
                push_like(statement, "c.search", needle);
            });
        } else if access == Access::EachRow {
            push_each(statement, term, ids);
        } else {
            push_set(statement, term, ids);
        }
    }
    Ok(())
}

fn push_like(statement: &mut Statement, column: &str, needle: &str) {
    statement.push(column).push(" LIKE ").bind(Bind::Text(anywhere(needle)));
}

fn push_each(statement: &mut Statement, term: &Term, tags: Vec<Uuid>) {
    statement.push(" AND (true");
    push_any(statement, term.needles(), |statement, needle| {
        push_like(statement, "c.search", needle);
    });
    Access::EachRow.begin(statement.push(" OR "), "contact_tags");
    statement.push(" AND link.tag_id = ANY(").bind(Bind::Uuids(tags)).push(")");
    Access::EachRow.end(statement);
    statement.push(")");
}

/// Appends the condition as a union, because Postgres cannot use the index of one side of an OR.
fn push_set(statement: &mut Statement, term: &Term, tags: Vec<Uuid>) {
    statement.push(" AND c.id IN (SELECT id FROM contacts WHERE org_id = $1");
    push_any(statement, term.needles(), |statement, needle| {
        push_like(statement, "search", needle);
    });
    statement.push(" UNION ALL SELECT contact_id FROM contact_tags WHERE org_id = $1");
    statement.push(" AND tag_id = ANY(").bind(Bind::Uuids(tags)).push("))");
}
