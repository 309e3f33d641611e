//! Settings of a connector.

use std::collections::BTreeMap;
use std::fmt;

/// The settings that a connector takes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spec {
    /// The settings, in the order of a form.
    pub settings: Vec<Setting>,
    /// Whether unlisted settings are secret, for a connector that publishes no list.
    pub others_are_secret: bool,
}

/// One setting.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// The path: the names of the enclosing objects and of the setting, joined by dots
    /// (`credentials.client_secret`). A setting that depends on the choice in another is listed
    /// like any other; a list is one setting.
    pub path: String,
    /// The label in a form.
    pub title: String,
    /// The connector's description.
    pub description: Option<String>,
    /// The type of its value.
    pub kind: SettingKind,
    /// Whether the setting is required.
    pub required: bool,
    /// Whether the setting is secret: never shown, and encrypted at rest.
    pub secret: bool,
    /// The default value.
    pub default: Option<SettingValue>,
}

/// The type of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingKind {
    /// A text.
    Text,
    /// One of these texts.
    Choice(Vec<String>),
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// Any other JSON, such as a list.
    Json,
}

/// The value of a setting.
#[derive(Clone, PartialEq, Eq)]
pub enum SettingValue {
    /// A text.
    Text(String),
    /// One value in JSON, never an object whose members have plain names.
    Json(String),
}

impl SettingValue {
    /// Returns the length in bytes.
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

/// Settings of one connector: values by [`Setting::path`]. An object is stored as its members; an
/// object that is empty, or has a member with a dot in its name, is one JSON value.
///
/// `Debug` shows no value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings(pub BTreeMap<String, SettingValue>);

impl Spec {
    /// Whether the setting at a path is secret: it, a setting within it or one that contains it is
    /// marked as secret.
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
    fn a_setting_is_secret_with_all_within_and_around_it(#[case] path: &str, #[case] secret: bool) {
        assert_eq!(spec(false).is_secret(path), secret);
    }

    #[test]
    fn every_setting_of_a_connector_without_a_list_is_secret() {
        assert!(spec(true).is_secret("anything"));
        assert!(!spec(true).is_secret("host"));
    }
}
