//! Files written whole or not at all.

use crate::Error;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// A file to be written: its contents gather beside the target and take its place in one step, so that nobody ever sees
/// half of them.
///
/// A symbolic link stays a link, and the file that it leads to is written. A file that is there keeps its mode, its owner and its group;
/// where that can't be, it is not replaced.
///
/// # Example
/// ```
/// use sketchlet::io::Target;
/// use std::io::Write;
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("answer.txt");
/// let mut target = Target::new(&path)?;
/// target.write_all(b"42")?;
/// assert!(!path.exists());
/// target.commit()?;
/// assert_eq!(std::fs::read(&path)?, b"42");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Target {
    file: NamedTempFile,
    path: PathBuf,
    /// Where the path leads.
    place: PathBuf,
}

impl Target {
    /// Checks that a file can stand at `path`, without making one.
    ///
    /// # Errors
    /// If something other than a file is there, or a file that may not be written, or there is no such directory.
    pub fn check(path: &Path) -> Result<(), Error> {
        let wrong = |what: &str| Err(Error::data(what).in_file(path.display()));
        match fs::metadata(path) {
            // A device must not be replaced by a file.
            Ok(there) if !there.is_file() => wrong("is not a file: choose another name to write to"),
            // It would be replaced, not written: whoever may not write it may not do that either.
            Ok(_) => match fs::OpenOptions::new().append(true).open(path) {
                Ok(_) => Ok(()),
                Err(error) => Err(Error::from(error).in_file(path.display())),
            },
            Err(_) if !destination(path).is_ok_and(|place| folder(&place).is_dir()) => {
                wrong("there is no such directory: make it first")
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(Error::from(error).in_file(path.display())),
        }
    }

    /// Begins a file.
    ///
    /// # Errors
    /// Those of [`check`](Self::check), and if nothing can be written there.
    pub fn new(path: &Path) -> Result<Self, Error> {
        Self::check(path)?;
        let failed = |error: std::io::Error| Error::from(error).in_file(path.display());
        let place = destination(path).map_err(failed)?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(".sketchlet-");
        #[cfg(unix)]
        {
            // As other programs make files: readable for all whom the umask doesn't shut out.
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let file = builder.tempfile_in(folder(&place)).map_err(failed)?;
        if let Ok(there) = fs::metadata(&place) {
            keep_owner(file.as_file(), &there).map_err(|_| {
                Error::data("belongs to others, whose it would not stay: choose another name to write to")
                    .in_file(path.display())
            })?;
            file.as_file().set_permissions(there.permissions()).map_err(failed)?;
        }
        Ok(Self { file, path: path.to_owned(), place })
    }

    /// The file whose place this will take.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts the contents in place.
    ///
    /// # Errors
    /// If the system refuses; then nothing has changed.
    pub fn commit(self) -> Result<(), Error> {
        let Self { file, path, place } = self;
        let failed = |error: std::io::Error| Error::from(error).in_file(path.display());
        file.as_file().sync_all().map_err(failed)?;
        file.persist(&place).map_err(|error| failed(error.error))?;
        Ok(())
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

/// Gives a file the owner and the group of another one.
#[cfg(unix)]
fn keep_owner(file: &fs::File, there: &fs::Metadata) -> std::io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let own = file.metadata()?;
    let differs = |own: u32, there: u32| (own != there).then_some(there);
    match (differs(own.uid(), there.uid()), differs(own.gid(), there.gid())) {
        (None, None) => Ok(()),
        (owner, group) => fchown(file, owner, group),
    }
}

#[cfg(not(unix))]
fn keep_owner(_: &fs::File, _: &fs::Metadata) -> std::io::Result<()> {
    Ok(())
}

/// Where a path leads through symbolic links; no file need be there.
pub(crate) fn destination(path: &Path) -> std::io::Result<PathBuf> {
    const MOST_LINKS: usize = 40;
    let mut place = path.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::read_link(&place) {
            Ok(to) => place = folder(&place).join(to),
            Err(_) => return Ok(place),
        }
    }
    Err(std::io::Error::other("too many links"))
}

/// The directory in which a path stands.
pub(crate) fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
