//! Use cases of connected sources.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{
    ConnectedSource, Connectors, End, Mapping, Mode, Schedule, SettingPatch, SettingValue,
    Settings, SourceId, SourcePatch, SyncRepository, SyncRun, SyncRunId, VanishPolicy,
};
use crate::contact::Patch;
use crate::field::FieldRepository;
use crate::org::OrganisationRepository;
use crate::run::RunState;
use crate::seal::Sealer;
use crate::{Actor, Clock, Error, Ids, Invalid, OrgId, Ports, Result, text};

/// A source to create.
#[derive(Clone, Debug)]
pub struct SourceDefinition {
    /// Name of the connected source.
    pub name: String,
    /// Name of the connector.
    pub connector: String,
    /// All settings; the secret ones are not sealed.
    pub settings: Settings,
    /// Name of the stream.
    pub stream: String,
    /// How the stream is read.
    pub mode: Mode,
    /// Which field of a record goes where.
    pub mapping: Mapping,
    /// The schedule; without one the source runs on demand only.
    pub schedule: Option<Schedule>,
    /// What happens to contacts whose record has vanished.
    pub vanish: VanishPolicy,
    /// Whether the schedule is suspended.
    pub paused: bool,
}

/// An unchecked patch of a source; an absent member stays as it is.
#[derive(Clone, Debug, Default)]
pub struct RawSourcePatch {
    /// Name of the connected source.
    pub name: Option<String>,
    /// Settings by their paths: the new value, or `None` to remove it.
    pub settings: BTreeMap<String, Option<SettingValue>>,
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

/// The use cases of connected sources.
#[derive(Clone)]
pub struct SyncService {
    pub(super) sources: Arc<dyn SyncRepository>,
    pub(super) connectors: Connectors,
    sealer: Arc<dyn Sealer>,
    pub(super) fields: Arc<dyn FieldRepository>,
    pub(super) organisations: Arc<dyn OrganisationRepository>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<dyn Ids>,
    pub(super) slots: super::ConnectorSlots,
}

impl SyncService {
    /// Maximum number of sources in an organisation.
    pub const MAX_SOURCES: usize = 50;
    /// Maximum number of stored runs of a source.
    pub const RUNS: usize = 100;
    /// Maximum size of the settings in one request, in bytes.
    pub const MAX_SETTINGS_BYTES: usize = 64 << 10;

    pub(crate) fn over(ports: &Ports) -> Self {
        Self {
            sources: ports.sources.clone(),
            connectors: ports.connectors.clone(),
            sealer: ports.source_sealer.clone(),
            fields: ports.fields.clone(),
            organisations: ports.organisations.clone(),
            clock: ports.clock.clone(),
            ids: ports.ids.clone(),
            slots: super::ConnectorSlots::default(),
        }
    }

    /// The connectors that the operator allows.
    pub fn connectors(&self) -> &Connectors {
        &self.connectors
    }

    /// Creates a source.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] naming what is wrong; [`Error::Taken`] when another source
    /// has its name; [`Error::Conflict`] when the organisation has [`Self::MAX_SOURCES`], or the
    /// connector does not answer.
    pub fn create(
        &self,
        org: OrgId,
        definition: SourceDefinition,
        actor: Actor,
    ) -> Result<ConnectedSource> {
        let SourceDefinition { name, connector, settings, stream, mode, mapping, .. } = definition;
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
            version: 1,
        };
        self.check_definition(&mut source)?;
        let settings = settings.0.into_iter().map(|(path, value)| (path, Some(value)));
        let settings = self.seal_settings(&source, settings.collect())?;
        source.apply(&SourcePatch { settings, ..SourcePatch::default() }, false, now)?;
        source.version = 1;
        if let Some(schedule) = source.schedule.as_ref().filter(|_| !source.paused) {
            source.next_run_at = schedule.first(now);
        }
        self.sources.insert(&source, Self::MAX_SOURCES, actor)?;
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

