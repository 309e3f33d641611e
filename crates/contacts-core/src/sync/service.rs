//! Working with connected sources.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{
    ConnectedSource, Connectors, End, Mapping, Mode, Redefined, Schedule, SettingValue, Settings,
    SourceId, SyncRepository, SyncRun, SyncRunId, SyncState, Vanish,
};
use crate::contact::Patch;
use crate::field::FieldRepository;
use crate::org::OrganisationRepository;
use crate::webhook::Sealer;
use crate::{Actor, Clock, Error, Ids, Invalid, OrgId, Result, text};

/// What a source is to be.
#[derive(Clone, Debug)]
pub struct Definition {
    /// What people call it.
    pub name: String,
    /// The connector, by its name.
    pub connector: String,
    /// All settings, the secret ones open.
    pub settings: Settings,
    /// The stream.
    pub stream: String,
    /// How it is read.
    pub mode: Mode,
    /// What its fields become.
    pub mapping: Mapping,
    /// When it runs by itself.
    pub schedule: Option<Schedule>,
    /// What happens to contacts that vanish there.
    pub vanish: Vanish,
    /// Whether it does not run by itself for now.
    pub paused: bool,
}

/// What to change of a source; what is absent stays.
#[derive(Clone, Debug, Default)]
pub struct DefinitionPatch {
    /// What people call it.
    pub name: Option<String>,
    /// Settings by their paths: those to set, and those to take away.
    pub settings: BTreeMap<String, Option<SettingValue>>,
    /// The stream.
    pub stream: Option<String>,
    /// How it is read.
    pub mode: Option<Mode>,
    /// What its fields become.
    pub mapping: Option<Mapping>,
    /// When it runs by itself.
    pub schedule: Patch<Schedule>,
    /// What happens to contacts that vanish there.
    pub vanish: Option<Vanish>,
    /// Whether it does not run by itself for now.
    pub paused: Option<bool>,
}

/// The use cases of connected sources.
#[derive(Clone)]
pub struct SyncService {
    /// Where they are kept.
    pub sources: Arc<dyn SyncRepository>,
    /// The connectors that the operator allows.
    pub connectors: Connectors,
    /// What seals secret settings.
    pub sealer: Arc<dyn Sealer>,
    /// The custom fields.
    pub fields: Arc<dyn FieldRepository>,
    /// The organisations.
    pub organisations: Arc<dyn OrganisationRepository>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub ids: Arc<dyn Ids>,
    /// How many of this process ask a connector while somebody waits for the answer.
    pub asking: super::Asking,
}

impl SyncService {
    /// The most sources of an organisation.
    pub const MOST: usize = 50;
    /// The most runs of a source that are kept.
    pub const RUNS: usize = 100;
    /// The most bytes of all settings of a source.
    pub const SETTINGS: usize = 64 << 10;

    /// Makes a source.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] naming what is wrong; [`Error::Taken`] when another has its name;
    /// [`Error::Conflict`] when there are too many, or the connector does not answer.
    pub fn create(&self, org: OrgId, definition: Definition) -> Result<ConnectedSource> {
        let Definition { name, connector, settings, stream, mode, mapping, .. } = definition;
        let now = self.clock.now();
        let mut source = ConnectedSource {
            org,
            id: SourceId(self.ids.next()),
            name,
            connector,
            settings: Settings::default(),
            secrets: BTreeMap::new(),
            stream,
            mode,
            mapping,
            next_run_at: None,
            schedule: definition.schedule,
            vanish: definition.vanish,
            paused: definition.paused,
            state: None,
            failures: 0,
            problem: None,
            created_at: now,
        };
        self.check_definition(&mut source)?;
        let settings = settings.0.into_iter().map(|(path, value)| (path, Some(value)));
        self.set(&mut source, settings.collect())?;
        if self.sources.list(org)?.len() >= Self::MOST {
            let most = Self::MOST;
            return Err(Error::Conflict(format!("there are {most} sources: delete one first")));
        }
        if let Some(schedule) = source.schedule.as_ref().filter(|_| !source.paused) {
            source.next_run_at = schedule.first(now);
        }
        self.sources.insert(&source)?;
        Ok(source)
    }

