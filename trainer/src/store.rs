//! Open commitments on disk: what a client needs to reveal after a crash.
//!
//! A round's salt and update are written before the commitment is sent. Without them the bond is
//! lost; in other hands they show the update before its time. Hence mode 600, an atomic rename, and
//! one directory per chain, federation and account. They stay one round longer than their own, so
//! that a reorganisation of a few blocks finds them again.
//!
//! ```text
//! STATE/<genesis>/<federation>-<hash of the block that created it>/<account>/round-<n>.json
//! ```
//!
//! Development chains share a genesis hash, so the creating block is part of the path.

mod spent;

use std::{
    env,
    fs::{self, DirBuilder, File, TryLockError},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use fedchain_fl::{H256, Privacy};
use fedchain_learn::whole::Whole;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use thiserror::Error;

use crate::chain::AccountId;

pub use spent::Spent;

/// Name of the file that lists used holdouts, and the beginning of those with openings.
const USED_HOLDOUTS: &str = "used-holdouts.json";
const HOLDOUT: &str = "holdout-";
/// The beginning of the names of files with openings of updates.
const ROUND: &str = "round-";

/// Why the state directory cannot be used.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Neither `XDG_STATE_HOME` nor `HOME` is set.
    #[error("no home directory is known: name a directory with --state-dir")]
    NoHome,
    /// Another process trains with this account.
    #[error(
        "another fedchain process trains with this account in this federation (it holds {}): stop \
         it first",
        lock.display()
    )]
    Locked {
        /// The lock file.
        lock: PathBuf,
    },
    /// A file cannot be read or written.
    #[error("cannot use {}: {source}{}", path.display(), elsewhere(source))]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is damaged.
    #[error("{} is damaged ({reason}): move it away to go on, which gives up that round's bond", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The file that remembers what updates have spent is damaged.
    #[error(
        "{} is damaged ({reason}), and nothing else knows how much privacy your updates have spent: \
         restore it from a backup",
        file.display()
    )]
    Spent {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

/// Whose files, of which federation on which chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Hash of the chain's genesis block.
    pub genesis: H256,
    /// Number of the federation.
    pub federation: u32,
    /// Hash of the block that created the federation.
    pub created: H256,
    /// The client.
    pub account: AccountId,
}

/// A commitment with its opening.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Number of the round.
    pub round: u32,
    /// Root of the server model that training started from.
    pub base_root: H256,
    /// Rows trained on, as stated to the chain.
    pub sample_count: u32,
    /// Differential privacy declared to the chain.
    pub privacy: Option<Privacy>,
    /// The commitment's salt.
    pub salt: H256,
    /// The update, `[param_count]`.
    pub values: Vec<i32>,
    /// The commitment.
    pub commitment: H256,
}

/// An evaluator's commitment with its opening.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptHoldout {
    /// The round that the holdout judges.
    pub round: u32,
    /// The commitment's salt.
    pub salt: H256,
    /// The commitment.
    pub commitment: H256,
    /// Canonical bytes of the rows.
    pub bytes: Vec<u8>,
}

/// The files of one client or evaluator in one federation, locked against a second process.
#[derive(Debug)]
pub struct Store {
    dir: PathBuf,
    _lock: File,
}

/// `$XDG_STATE_HOME/fedchain`, or `~/.local/state/fedchain`.
///
/// # Errors
/// [`StoreError::NoHome`].
pub fn default_dir() -> Result<PathBuf, StoreError> {
    let set = |name| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    set("XDG_STATE_HOME")
        .or_else(|| set("HOME").map(|home| home.join(".local/state")))
        .map(|state| state.join("fedchain"))
        .ok_or(StoreError::NoHome)
}

impl Store {
    /// Opens the files of `place` below `state_dir` and locks them while `self` lives.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when another process has them, [`StoreError::Io`] otherwise.
    pub fn open(state_dir: &Path, place: &Place) -> Result<Self, StoreError> {
        let dir = state_dir
            .join(format!("{:x}", place.genesis))
            .join(format!("{}-{:x}", place.federation, place.created))
            .join(place.account.to_string());
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&dir)
            .map_err(io_error(&dir))?;
        let path = dir.join("lock");
        let lock = File::create(&path).map_err(io_error(&path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { dir, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StoreError::Locked { lock: path }),
            Err(TryLockError::Error(source)) => Err(StoreError::Io { path, source }),
        }
    }

