//! Files that appear whole or not at all.
//!
//! A file is written beside its place, and renamed when all of it is on the disk: a full disk or a crash
//! leaves what was there before. Only what is no file, like a pipe or `/dev/stdout`, is written in place.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use tempfile::{Builder, NamedTempFile};

/// Mode of files that others may read where the user's umask lets them, and of those they may not.
const SHARED: u32 = 0o666;
const PRIVATE: u32 = 0o600;

/// Where a file is to be, and how it is put there.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// use fedchain_learn::whole::Whole;
///
/// let file = folder.path().join("model.json");
/// Whole::at(&file).check()?;
/// assert!(!file.exists());
/// Whole::at(&file).write("{}")?;
/// assert_eq!(std::fs::read_to_string(&file)?, "{}");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Whole<'a> {
    place: &'a Path,
    is_private: bool,
    is_new: bool,
}

impl<'a> Whole<'a> {
    /// A file at `place`, instead of the one that is there.
    pub fn at(place: &'a Path) -> Self {
        Self {
            place,
            is_private: false,
            is_new: false,
        }
    }

    /// Only its owner may read it.
    pub fn private(self) -> Self {
        Self {
            is_private: true,
            ..self
        }
    }

    /// Nothing else may be there.
    pub fn fresh(self) -> Self {
        Self {
            is_new: true,
            ..self
        }
    }

    /// Whether the file could be written now. Leaves nothing behind.
    ///
    /// # Errors
    /// What the system says; [`io::ErrorKind::AlreadyExists`] where the file must be a new one and is not.
    pub fn check(&self) -> io::Result<()> {
        self.draft().map(drop)
    }

    /// Writes the file.
    ///
    /// # Errors
    /// As [`Self::check`]. What was there before is there still, unless it was no file.
    pub fn write(&self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.fill(|file| file.write_all(bytes.as_ref()))
    }

    /// Lets `write` write the file.
    ///
    /// # Errors
    /// As [`Self::write`], and those of `write`.
    pub fn fill(&self, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
        let Some(mut draft) = self.draft()? else {
            return write(&mut OpenOptions::new().write(true).open(self.place)?);
        };
        write(draft.file.as_file_mut())?;
        draft.file.as_file().sync_all()?;
        match self.is_new {
            true => draft.file.persist_noclobber(&draft.place),
            false => draft.file.persist(&draft.place),
        }
        .map_err(|error| error.error)?;
        draft.folder.sync_all()
    }

    /// An empty file beside the place; none where the place is taken by what is no file.
    fn draft(&self) -> io::Result<Option<Draft>> {
        let found = match fs::metadata(self.place) {
            Ok(_) if self.is_new => return Err(io::ErrorKind::AlreadyExists.into()),
            Ok(found) if found.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(found) if !found.is_file() => return Ok(None),
            Ok(found) => Some(found),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let place = match found {
            // A link stays one.
            Some(_) => fs::canonicalize(self.place)?,
            None => match fs::read_link(self.place) {
                Ok(to) => self.place.parent().unwrap_or(Path::new("")).join(to),
                Err(_) => self.place.to_owned(),
            },
        };
        let folder = match place.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let mode = if self.is_private { PRIVATE } else { SHARED };
        let file = Builder::new().make_in(folder, |path| {
            let mut options = OpenOptions::new();
            options.write(true).create_new(true).mode(mode).open(path)
        })?;
        if let (Some(found), false) = (found, self.is_private) {
            let mode = found.permissions().mode() & 0o777;
            file.as_file()
                .set_permissions(fs::Permissions::from_mode(mode))?;
        }
        Ok(Some(Draft {
            folder: File::open(folder)?,
            file,
            place,
        }))
    }
}

/// A file on its way.
struct Draft {
    file: NamedTempFile,
    place: PathBuf,
    folder: File,
}

/// Makes a folder if it is not there, and makes sure that files can be written into it.
///
/// # Errors
/// What the system says.
pub fn folder(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => io::Error::new(error.kind(), "it is a file: name a folder"),
        _ => error,
    })?;
    tempfile::tempfile_in(path).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(file: &Path) -> u32 {
        fs::metadata(file).unwrap().permissions().mode() & 0o777
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_writer_that_fails_leaves_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rows.csv");
        let fail = |out: &mut File| {
            out.write_all(b"half")?;
            Err(io::ErrorKind::StorageFull.into())
        };
        assert!(Whole::at(&file).fill(fail).is_err());
        assert_eq!(names(folder.path()), [""; 0]);
        Whole::at(&file).write("old").unwrap();
        assert!(Whole::at(&file).fill(fail).is_err());
        assert_eq!(names(folder.path()), ["rows.csv"]);
        assert_eq!(fs::read_to_string(&file).unwrap(), "old");
    }

    #[test]
    fn private_files_are_so_and_others_keep_their_mode() {
        let folder = tempfile::tempdir().unwrap();
        let (key, model) = (folder.path().join("key"), folder.path().join("model"));
        Whole::at(&key).private().fresh().write("a").unwrap();
        assert_eq!(mode(&key), 0o600);
        Whole::at(&model).write("a").unwrap();
        assert_eq!(mode(&model) & !0o666, 0);
        for kept in [0o640, 0o666] {
            fs::set_permissions(&model, fs::Permissions::from_mode(kept)).unwrap();
            Whole::at(&model).write("b").unwrap();
            assert_eq!(mode(&model), kept);
        }
    }

    #[test]
    fn a_new_file_replaces_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        fs::write(&file, "old").unwrap();
        let fresh = Whole::at(&file).fresh();
        for refused in [fresh.check(), fresh.write("new")] {
            assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        }
        assert_eq!(fs::read_to_string(&file).unwrap(), "old");
    }

    #[test]
    fn a_place_is_checked_without_a_trace() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("model");
        Whole::at(&file).check().unwrap();
        assert_eq!(names(folder.path()), [""; 0]);
        for wrong in [folder.path().to_owned(), file.join("model")] {
            assert!(Whole::at(&wrong).check().is_err(), "{}", wrong.display());
        }
        fs::write(&file, "").unwrap();
        assert!(Whole::at(&file.join("model")).check().is_err());
        let refused = super::folder(&file).unwrap_err();
        assert_eq!(refused.to_string(), "it is a file: name a folder");
        super::folder(&folder.path().join("a/b")).unwrap();
        assert_eq!(names(&folder.path().join("a/b")), [""; 0]);
    }

    #[test]
    fn links_and_devices_stay_what_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink("file", &link).unwrap();
        Whole::at(&link).write("new").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        let null = Path::new("/dev/null");
        Whole::at(null).check().unwrap();
        Whole::at(null).write("nothing").unwrap();
        assert!(!fs::metadata(null).unwrap().is_file());
        let full = Whole::at(Path::new("/dev/full")).write("much");
        assert_eq!(full.unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
}
