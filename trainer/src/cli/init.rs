//! `fedchain init`: writes the configuration file.

use std::{
    env, fs,
    io::{self, IsTerminal},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    str::FromStr,
};

use clap::Args;
use fedchain_learn::{data::escape, whole::Whole};

use super::{
    Common,
    config::{self, Config},
    file_error, output,
};
use crate::{Error, address::Address, chain::Chain, keys};

#[derive(Debug, Args)]
pub(super) struct Init {
    /// Key that signs where no other is named: a file with mode 600, or a development URI like
    /// //Alice.
    #[arg(long, env = "FEDCHAIN_KEY", hide_env_values = true)]
    key: Option<String>,
    /// Federation that is meant where no other is named.
    #[arg(long)]
    federation: Option<u32>,
    /// Where openings of commitments are kept; without it, fedchain in the user's state directory.
    #[arg(long, env = "FEDCHAIN_STATE_DIR")]
    state_dir: Option<PathBuf>,
    /// Do not ask, take the flags' values.
    #[arg(long)]
    yes: bool,
    /// Replace the file, if there is one.
    #[arg(long)]
    force: bool,
}

impl Init {
    pub(super) async fn run(self, common: &Common) -> Result<(), Error> {
        let file = config::path(|name| env::var_os(name)).ok_or_else(|| {
            Error::Usage("there is no home directory: say where by FEDCHAIN_CONFIG".into())
        })?;
        if file.exists() && !self.force {
            return Err(Error::Usage(format!(
                "{} exists already: replace it by --force",
                file.display()
            )));
        }
        let force = self.force;
        let config = self.answers(&common.url)?;
        if let Some(key) = config.key.as_deref().filter(|key| *key != "-") {
            keys::load(key)?;
        }
        // The file is right whether or not the node answers now.
        let found = match look(common, &config).await {
            Err(error @ Error::Usage(_)) => return Err(error),
            Ok(found) => found,
            Err(error) => format!("note: {error}"),
        };
        write(&file, &config, force)?;
        output::hint(&found);
        common.print(
            &serde_json::json!({ "file": file, "config": config }),
            || {
                format!(
                    "{} is written; `fedchain --help` shows its values",
                    file.display()
                )
            },
        );
        Ok(())
    }

    /// What the file shall say: the flags' values, or what is answered on the terminal.
    fn answers(self, url: &str) -> Result<Config, Error> {
        let is_asked = !self.yes && io::stdin().is_terminal();
        let url: Address = url
            .parse()
            .map_err(|error| Error::Usage(format!("--url: {error}")))?;
        let (url, key, federation) = match is_asked {
            true => (
                ask("address of the node", Some(url))?,
                ask("key, a file or a development URI", self.key)?,
                ask("number of the federation", self.federation)?,
            ),
            false => (Some(url), self.key, self.federation),
        };
        let absolute =
            |path: PathBuf| std::path::absolute(&path).map_err(|error| file_error(&path, error));
        let key = match key {
            // Both mean the same everywhere.
            Some(key) if key == "-" || key.starts_with("//") => Some(key),
            Some(key) if keys::is_secret(&key) => return Err(keys::KeyError::OnCommandLine.into()),
            Some(key) => Some(absolute(key.into())?.display().to_string()),
            None => None,
        };
        let state_dir = self.state_dir.map(absolute).transpose()?;
        Ok(Config {
            url: url.map(|url| url.to_string()),
            key,
            federation,
            state_dir,
        })
    }
}

/// Asks for a value on the terminal, until the answer is one; an empty answer takes the default.
fn ask<T: FromStr + ToString>(question: &str, default: Option<T>) -> Result<Option<T>, Error> {
    let shown = default.as_ref().map_or("none".into(), T::to_string);
    loop {
        let line = output::prompt(&format!("{question} [{shown}]: "))?;
        match line.as_str() {
            "" => return Ok(default),
            "none" => return Ok(None),
            answer => match answer.parse() {
                Ok(value) => return Ok(Some(value)),
                Err(_) => output::hint(&format!("\"{}\" is not the {question}", escape(answer))),
            },
        }
    }
}

/// Writes the file, readable by its owner alone.
fn write(file: &Path, config: &Config, force: bool) -> Result<(), Error> {
    let failed = |error: io::Error| file_error(file, error);
    let text = toml::to_string(config).map_err(|error| file_error(file, error))?;
    if let Some(directory) = file.parent().filter(|it| !it.as_os_str().is_empty()) {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(failed)?;
    }
    let place = Whole::at(file).private();
    let place = if force { place } else { place.fresh() };
    place.write(text).map_err(failed)
}

/// What the node says of the federation.
///
/// # Errors
/// [`Error::Usage`] for the key of a development chain on another one; others when the node does not answer so.
async fn look(common: &Common, config: &Config) -> Result<String, Error> {
    let url = config.url.as_deref().unwrap_or(&common.url);
    let chain = Chain::connect(url, common.wait).await?;
    let public = config.key.as_deref().filter(|key| keys::is_public(key));
    if let Some(key) = public
        && !chain.is_for_development().await?
    {
        return Err(Error::Usage(format!(
            "everybody can sign for {key}, and {url} is not a development chain: make a key of your own by \
             `fedchain key new --out FILE`, and name that file"
        )));
    }
    match config.federation {
        Some(number) => {
            let view = chain.federation(number, chain.best().await?.hash).await?;
            Ok(format!("federation {number} is \"{}\"", view.spec.name))
        }
        None => Ok(format!("the node answers, genesis {:?}", chain.genesis())),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn init(key: Option<&str>) -> Init {
        Init {
            key: key.map(Into::into),
            federation: Some(7),
            state_dir: None,
            yes: true,
            force: false,
        }
    }

    #[test]
    fn flags_become_the_file() {
        let config = init(Some("//Alice")).answers("ws://node:9944").unwrap();
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("fedchain/config.toml");
        write(&file, &config, false).unwrap();
        assert_eq!(
            fs::read_to_string(&file).unwrap(),
            "url = \"ws://node:9944\"\nkey = \"//Alice\"\nfederation = 7\n"
        );
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(write(&file, &config, false).is_err(), "it is there already");
        assert!(write(&file, &Config::default(), true).is_ok());
        assert_eq!(fs::read_to_string(&file).unwrap(), "");
    }

    #[test]
    fn a_key_is_an_absolute_path_and_never_a_phrase() {
        let config = init(Some("key.txt")).answers("ws://node:9944").unwrap();
        let here = env::current_dir().unwrap().join("key.txt");
        assert_eq!(config.key.unwrap(), here.display().to_string());
        let phrase = "a b c d e f g h i j k l";
        assert!(init(Some(phrase)).answers("ws://node:9944").is_err());
    }
}
