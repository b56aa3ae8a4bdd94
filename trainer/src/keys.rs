//! Keys: where a secret comes from, and where it must not.
//!
//! Files and standard input hold secrets. The accounts of development chains are no secret: they come
//! from a phrase that everybody knows, and are named, like `//Alice`. So nothing that is empty or cut off
//! ever means one of them.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    str::FromStr,
};

use fedchain_learn::whole::Whole;
use subxt_signer::{DEV_PHRASE, SecretUri, bip39::Mnemonic, sr25519::Keypair};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::chain::AccountId;

/// Larger files hold no key.
const KEY_BYTES_MAX: u64 = 1 << 12;

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
    /// The text is no key.
    #[error("{from} holds no key: {fault}")]
    Malformed {
        /// Where the text came from.
        from: String,
        /// What is wrong with it.
        fault: Fault,
    },
}

/// What is wrong with a text that should be a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Fault {
    /// Nothing is there.
    #[error("it is empty")]
    Empty,
    /// More than one line.
    #[error("a key is a single line")]
    Lines,
    /// A development URI without a name.
    #[error("an account of development chains has a name, like //Alice")]
    Nameless,
    /// What everybody knows, in a place for secrets.
    #[error("everybody knows it: name an account of development chains by `--key //Alice`")]
    Public,
    /// A seed of another length, or not in hexadecimal digits.
    #[error("a seed is 64 hexadecimal digits after 0x")]
    Seed,
    /// No phrase.
    #[error("a phrase of 12 or more words is expected")]
    Phrase,
}

/// The key that `source` names: a development URI (`//Alice`), a file, or `-` for standard input.
///
/// # Errors
/// [`KeyError`], never with the secret in it.
pub fn load(source: &str) -> Result<Keypair, KeyError> {
    let malformed = |from: &str, fault| KeyError::Malformed {
        from: from.to_owned(),
        fault,
    };
    if is_public(source) {
        return public(source).map_err(|fault| malformed("the key URI", fault));
    }
    if source.trim().is_empty() {
        return Err(malformed("--key", Fault::Empty));
    }
    if source == "-" {
        let mut text = Zeroizing::new(String::new());
        io::stdin().read_line(&mut text).map_err(KeyError::Input)?;
        return secret(&text, "standard input");
    }
    if is_secret(source) {
        return Err(KeyError::OnCommandLine);
    }
    load_file(Path::new(source))
}

/// Whether a file holds a key, which nothing may take the place of.
pub(crate) fn is_key_file(file: &Path) -> bool {
    let is_small = fs::metadata(file).is_ok_and(|found| found.len() < KEY_BYTES_MAX);
    is_small && load_file(file).is_ok()
}

/// Whether a source names an account for which everybody can sign.
pub fn is_public(source: &str) -> bool {
    source.starts_with("//")
}

/// Whether an argument looks like a phrase or a seed instead of a file name.
pub(crate) fn is_secret(source: &str) -> bool {
    let digits = source.strip_prefix("0x");
    let is_long = |text: &str| text.len() >= 64 && text.bytes().all(|it| it.is_ascii_hexdigit());
    let is_phrase = source.split_whitespace().count() >= 12;
    digits.is_some_and(|rest| rest.len() >= 64)
        || ((is_long(source) || is_phrase) && !Path::new(source).exists())
}

fn load_file(file: &Path) -> Result<Keypair, KeyError> {
    let read_error = |source| KeyError::Read {
        file: file.into(),
        source,
    };
    let found = fs::metadata(file).map_err(read_error)?;
    if found.is_dir() {
        return Err(read_error(io::ErrorKind::IsADirectory.into()));
    }
    let mode = found.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(KeyError::Exposed { file: file.into() });
    }
    let text = Zeroizing::new(fs::read_to_string(file).map_err(read_error)?);
    secret(&text, &file.display().to_string())
}

/// The key of a development URI.
fn public(uri: &str) -> Result<Keypair, Fault> {
    let path = uri.trim().strip_prefix("//").unwrap_or_default();
    let name = path.split('/').next().unwrap_or_default();
    match name.trim() {
        "" => Err(Fault::Nameless),
        _ => parse(uri.trim()).ok_or(Fault::Nameless),
    }
}

/// The key of a phrase or seed; `from` says where the text came from.
fn secret(text: &str, from: &str) -> Result<Keypair, KeyError> {
    // Editors of Windows begin files with a byte order mark.
    let text = text.trim_start_matches('\u{feff}').trim();
    let fault = if text.is_empty() {
        Fault::Empty
    } else if text.contains(['\n', '\r']) {
        Fault::Lines
    } else if is_known(text) {
        Fault::Public
    } else if let Some(key) = parse(text) {
        return Ok(key);
    } else if text.starts_with("0x") {
        Fault::Seed
    } else {
        Fault::Phrase
    };
    let from = from.to_owned();
    Err(KeyError::Malformed { from, fault })
}

