//! The API resources. Each is one file or folder with its handlers, bodies and views.

mod actions;
mod campaigns;
mod captures;
mod contacts;
mod conversations;
mod duplicates;
mod erasures;
mod events;
mod fields;
mod imports;
mod invitations;
mod keys;
mod me;
mod merges;
mod notes;
mod runs;
mod segments;
mod selections;
mod sessions;
mod sign_ins;
pub(crate) mod syncs;
mod tags;
mod trail;
mod undos;
mod users;
mod webhooks;

use crate::parts::table::Table;

/// Adds the routes that need no credentials.
pub(crate) fn open_routes(table: Table) -> Table {
    sign_ins::open_routes(invitations::open_routes(sessions::open_routes(table)))
}

/// Adds the routes that need credentials.
pub(crate) fn routes(table: Table) -> Table {
    let resources = [
        contacts::routes,
        duplicates::routes,
        merges::routes,
        captures::routes,
        conversations::routes,
        notes::routes,
        campaigns::routes,
        erasures::routes,
        tags::routes,
        fields::routes,
        imports::routes,
        events::routes,
        webhooks::routes,
        syncs::routes,
        keys::routes,
        me::routes,
        sessions::routes,
        users::routes,
        sign_ins::routes,
        invitations::routes,
        trail::routes,
        segments::routes,
        selections::routes,
        actions::routes,
        runs::routes,
    ];
    resources.into_iter().fold(table, |table, add_routes| add_routes(table))
}
