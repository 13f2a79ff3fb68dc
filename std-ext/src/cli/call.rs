//! The commands of families, as clap's parser knows them.

use super::args::OutputArguments;
use super::failure::Failure;
use super::family::{all, of_command};
use clap::error::ErrorKind;
use clap::{ArgMatches, Command, Error, FromArgMatches, Subcommand};

/// A command of a family, with its flags.
#[derive(Debug)]
pub(super) struct Call {
    name: String,
    matches: ArgMatches,
}

impl Call {
    pub(super) fn run(&self) -> Result<String, Failure> {
        let family = of_command(&self.name).ok_or_else(|| Failure::Usage(format!("{}: no such command", self.name)))?;
        family.run(&self.matches)?.emit(&OutputArguments::from_arg_matches(&self.matches)?)
    }
}

impl FromArgMatches for Call {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let missing = || Error::new(ErrorKind::MissingSubcommand);
        let (name, matches) = matches.subcommand().ok_or_else(missing)?;
        Ok(Self { name: name.to_owned(), matches: matches.clone() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Subcommand for Call {
    fn augment_subcommands(command: Command) -> Command {
        all().fold(command, |command, family| command.subcommand(family.command()))
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        Self::augment_subcommands(command)
    }

    fn has_subcommand(name: &str) -> bool {
        of_command(name).is_some()
    }
}
