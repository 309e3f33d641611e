//! The files of the page.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use actix_web::web::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use crate::comments::without_comments;

/// The files of `ui/`, without the type declarations.
#[derive(RustEmbed)]
#[folder = "ui"]
#[exclude = "*.d.ts"]
struct Ui;

/// The document that every path of the page returns. It is not an asset.
const SHELL: &str = "index.html";

/// The placeholder in the document for the path of the assets.
const PLACEHOLDER: &str = "{{assets}}";

/// A snapshot of all files of the page.
pub(crate) struct Assets {
    version: String,
    shell: File,
    files: BTreeMap<String, File>,
}

/// One file of the page.
pub(crate) struct File {
    kind: String,
    hash: String,
    plain: Bytes,
    gzip: OnceLock<Option<Bytes>>,
}

/// Name and unprocessed text of every script and stylesheet.
#[cfg(test)]
pub(crate) fn scripts_and_styles() -> impl Iterator<Item = (String, String)> {
    let text = |name: Cow<'static, str>| {
        let file = Ui::get(&name)?;
        Some((name.into_owned(), String::from_utf8_lossy(&file.data).into_owned()))
    };
    Ui::iter().filter(|name| name.ends_with(".js") || name.ends_with(".css")).filter_map(text)
}

impl Assets {
    /// Returns the files as they are now. A release reads them once; a debug build reads them again
    /// after one has changed on disk.
    pub(crate) fn current() -> Arc<Self> {
        static CURRENT: Mutex<Option<(Vec<Stamp>, Arc<Assets>)>> = Mutex::new(None);
        let stamps = if cfg!(debug_assertions) { stamps() } else { Vec::new() };
        // The value is replaced in one step, so a panic elsewhere cannot leave it half written.
        let mut current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((read_at, assets)) = &*current
            && *read_at == stamps
        {
            return assets.clone();
        }
        let assets = Arc::new(Self::read());
        *current = Some((stamps, assets.clone()));
        assets
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
        let shell = shell.replace(PLACEHOLDER, &format!("/assets/{version}"));
        Self { shell: File::new("text/html", shell.into()), files, version }
    }

    /// A hash over the names and contents of all files.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// The document, which links to the assets of this version.
    pub(crate) fn shell(&self) -> &File {
        &self.shell
    }

    /// The asset called `name`.
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

    /// The media type, with the character set of a text.
    pub(crate) fn kind(&self) -> &str {
        &self.kind
    }

    /// A hash of the uncompressed bytes.
    pub(crate) fn hash(&self) -> &str {
        &self.hash
    }

    /// The uncompressed bytes.
    pub(crate) fn plain(&self) -> Bytes {
        self.plain.clone()
    }

    /// The bytes compressed with gzip, unless that saves nothing.
    pub(crate) fn gzip(&self) -> Option<Bytes> {
        let compress = || gzip(&self.plain).ok().filter(|bytes| bytes.len() < self.plain.len());
        self.gzip.get_or_init(|| compress().map(Bytes::from)).clone()
    }
}

/// The name and the time of change of one file on disk.
type Stamp = (String, Option<SystemTime>);

fn stamps() -> Vec<Stamp> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui");
    let changed = |name: &str| folder.join(name).metadata().and_then(|file| file.modified()).ok();
    Ui::iter().map(|name| (name.to_string(), changed(&name))).collect()
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// The first six bytes of a hash in hexadecimal: enough to distinguish versions of one file.
fn hex(hash: &[u8]) -> String {
    hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unchanged_files_are_read_once() {
        assert!(Arc::ptr_eq(&Assets::current(), &Assets::current()));
    }
}
