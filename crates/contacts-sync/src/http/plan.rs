//! What is to be asked for, and how: the settings of an HTTP pull.

use contacts_core::sync::{Setting, SettingKind, SettingValue, Settings, Spec, Trouble};
use url::Url;

/// What the settings say.
pub(super) struct Plan {
    pub(super) url: Url,
    pub(super) format: Format,
    pub(super) key: Vec<String>,
    pub(super) credentials: Credentials,
    pub(super) pages: Pages,
    /// The parameter that says since when, and what it is the first time.
    pub(super) since: Option<(String, Option<String>)>,
}

pub(super) enum Format {
    /// With the path of the list in the answer.
    Json(Vec<String>),
    /// With what stands between two cells.
    Csv(u8),
}

pub(super) enum Credentials {
    None,
    Bearer(String),
    Basic(String, String),
}

pub(super) enum Pages {
    /// There is one.
    One,
    /// The answer has what a parameter is to be for the next page.
    Cursor { path: Vec<String>, parameter: String },
    /// The answer has the next page's address, or else its `Link` header.
    Link { path: Vec<String> },
    /// They are counted.
    Number { parameter: String, first: u64 },
}

pub(super) fn spec() -> Spec {
    let choice = |all: &[&str]| SettingKind::Choice(all.iter().map(|one| (*one).into()).collect());
    let text = || SettingKind::Text;
    let settings = [
        ("url", "Address", "Where the list is, beginning with https://.", text(), None),
        ("format", "Format", "What the answer is.", choice(&["json", "csv"]), Some("json")),
        (
            "records",
            "Path of the list",
            "The names that lead to the list in a JSON answer, joined by dots; nothing when the answer is the list.",
            text(),
            None,
        ),
        (
            "delimiter",
            "Delimiter",
            "What stands between two cells of CSV.",
            choice(&["comma", "semicolon", "tab"]),
            Some("comma"),
        ),
        (
            "key",
            "Key",
            "The field by which a record is known, or several with commas between.",
            text(),
            Some("id"),
        ),
        (
            "authentication.kind",
            "Authentication",
            "How the request says who asks.",
            choice(&["none", "bearer", "basic"]),
            Some("none"),
        ),
        ("authentication.token", "Token", "For bearer authentication.", text(), None),
        ("authentication.user", "User", "For basic authentication.", text(), None),
        ("authentication.password", "Password", "For basic authentication.", text(), None),
        (
            "pages.kind",
            "Pages",
            "How the next page is found.",
            choice(&["none", "cursor", "link", "number"]),
            Some("none"),
        ),
        (
            "pages.next",
            "Path of the next page",
            "The names that lead to the next cursor or address in a JSON answer, joined by dots; for an address nothing when the header Link has it.",
            text(),
            None,
        ),
        (
            "pages.parameter",
            "Parameter of the page",
            "The parameter that takes the cursor or the number.",
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
            "Parameter of the time",
            "The parameter that asks for what has changed since.",
            text(),
            None,
        ),
        ("since.start", "Start", "What that parameter is the first time.", text(), None),
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
    pub(super) fn read(settings: &Settings) -> Result<Self, Trouble> {
        let given = Given(settings);
        let known = spec().settings;
        let unknown = |path: &&String| !known.iter().any(|setting| setting.path == **path);
        if let Some(path) = settings.0.keys().find(unknown) {
            return Err(Trouble::Settings(format!("there is no setting {path}")));
        }
        let url = Url::parse(&given.needed("url")?)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let url = url.ok_or_else(|| wrong("url", "is no address of the web"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("url", "must not hold a user or a password"));
        }
        let format = match &*given.or("format", "json") {
            "json" => Format::Json(given.path("records")),
            "csv" => Format::Csv(match &*given.or("delimiter", "comma") {
                "comma" => b',',
                "semicolon" => b';',
                "tab" => b'\t',
                _ => return Err(wrong("delimiter", "must be comma, semicolon or tab")),
            }),
            _ => return Err(wrong("format", "must be json or csv")),
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
            _ => return Err(wrong("authentication.kind", "must be none, bearer or basic")),
        };
        let pages = given.pages(&format)?;
        let since = given.get("since.parameter").map(|name| (name, given.get("since.start")));
        Ok(Self { url, format, key, credentials, pages, since })
    }
}

fn wrong(path: &str, what: &str) -> Trouble {
    Trouble::Settings(format!("the setting {path} {what}"))
}

struct Given<'a>(&'a Settings);

impl Given<'_> {
    /// A setting that is not blank.
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

    fn needed(&self, path: &str) -> Result<String, Trouble> {
        self.get(path).ok_or_else(|| wrong(path, "is missing"))
    }

    fn path(&self, path: &str) -> Vec<String> {
        let given = self.get(path).unwrap_or_default();
        given.split('.').filter(|name| !name.is_empty()).map(str::to_owned).collect()
    }

    fn pages(&self, format: &Format) -> Result<Pages, Trouble> {
        let path = self.path("pages.next");
        let is_csv = matches!(format, Format::Csv(_));
        Ok(match &*self.or("pages.kind", "none") {
            "none" => Pages::One,
            "cursor" if is_csv => return Err(wrong("pages.kind", "must not be cursor for CSV")),
            "cursor" if path.is_empty() => return Err(wrong("pages.next", "is missing")),
            "cursor" => Pages::Cursor { path, parameter: self.needed("pages.parameter")? },
            "link" => Pages::Link { path },
            "number" => {
                let first = self.or("pages.first", "1").parse();
                let first = first.map_err(|_no| wrong("pages.first", "is no number"))?;
                Pages::Number { parameter: self.needed("pages.parameter")?, first }
            }
            _ => return Err(wrong("pages.kind", "must be none, cursor, link or number")),
        })
    }
}
