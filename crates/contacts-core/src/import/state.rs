//! States of imports.

use time::OffsetDateTime;

use crate::run::RunState;

/// State of an import: a draft under review, a run, or the undo of that run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ImportState {
    /// The file is being uploaded.
    Uploading,
    /// The file is being analysed.
    Analysing,
    /// The file cannot be imported. A final state.
    Unusable,
    /// The import can be reviewed, changed and started.
    Ready,
    /// The import was started, or it ended before. A run of an import never waits.
    Run(RunState),
    /// The import is being undone.
    Undoing,
    /// The import was undone, except for contacts that were changed since. A final state.
    Undone,
}

impl ImportState {
    /// All states of imports.
    pub fn all() -> impl Iterator<Item = Self> {
        let runs = RunState::ALL.into_iter().filter(|state| *state != RunState::Waiting);
        [Self::Uploading, Self::Analysing, Self::Unusable, Self::Ready]
            .into_iter()
            .chain(runs.map(Self::Run))
            .chain([Self::Undoing, Self::Undone])
    }

    /// Returns the name of the state.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Uploading => "uploading",
            Self::Analysing => "analysing",
            Self::Unusable => "unusable",
            Self::Ready => "ready",
            Self::Run(state) => state.as_str(),
            Self::Undoing => "undoing",
            Self::Undone => "undone",
        }
    }

    /// Parses the name of a state.
    pub fn parse(name: &str) -> Option<Self> {
        Self::all().find(|state| state.as_str() == name)
    }

    /// Returns the state of an import that is stored as this one, like [`RunState::since`].
    #[must_use]
    pub fn since(self, started_at: Option<OffsetDateTime>) -> Self {
        match self {
            Self::Run(state) => Self::Run(state.since(started_at)),
            state => state,
        }
    }

    /// Returns the state of the import among runs of other kinds. A draft is queued during its
    /// upload, running during its analysis, and waits for its review. An undo is a run of its own:
    /// the import that it undoes is done.
    pub fn run_state(self) -> RunState {
        match self {
            Self::Uploading => RunState::Queued,
            Self::Analysing => RunState::Running,
            Self::Ready => RunState::Waiting,
            Self::Unusable => RunState::Failed,
            Self::Run(state) => state,
            Self::Undoing | Self::Undone => RunState::Done,
        }
    }

    /// Whether the import was started and its rows are not all applied.
    pub fn is_applying(self) -> bool {
        matches!(self, Self::Run(state) if state.is_open())
    }

    /// Whether the state is final, unless an undo is requested.
    pub fn is_end(self) -> bool {
        !self.is_under_way() && self != Self::Undoing
    }

    /// Whether the import has not ended, so that it can be cancelled.
    pub fn is_under_way(self) -> bool {
        self.run_state().is_open()
    }
}

#[cfg(test)]
mod tests {
    use super::ImportState;

    #[test]
    fn every_name_is_the_name_of_one_state() {
        for state in ImportState::all() {
            assert_eq!(ImportState::parse(state.as_str()), Some(state));
        }
    }

    #[test]
    fn an_import_has_the_states_of_a_draft_a_run_and_an_undo() {
        let names: Vec<_> = ImportState::all().map(ImportState::as_str).collect();
        let expected = "uploading analysing unusable ready queued running done failed cancelled \
             undoing undone";
        assert_eq!(names.join(" "), expected);
    }

    #[test]
    fn what_is_under_way_can_be_cancelled_and_the_rest_has_ended() {
        let names = |is: fn(ImportState) -> bool| {
            let states = ImportState::all().filter(|state| is(*state));
            states.map(ImportState::as_str).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(names(ImportState::is_under_way), "uploading analysing ready queued running");
        assert_eq!(names(ImportState::is_end), "unusable done failed cancelled undone");
        assert_eq!(names(ImportState::is_applying), "queued running");
    }
}
