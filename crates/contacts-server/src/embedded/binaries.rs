//! Finds the programs of a Postgres server.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{EmbeddedError, Result};

/// The oldest supported major version.
pub(super) const MIN_VERSION: u32 = 14;

/// The folder where `scripts/install` puts a server for a user who may not install packages, in the
/// checkout that this program was built from.
const VENV: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.venv/postgres/bin");

/// The server programs of one version of Postgres.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binaries {
    /// Empty for the `PATH`.
    dir: PathBuf,
    major: u32,
}

impl Binaries {
    /// Finds the programs in the given folder, or else on the machine: those of the version that
    /// created the cluster, or the newest.
    pub(super) fn find(configured: Option<&Path>, cluster: &Path) -> Result<Binaries> {
        let created_by = fs::read_to_string(cluster.join("PG_VERSION"))
            .ok()
            .and_then(|version| version.trim().parse().ok());
        if let Some(dir) = configured {
            return choose(Binaries::at(dir).into_iter().collect(), created_by, cluster);
        }
        let debian = debian(Path::new("/usr/lib/postgresql"));
        choose(debian, created_by, cluster).or_else(|refusal| {
            // Only now, because running a program to learn its version takes time.
            let other_versions: Vec<_> =
                [Path::new(VENV), Path::new("")].into_iter().filter_map(Binaries::at).collect();
            if other_versions.is_empty() {
                Err(refusal)
            } else {
                choose(other_versions, created_by, cluster)
            }
        })
    }

    /// The path of a program.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    fn at(dir: &Path) -> Option<Binaries> {
        let output = Command::new(dir.join("postgres")).arg("--version").output().ok()?;
        let major = major(&String::from_utf8_lossy(&output.stdout))?;
        Some(Binaries { dir: dir.to_path_buf(), major })
    }
}

fn choose(found: Vec<Binaries>, created_by: Option<u32>, cluster: &Path) -> Result<Binaries> {
    let Some(newest) = found.iter().max_by_key(|b| b.major).cloned() else {
        return Err(EmbeddedError::NoBinaries);
    };
    match created_by {
        Some(created_by) => found.into_iter().find(|b| b.major == created_by).ok_or_else(|| {
            let dir = cluster.to_path_buf();
            EmbeddedError::OtherVersion { dir, created_by, found: newest.major }
        }),
        None if newest.major < MIN_VERSION => Err(EmbeddedError::TooOld { found: newest.major }),
        None => Ok(newest),
    }
}

/// The server programs of Debian, which has a folder for each major version.
fn debian(root: &Path) -> Vec<Binaries> {
    let folders = fs::read_dir(root).into_iter().flatten().flatten();
    folders
        .filter_map(|folder| {
            let major = folder.file_name().to_str()?.parse().ok()?;
            let dir = folder.path().join("bin");
            // A client package alone leaves the folder without a server.
            dir.join("initdb").is_file().then_some(Binaries { dir, major })
        })
        .collect()
}

/// The major version in `postgres (PostgreSQL) 15.18 (Debian …)`, also of a beta.
fn major(version: &str) -> Option<u32> {
    let number = version.split_once("(PostgreSQL) ")?.1;
    let digits = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
    number[..digits].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binaries(major: u32) -> Binaries {
        Binaries { dir: PathBuf::from(format!("/pg/{major}")), major }
    }

    fn chosen(majors: &[u32], created_by: Option<u32>) -> std::result::Result<u32, String> {
        let found = majors.iter().copied().map(binaries).collect();
        choose(found, created_by, Path::new("/data/cluster"))
            .map(|b| b.major)
            .map_err(|e| e.to_string())
    }

    #[test]
    fn a_new_cluster_gets_the_newest() {
        assert_eq!(chosen(&[15, 17, 16], None), Ok(17));
    }

    #[test]
    fn a_cluster_keeps_the_version_that_created_it() {
        assert_eq!(chosen(&[15, 17], Some(15)), Ok(15));
    }

    #[test]
    fn a_missing_version_is_named() {
        let refusal = chosen(&[16, 17], Some(15)).unwrap_err();
        assert!(refusal.contains("created by PostgreSQL 15"), "{refusal}");
        assert!(refusal.contains("has only 17"), "{refusal}");
    }

    #[test]
    fn an_old_server_is_refused() {
        assert_eq!(
            chosen(&[13], None).unwrap_err(),
            "PostgreSQL 13 is too old: install version 14 or newer"
        );
    }

    #[test]
    fn versions_of_every_packager_are_parsed() {
        assert_eq!(major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 18.6\n"), Some(18));
        assert_eq!(major("postgres (PostgreSQL) 19beta1\n"), Some(19));
        assert_eq!(major("something else"), None);
    }

    #[test]
    fn a_folder_of_client_programs_is_no_server() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("15/bin")).unwrap();
        fs::create_dir_all(root.path().join("17/bin")).unwrap();
        fs::write(root.path().join("15/bin/initdb"), "").unwrap();
        assert_eq!(debian(root.path()).iter().map(|b| b.major).collect::<Vec<_>>(), [15]);
    }
}
