//! Whether a contact has possible duplicates (R17), as SQL.
//!
//! Each contact is looked at by indexes: of numbers, of names, of names without an address, and
//! of pairs. Nobody is joined with everybody of the same number, for a thousand may have it.

use super::Look;
use crate::statement::Statement;

/// Somebody said that `c` and `o` are two people.
const DISMISSED: &str = "EXISTS (SELECT FROM possible_duplicates p WHERE p.org_id = $1 \
     AND p.contact_id = LEAST(c.id, o.id) AND p.other_id = GREATEST(c.id, o.id) AND p.dismissed)";

/// What another contact, `o`, must have in common with `c`, and before it what `c` must have.
const ALIKE: &[(&str, &str)] = &[
    ("c.phone_e164 IS NOT NULL", "o.phone_e164 = c.phone_e164"),
    ("c.name_key <> '' AND c.email_key = ''", "o.name_key = c.name_key"),
    ("c.name_key <> ''", "o.name_key = c.name_key AND o.email_key = '' AND o.name_key <> ''"),
];

/// Contacts among which are all that have some, as a set. Those of a number or a name are looked
/// up, which `OFFSET 0` keeps so: joined, everybody would be walked through for them.
const CANDIDATES: &str = "c.id IN (\
     SELECT p.contact_id FROM possible_duplicates p WHERE p.org_id = $1 AND NOT p.dismissed \
     UNION ALL SELECT p.other_id FROM possible_duplicates p WHERE p.org_id = $1 AND NOT p.dismissed \
     UNION ALL SELECT a.id FROM (\
         SELECT s.phone_e164 FROM contacts s WHERE s.org_id = $1 AND s.phone_e164 IS NOT NULL \
         GROUP BY s.phone_e164 HAVING count(*) > 1) s CROSS JOIN LATERAL (SELECT a.id \
         FROM contacts a WHERE a.org_id = $1 AND a.phone_e164 = s.phone_e164 OFFSET 0) a \
     UNION ALL SELECT a.id FROM (\
         SELECT DISTINCT s.name_key FROM contacts s WHERE s.org_id = $1 AND s.email_key = '' \
         AND s.name_key <> '') s CROSS JOIN LATERAL (SELECT a.id \
         FROM contacts a WHERE a.org_id = $1 AND a.name_key = s.name_key OFFSET 0) a)";

/// Adds the condition that `contacts c` has possible duplicates, or has none.
pub(super) fn push(statement: &mut Statement, has_some: bool, look: Look) {
    if has_some && look == Look::AsSet {
        statement.push(" AND ").push(CANDIDATES);
    }
    statement.push(if has_some { " AND (" } else { " AND NOT (" });
    for (of, alike) in ALIKE {
        statement.push(&format!(
            "({of} AND EXISTS (SELECT FROM contacts o WHERE o.org_id = $1 AND {alike} \
             AND o.id <> c.id AND NOT {DISMISSED} OFFSET 0)) OR "
        ));
    }
    statement.push(
        "EXISTS (SELECT FROM possible_duplicates p WHERE p.org_id = $1 AND p.contact_id = c.id \
         AND NOT p.dismissed OFFSET 0) OR EXISTS (SELECT FROM possible_duplicates p \
         WHERE p.org_id = $1 AND p.other_id = c.id AND NOT p.dismissed OFFSET 0))",
    );
}
