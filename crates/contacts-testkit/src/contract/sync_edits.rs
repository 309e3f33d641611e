//! The contract of [`contacts_core::sync::SyncRepository`] for edits of sources (R12, R63).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use std::collections::BTreeMap;
use std::time::Duration;

use contacts_core::contact::Patch;
use contacts_core::run::RunState;
use contacts_core::sync::{
    ConnectedSource, End, Schedule, SettingPatch, SettingValue, SourceId, SourcePatch,
};
use contacts_core::{Actor, Clock, Current, Error, Ids, OrgId, Result};

use super::check::{RACES, at_once};
use super::syncs::{hourly, service, start_run};
use crate::{Ports, samples};

fn created(ports: &Ports, org: OrgId) -> ConnectedSource {
    service(ports).0.create(org, samples::definition(), Actor::System).unwrap()
}

fn patch(ports: &Ports, source: &ConnectedSource, patch: &SourcePatch) -> Result<ConnectedSource> {
    let now = ports.clock.now();
    Ok(ports.sources.patch(source.org, source.id, patch, None, Actor::System, now)?.unwrap())
}

fn pausing(paused: bool) -> SourcePatch {
    SourcePatch { paused: Some(paused), ..SourcePatch::default() }
}

fn setting(path: &str, setting: SettingPatch) -> SourcePatch {
    let settings = BTreeMap::from([(path.to_owned(), setting)]);
    SourcePatch { settings, ..SourcePatch::default() }
}

pub fn a_patch_that_changes_nothing_leaves_the_version(ports: &Ports) {
    let source = created(ports, ports.org());
    let same = SourcePatch {
        name: Some(source.name.clone()),
        mapping: Some(source.mapping.clone()),
        ..setting("host", SettingPatch::Public(SettingValue::Text("crm.example".to_owned())))
    };
    for same in [SourcePatch::default(), pausing(false), same] {
        assert_eq!(patch(ports, &source, &same).unwrap(), source);
    }
    assert_eq!(ports.sources.get(source.org, source.id).unwrap(), Some(source));
}

pub fn a_stale_version_is_refused_with_the_current_state(ports: &Ports) {
    let source = created(ports, ports.org());
    let (org, id) = (source.org, source.id);
    let current = patch(ports, &source, &pausing(true)).unwrap();
    assert_eq!(current.version, 2);
    let refused =
        ports.sources.patch(org, id, &pausing(false), Some(1), Actor::System, ports.clock.now());
    let Err(Error::Stale(state)) = refused else { panic!("{refused:?}") };
    assert_eq!(*state, Current::Source(current.clone()));
    assert_eq!(ports.sources.get(org, id).unwrap(), Some(current));
}

pub fn two_patches_at_once_both_hold(ports: &Ports) {
    let source = created(ports, ports.org());
    for race in 0..RACES {
        let (name, is_paused) = (format!("CRM {race}"), race % 2 == 0);
        let sealed = vec![race as u8, 255];
        let patches = [
            SourcePatch { name: Some(name.clone()), ..SourcePatch::default() },
            pausing(is_paused),
            setting("credentials.token", SettingPatch::Sealed(sealed.clone())),
        ];
        at_once(3, |nth| patch(ports, &source, &patches[nth]).unwrap());
        let after = ports.sources.get(source.org, source.id).unwrap().unwrap();
        assert_eq!((after.name, after.paused), (name, is_paused), "race {race}");
        assert_eq!(after.secrets.get("credentials.token"), Some(&sealed), "race {race}");
        assert_eq!(after.version, 4 + 3 * race as u64);
    }
}

pub fn a_limit_holds_when_many_insert_at_once(ports: &Ports) {
    for race in 0..RACES {
        let source = created(ports, ports.org());
        let added = at_once(8, |nth| {
            let (id, name) = (SourceId(ports.ids.next()), format!("CRM {nth}"));
            ports.sources.insert(&ConnectedSource { id, name, ..source.clone() }, 4, Actor::System)
        });
        assert_eq!(added.iter().filter(|added| added.is_ok()).count(), 3, "race {race}");
        let refused = added.iter().filter(|added| matches!(added, Err(Error::Conflict(_))));
        assert_eq!(refused.count(), 5, "race {race}");
        assert_eq!(ports.sources.list(source.org).unwrap().len(), 4, "race {race}");
    }
}

pub fn a_schedule_that_is_edited_during_a_run_holds(ports: &Ports) {
    let (org, (service, _)) = (ports.org(), service(ports));
    let source = hourly(&service, org);
    service.ask(org, source.id, false, Actor::System).unwrap();
    let (read, run) = start_run(ports, &source);
    let daily = Schedule::every(Duration::from_secs(24 * 3600)).unwrap();
    let daily = SourcePatch { schedule: Patch::Set(daily), ..SourcePatch::default() };
    patch(ports, &source, &daily).unwrap();
    let now = ports.clock.tick();
    let end = End {
        state: RunState::Done,
        problem: None,
        failures: 0,
        next_run_at: read.next_after(now),
        source_version: read.version,
        log: Vec::new(),
    };
    assert!(ports.sources.end(org, run.id, Some(run.attempt), &end, now).unwrap());
    let after = ports.sources.get(org, source.id).unwrap().unwrap();
    assert_eq!(after.next_run_at, Some(now + Duration::from_secs(24 * 3600)));
}