/// Whether a text has no phrase, which means that of development chains, or this very phrase.
fn is_known(text: &str) -> bool {
    let phrase = text.split('/').next().unwrap_or_default();
    phrase.is_empty() || phrase.split_whitespace().eq(DEV_PHRASE.split(' '))
}

fn parse(text: &str) -> Option<Keypair> {
    Keypair::from_uri(&SecretUri::from_str(text).ok()?).ok()
}

/// A new phrase of 12 words.
///
/// # Errors
/// [`KeyError::Malformed`], should the entropy have a length that no phrase has.
pub fn new_phrase() -> Result<Zeroizing<String>, KeyError> {
    let entropy = Zeroizing::new(rand::random::<[u8; 16]>());
    let phrase = Mnemonic::from_entropy(&*entropy).map_err(|_| KeyError::Malformed {
        from: "the entropy".into(),
        fault: Fault::Phrase,
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
    let line = Zeroizing::new(format!("{phrase}\n"));
    let place = Whole::at(file).private().fresh();
    place.write(line.as_bytes()).map_err(write_error)
}

/// The key behind a phrase.
///
/// # Errors
/// [`KeyError::Malformed`].
pub fn from_phrase(phrase: &str) -> Result<Keypair, KeyError> {
    secret(phrase, "the phrase")
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
    if is_public(text) {
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
        for secret in [phrase.as_str(), &seed, &"ab".repeat(32)] {
            let error = load(secret).unwrap_err();
            assert!(matches!(error, KeyError::OnCommandLine));
            assert!(!error.to_string().contains(secret));
        }
    }

    #[track_caller]
    fn fault(found: Result<Keypair, KeyError>) -> Fault {
        match found.unwrap_err() {
            KeyError::Malformed { fault, .. } => fault,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn a_file_without_a_phrase_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("key");
        save("not a phrase", &file).unwrap();
        let message = load(file.to_str().unwrap()).unwrap_err().to_string();
        assert_eq!(
            message,
            format!(
                "{} holds no key: a phrase of 12 or more words is expected",
                file.display()
            )
        );
    }

    #[test]
    fn no_secret_is_not_the_one_that_everybody_knows() {
        let known = format!("{DEV_PHRASE}//Alice");
        for (text, expected) in [
            ("", Fault::Empty),
            (" \t\r\n \n", Fault::Empty),
            ("\u{feff}", Fault::Empty),
            ("/", Fault::Public),
            ("//", Fault::Public),
            ("///", Fault::Public),
            ("///password", Fault::Public),
            ("/Alice", Fault::Public),
            ("//Alice", Fault::Public),
            (DEV_PHRASE, Fault::Public),
            (known.as_str(), Fault::Public),
        ] {
            assert_eq!(fault(secret(text, "F")), expected, "{text:?}");
        }
        for source in ["//", "///", "///password", "// ", "// //Alice", "//  /x"] {
            assert_eq!(fault(load(source)), Fault::Nameless, "{source:?}");
        }
        for source in ["", " "] {
            assert_eq!(fault(load(source)), Fault::Empty, "{source:?}");
        }
        assert_ne!(address(&load("//Alice//stash").unwrap()), ALICE);
    }

    #[test]
    fn secrets_may_have_passed_through_other_systems() {
        let phrase = new_phrase().unwrap();
        let expected = address(&from_phrase(&phrase).unwrap());
        for text in [
            format!("{}\n", *phrase),
            format!("\u{feff}{}\r\n", *phrase),
            format!("  {}  ", *phrase),
        ] {
            assert_eq!(address(&secret(&text, "F").unwrap()), expected, "{text:?}");
        }
        let seed = format!("0x{}", "5a".repeat(32));
        secret(&seed, "F").unwrap();
        secret(&format!("{seed}//work"), "F").unwrap();
        let lines = format!("{}\n{}\n", *phrase, *phrase);
        let (short, long) = (&seed[..64], format!("{seed}5a"));
        for (text, expected) in [
            (lines.as_str(), Fault::Lines),
            (short, Fault::Seed),
            (&long, Fault::Seed),
            ("0x", Fault::Seed),
            (&seed[2..], Fault::Phrase),
            ("{\"encoded\":\"AAAA\"}", Fault::Phrase),
            ("legal winner thank year", Fault::Phrase),
        ] {
            assert_eq!(fault(secret(text, "F")), expected, "{text:?}");
        }
    }
}
