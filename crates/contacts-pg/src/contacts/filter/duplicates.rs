//! The SQL condition that a contact has possible duplicates (R17).
//!
//! Each contact is compared through indexes on phone numbers, names and pairs. A number or a name
//! that too many contacts share makes no pair (R54), and counting stops at the first contact too
//! many.

use contacts_core::contact::SharedValues;

use super::Access;
use crate::statement::Statement;

/// The pair of `c` and `o` was dismissed.
const DISMISSED: &str = "EXISTS (SELECT FROM possible_duplicates p WHERE p.org_id = $1 \
     AND p.contact_id = LEAST(c.id, o.id) AND p.other_id = GREATEST(c.id, o.id) AND p.dismissed)";

/// A way to find duplicates of `c`.
struct Look {
    /// The condition on `c`.
    of: &'static str,
    /// The column of the value that `c` and its duplicate `o` share.
    column: &'static str,
    /// The condition that compares `o` with `c`.
    condition: &'static str,
}

const LOOKS: &[Look] = &[
    Look {
        of: "c.phone_e164 IS NOT NULL",
        column: "phone_e164",
        condition: "o.phone_e164 = c.phone_e164",
    },
    Look {
        of: "c.name_key <> ''",
        column: "name_key",
        condition: "o.name_key = c.name_key AND (c.email_key = '' OR o.email_key = '' \
             OR split_part(o.email_key, '@', 2) = split_part(c.email_key, '@', 2))",
    },
];

/// A set that contains every contact with possible duplicates. `OFFSET 0` keeps the look-ups by
/// number and name separate: as a join, they would scan all contacts.
fn candidates() -> String {
    let max = SharedValues::MAX_CONTACTS;
    format!(
        "c.id IN (\
         SELECT p.contact_id FROM possible_duplicates p WHERE p.org_id = $1 AND NOT p.dismissed \
         UNION ALL SELECT p.other_id FROM possible_duplicates p WHERE p.org_id = $1 AND NOT p.dismissed \
         UNION ALL SELECT a.id FROM (\
             SELECT s.phone_e164 FROM contacts s WHERE s.org_id = $1 AND s.phone_e164 IS NOT NULL \
             GROUP BY s.phone_e164 HAVING count(*) BETWEEN 2 AND {max}) s CROSS JOIN LATERAL (SELECT a.id \
             FROM contacts a WHERE a.org_id = $1 AND a.phone_e164 = s.phone_e164 OFFSET 0) a \
         UNION ALL SELECT a.id FROM (\
             SELECT s.name_key FROM contacts s WHERE s.org_id = $1 AND s.name_key <> '' \
             GROUP BY s.name_key HAVING count(*) BETWEEN 2 AND {max}) s CROSS JOIN LATERAL (SELECT a.id \
             FROM contacts a WHERE a.org_id = $1 AND a.name_key = s.name_key OFFSET 0) a)"
    )
}

/// Appends the condition that `contacts c` has possible duplicates, or that it has none. Similar
/// names do not count.
pub(super) fn push(statement: &mut Statement, has_some: bool, access: Access) {
    if has_some && access != Access::EachRow {
        statement.push(" AND ").push(&candidates());
    }
    statement.push(if has_some { " AND (" } else { " AND NOT (" });
    let (max, limit) = (SharedValues::MAX_CONTACTS, SharedValues::MAX_CONTACTS + 1);
    for Look { of, column, condition } in LOOKS {
        statement.push(&format!(
            "({of} AND (SELECT count(*) FROM (SELECT 1 FROM contacts o WHERE o.org_id = $1 \
                 AND o.{column} = c.{column} LIMIT {limit}) o) <= {max} \
             AND EXISTS (SELECT FROM contacts o WHERE o.org_id = $1 AND {condition} \
                 AND o.id <> c.id AND NOT {DISMISSED} OFFSET 0)) OR "
        ));
    }
    statement.push(
        "EXISTS (SELECT FROM possible_duplicates p WHERE p.org_id = $1 AND p.contact_id = c.id \
         AND NOT p.dismissed OFFSET 0) OR EXISTS (SELECT FROM possible_duplicates p \
         WHERE p.org_id = $1 AND p.other_id = c.id AND NOT p.dismissed OFFSET 0))",
    );
}
