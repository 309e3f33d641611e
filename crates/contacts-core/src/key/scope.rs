//! What a credential may do (R2, R60).

use std::collections::BTreeSet;

/// A permission of a key or a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Read contacts and everything about them.
    Read,
    /// Change contacts and everything about them.
    Write,
    /// Export contacts to files.
    Export,
    /// Import files, and undo imports.
    Import,
    /// Merge contacts, and undo merges.
    Merge,
    /// Delete many contacts at once.
    BulkDelete,
    /// Send captures, nothing else (R3).
    Capture,
    /// Everything but captures: also manage users, keys, fields, webhooks and sources, erase
    /// contacts, and subscribe them again.
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 8] = [
        Self::Read,
        Self::Write,
        Self::Export,
        Self::Import,
        Self::Merge,
        Self::BulkDelete,
        Self::Capture,
        Self::Admin,
    ];

    /// The names of all scopes, in a sentence.
    pub const NAMES: &str = "read, write, export, import, merge, bulk_delete, capture, admin";

    /// The name in the API and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Export => "export",
            Self::Import => "import",
            Self::Merge => "merge",
            Self::BulkDelete => "bulk_delete",
            Self::Capture => "capture",
            Self::Admin => "admin",
        }
    }

    /// Parses a name; `None` when it is unknown.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name)
    }

    /// Whether a credential with this scope may do what requires `other`: every scope covers
    /// `read`, and `admin` covers all others. By R3, `capture` covers only itself, and no other
    /// scope covers it.
    pub fn covers(self, other: Self) -> bool {
        match self {
            Self::Capture => other == Self::Capture,
            Self::Admin => other != Self::Capture,
            _ => other == self || other == Self::Read,
        }
    }
}

/// Whether one of the scopes covers `scope`; see [`Scope::covers`].
pub fn allows(scopes: &BTreeSet<Scope>, scope: Scope) -> bool {
    scopes.iter().any(|held| held.covers(scope))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_covers_itself_and_reading_and_admin_covers_the_others() {
        let covered = |held: Scope| -> Vec<_> {
            Scope::ALL.into_iter().filter(|scope| held.covers(*scope)).map(Scope::as_str).collect()
        };
        assert_eq!(covered(Scope::Read), ["read"]);
        assert_eq!(covered(Scope::Write), ["read", "write"]);
        assert_eq!(covered(Scope::Export), ["read", "export"]);
        assert_eq!(covered(Scope::BulkDelete), ["read", "bulk_delete"]);
        assert_eq!(covered(Scope::Capture), ["capture"]);
        let admin = ["read", "write", "export", "import", "merge", "bulk_delete", "admin"];
        assert_eq!(covered(Scope::Admin), admin);
    }

    #[test]
    fn the_sentence_names_every_scope() {
        assert_eq!(Scope::ALL.map(Scope::as_str).join(", "), Scope::NAMES);
    }
}
