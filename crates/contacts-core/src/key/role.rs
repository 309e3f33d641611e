//! The roles of users (R60).

use std::collections::BTreeSet;

use super::Scope;

/// What a user may do. Each role has the scopes of those before it, and more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reads.
    Viewer,
    /// Changes contacts and everything about them, and deletes them one at a time.
    Editor,
    /// Also exports, imports, merges, and deletes in bulk.
    Manager,
    /// Everything.
    Administrator,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Editor, Self::Manager, Self::Administrator];

    /// The names of all roles, in a sentence.
    pub const NAMES: &str = "viewer, editor, manager, administrator";

    /// The name in the API and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Editor => "editor",
            Self::Manager => "manager",
            Self::Administrator => "administrator",
        }
    }

    /// Parses a name; `None` when it is unknown.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// Returns the scopes of a user with this role. No role has `capture`: widgets alone have it
    /// (R3), through their keys.
    pub fn scopes(self) -> BTreeSet<Scope> {
        let least_role = |scope| match scope {
            Scope::Read => Some(Self::Viewer),
            Scope::Write => Some(Self::Editor),
            Scope::Export | Scope::Import | Scope::Merge | Scope::BulkDelete => Some(Self::Manager),
            Scope::Admin => Some(Self::Administrator),
            Scope::Capture => None,
        };
        let is_included = |scope: &Scope| least_role(*scope).is_some_and(|least| least <= self);
        Scope::ALL.into_iter().filter(is_included).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_has_the_scopes_of_the_one_before_and_more() {
        let scopes =
            |role: Role| role.scopes().into_iter().map(Scope::as_str).collect::<Vec<_>>().join(" ");
        assert_eq!(scopes(Role::Viewer), "read");
        assert_eq!(scopes(Role::Editor), "read write");
        assert_eq!(scopes(Role::Manager), "read write export import merge bulk_delete");
        let all = "read write export import merge bulk_delete admin";
        assert_eq!(scopes(Role::Administrator), all);
    }

    #[test]
    fn the_sentence_names_every_role() {
        assert_eq!(Role::ALL.map(Role::as_str).join(", "), Role::NAMES);
        assert_eq!(Role::parse("manager"), Some(Role::Manager));
        assert_eq!(Role::parse("root"), None);
    }
}
