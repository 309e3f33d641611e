//! The time of the last message of each contact's conversations, for the order of the list (R21).

use contacts_core::contact::ContactId;
use contacts_core::conversation::ConversationId;
use diesel::sql_types::{Array, Uuid as SqlUuid};
use diesel::{ExpressionMethods, QueryDsl};
use uuid::Uuid;

use crate::database::{PgResult, RunQuery, Tx};
use crate::schema::contact_conversations;

/// Moves the time of one contact ($2) to another ($3), unless the other has a later one.
pub(crate) const MOVE: &str = "INSERT INTO last_conversations AS l \
         (org_id, contact_id, last_message_at) \
     SELECT org_id, $3, last_message_at FROM last_conversations \
     WHERE org_id = $1 AND contact_id = $2 \
     ON CONFLICT (org_id, contact_id) DO UPDATE SET last_message_at = excluded.last_message_at \
     WHERE l.last_message_at < excluded.last_message_at";

/// Locks contacts whose last conversation is about to be read. Without the lock, two transactions
/// that change two conversations of one contact would each store a time that ignores the other.
const LOCK: &str = "SELECT 1 FROM contacts WHERE org_id = $1 AND id = ANY($2) ORDER BY id \
     FOR NO KEY UPDATE";

const STORE: &str = "INSERT INTO last_conversations AS c (org_id, contact_id, last_message_at) \
     SELECT l.org_id, l.contact_id, max(v.last_message_at) FROM contact_conversations l \
     JOIN conversations v ON v.org_id = l.org_id AND v.id = l.conversation_id \
     WHERE l.org_id = $1 AND v.org_id = $1 AND l.contact_id = ANY($2) \
     GROUP BY l.org_id, l.contact_id \
     ON CONFLICT (org_id, contact_id) DO UPDATE SET last_message_at = excluded.last_message_at \
     WHERE c.last_message_at <> excluded.last_message_at";

const REMOVE: &str = "DELETE FROM last_conversations c \
     WHERE c.org_id = $1 AND c.contact_id = ANY($2) AND NOT EXISTS ( \
         SELECT 1 FROM contact_conversations l WHERE l.org_id = $1 AND l.contact_id = c.contact_id)";

/// Stores the time of the last message of contacts, whose conversations or links have just changed.
pub(crate) fn store_last(tx: &mut Tx<'_>, contacts: &[Uuid]) -> PgResult<()> {
    for statement in [LOCK, STORE, REMOVE] {
        tx.query(statement).bind::<Array<SqlUuid>, _>(contacts).execute(tx)?;
    }
    Ok(())
}

/// Returns the contact that a conversation is linked to.
pub(super) fn linked_contact(tx: &mut Tx<'_>, id: ConversationId) -> PgResult<Option<ContactId>> {
    let linked: Option<Uuid> = contact_conversations::table
        .filter(contact_conversations::org_id.eq(tx.org.0))
        .filter(contact_conversations::conversation_id.eq(id.0))
        .select(contact_conversations::contact_id)
        .row(tx)?;
    Ok(linked.map(ContactId))
}
