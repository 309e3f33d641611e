//! Cursors of lists (R21): the position after which the next page begins, signed for the list that
//! it belongs to.
//!
//! A cursor is accepted only by the organisation, the path, the filter and the order that it was
//! issued for. Otherwise a client that changes its filter between two pages would silently skip
//! items, and an invented cursor would reach the store.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use contacts_core::OrgId;
use contacts_core::page::Position;
use hmac::Mac;

use crate::parts::keyed::{keyed, mac};

/// Length of the authentication code in a cursor, in bytes.
const CODE_LENGTH: usize = 16;

/// Path of the lists of events, which share their cursors.
const FEED: &str = "/v1/events";

/// Query parameters that may change from page to page.
const PAGING: [&str; 3] = ["cursor", "limit", "count"];

/// Signs and verifies the cursors of all lists.
#[derive(Clone)]
pub struct Cursors {
    secret: [u8; 32],
}

impl Cursors {
    /// Creates a signer. All servers of an installation must share the secret: a server with
    /// another secret refuses the cursors.
    pub fn new(secret: [u8; 32]) -> Self {
        Self { secret }
    }

    /// Returns the signer of one list: a path of an organisation, with its query parameters in any
    /// order.
    pub(crate) fn of_list(
        &self,
        org: OrgId,
        path: &str,
        query: &[(String, String)],
    ) -> ListCursors {
        let mut query: Vec<_> =
            query.iter().filter(|(name, _)| !PAGING.contains(&name.as_str())).collect();
        query.sort();
        let pairs = query.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
        let parts: Vec<_> = [org.0.as_bytes(), path.as_bytes()].into_iter().chain(pairs).collect();
        ListCursors { key: keyed(&self.secret, &parts) }
    }

    /// Returns the signer of the change feed.
    pub(crate) fn of_feed(&self, org: OrgId) -> ListCursors {
        self.of_list(org, FEED, &[])
    }
}

impl fmt::Debug for Cursors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cursors").finish_non_exhaustive()
    }
}

/// Signs and verifies the cursors of one list.
#[derive(Clone)]
pub(crate) struct ListCursors {
    key: [u8; 32],
}

impl ListCursors {
    /// Makes a cursor of a position.
    pub(crate) fn seal(&self, position: &impl Position) -> String {
        let position = position.encode();
        let code = keyed(&self.key, &[position.as_bytes()]);
        URL_SAFE_NO_PAD.encode([&code[..CODE_LENGTH], position.as_bytes()].concat())
    }

    /// Returns the position of a cursor. Returns `None` when the cursor was not issued for this
    /// list.
    pub(crate) fn open<P: Position>(&self, cursor: &str) -> Option<P> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (code, position) = bytes.split_at_checked(CODE_LENGTH)?;
        mac(&self.key, &[position]).verify_truncated_left(code).ok()?;
        P::decode(std::str::from_utf8(position).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn org(id: u128) -> OrgId {
        OrgId(Uuid::from_u128(id))
    }

    fn query(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn list(pairs: &[(&str, &str)]) -> ListCursors {
        Cursors::new([7; 32]).of_list(org(1), "/v1/tags", &query(pairs))
    }

    #[test]
    fn a_cursor_is_valid_for_its_list_only() {
        let cursor_list = list(&[("prefix", "a")]);
        let cursor = cursor_list.seal(&"äöü".to_owned());
        assert_eq!(cursor_list.open(&cursor), Some("äöü".to_owned()));
        let signer = Cursors::new([7; 32]);
        let same = query(&[("prefix", "a")]);
        let other_lists = [
            list(&[]),
            list(&[("prefix", "b")]),
            list(&[("prefix", "a"), ("prefix", "a")]),
            list(&[("prefixa", "")]),
            signer.of_list(org(2), "/v1/tags", &same),
            signer.of_list(org(1), "/v1/segments", &same),
            Cursors::new([8; 32]).of_list(org(1), "/v1/tags", &same),
            signer.of_feed(org(1)),
        ];
        for other in other_lists {
            assert_eq!(other.open::<String>(&cursor), None);
        }
    }

    #[test]
    fn the_size_of_a_page_and_the_order_of_parameters_do_not_matter() {
        let cursor = list(&[("prefix", "a"), ("x", "1"), ("limit", "2")]).seal(&7_u64);
        let again = list(&[("x", "1"), ("count", "none"), ("cursor", &cursor), ("prefix", "a")]);
        assert_eq!(again.open(&cursor), Some(7_u64));
    }

    #[test]
    fn a_changed_or_truncated_cursor_is_refused() {
        let list = list(&[]);
        let cursor = list.seal(&"name".to_owned());
        for at in 0..cursor.len() {
            let mut changed = cursor.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(list.open::<String>(&changed), None, "at {at}");
            assert_eq!(list.open::<String>(&cursor[..at]), None, "at {at}");
        }
        for errors in ["\0", "=", "é", &format!("{cursor}="), &format!("{cursor}A")] {
            assert_eq!(list.open::<String>(errors), None, "{errors:?}");
        }
    }
}
