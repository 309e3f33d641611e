//! How a connector is set up.

use std::collections::BTreeMap;
use std::fmt;

/// How a connector wants to be set up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spec {
    /// What can be set, in the order in which people should be asked.
    pub settings: Vec<Setting>,
    /// Whether settings that are not among them are secret: so it is with a connector that does
    /// not say what it wants.
    pub others_are_secret: bool,
}

/// One thing that can be set.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Its path: the names of the objects it is in and its own, joined by dots
    /// (`credentials.client_secret`). A setting that depends on another's choice is one among the
    /// rest; a list is one setting.
    pub path: String,
    /// What people call it.
    pub title: String,
    /// What it is, as the connector explains it.
    pub description: Option<String>,
    /// What it holds.
    pub kind: SettingKind,
    /// Whether nothing goes without it.
    pub required: bool,
    /// Whether it must not be shown or read at rest.
    pub secret: bool,
    /// What it is when nobody sets it.
    pub default: Option<SettingValue>,
}

/// What a setting holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingKind {
    /// A text.
    Text,
    /// One of these texts.
    Choice(Vec<String>),
    /// A number.
    Number,
    /// Yes or no.
    Boolean,
    /// Anything else, such as a list: JSON.
    Json,
}

/// The value of a setting.
#[derive(Clone, PartialEq, Eq)]
pub enum SettingValue {
    /// A text, as it is.
    Text(String),
    /// Anything else: one value in JSON, never an object that has members with plain names.
    Json(String),
}

impl SettingValue {
    /// How many bytes it has.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Text(text) | Self::Json(text) => text.len(),
        }
    }
}

impl fmt::Debug for SettingValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SettingValue(…)")
    }
}

/// Settings of one connector: values by their paths, as [`Setting::path`] has them. An object is
/// its members; where a member's name has a dot in it, or there are no members, the object is a
/// value by itself, in JSON.
///
/// Whoever shows them shows the public ones only; `Debug` shows none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings(pub BTreeMap<String, SettingValue>);

impl Spec {
    /// Whether the setting of a path is secret: it is marked so, or holds one that is, or is held
    /// by one that is.
    pub fn is_secret(&self, path: &str) -> bool {
        let holds = |outer: &str, inner: &str| {
            inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let touches = |setting: &&Setting| holds(&setting.path, path) || holds(path, &setting.path);
        let mut touched = self.settings.iter().filter(touches).peekable();
        match touched.peek() {
            None => self.others_are_secret,
            Some(_) => touched.any(|setting| setting.secret),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn spec(others_are_secret: bool) -> Spec {
        let setting = |path: &str, secret| Setting {
            path: path.to_owned(),
            title: path.to_owned(),
            description: None,
            kind: SettingKind::Text,
            required: false,
            secret,
            default: None,
        };
        let settings = vec![
            setting("host", false),
            setting("credentials.token", true),
            setting("credentials.kind", false),
        ];
        Spec { settings, others_are_secret }
    }

    #[rstest]
    #[case("host", false)]
    #[case("hostess", false)]
    #[case("credentials.token", true)]
    #[case("credentials.token.inner", true)]
    #[case("credentials", true)]
    #[case("credentials.kind", false)]
    fn what_is_marked_and_what_holds_it_is_secret(#[case] path: &str, #[case] secret: bool) {
        assert_eq!(spec(false).is_secret(path), secret);
    }

    #[test]
    fn of_a_connector_that_says_nothing_everything_is_secret() {
        assert!(spec(true).is_secret("anything"));
        assert!(!spec(true).is_secret("host"));
    }
}