    /// Finds a source.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn get(&self, org: OrgId, id: SourceId) -> Result<ConnectedSource> {
        self.sources.get(org, id)?.ok_or(Error::NotFound("source"))
    }

    /// All sources, the oldest first, each with its last run.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn list(&self, org: OrgId) -> Result<Vec<(ConnectedSource, Option<SyncRun>)>> {
        self.sources.list(org)
    }

    /// Changes a source. Another stream, or another way of reading it, begins anew.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Invalid`]; [`Error::Taken`]; [`Error::Conflict`] when the
    /// stream is to be another and a run is open.
    pub fn update(
        &self,
        org: OrgId,
        id: SourceId,
        patch: DefinitionPatch,
    ) -> Result<ConnectedSource> {
        let before = self.get(org, id)?;
        let mut source = before.clone();
        let now = self.clock.now();
        source.name = patch.name.unwrap_or(source.name);
        source.stream = patch.stream.unwrap_or(source.stream);
        source.mode = patch.mode.unwrap_or(source.mode);
        source.mapping = patch.mapping.unwrap_or(source.mapping);
        source.vanish = patch.vanish.unwrap_or(source.vanish);
        source.paused = patch.paused.unwrap_or(source.paused);
        match patch.schedule {
            Patch::Keep => {}
            Patch::Clear => source.schedule = None,
            Patch::Set(schedule) => source.schedule = Some(schedule),
        }
        self.check_definition(&mut source)?;
        if !patch.settings.is_empty() {
            self.set(&mut source, patch.settings)?;
        }
        if (&source.schedule, source.paused) != (&before.schedule, before.paused) {
            source.next_run_at = source.next_after(now);
        }
        let anew = (&source.stream, &source.mode) != (&before.stream, &before.mode);
        match self.sources.update(&source, anew, now)? {
            Redefined::Done => self.get(org, id),
            Redefined::Gone => Err(Error::NotFound("source")),
            Redefined::Running => {
                let why = "the source is running: cancel the run before it reads something else";
                Err(Error::Conflict(why.to_owned()))
            }
        }
    }

    /// Deletes a source. Its contacts stay.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn delete(&self, org: OrgId, id: SourceId) -> Result<()> {
        let deleted = self.sources.delete(org, id)?;
        if deleted { Ok(()) } else { Err(Error::NotFound("source")) }
    }

    /// Has a source run now, paused or not, or says which run is under way; anew, it reads
    /// everything again.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn ask(&self, org: OrgId, id: SourceId, anew: bool, actor: Actor) -> Result<SyncRun> {
        let now = self.clock.now();
        let run = SyncRun::queued(id, SyncRunId(self.ids.next()), Some(actor), now);
        self.sources.ask(org, &run, anew, now)?.ok_or(Error::NotFound("source"))
    }

    /// Runs, the newest first.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn runs(
        &self,
        org: OrgId,
        id: SourceId,
        before: Option<SyncRunId>,
        limit: usize,
    ) -> Result<Vec<SyncRun>> {
        self.get(org, id)?;
        self.sources.runs(org, id, before, limit)
    }

    /// Finds a run of a source.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn get_run(&self, org: OrgId, id: SourceId, run: SyncRunId) -> Result<SyncRun> {
        let run = self.sources.run(org, run)?.filter(|run| run.source == id);
        run.ok_or(Error::NotFound("run"))
    }

    /// Stops a run; what was taken stays. A connector that works is stopped within seconds.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Conflict`] when it is at an end.
    pub fn cancel(&self, org: OrgId, id: SourceId, run: SyncRunId) -> Result<SyncRun> {
        let source = self.get(org, id)?;
        self.get_run(org, id, run)?;
        let now = self.clock.now();
        let end = End {
            state: SyncState::Cancelled,
            problem: None,
            failures: source.failures,
            next_run_at: source.next_after(now),
            log: Vec::new(),
        };
        let cancelled = self.sources.end(org, run, None, &end, now)?;
        let run = self.get_run(org, id, run)?;
        if cancelled {
            return Ok(run);
        }
        let state = run.state.as_str();
        Err(Error::Conflict(format!("the run cannot be cancelled: it is {state}")))
    }

    /// Seals the secret settings of an organisation's sources with the newest key; says of how
    /// many sources.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] when one was sealed with a key that is not there any more.
    pub fn reseal(&self, org: OrgId) -> Result<usize> {
        let mut resealed = 0;
        for (source, _) in self.sources.list(org)? {
            if source.secrets.is_empty() {
                continue;
            }
            let mut after = source.clone();
            for (path, sealed) in &mut after.secrets {
                let place = place(&source, path);
                *sealed = self.sealer.seal(&place, &self.sealer.open(&place, sealed)?)?;
            }
            resealed += usize::from(self.sources.reseal(&source, &after)?);
        }
        Ok(resealed)
    }

    /// All settings of a source, the secret ones open.
    pub(super) fn opened(&self, source: &ConnectedSource) -> Result<Settings> {
        let mut settings = source.settings.clone();
        for (path, sealed) in &source.secrets {
            let open = self.sealer.open(&place(source, path), sealed)?;
            let unread = || Error::store("a secret setting holds what cannot be read");
            let (kind, value) = open.split_first().ok_or_else(unread)?;
            let value = String::from_utf8(value.to_vec()).map_err(Error::store)?;
            let value = match kind {
                b't' => SettingValue::Text(value),
                b'j' => SettingValue::Json(value),
                _ => return Err(unread()),
            };
            settings.0.insert(path.clone(), value);
        }
        Ok(settings)
    }

    /// Sets settings and takes settings away: the secret ones are sealed.
    fn set(
        &self,
        source: &mut ConnectedSource,
        settings: BTreeMap<String, Option<SettingValue>>,
    ) -> Result<()> {
        let spec = self.spec(&source.connector)?;
        let length = |(path, value): (&String, &Option<SettingValue>)| {
            path.len() + value.as_ref().map_or(0, SettingValue::len)
        };
        if settings.iter().map(length).sum::<usize>() > Self::SETTINGS {
            let reason = format!("must not be longer than {} bytes", Self::SETTINGS);
            return Err(Invalid::one("settings", reason).into());
        }
        for (path, value) in settings {
            // What was a text may become an object, and the other way round.
            let is_other = |kept: &String| {
                let (kept, path) = (kept.as_str(), path.as_str());
                kept != path && !holds(kept, path) && !holds(path, kept)
            };
            source.settings.0.retain(|kept, _| is_other(kept));
            source.secrets.retain(|kept, _| is_other(kept));
            let Some(value) = value else { continue };
            if spec.is_secret(&path) {
                let plain = match &value {
                    SettingValue::Text(text) => format!("t{text}"),
                    SettingValue::Json(json) => format!("j{json}"),
                };
                let sealed = self.sealer.seal(&place(source, &path), plain.as_bytes())?;
                source.secrets.insert(path, sealed);
            } else {
                source.settings.0.insert(path, value);
            }
        }
        Ok(())
    }

    fn check_definition(&self, source: &mut ConnectedSource) -> Result<()> {
        let mut wrong = source.mapping.wrong();
        let mut name = |field: &str, text: &str, most: usize| {
            let text = text::nfc(text::trim(text));
            let is_fit = (1..=most).contains(&text.chars().count());
            if !is_fit || text.chars().any(char::is_control) {
                let reason = format!("must have 1 to {most} characters without control characters");
                wrong.push(Invalid::new(field, reason));
            }
            text
        };
        source.name = name("name", &source.name, 200);
        source.stream = name("stream", &source.stream, 500);
        if self.connectors.get(&source.connector).is_none() {
            wrong.push(self.no_such_connector());
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong.into()) }
    }

    pub(super) fn no_such_connector(&self) -> Invalid {
        let names: Vec<_> = self.connectors.names().collect();
        Invalid::new("connector", format!("must be one of: {}", names.join(", ")))
    }
}

/// Whether a path is within another.
fn holds(outer: &str, inner: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'))
}

/// Where a secret setting belongs: moved elsewhere it cannot be opened.
fn place(source: &ConnectedSource, path: &str) -> Vec<u8> {
    [source.org.0.as_bytes().as_slice(), source.id.0.as_bytes(), path.as_bytes()].concat()
}
