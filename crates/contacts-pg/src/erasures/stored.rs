//! How what is sought is kept as JSON, while it is.

use std::collections::{BTreeMap, BTreeSet};

use contacts_core::erasure::Sought;
use contacts_core::import::ImportId;
use contacts_core::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

#[derive(Serialize, Deserialize)]
pub(super) struct StoredSought {
    addresses: BTreeSet<String>,
    phones: BTreeSet<String>,
    names: BTreeSet<String>,
    imports: BTreeMap<Uuid, u64>,
}

impl StoredSought {
    pub(super) fn write(sought: &Sought) -> Value {
        let Sought { addresses, phones, names, imports } = sought.clone();
        let imports = imports.into_iter().map(|(import, row)| (import.0, row)).collect();
        json!(Self { addresses, phones, names, imports })
    }

    pub(super) fn read(value: Value) -> Result<Sought> {
        let Self { addresses, phones, names, imports } =
            serde_json::from_value(value).map_err(Error::store)?;
        let imports = imports.into_iter().map(|(import, row)| (ImportId(import), row)).collect();
        Ok(Sought { addresses, phones, names, imports })
    }
}
