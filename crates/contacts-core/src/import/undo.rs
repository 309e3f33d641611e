//! Undoing imports (R37): contacts that an import added are removed, and fields that it overwrote are
//! restored, except where somebody has changed them since.

mod keys;
mod reverse;

pub use self::keys::{restored_keys, reverse_chunk};
use self::reverse::reverse;
pub use self::reverse::{CurrentState, Restored, Reversal, undo_events};