    /// Lists all sources, the oldest first, each with its last run.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn list(&self, org: OrgId) -> Result<Vec<(ConnectedSource, Option<SyncRun>)>> {
        self.sources.list(org)
    }

    /// Changes a source. Another stream or mode starts over from the beginning.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Invalid`] naming what is wrong; [`Error::Taken`] when another
    /// source has the name; [`Error::Conflict`] when the stream or the mode would change while a
    /// run is open; [`Error::Stale`] when the source does not have the expected version.
    pub fn update(
        &self,
        org: OrgId,
        id: SourceId,
        if_version: Option<u64>,
        raw: RawSourcePatch,
        actor: Actor,
    ) -> Result<ConnectedSource> {
        // Only the connector is used here, which never changes. The store applies the patch to the
        // current source.
        let source = self.get(org, id)?;
        let patch = self.check_patch(&source, raw)?;
        let patched = self.sources.patch(org, id, &patch, if_version, actor, self.clock.now())?;
        patched.ok_or(Error::NotFound("source"))
    }

    /// Deletes a source, not its contacts.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn delete(&self, org: OrgId, id: SourceId, actor: Actor) -> Result<()> {
        let deleted = self.sources.delete(org, id, actor, self.clock.now())?;
        if deleted { Ok(()) } else { Err(Error::NotFound("source")) }
    }

    /// Requests a run now, even if the source is paused; returns the new run or the one that is
    /// open. With `from_start` the source reads everything again.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn ask(&self, org: OrgId, id: SourceId, from_start: bool, actor: Actor) -> Result<SyncRun> {
        let now = self.clock.now();
        let run = SyncRun::queued(id, SyncRunId(self.ids.next()), Some(actor), now);
        self.sources.ask(org, &run, from_start, now)?.ok_or(Error::NotFound("source"))
    }

    /// Lists runs, the newest first.
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

    /// Cancels a run. Stored records stay; a connector that is reading stops within seconds.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Conflict`] when it has ended.
    pub fn cancel(&self, org: OrgId, id: SourceId, run: SyncRunId) -> Result<SyncRun> {
        let source = self.get(org, id)?;
        self.get_run(org, id, run)?;
        let now = self.clock.now();
        let end = End {
            state: RunState::Cancelled,
            problem: None,
            failures: source.failures,
            next_run_at: source.next_after(now),
            source_version: source.version,
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

    /// Encrypts the secret settings of an organisation's sources with the newest key; returns the
    /// number of sources with secret settings.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] when a setting was sealed with a key that is no longer configured.
    pub fn reseal(&self, org: OrgId) -> Result<usize> {
        let mut resealed = 0;
        for (source, _) in self.sources.list(org)? {
            let mut current = Some(source);
            // An edit may be committed meanwhile. The settings that it did not change are then
            // still sealed with the old key.
            while let Some(source) = current.take().filter(|source| !source.secrets.is_empty()) {
                if self.sources.reseal(&source, &self.resealed(&source)?)? {
                    resealed += 1;
                } else {
                    current = self.sources.get(org, source.id)?;
                }
            }
        }
        Ok(resealed)
    }

    fn resealed(&self, source: &ConnectedSource) -> Result<ConnectedSource> {
        let mut resealed = source.clone();
        for (path, sealed) in &mut resealed.secrets {
            let context = seal_context(source, path);
            *sealed = self.sealer.seal(&context, &self.sealer.open(&context, sealed)?)?;
        }
        Ok(resealed)
    }

    /// Returns all settings of a source, the secret ones decrypted.
    pub(super) fn opened(&self, source: &ConnectedSource) -> Result<Settings> {
        let mut settings = source.settings.clone();
        for (path, sealed) in &source.secrets {
            let open = self.sealer.open(&seal_context(source, path), sealed)?;
            let unread = || Error::store("a secret setting cannot be parsed");
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

    /// Checks new settings, and seals the secret ones.
    fn seal_settings(
        &self,
        source: &ConnectedSource,
        settings: BTreeMap<String, Option<SettingValue>>,
    ) -> Result<BTreeMap<String, SettingPatch>> {
        let spec = self.spec(&source.connector)?;
        let length = |(path, value): (&String, &Option<SettingValue>)| {
            path.len() + value.as_ref().map_or(0, SettingValue::len)
        };
        if settings.iter().map(length).sum::<usize>() > Self::MAX_SETTINGS_BYTES {
            let reason = format!("must not be longer than {} bytes", Self::MAX_SETTINGS_BYTES);
            return Err(Invalid::one("settings", reason).into());
        }
        let sealed = settings.into_iter().map(|(path, value)| {
            let patch = match value {
                None => SettingPatch::Remove,
                Some(value) if spec.is_secret(&path) => {
                    let plain = match &value {
                        SettingValue::Text(text) => format!("t{text}"),
                        SettingValue::Json(json) => format!("j{json}"),
                    };
                    let context = seal_context(source, &path);
                    SettingPatch::Sealed(self.sealer.seal(&context, plain.as_bytes())?)
                }
                Some(value) => SettingPatch::Public(value),
            };
            Ok((path, patch))
        });
        sealed.collect()
    }

    /// Checks a patch; only the connector of the source and its ids are used.
    fn check_patch(&self, source: &ConnectedSource, raw: RawSourcePatch) -> Result<SourcePatch> {
        let mut errors = raw.mapping.as_ref().map(Mapping::errors).unwrap_or_default();
        let name = raw.name.map(|name| check_name(&mut errors, &name));
        let stream = raw.stream.map(|stream| check_stream(&mut errors, &stream));
        self.check_connector(&mut errors, &source.connector);
        if !errors.is_empty() {
            return Err(errors.into());
        }
        let settings = match raw.settings.is_empty() {
            true => BTreeMap::new(),
            false => self.seal_settings(source, raw.settings)?,
        };
        let RawSourcePatch { mode, mapping, schedule, vanish, paused, .. } = raw;
        Ok(SourcePatch { name, settings, stream, mode, mapping, schedule, vanish, paused })
    }

    fn check_definition(&self, source: &mut ConnectedSource) -> Result<()> {
        let mut errors = source.mapping.errors();
        source.name = check_name(&mut errors, &source.name);
        source.stream = check_stream(&mut errors, &source.stream);
        self.check_connector(&mut errors, &source.connector);
        if errors.is_empty() { Ok(()) } else { Err(errors.into()) }
    }

    fn check_connector(&self, errors: &mut Vec<Invalid>, connector: &str) {
        if self.connectors.get(connector).is_none() {
            errors.push(self.no_such_connector());
        }
    }

    pub(super) fn no_such_connector(&self) -> Invalid {
        let names: Vec<_> = self.connectors.names().collect();
        Invalid::new("connector", format!("must be one of: {}", names.join(", ")))
    }
}

fn check_name(errors: &mut Vec<Invalid>, name: &str) -> String {
    check_text(errors, "name", name, 200)
}

fn check_stream(errors: &mut Vec<Invalid>, stream: &str) -> String {
    check_text(errors, "stream", stream, 500)
}

fn check_text(errors: &mut Vec<Invalid>, field: &str, text: &str, limit: usize) -> String {
    let text = text::nfc(text::trim(text));
    let is_in_range = (1..=limit).contains(&text.chars().count());
    if !is_in_range || text.chars().any(char::is_control) {
        let reason = format!("must have 1 to {limit} characters without control characters");
        errors.push(Invalid::new(field, reason));
    }
    text
}

/// Binds a sealed setting to its source and path: copied elsewhere, it cannot be opened.
fn seal_context(source: &ConnectedSource, path: &str) -> Vec<u8> {
    [source.org.0.as_bytes().as_slice(), source.id.0.as_bytes(), path.as_bytes()].concat()
}
