//! Whether long work goes on.

/// Asked by long work between two chunks.
pub trait Interrupt: Sync {
    /// False when the work must end, or has lasted long enough while other jobs wait.
    fn may_continue(&self) -> bool;

    /// True when the service stops, or the job was given to another worker. Work that would have
    /// to start over asks only this.
    fn must_end(&self) -> bool;
}
