//! Reads the settings of the connector `http`.

use contacts_core::sync::{ConnectorError, Setting, SettingKind, SettingValue, Settings, Spec};
use url::Url;

/// The parsed settings.
pub(super) struct Plan {
    pub(super) url: Url,
    pub(super) format: Format,
    pub(super) key: Vec<String>,
    pub(super) credentials: Credentials,
    pub(super) pages: Pages,
    /// The parameter for the time of the last change, and its value in the first run.
    pub(super) since: Option<(String, Option<String>)>,
}

pub(super) enum Format {
    /// The path of the list in the answer.
    Json(Vec<String>),
    /// The delimiter.
    Csv(u8),
}

pub(super) enum Credentials {
    None,
    Bearer(String),
    Basic(String, String),
}

pub(super) enum Pages {
    /// There is one page.
    One,
    /// The answer contains the value of a parameter for the next page.
    Cursor { path: Vec<String>, parameter: String },
    /// The answer contains the URL of the next page, or else its header `Link` does.
    Link { path: Vec<String> },
    /// A parameter is the number of the page.
    Number { parameter: String, first: u64 },
}

pub(super) fn spec() -> Spec {
    let choice = |all: &[&str]| SettingKind::Choice(all.iter().map(|one| (*one).into()).collect());
    let text = || SettingKind::Text;
    let settings = [
        (
            "url",
            "Address",
            "The web address of the list. It must start with https://.",
            text(),
            None,
        ),
        ("format", "Format", "The format of the response.", choice(&["json", "csv"]), Some("json")),
        (
            "records",
            "Path of the list",
            "Where the list is in the JSON response, for example data.people. Leave empty if the response is the list.",
            text(),
            None,
        ),
        (
            "delimiter",
            "Delimiter",
            "The character between two CSV columns.",
            choice(&["comma", "semicolon", "tab"]),
            Some("comma"),
        ),
        (
            "key",
            "ID field",
            "The field that identifies a record. Separate several fields with commas.",
            text(),
            Some("id"),
        ),
        (
            "authentication.kind",
            "Authentication",
            "How the request signs in.",
            choice(&["none", "bearer", "basic"]),
            Some("none"),
        ),
        ("authentication.token", "Token", "For bearer authentication.", text(), None),
        ("authentication.user", "User", "For basic authentication.", text(), None),
        ("authentication.password", "Password", "For basic authentication.", text(), None),
        (
            "pages.kind",
            "Paging",
            "How to read the next page.",
            choice(&["none", "cursor", "link", "number"]),
            Some("none"),
        ),
        (
            "pages.next",
            "Path of the next page",
            "Where the next cursor or address is in the JSON response, for example paging.next. Leave empty to use the Link header.",
            text(),
            None,
        ),
        (
            "pages.parameter",
            "Page parameter",
            "The query parameter for the cursor or page number.",
            text(),
            None,
        ),
        (
            "pages.first",
            "First page",
            "The number of the first page.",
            SettingKind::Number,
            Some("1"),
        ),
        (
            "since.parameter",
            "Changed-since parameter",
            "The query parameter for the time of the last run.",
            text(),
            None,
        ),
        ("since.start", "Start", "The value of that parameter in the first run.", text(), None),
    ];
    let setting =
        |(path, title, description, kind, default): (&str, &str, &str, _, Option<&str>)| {
            let default = default.map(|default| match kind {
                SettingKind::Number => SettingValue::Json(default.to_owned()),
                _ => SettingValue::Text(default.to_owned()),
            });
            Setting {
                path: path.to_owned(),
                title: title.to_owned(),
                description: Some(description.to_owned()),
                kind,
                required: path == "url",
                secret: matches!(path, "authentication.token" | "authentication.password"),
                default,
            }
        };
    Spec { settings: settings.map(setting).into(), others_are_secret: false }
}

impl Plan {
    pub(super) fn read(settings: &Settings) -> Result<Self, ConnectorError> {
        let given = SettingsReader(settings);
        let definitions = spec().settings;
        let unknown = |path: &&String| !definitions.iter().any(|setting| setting.path == **path);
        if let Some(path) = settings.0.keys().find(unknown) {
            return Err(ConnectorError::Settings(format!(
                "the setting {path} does not exist: remove it"
            )));
        }
        let url = Url::parse(&given.needed("url")?)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let url = url.ok_or_else(|| invalid("url", "is not a web address"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(invalid(
                "url",
                "must not contain a user or a password: use authentication",
            ));
        }
        let format = match &*given.or("format", "json") {
            "json" => Format::Json(given.path("records")),
            "csv" => Format::Csv(match &*given.or("delimiter", "comma") {
                "comma" => b',',
                "semicolon" => b';',
                "tab" => b'\t',
                _ => return Err(invalid("delimiter", "must be comma, semicolon or tab")),
            }),
            _ => return Err(invalid("format", "must be json or csv")),
        };
        let key = given.or("key", "id");
        let key = key.split(',').map(|name| name.trim().to_owned()).collect();
        let credentials = match &*given.or("authentication.kind", "none") {
            "none" => Credentials::None,
            "bearer" => Credentials::Bearer(given.needed("authentication.token")?),
            "basic" => Credentials::Basic(
                given.needed("authentication.user")?,
                given.or("authentication.password", ""),
            ),
            _ => return Err(invalid("authentication.kind", "must be none, bearer or basic")),
        };
        let pages = given.pages(&format)?;
        let since = given.get("since.parameter").map(|name| (name, given.get("since.start")));
        Ok(Self { url, format, key, credentials, pages, since })
    }
}

fn invalid(path: &str, what: &str) -> ConnectorError {
    ConnectorError::Settings(format!("the setting {path} {what}"))
}

struct SettingsReader<'a>(&'a Settings);

impl SettingsReader<'_> {
    /// Returns a setting that is not blank.
    fn get(&self, path: &str) -> Option<String> {
        let value = match self.0.0.get(path)? {
            SettingValue::Text(text) => text.clone(),
            SettingValue::Json(json) if json == "null" => return None,
            SettingValue::Json(json) => json.clone(),
        };
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    fn or(&self, path: &str, default: &str) -> String {
        self.get(path).unwrap_or_else(|| default.to_owned())
    }

    fn needed(&self, path: &str) -> Result<String, ConnectorError> {
        self.get(path).ok_or_else(|| invalid(path, "is missing"))
    }

    fn path(&self, path: &str) -> Vec<String> {
        let settings = self.get(path).unwrap_or_default();
        settings.split('.').filter(|name| !name.is_empty()).map(str::to_owned).collect()
    }

    fn pages(&self, format: &Format) -> Result<Pages, ConnectorError> {
        let path = self.path("pages.next");
        let is_csv = matches!(format, Format::Csv(_));
        Ok(match &*self.or("pages.kind", "none") {
            "none" => Pages::One,
            "cursor" if is_csv => return Err(invalid("pages.kind", "must not be cursor for CSV")),
            "cursor" if path.is_empty() => return Err(invalid("pages.next", "is missing")),
            "cursor" => Pages::Cursor { path, parameter: self.needed("pages.parameter")? },
            "link" => Pages::Link { path },
            "number" => {
                let first = self.or("pages.first", "1").parse();
                let first = first.map_err(|_no| invalid("pages.first", "is not a number"))?;
                Pages::Number { parameter: self.needed("pages.parameter")?, first }
            }
            _ => return Err(invalid("pages.kind", "must be none, cursor, link or number")),
        })
    }
}