    /// Where the files are.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Writes a commitment's opening; it is on disk when this returns.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn save(&self, kept: &Kept) -> Result<(), StoreError> {
        self.write(&self.file(kept.round, kept.base_root), kept)
    }

    /// Writes the opening of a holdout's commitment, and that rows with this root are used; both are on
    /// disk when this returns.
    ///
    /// # Errors
    /// As [`Self::used_holdouts`].
    pub fn save_holdout(&self, kept: &KeptHoldout, root: H256) -> Result<(), StoreError> {
        let mut used = self.used_holdouts()?;
        used.push(root);
        self.write(&self.dir.join(USED_HOLDOUTS), &used)?;
        self.write(&self.holdout_file(kept.round), kept)
    }

    fn write<T: Serialize>(&self, path: &Path, value: &T) -> Result<(), StoreError> {
        let text = serde_json::to_vec(value).map_err(|error| io_error(path)(error.into()))?;
        Whole::at(path)
            .private()
            .write(text)
            .map_err(io_error(path))
    }

    /// The opening kept for `round` on the server model `base_root`: a reorganisation of the chain may
    /// come back to any model, and to the commitment that was made on it.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the file cannot be understood, [`StoreError::Io`] otherwise.
    pub fn load(&self, round: u32, base_root: H256) -> Result<Option<Kept>, StoreError> {
        read(self.file(round, base_root))
    }

    /// All openings of updates that are kept.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn openings(&self) -> Result<Vec<Kept>, StoreError> {
        let mut openings = Vec::new();
        for entry in fs::read_dir(&self.dir).map_err(io_error(&self.dir))? {
            let path = entry.map_err(io_error(&self.dir))?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            if name.is_some_and(|name| name.starts_with(ROUND)) {
                openings.extend(read(path)?);
            }
        }
        Ok(openings)
    }

    /// The opening of the holdout kept for `round`.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn load_holdout(&self, round: u32) -> Result<Option<KeptHoldout>, StoreError> {
        read(self.holdout_file(round))
    }

    /// Roots of the holdouts that were committed to: rows judge once.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn used_holdouts(&self) -> Result<Vec<H256>, StoreError> {
        Ok(read(self.dir.join(USED_HOLDOUTS))?.unwrap_or_default())
    }

    /// Removes the openings of rounds before `oldest`.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn forget_before(&self, oldest: u32) -> Result<(), StoreError> {
        for entry in fs::read_dir(&self.dir).map_err(io_error(&self.dir))? {
            let path = entry.map_err(io_error(&self.dir))?.path();
            if round_of(&path).is_some_and(|round| round < oldest) {
                fs::remove_file(&path).map_err(io_error(&path))?;
            }
        }
        Ok(())
    }

    fn holdout_file(&self, round: u32) -> PathBuf {
        self.dir.join(format!("{HOLDOUT}{round}.json"))
    }

    fn file(&self, round: u32, base_root: H256) -> PathBuf {
        self.dir.join(format!("{ROUND}{round}-{base_root:x}.json"))
    }
}

/// Reads a file, if it is there.
fn read<T: DeserializeOwned>(file: PathBuf) -> Result<Option<T>, StoreError> {
    let text = match fs::read(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io_error(&file)(error)),
    };
    serde_json::from_slice(&text)
        .map(Some)
        .map_err(|error| StoreError::Damaged {
            file,
            reason: error.to_string(),
        })
}

/// The round whose opening a file holds.
fn round_of(path: &Path) -> Option<u32> {
    let name = path.file_name()?.to_str()?;
    let digits = match name.strip_prefix(ROUND) {
        Some(rest) => rest.split_once('-')?.0,
        None => name.strip_prefix(HOLDOUT)?.strip_suffix(".json")?,
    };
    digits.parse().ok()
}

/// What helps where nothing can be written.
fn elsewhere(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::PermissionDenied
        | io::ErrorKind::ReadOnlyFilesystem
        | io::ErrorKind::NotADirectory => ": name another directory with --state-dir",
        _ => "",
    }
}

