//! Organisations, the tenants: every row belongs to one (R1).

use std::fmt;

use time::OffsetDateTime;
use uuid::Uuid;

use crate::contact::Region;
use crate::{Invalid, Result, text};

/// Declares an id type: a UUID that cannot be confused with another kind of id.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub uuid::Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl $crate::page::Position for $name {
            fn encode(&self) -> String {
                self.0.encode()
            }

            fn decode(text: &str) -> Option<Self> {
                $crate::page::Position::decode(text).map(Self)
            }
        }
    };
}
pub(crate) use id;

/// Id of the organisation that a row belongs to. It comes from a credential, never from a request
/// (R1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrgId(pub Uuid);

impl fmt::Display for OrgId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for OrgId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OrgId({})", self.0)
    }
}

/// An organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    /// Id of the organisation.
    pub id: OrgId,
    /// Name of the organisation: 1 to 200 characters.
    pub name: String,
    /// Region in which phone numbers without a country prefix are read (R8).
    pub region: Option<Region>,
    /// Time of creation.
    pub created_at: OffsetDateTime,
}

impl Organisation {
    /// Makes an organisation.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Invalid`] when the name is empty or longer than 200 characters.
    pub fn new(
        id: OrgId,
        name: &str,
        region: Option<Region>,
        created_at: OffsetDateTime,
    ) -> Result<Self> {
        let name = text::collapse(text::trim(name));
        if name.is_empty() || name.chars().count() > 200 || name.chars().any(char::is_control) {
            return Err(Invalid::one("name", "must have 1 to 200 characters").into());
        }
        Ok(Self { id, name, region, created_at })
    }
}

/// Stores organisations.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait OrganisationRepository: Send + Sync {
    /// Adds an organisation.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn insert(&self, organisation: &Organisation) -> Result<()>;

    /// Finds an organisation.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn get(&self, org: OrgId) -> Result<Option<Organisation>>;

    /// Returns all organisations, oldest first. For the operator's command line only.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn list(&self) -> Result<Vec<Organisation>>;
}
