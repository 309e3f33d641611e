//! The stored JSON of the identifiers that an erasure searches for. It exists until the erasure
//! ends.

use std::collections::{BTreeMap, BTreeSet};

use contacts_core::Error;
use contacts_core::erasure::ErasureIdentifiers;
use contacts_core::import::ImportId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::database::PgResult;

#[derive(Serialize, Deserialize)]
pub(super) struct StoredIdentifiers {
    addresses: BTreeSet<String>,
    phones: BTreeSet<String>,
    names: BTreeSet<String>,
    imports: BTreeMap<Uuid, u64>,
}

impl StoredIdentifiers {
    pub(super) fn write(identifiers: &ErasureIdentifiers) -> Value {
        let ErasureIdentifiers { addresses, phones, names, imports } = identifiers.clone();
        let imports = imports.into_iter().map(|(import, row)| (import.0, row)).collect();
        json!(Self { addresses, phones, names, imports })
    }

    pub(super) fn read(value: Value) -> PgResult<ErasureIdentifiers> {
        let Self { addresses, phones, names, imports } =
            serde_json::from_value(value).map_err(Error::store)?;
        let imports = imports.into_iter().map(|(import, row)| (ImportId(import), row)).collect();
        Ok(ErasureIdentifiers { addresses, phones, names, imports })
    }
}
