//! Files written whole or not at all.

use crate::Error;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// A file to be written: its contents gather beside the target and take its place in one step, so that nobody ever sees
/// half of them.
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
}

impl Target {
    /// Checks that a file can stand at `path`, without making one.
    ///
    /// # Errors
    /// If something other than a file is there, or there is no such directory.
    pub fn check(path: &Path) -> Result<(), Error> {
        let wrong = |what: &str| Err(Error::data(what).in_file(path.display()));
        match fs::metadata(path) {
            // A device must not be replaced by a file.
            Ok(there) if !there.is_file() => wrong("is not a file: choose another name to write to"),
            Ok(_) => Ok(()),
            Err(_) if !folder(path).is_dir() => wrong("there is no such directory: make it first"),
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
        let mut builder = tempfile::Builder::new();
        builder.prefix(".sketchlet-");
        #[cfg(unix)]
        {
            // As other programs make files: readable for all whom the umask doesn't shut out.
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let file = builder.tempfile_in(folder(path)).map_err(|error| Error::from(error).in_file(path.display()))?;
        Ok(Self { file, path: path.to_owned() })
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
        let Self { file, path } = self;
        let failed = |error: std::io::Error| Error::from(error).in_file(path.display());
        file.as_file().sync_all().map_err(failed)?;
        file.persist(&path).map_err(|error| failed(error.error))?;
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

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
