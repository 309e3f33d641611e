//! Entry points for fuzz targets, which read what callers send without a server around it.

use contacts_core::OrgId;
use contacts_core::contact::FilterText;
use contacts_core::page::Position;

use crate::parts::cursor::Cursors;
use crate::parts::filter::FilterBody;
pub use crate::parts::jwt::{accepts, claims};

/// Path of the list of [`seal`] and [`open`].
const LIST: &str = "/v1/contacts";

/// Reads the filter of a JSON body; `None` when it is refused.
pub fn filter(body: &[u8]) -> Option<FilterText> {
    serde_json::from_slice::<FilterBody>(body).ok().map(FilterBody::into_text)
}

/// Makes a cursor of a list of an organisation.
pub fn seal(cursors: &Cursors, org: OrgId, position: &impl Position) -> String {
    cursors.of_list(org, LIST, &[]).seal(position)
}

/// Opens a cursor of the same list; `None` when it is refused.
pub fn open<P: Position>(cursors: &Cursors, org: OrgId, cursor: &str) -> Option<P> {
    cursors.of_list(org, LIST, &[]).open(cursor)
}