fn io_error(path: &Path) -> impl Fn(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::Io {
        path: path.clone(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const BASE: H256 = H256::repeat_byte(5);

    fn place() -> Place {
        Place {
            genesis: H256::repeat_byte(1),
            federation: 2,
            created: H256::repeat_byte(3),
            account: AccountId([4; 32]),
        }
    }

    fn kept(round: u32) -> Kept {
        Kept {
            round,
            base_root: BASE,
            sample_count: 147,
            privacy: None,
            salt: H256::repeat_byte(6),
            values: vec![1, -2, i32::MAX],
            commitment: H256::repeat_byte(7),
        }
    }

    #[test]
    fn an_opening_survives_and_is_private() {
        let state = tempfile::tempdir().unwrap();
        let store = Store::open(state.path(), &place()).unwrap();
        assert_eq!(store.load(1, BASE).unwrap(), None);
        store.save(&kept(1)).unwrap();
        let mode = fs::metadata(store.file(1, BASE))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        drop(store);
        let store = Store::open(state.path(), &place()).unwrap();
        assert_eq!(store.load(1, BASE).unwrap(), Some(kept(1)));
    }

    #[test]
    fn a_second_process_is_kept_out_until_the_first_ends() {
        let state = tempfile::tempdir().unwrap();
        let first = Store::open(state.path(), &place()).unwrap();
        let second = Store::open(state.path(), &place());
        assert!(matches!(second, Err(StoreError::Locked { .. })));
        drop(first);
        Store::open(state.path(), &place()).unwrap();
    }

    #[test]
    fn chains_federations_and_accounts_never_mix() {
        let state = tempfile::tempdir().unwrap();
        let store = Store::open(state.path(), &place()).unwrap();
        store.save(&kept(1)).unwrap();
        let other = H256::repeat_byte(9);
        for place in [
            Place {
                genesis: other,
                ..place()
            },
            Place {
                federation: 9,
                ..place()
            },
            Place {
                created: other,
                ..place()
            },
            Place {
                account: AccountId([9; 32]),
                ..place()
            },
        ] {
            let store = Store::open(state.path(), &place).unwrap();
            assert_eq!(store.load(1, BASE).unwrap(), None, "{place:?}");
        }
    }

    #[test]
    fn each_base_model_has_its_opening() {
        let state = tempfile::tempdir().unwrap();
        let store = Store::open(state.path(), &place()).unwrap();
        let other = Kept {
            base_root: H256::repeat_byte(8),
            ..kept(1)
        };
        store.save(&kept(1)).unwrap();
        store.save(&other).unwrap();
        assert_eq!(store.load(1, BASE).unwrap(), Some(kept(1)));
        assert_eq!(store.load(1, other.base_root).unwrap(), Some(other));
        assert_eq!(store.openings().unwrap().len(), 2);
    }

    #[test]
    fn old_rounds_are_forgotten() {
        let state = tempfile::tempdir().unwrap();
        let store = Store::open(state.path(), &place()).unwrap();
        store.save(&kept(1)).unwrap();
        store.save(&kept(2)).unwrap();
        store.forget_before(2).unwrap();
        assert_eq!(store.load(1, BASE).unwrap(), None);
        assert_eq!(store.load(2, BASE).unwrap(), Some(kept(2)));
        store.forget_before(u32::MAX).unwrap();
        assert_eq!(store.load(2, BASE).unwrap(), None);
    }

    #[test]
    fn holdouts_are_kept_with_their_rounds_and_used_for_ever() {
        let state = tempfile::tempdir().unwrap();
        let store = Store::open(state.path(), &place()).unwrap();
        assert_eq!(store.used_holdouts().unwrap(), []);
        let kept = |round| KeptHoldout {
            round,
            salt: H256::repeat_byte(6),
            commitment: H256::repeat_byte(7),
            bytes: vec![1, 0, 255],
        };
        let roots = [H256::repeat_byte(8), H256::repeat_byte(9)];
        store.save_holdout(&kept(1), roots[0]).unwrap();
        store.save_holdout(&kept(2), roots[1]).unwrap();
        let mode = fs::metadata(store.holdout_file(1)).unwrap().permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
        assert_eq!(store.load_holdout(1).unwrap(), Some(kept(1)));
        store.forget_before(2).unwrap();
        assert_eq!(store.load_holdout(1).unwrap(), None);
        assert_eq!(store.load_holdout(2).unwrap(), Some(kept(2)));
        assert_eq!(store.used_holdouts().unwrap(), roots);
    }

    #[test]
    fn a_directory_that_cannot_be_used_is_named_with_the_way_out() {
        let error = Store::open(Path::new("/dev/null"), &place()).unwrap_err();
        let message = error.to_string();
        assert!(message.starts_with("cannot use /dev/null/"), "{message}");
        assert!(
            message.ends_with(": name another directory with --state-dir"),
            "{message}"
        );
    }

    #[test]
    fn a_damaged_file_is_named() {
        let state = tempfile::tempdir().unwrap();
        let store = Store::open(state.path(), &place()).unwrap();
        fs::write(store.file(1, BASE), "{").unwrap();
        let message = store.load(1, BASE).unwrap_err().to_string();
        assert!(message.contains(".json is damaged"), "{message}");
    }
}
