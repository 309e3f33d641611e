//! Entry points for fuzz targets, which read the output of a connector without running a program.

use contacts_core::sync::SyncObserver;

pub use crate::airbyte::fuzz as airbyte;
pub use crate::singer::fuzz as singer;

/// An observer of a call that nobody watches.
pub(crate) struct Unobserved;

impl SyncObserver for Unobserved {
    fn may_continue(&self) -> bool {
        true
    }

    fn log(&self, _line: &str) {}
}
