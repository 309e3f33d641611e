//! What pages of lists take, as the API's description tells it.

use utoipa::IntoParams;
use uuid::Uuid;

/// Declares the parameters of a page: after or before which place, and how many. They describe
/// what a handler reads by [`Params`](crate::params::Params).
macro_rules! pages {
    ($($name:ident $place:ident $kind:ident),+ $(,)?) => {$(
        #[derive(IntoParams)]
        #[into_params(parameter_in = Query)]
        #[expect(dead_code, reason = "it describes what handlers read")]
        pub(crate) struct $name {
            /// `next` of the page before.
            $place: Option<$kind>,
            /// How many.
            #[param(minimum = 1, maximum = 200, default = 50)]
            limit: Option<u16>,
        }
    )+};
}

pages! {
    BeforeId before Uuid,
    BeforePlace before String,
    AfterId after Uuid,
    AfterPlace after String,
    AfterRow after u64,
    AfterCursor cursor String,
}
