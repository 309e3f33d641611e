//! Every port over one store, in the form that the contracts need.

use std::any::Any;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use contacts_core::field::{Field, FieldKey, FieldPatch, FieldService, NewField};
use contacts_core::identity::Providers;
use contacts_core::org::Organisation;
use contacts_core::{Actor, Clock, Ids, OrgId, Repositories, Services};

use crate::{CountedIds, FakeConnector, FakeSealer, FakeSender, FakeSpreadsheets, StoppedClock};

/// The core's ports over one store and the fakes, with handles by which a test controls the fakes.
#[derive(Clone)]
pub struct Ports {
    /// The core's ports. Their fields can be read and replaced as fields of this type. Their clock
    /// and ids are the `clock` and `ids` below.
    pub core: contacts_core::Ports,
    /// The clock, which the test moves.
    pub clock: StoppedClock,
    /// The id generator.
    pub ids: CountedIds,
    /// The sender, which records messages to webhooks.
    pub sender: FakeSender,
    /// The connector, which plays the systems that connected sources read.
    pub connector: FakeConnector,
    /// A value that must live as long as the ports, such as a database that is dropped afterwards.
    pub guard: Arc<dyn Any + Send + Sync>,
}

impl Ports {
    /// Returns the ports of a store, with fakes for everything else.
    pub fn over(
        repositories: Repositories,
        clock: StoppedClock,
        ids: CountedIds,
        guard: Arc<dyn Any + Send + Sync>,
    ) -> Self {
        let (sender, connector) = (FakeSender::default(), FakeConnector::default());
        let core = contacts_core::Ports {
            repositories,
            clock: Arc::new(clock.clone()),
            ids: Arc::new(ids.clone()),
            spreadsheets: Arc::new(FakeSpreadsheets),
            webhook_sender: Arc::new(sender.clone()),
            webhook_sealer: Arc::new(FakeSealer),
            source_sealer: Arc::new(FakeSealer),
            connectors: connector.connectors(),
            providers: Providers::default(),
        };
        Self { core, clock, ids, sender, connector, guard }
    }

    /// Returns every service over these ports.
    pub fn services(&self) -> Services {
        Services::over(&self.core)
    }

    /// Creates an organisation and returns its id.
    pub fn org(&self) -> OrgId {
        let org = OrgId(self.ids.next());
        let name = format!("Organisation {org}");
        let organisation = Organisation::new(org, &name, None, self.clock.now()).unwrap();
        self.organisations.insert(&organisation).unwrap();
        org
    }

    /// Adds a custom field with this key, label and type after the others. Archives it if the given
    /// field is archived.
    pub fn add_field(&self, org: OrgId, field: &Field) -> Field {
        let Field { key, label, kind, searchable, .. } = field.clone();
        let new = NewField { key, label, kind, searchable };
        let added = self
            .fields
            .insert(org, &new, FieldService::MAX_FIELDS, Actor::System, self.clock.now())
            .unwrap();
        if field.archived { self.archive_field(org, &field.key, true) } else { added }
    }

    /// Archives or restores a custom field.
    pub fn archive_field(&self, org: OrgId, key: &FieldKey, archived: bool) -> Field {
        let patch = FieldPatch { archived: Some(archived), ..FieldPatch::default() };
        self.fields.patch(org, key, &patch, None, Actor::System, self.clock.now()).unwrap().unwrap()
    }
}

impl Deref for Ports {
    type Target = contacts_core::Ports;

    fn deref(&self) -> &contacts_core::Ports {
        &self.core
    }
}

impl DerefMut for Ports {
    fn deref_mut(&mut self) -> &mut contacts_core::Ports {
        &mut self.core
    }
}
