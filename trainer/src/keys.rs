//! Keys: where a secret comes from, and where it must not.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    str::FromStr,
};

use subxt_signer::{SecretUri, bip39::Mnemonic, sr25519::Keypair};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::chain::AccountId;

/// Why a key cannot be used. No variant carries the secret.
#[derive(Debug, Error)]
pub enum KeyError {
    /// A phrase or seed stands on the command line.
    #[error(
        "a secret on the command line is visible to everyone on this machine: put it into a file \
         with mode 600, or pass `--key -` and give it on standard input"
    )]
    OnCommandLine,
    /// The key file cannot be read.
    #[error("cannot read the key file {}: {source}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others may read the key file.
    #[error("others may read the key file {0}: run `chmod 600 {0}` first", file.display())]
    Exposed {
        /// The file.
        file: PathBuf,
    },
    /// There is a file already.
    #[error("{} exists already: name another file, keys are never overwritten", file.display())]
    Exists {
        /// The file.
        file: PathBuf,
    },
    /// The key file cannot be written.
    #[error("cannot write the key file {}: {source}", file.display())]
    Write {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Standard input cannot be read.
    #[error("cannot read a phrase from standard input: {0}")]
    Input(io::Error),
    /// The text is no secret.
    #[error("{from} holds no key: a phrase of 12 or more words is expected")]
    Malformed {
        /// Where the text came from.
        from: String,
    },
}

/// The key that `source` names: a development URI (`//Alice`), a file, or `-` for standard input.
///
/// # Errors
/// [`KeyError`], never with the secret in it.
pub fn load(source: &str) -> Result<Keypair, KeyError> {
    if source.starts_with("//") {
        return parse(source, "the key URI");
    }
    if source == "-" {
        let mut text = Zeroizing::new(String::new());
        io::stdin().read_line(&mut text).map_err(KeyError::Input)?;
        return parse(text.trim(), "standard input");
    }
    if is_secret(source) {
        return Err(KeyError::OnCommandLine);
    }
    load_file(Path::new(source))
}

/// Whether an argument looks like a phrase or a seed instead of a file name.
pub(crate) fn is_secret(source: &str) -> bool {
    let hex_seed = source
        .strip_prefix("0x")
        .is_some_and(|rest| rest.len() >= 64);
    hex_seed || (source.split_whitespace().count() >= 12 && !Path::new(source).exists())
}

fn load_file(file: &Path) -> Result<Keypair, KeyError> {
    let read_error = |source| KeyError::Read {
        file: file.into(),
        source,
    };
    let mode = fs::metadata(file).map_err(read_error)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(KeyError::Exposed { file: file.into() });
    }
    let text = Zeroizing::new(fs::read_to_string(file).map_err(read_error)?);
    parse(text.trim(), &file.display().to_string())
}

fn parse(secret: &str, from: &str) -> Result<Keypair, KeyError> {
    let malformed = || KeyError::Malformed {
        from: from.to_owned(),
    };
    let uri = SecretUri::from_str(secret).map_err(|_| malformed())?;
    Keypair::from_uri(&uri).map_err(|_| malformed())
}

/// A new phrase of 12 words.
///
/// # Errors
/// [`KeyError::Malformed`], should the entropy have a length that no phrase has.
pub fn new_phrase() -> Result<Zeroizing<String>, KeyError> {
    let entropy = Zeroizing::new(rand::random::<[u8; 16]>());
    let phrase = Mnemonic::from_entropy(&*entropy).map_err(|_| KeyError::Malformed {
        from: "the entropy".into(),
    })?;
    Ok(Zeroizing::new(phrase.to_string()))
}

/// Writes a phrase to a new file that only its owner may read.
///
/// # Errors
/// [`KeyError::Exists`] or [`KeyError::Write`].
pub fn save(phrase: &str, file: &Path) -> Result<(), KeyError> {
    let write_error = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => KeyError::Exists { file: file.into() },
        _ => KeyError::Write {
            file: file.into(),
            source,
        },
    };
    let mut options = OpenOptions::new();
    let mut out = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)
        .map_err(write_error)?;
    writeln!(out, "{phrase}")
        .and_then(|()| out.sync_all())
        .map_err(write_error)
}

/// The key behind a phrase.
///
/// # Errors
/// [`KeyError::Malformed`].
pub fn from_phrase(phrase: &str) -> Result<Keypair, KeyError> {
    parse(phrase, "the phrase")
}

/// The account of a key.
pub fn account(key: &Keypair) -> AccountId {
    AccountId(key.public_key().0)
}

/// The account that `text` names: an address, or a development URI (`//Bob`).
///
/// # Errors
/// A sentence for the command line.
pub fn parse_account(text: &str) -> Result<AccountId, String> {
    if text.starts_with("//") {
        return load(text)
            .map(|key| account(&key))
            .map_err(|error| error.to_string());
    }
    text.parse()
        .map_err(|error| format!("not an address ({error}): write one like 5GrwvaEF..."))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

    fn address(key: &Keypair) -> String {
        account(key).to_string()
    }

    #[test]
    fn development_uris_work_as_keys_and_as_accounts() {
        assert_eq!(address(&load("//Alice").unwrap()), ALICE);
        assert_eq!(
            parse_account("//Alice").unwrap(),
            parse_account(ALICE).unwrap()
        );
        assert!(
            parse_account("5Grwva")
                .unwrap_err()
                .contains("not an address")
        );
    }

    #[test]
    fn a_saved_phrase_is_private_and_loads_again() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("key");
        let phrase = new_phrase().unwrap();
        assert_eq!(phrase.split(' ').count(), 12);
        save(&phrase, &file).unwrap();
        assert_eq!(
            fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let source = file.to_str().unwrap();
        assert_eq!(
            address(&load(source).unwrap()),
            address(&from_phrase(&phrase).unwrap())
        );
        assert!(matches!(save(&phrase, &file), Err(KeyError::Exists { .. })));

        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        let message = load(source).unwrap_err().to_string();
        assert!(message.contains("chmod 600"), "{message}");
    }

    #[test]
    fn secrets_as_arguments_are_refused_and_not_repeated() {
        let phrase = new_phrase().unwrap();
        let seed = format!("0x{}", "ab".repeat(32));
        for secret in [phrase.as_str(), &seed] {
            let error = load(secret).unwrap_err();
            assert!(matches!(error, KeyError::OnCommandLine));
            assert!(!error.to_string().contains(secret));
        }
    }

    #[test]
    fn a_file_without_a_phrase_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("key");
        save("not a phrase", &file).unwrap();
        let message = load(file.to_str().unwrap()).unwrap_err().to_string();
        assert!(
            message.contains("holds no key") && !message.contains("not a phrase"),
            "{message}"
        );
    }
}
