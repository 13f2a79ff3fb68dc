//! Names of columns: which column a name or a position means.

use crate::Error;

/// The place of a column among `all`, by its name, else by its position in the input; `positions` are those of `all`, where they are
/// only some of its columns.
pub(crate) fn find(all: &[String], positions: Option<&[usize]>, wanted: &str) -> Result<usize, Error> {
    let position = |place: usize| positions.map_or(Some(place), |positions| positions.get(place).copied());
    let at_position = || {
        let number = wanted.parse::<usize>().ok()?;
        (0..all.len()).find(|&place| position(place) == Some(number))
    };
    let mut same = (0..).zip(all).filter(|(_, name)| *name == wanted).map(|(place, _)| place);
    let refuse = |what: String| Err(Error::request(what).in_column(wanted));
    match (same.next(), same.next()) {
        (Some(place), None) => Ok(place),
        // It may be a position too.
        (Some(first), Some(second)) => {
            if let Some(place) = at_position() {
                return Ok(place);
            }
            let [first, second] = [first, second].map(|place| position(place).unwrap_or(place));
            refuse(format!(
                "the name stands over several columns, such as {first} and {second}: choose by position, from 0"
            ))
        }
        (None, _) => {
            if let Some(place) = at_position() {
                return Ok(place);
            }
            let guess = match nearest(all, wanted) {
                Some(name) => format!("did you mean {name}? They are"),
                None => "choose among".into(),
            };
            refuse(format!("there is no such column: {guess} {}", shortlist(all)))
        }
    }
}

/// The names, but not hundreds of them.
pub(super) fn shortlist(names: &[String]) -> String {
    const MOST: usize = 12;
    let more = if names.len() > MOST { format!(", ... ({} columns)", names.len()) } else { String::new() };
    format!("{}{more}", names.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(", "))
}

/// The name that a slip of the hand may have turned into `wanted`: a third of its letters may be wrong.
fn nearest<'a>(names: &'a [String], wanted: &str) -> Option<&'a str> {
    const LONGEST: usize = 64;
    let letters = |text: &str| text.trim().to_lowercase().chars().take(LONGEST + 1).collect::<Vec<_>>();
    let wanted = letters(wanted);
    let most = (wanted.len() / 3).max(1);
    // A name of one letter is nearly any other.
    if !(2..=LONGEST).contains(&wanted.len()) {
        return None;
    }
    let near = |name: &'a String| {
        let distance = edits(&letters(name), &wanted);
        (distance <= most).then_some((distance, name.as_str()))
    };
    names.iter().filter_map(near).min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

/// Letters to add, to drop, to change, or to swap with their neighbour, until one text is the other.
fn edits(from: &[char], to: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, x) in from.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, y) in to.iter().enumerate() {
            let mut least = (row[j] + usize::from(x != y)).min(row[j + 1] + 1).min(next[j] + 1);
            if i > 0 && j > 0 && *x == to[j - 1] && from[i - 1] == *y {
                least = least.min(before[j - 1] + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised() {
        let names = ["age", "salary", "height", "x"].map(str::to_owned);
        for (wanted, name) in [
            ("salry", Some("salary")),
            ("Salary", Some("salary")),
            ("slaary", Some("salary")),
            ("hieght", Some("height")),
            ("aeg", Some("age")),
            ("ages ", Some("age")),
            ("weight", Some("height")),
            ("y", None),
            ("country", None),
            ("", None),
        ] {
            assert_eq!(nearest(&names, wanted), name, "{wanted}");
        }
    }

    #[test]
    fn a_name_wins_over_a_position_and_positions_are_those_of_the_input() {
        let names = ["a", "b", "a", "1"].map(str::to_owned);
        assert_eq!(find(&names, None, "1").ok(), Some(3));
        assert_eq!(find(&names, None, "2").ok(), Some(2));
        assert_eq!(find(&names, Some(&[7, 5, 6, 4]), "5").ok(), Some(1));
        let several = find(&names, Some(&[7, 5, 6, 4]), "a").unwrap_err();
        assert!(several.is_request() && several.to_string().contains("7 and 6"), "{several}");
        let numbers = ["1", "1", "0", "0"].map(str::to_owned);
        assert_eq!(["0", "1", "2", "3"].map(|place| find(&numbers, None, place).ok()), [0, 1, 2, 3].map(Some));
        for wanted in ["c", "4", "-1", "1.0"] {
            let error = find(&names, None, wanted).unwrap_err();
            assert!(error.is_request() && error.column() == Some(wanted), "{error}");
        }
    }
}
