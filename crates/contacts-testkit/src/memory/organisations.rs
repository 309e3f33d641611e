//! Organisations in memory.

use contacts_core::org::{Organisation, OrganisationRepository};
use contacts_core::{OrgId, Result};

use crate::World;

impl OrganisationRepository for World {
    fn insert(&self, organisation: &Organisation) -> Result<()> {
        self.rows(organisation.id, |rows| {
            rows.profile = Some(organisation.clone());
            Ok(())
        })
    }

    fn get(&self, org: OrgId) -> Result<Option<Organisation>> {
        self.read(org, |rows| Ok(rows.profile.clone()))
    }

    fn list(&self) -> Result<Vec<Organisation>> {
        let state = self.state();
        let profiles = state.organisations.values().filter_map(|rows| rows.profile.clone());
        let mut all: Vec<_> = profiles.collect();
        all.sort_by_key(|organisation| (organisation.created_at, organisation.id));
        Ok(all)
    }
}
