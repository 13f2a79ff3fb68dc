//! Places of output: refused before any work where they would destroy something.

use super::args::OutputArguments;
use super::failure::Failure;
use super::output::extension;
use crate::io::{Target, destination, folder};
use std::path::{Path, PathBuf};

/// A place for output: its flag, its name, and what that may end in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    flag: &'static str,
    path: &'a Path,
    forms: &'static [&'static str],
}

impl<'a> Place<'a> {
    pub(super) const fn new(flag: &'static str, path: &'a Path, forms: &'static [&'static str]) -> Self {
        Self { flag, path, forms }
    }

    /// The place of a summary: a slip of the hand must not replace a table of data.
    pub(super) const fn save(path: &'a Path) -> Self {
        Self::new("--save", path, &["sketch"])
    }

    /// Refuses a name that says another form, or where no file can stand.
    fn check(self) -> Result<(), Failure> {
        let Self { flag, path, forms } = self;
        if !forms.contains(&extension(path).as_str()) {
            let forms = forms.iter().map(|form| format!(".{form}")).collect::<Vec<_>>().join(" or ");
            return Err(Failure::Usage(format!("{flag} {}: give a name that ends in {forms}", path.display())));
        }
        Ok(Target::check(path)?)
    }
}

/// The places that an answer may go to.
pub(super) fn of_answer<'a>(output: &'a OutputArguments, save: Option<&'a Path>) -> Vec<Place<'a>> {
    let named = |flag, path: &'a Option<PathBuf>, forms| path.as_deref().map(|path| Place::new(flag, path, forms));
    let places = [
        named("--out", &output.out, &["npy", "csv"]),
        named("--plot", &output.plot, &["svg", "png"]),
        named("--report", &output.report, &["html"]),
        save.map(Place::save),
    ];
    places.into_iter().flatten().collect()
}

/// Refuses places for output before any work is done: those that can't be written, those that are an input too, and those that are
/// one file. The input `-` is standard input.
pub(super) fn check(places: &[Place<'_>], inputs: &[&Path]) -> Result<(), Failure> {
    let inputs: Vec<_> = inputs.iter().map(|path| (path, identity_of_input(path))).collect();
    let mut others: Vec<(&str, Identity)> = Vec::new();
    for place in places {
        let Place { flag, path, .. } = *place;
        place.check()?;
        let Some(own) = identity(path) else { continue };
        if let Some((input, _)) = inputs.iter().find(|(_, input)| input.as_ref() == Some(&own)) {
            let input = if **input == Path::new("-") { "standard input".into() } else { input.display().to_string() };
            let what = format!("{flag} {}: this is the input {input}, which would be lost", path.display());
            return Err(Failure::Usage(format!("{what}: choose another name")));
        }
        if let Some((other, _)) = others.iter().find(|(_, other)| *other == own) {
            return Err(Failure::Usage(format!("{other} and {flag} name one file: choose another name")));
        }
        others.push((flag, own));
    }
    Ok(())
}

/// What makes two paths one file.
#[derive(Debug, PartialEq, Eq)]
enum Identity {
    /// Device and number of a file that is there.
    #[cfg(unix)]
    Number(u64, u64),
    /// Where a file is, or would be.
    Path(PathBuf),
}

fn identity_of_input(path: &Path) -> Option<Identity> {
    #[cfg(unix)]
    if path == Path::new("-") {
        use std::os::fd::AsFd;
        let input = std::io::stdin().as_fd().try_clone_to_owned().ok()?;
        return number(&std::fs::File::from(input).metadata().ok()?);
    }
    identity(path)
}

fn identity(path: &Path) -> Option<Identity> {
    #[cfg(unix)]
    if let Ok(there) = std::fs::metadata(path) {
        return number(&there);
    }
    let place = destination(path).ok()?;
    Some(Identity::Path(folder(&place).canonicalize().ok()?.join(place.file_name()?)))
}

#[cfg(unix)]
#[allow(clippy::unnecessary_wraps, reason = "as identity gives it")]
fn number(file: &std::fs::Metadata) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    Some(Identity::Number(file.dev(), file.ino()))
}
