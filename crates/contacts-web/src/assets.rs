//! The files of the page.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, OnceLock};

use actix_web::web::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use crate::comments::without_comments;

/// `ui/`, without what only checks it.
#[derive(RustEmbed)]
#[folder = "ui"]
#[exclude = "*.d.ts"]
struct Ui;

/// The document of every path of the page; it is no asset itself.
const SHELL: &str = "index.html";

/// What stands in the document where the assets' address belongs.
const PLACE: &str = "{{assets}}";

/// All files, of one moment.
pub(crate) struct Assets {
    version: String,
    shell: File,
    files: BTreeMap<String, File>,
}

/// One file.
pub(crate) struct File {
    kind: String,
    hash: String,
    plain: Bytes,
    gzip: OnceLock<Option<Bytes>>,
}

/// Every script and style, by its name, as it was written.
#[cfg(test)]
pub(crate) fn scripts_and_styles() -> impl Iterator<Item = (String, String)> {
    let text = |name: Cow<'static, str>| {
        let file = Ui::get(&name)?;
        Some((name.into_owned(), String::from_utf8_lossy(&file.data).into_owned()))
    };
    Ui::iter().filter(|name| name.ends_with(".js") || name.ends_with(".css")).filter_map(text)
}

/// Whether there is an asset of this name.
pub(crate) fn holds(name: &str) -> bool {
    name != SHELL && Ui::get(name).is_some()
}

impl Assets {
    /// The files as they are now; in a release they never change.
    pub(crate) fn current() -> Arc<Self> {
        static BUILT_IN: OnceLock<Arc<Assets>> = OnceLock::new();
        if cfg!(debug_assertions) {
            return Arc::new(Self::read());
        }
        BUILT_IN.get_or_init(|| Arc::new(Self::read())).clone()
    }

    fn read() -> Self {
        let mut names: Vec<_> = Ui::iter().collect();
        names.sort();
        let mut all = Sha256::new();
        let mut files = BTreeMap::new();
        for name in names {
            let Some(file) = Ui::get(&name) else { continue };
            let hash = file.metadata.sha256_hash();
            all.update(name.as_bytes());
            all.update(hash);
            let kind = file.metadata.mimetype();
            let plain = match (kind, file.data) {
                ("text/javascript" | "text/css", data) => {
                    without_comments(&String::from_utf8_lossy(&data)).into()
                }
                (_, Cow::Borrowed(bytes)) => Bytes::from_static(bytes),
                (_, Cow::Owned(bytes)) => bytes.into(),
            };
            files.insert(name.into_owned(), File::new(kind, plain));
        }
        let version = hex(&all.finalize());
        let template = files.remove(SHELL).map(|file| file.plain).unwrap_or_default();
        let shell = String::from_utf8_lossy(&template);
        let shell = shell.replace(PLACE, &format!("/assets/{version}"));
        Self { shell: File::new("text/html", shell.into()), files, version }
    }

    /// The same for the same files.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// The document, which asks for the assets of this version.
    pub(crate) fn shell(&self) -> &File {
        &self.shell
    }

    /// The asset of a name.
    pub(crate) fn file(&self, name: &str) -> Option<&File> {
        self.files.get(name)
    }
}

impl File {
    fn new(kind: &str, plain: Bytes) -> Self {
        let is_text = kind.starts_with("text/");
        let kind = if is_text { format!("{kind}; charset=utf-8") } else { kind.to_owned() };
        Self { kind, hash: hex(&Sha256::digest(&plain)), plain, gzip: OnceLock::new() }
    }

    /// Its media type.
    pub(crate) fn kind(&self) -> &str {
        &self.kind
    }

    /// What tells it from another.
    pub(crate) fn hash(&self) -> &str {
        &self.hash
    }

    /// Its bytes.
    pub(crate) fn plain(&self) -> Bytes {
        self.plain.clone()
    }

    /// Its bytes, compressed; nothing when that makes them no fewer.
    pub(crate) fn gzip(&self) -> Option<Bytes> {
        let made = || gzip(&self.plain).ok().filter(|less| less.len() < self.plain.len());
        self.gzip.get_or_init(|| made().map(Bytes::from)).clone()
    }
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// The beginning of a hash, long enough to tell versions of one file apart.
fn hex(hash: &[u8]) -> String {
    hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}
