//! Pages of lists (R21): every list has the query parameters `cursor` and `limit`, and answers with
//! `items` and `next`.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use contacts_core::page::{Page, PageSize, Position};

use crate::parts::caller::{Caller, unauthenticated_problem};
use crate::parts::cursor::ListCursors;
use crate::parts::params::{FromParams, Params, query};
use crate::parts::problem::Problem;
use crate::parts::shared::Shared;

/// Declares a page of a list: its items, and the cursor of the next page.
macro_rules! page_view {
    ($(#[$doc:meta])* $visibility:vis struct $name:ident as $schema_name:ident {
        $(#[$of_items:meta])* items: $item:ty,
    }) => {
        $(#[$doc])*
        #[derive(serde::Serialize, utoipa::ToSchema)]
        #[schema(as = $schema_name)]
        $visibility struct $name {
            $(#[$of_items])*
            items: Vec<$item>,
            /// The value of `cursor` for the next page; null on the last page.
            next: Option<String>,
        }

        impl From<contacts_core::page::Page<$item, String>> for $name {
            fn from(page: contacts_core::page::Page<$item, String>) -> Self {
                Self { items: page.items, next: page.next }
            }
        }
    };
}

pub(crate) use page_view;

query! {
    /// Parameters that select a page of a list.
    pub(crate) struct PageParams {
        /// The `next` of the previous page, with the same other parameters. Default: the first
        /// page.
        cursor: Option<String>,
        /// Number of items per page.
        #[param(value_type = Option<u16>, minimum = 1, maximum = 200, default = 50)]
        limit: PageSize,
    }
}

/// The requested page of a list, whose positions are of type `P`.
pub(crate) struct Paging<P> {
    /// The position after which the page begins; `None` for the first page.
    pub(crate) after: Option<P>,
    /// Maximum number of items.
    pub(crate) size: PageSize,
    cursors: ListCursors,
}

impl<P: Position> Paging<P> {
    /// Takes the parameters of a page. An invalid cursor is recorded in `params`.
    pub(crate) fn take(params: &mut Params, cursors: ListCursors) -> Self {
        let PageParams { cursor, limit } = PageParams::from_params(params);
        let after = cursor.and_then(|cursor| open(&cursors, &cursor, params));
        Self { after, size: limit, cursors }
    }

    /// Returns the request for the first page of a list, with the default number of items.
    pub(crate) fn first(cursors: ListCursors) -> Self {
        Self { after: None, size: PageSize::default(), cursors }
    }

    /// Number of rows to read: one more than the page has, which shows whether there is a next
    /// page.
    pub(crate) fn rows(&self) -> usize {
        self.size.get() + 1
    }

    /// Makes a page of rows that were read with [`Paging::rows`].
    pub(crate) fn cut<T>(&self, rows: Vec<T>, position: impl Fn(&T) -> P) -> Page<T, String> {
        self.seal(Page::cut(rows, self.size, position))
    }

    /// Makes a page of a complete list that is sorted by its positions.
    pub(crate) fn of_all<T>(&self, all: Vec<T>, position: impl Fn(&T) -> P) -> Page<T, String>
    where
        P: PartialOrd,
    {
        self.seal(Page::of_all(all, self.after.as_ref(), self.size, position))
    }

    /// Signs the position of the next page.
    pub(crate) fn seal<T>(&self, page: Page<T, P>) -> Page<T, String> {
        Page { items: page.items, next: page.next.map(|next| self.cursors.seal(&next)) }
    }
}

/// Reads a cursor. A cursor that was not issued for this list is recorded in `params`.
pub(crate) fn open<P: Position>(
    cursors: &ListCursors,
    cursor: &str,
    params: &mut Params,
) -> Option<P> {
    let position = cursors.open(cursor);
    if position.is_none() {
        params.refuse(
            "cursor",
            "was not issued for this list with these parameters: start again without a cursor",
        );
    }
    position
}

/// A list that has no query parameters but those of a page.
impl<P: Position> FromRequest for Paging<P> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(req, |_| ()).map(|(paging, ())| paging))
    }
}

/// The requested page of a list that has further query parameters.
pub(crate) struct FilteredPaging<P, Q> {
    pub(crate) page: Paging<P>,
    pub(crate) query: Q,
}

impl<P: Position, Q: FromParams> FromRequest for FilteredPaging<P, Q> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(req, Q::from_params).map(|(page, query)| Self { page, query }))
    }
}

fn read<P: Position, Q>(
    req: &HttpRequest,
    take: impl FnOnce(&mut Params) -> Q,
) -> Result<(Paging<P>, Q), Problem> {
    let shared = req.app_data::<Data<Shared>>().ok_or_else(Problem::internal)?;
    let org = req.extensions().get::<Caller>().ok_or_else(unauthenticated_problem)?.org;
    let mut params = Params::read(req.query_string())?;
    let cursors = shared.api.cursors.of_list(org, req.path(), params.pairs());
    let query = take(&mut params);
    let paging = Paging::take(&mut params, cursors);
    params.finish()?;
    Ok((paging, query))
}
