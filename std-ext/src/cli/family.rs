//! The table of families: which there are, and which kinds of summaries are whose.

pub(super) use super::families::Family;
use super::families::{eigen::Eigen, regress::Regress, summarize::Summarize};
use crate::{Error, Kind};

/// Every family of the command, and the kinds of encodings that are its own.
static FAMILIES: &[(&dyn Family, &[Kind])] = &[
    (
        &Eigen,
        &[
            Kind::Centered,
            Kind::RandomOrderEigen,
            Kind::ExactEigen,
            Kind::FrequentDirections,
            Kind::NystromSketch,
            Kind::BlockPower,
            Kind::Oja,
            Kind::AdaptiveOja,
            Kind::CandidIncremental,
            Kind::HistoryPca,
        ],
    ),
    (&Regress, &[Kind::SketchedLeastSquares, Kind::StreamingQr]),
    (&Summarize, &[Kind::LazyDynamic, Kind::Dynamic]),
];

/// All families, in the order of the help.
pub(super) fn all() -> impl Iterator<Item = &'static dyn Family> {
    FAMILIES.iter().map(|(family, _)| *family)
}

/// The family of a command.
pub(super) fn of_command(name: &str) -> Option<&'static dyn Family> {
    all().find(|family| family.name() == name)
}

/// The family of a kind of encodings.
pub(super) fn of_kind(kind: Kind) -> Result<&'static dyn Family, Error> {
    let found = FAMILIES.iter().find(|(_, kinds)| kinds.contains(&kind)).map(|(family, _)| *family);
    found.ok_or_else(|| {
        let names = names(|_| true);
        Error::data(format!("a summary of type {kind:?}: only those of {names} can be imported"))
    })
}

/// Names of the families that something holds for, as a sentence has them.
pub(super) fn names(holds: impl Fn(&dyn Family) -> bool) -> String {
    let names: Vec<&str> = all().filter(|family| holds(*family)).map(Family::name).collect();
    match &names[..] {
        [others @ .., last] if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        names => names.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::args::QueryArguments;
    use super::super::cost::Clock;
    use super::super::failure::Failure;
    use super::super::saved::{Import, Saved};
    use super::*;
    use crate::Header;
    use crate::sketch_file::SketchFile;
    use clap::{Args, Command, FromArgMatches};

    #[test]
    fn every_name_and_every_kind_is_of_one_family() {
        for (i, (family, kinds)) in FAMILIES.iter().enumerate() {
            assert!(!kinds.is_empty() && of_command(family.name()).is_some());
            let is_own = |&kind: &Kind| of_kind(kind).is_ok_and(|of| of.name() == family.name());
            assert!(kinds.iter().all(is_own), "{}", family.name());
            for (other, others) in &FAMILIES[..i] {
                assert_ne!(family.name(), other.name());
                assert!(kinds.iter().all(|kind| !others.contains(kind)), "{} and {}", family.name(), other.name());
            }
            assert!(kinds.iter().enumerate().all(|(j, kind)| !kinds[..j].contains(kind)), "{}", family.name());
        }
        let three = ["eigen", "regress", "summarize"];
        assert_eq!(names(|family| three.contains(&family.name())), "eigen, regress and summarize");
        assert_eq!(names(|family| family.name() == "regress"), "regress");
    }

    /// The kept encodings of every version: each is imported, inspected, asked and merged, or it is said why not.
    #[test]
    fn every_kind_is_imported_described_and_asked_or_it_is_said_why_not() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/wire/0.1");
        let query = Command::new("query").no_binary_name(true);
        let matches = QueryArguments::augment_args(query).get_matches_from(["a.sketch"]);
        let question = QueryArguments::from_arg_matches(&matches).unwrap();
        let mut seen = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|form| form != "bin") {
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            let wire = Header::read(&bytes).unwrap();
            seen.push(wire.kind);
            let family = match of_kind(wire.kind) {
                Ok(family) => family,
                Err(error) => {
                    assert!(error.to_string().contains(&format!("{:?}", wire.kind)), "{error}");
                    continue;
                }
            };
            let import = Import { bytes: &bytes, wire, input: "dump", columns: None, seed: 0 };
            let file = SketchFile { header: family.import(&import).unwrap(), summaries: vec![bytes] };
            assert_eq!(file.header["command"], family.name(), "{}", path.display());
            let saved = Saved::new(&file).unwrap();
            let told = family.describe(&saved).unwrap();
            for field in ["type", "precision", "params", "rows", "dim", "state_bytes"] {
                assert!(told.get(field).is_some(), "{field} of {}", path.display());
            }
            match family.query(&saved, &question, Clock::start()) {
                Ok(report) => assert_eq!(report.fields["command"], family.name()),
                // A dump has no roles, and may hold no rows.
                Err(Failure::Usage(what)) => assert!(what.contains("--target"), "{what}"),
                Err(Failure::Data(error)) => assert!(error.to_string().contains("a.sketch"), "{error}"),
            }
            match family.alike() {
                Ok(keys) => assert!(keys.iter().all(|(key, _)| file.header.get(key).is_some())),
                Err(why) => assert!(why.contains("can't be merged")),
            }
        }
        for kind in FAMILIES.iter().flat_map(|(_, kinds)| *kinds) {
            assert!(seen.contains(kind), "no kept encoding of {kind:?}");
        }
    }
}
