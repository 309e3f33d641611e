//! Edits of a connected source, applied to the locked row (R12, R63).

use std::collections::BTreeMap;

use time::OffsetDateTime;

use super::{ConnectedSource, End, Mapping, Mode, Schedule, SettingValue, VanishPolicy};
use crate::contact::Patch;
use crate::{Error, Result};

/// A checked patch of a source's definition; an absent member stays as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SourcePatch {
    /// Name of the connected source.
    pub name: Option<String>,
    /// Settings by their paths.
    pub settings: BTreeMap<String, SettingPatch>,
    /// Name of the stream.
    pub stream: Option<String>,
    /// How the stream is read.
    pub mode: Option<Mode>,
    /// Which field of a record goes where.
    pub mapping: Option<Mapping>,
    /// The schedule.
    pub schedule: Patch<Schedule>,
    /// What happens to contacts whose record has vanished.
    pub vanish: Option<VanishPolicy>,
    /// Whether the schedule is suspended.
    pub paused: Option<bool>,
}

/// The change of one setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingPatch {
    /// The setting is removed.
    Remove,
    /// The setting gets a value that is not secret.
    Public(SettingValue),
    /// The setting gets a secret value, which is sealed.
    Sealed(Vec<u8>),
}

impl ConnectedSource {
    /// Applies a patch; returns whether it changed something. A new schedule or pause recomputes
    /// the next run, and a new stream or mode discards the state. `is_running` is whether a run is
    /// open.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when the stream or the mode would change while a run is open.
    pub fn apply(
        &mut self,
        patch: &SourcePatch,
        is_running: bool,
        now: OffsetDateTime,
    ) -> Result<bool> {
        let before = self.clone();
        replace(&mut self.name, patch.name.as_ref());
        replace(&mut self.stream, patch.stream.as_ref());
        replace(&mut self.mode, patch.mode.as_ref());
        replace(&mut self.mapping, patch.mapping.as_ref());
        replace(&mut self.vanish, patch.vanish.as_ref());
        replace(&mut self.paused, patch.paused.as_ref());
        match &patch.schedule {
            Patch::Keep => {}
            Patch::Clear => self.schedule = None,
            Patch::Set(schedule) => self.schedule = Some(schedule.clone()),
        }
        for (path, setting) in &patch.settings {
            self.apply_setting(path, setting);
        }
        if *self == before {
            return Ok(false);
        }
        if (&self.stream, &self.mode) != (&before.stream, &before.mode) {
            if is_running {
                let reason = "the source is running: cancel the run before you change its stream or \
                           the way it is read";
                return Err(Error::Conflict(reason.to_owned()));
            }
            self.state = None;
        }
        if (&self.schedule, self.paused) != (&before.schedule, before.paused) {
            self.next_run_at = self.next_after(now);
        }
        self.version += 1;
        Ok(true)
    }

    /// Records the end of a run. The worker computed the next run from the definition that it read
    /// when the run began. If the definition has been edited since, the next run is recomputed, so
    /// that an edit of the schedule is never undone.
    pub fn record_end(&mut self, end: &End, now: OffsetDateTime) {
        self.failures = end.failures;
        self.problem.clone_from(&end.problem);
        self.next_run_at = match end.source_version == self.version {
            true => end.next_run_at,
            false => self.next_after(now),
        };
    }

    /// Replaces one setting. A setting may become an object or the other way round, so the
    /// settings within its path and around it are removed.
    fn apply_setting(&mut self, path: &str, setting: &SettingPatch) {
        let is_other = |key: &String| key != path && !contains(key, path) && !contains(path, key);
        self.settings.0.retain(|key, _| is_other(key));
        self.secrets.retain(|key, _| is_other(key));
        match setting {
            SettingPatch::Remove => {}
            SettingPatch::Public(value) => {
                self.settings.0.insert(path.to_owned(), value.clone());
            }
            SettingPatch::Sealed(sealed) => {
                self.secrets.insert(path.to_owned(), sealed.clone());
            }
        }
    }
}

fn replace<T: Clone>(slot: &mut T, new: Option<&T>) {
    if let Some(new) = new {
        slot.clone_from(new);
    }
}

/// Whether the path `inner` lies within the path `outer`.
fn contains(outer: &str, inner: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'))
}
