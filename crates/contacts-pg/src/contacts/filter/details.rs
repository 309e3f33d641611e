//! Conditions on addresses, tags, deliveries and conversations.

use contacts_core::campaign::{DeliveryCondition, DeliveryKind};
use contacts_core::contact::{ContactFilter, TimeRange};

use super::{Access, push_range, push_whether};
use crate::statement::{Bind, Statement};

pub(super) fn push(statement: &mut Statement, filter: &ContactFilter, access: Access) {
    if !filter.domains.is_empty() {
        let domains = filter.domains.iter().map(|domain| domain.as_str().to_owned()).collect();
        access.begin(statement.push(" AND "), "addresses");
        statement.push(" AND split_part(link.email_key, '@', 2) = ANY(");
        statement.bind(Bind::Texts(domains)).push(")");
        access.end(statement);
    }
    if let Some(tagged) = filter.tagged {
        push_whether(statement, tagged, "contact_tags", "", access);
    }
    match filter.incomplete {
        Some(true) => drop(statement.push(" AND (c.name IS NULL OR c.email_key = '')")),
        Some(false) => drop(statement.push(" AND c.name IS NOT NULL AND c.email_key <> ''")),
        None => {}
    }
    if let Some(mailed) = filter.mailed {
        let is_mailed = " AND coalesce(link.sent_at, link.bounced_at, link.opened_at, \
             link.clicked_at) IS NOT NULL";
        push_whether(statement, mailed, "subscriptions", is_mailed, access);
    }
    if let Some(delivery) = &filter.delivery {
        push_delivery(statement, delivery, access);
    }
    if filter.conversation != TimeRange::default() {
        push_conversation(statement, &filter.conversation, access);
    }
}

fn push_delivery(statement: &mut Statement, delivery: &DeliveryCondition, access: Access) {
    access.begin(statement.push(" AND "), "subscriptions");
    statement.push(" AND (FALSE");
    for kind in &delivery.kinds {
        let column = match kind {
            DeliveryKind::Sent => "link.sent_at",
            DeliveryKind::Bounced => "link.bounced_at",
            DeliveryKind::Opened => "link.opened_at",
            DeliveryKind::Clicked => "link.clicked_at",
            DeliveryKind::Unsubscribed => "link.unsubscribed_at",
        };
        statement.push(" OR ").push(column).push(" IS NOT NULL");
        push_range(statement, &format!(" AND {column}"), &delivery.at);
    }
    access.end(statement.push(")"));
}

/// Appends the condition on the last message of all conversations of the contact.
fn push_conversation(statement: &mut Statement, range: &TimeRange, access: Access) {
    access.begin(statement.push(" AND "), "conversations v, contact_conversations");
    statement.push(
        " AND v.org_id = $1 AND v.id = link.conversation_id GROUP BY link.contact_id HAVING TRUE",
    );
    push_range(statement, " AND max(v.last_message_at)", range);
    access.end(statement);
}
