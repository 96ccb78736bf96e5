//! The arguments of a chore. They are few, so a match on words is clearer than a parser.

use std::ops::RangeInclusive;
use std::slice::Iter;

use crate::command::Outcome;

/// Refuses every argument: for chores that take none.
pub fn none(chore: &str, arguments: &[String]) -> Outcome<()> {
    match arguments.first() {
        None => Ok(()),
        Some(unknown) => Err(format!("`cargo xtask {chore}` takes no arguments. Leave out `{unknown}`.")),
    }
}

/// Says whether `--check` was given, the only argument of the chores that write a committed file.
pub fn check_only(chore: &str, arguments: &[String]) -> Outcome<bool> {
    match arguments {
        [] => Ok(false),
        [flag] if flag == "--check" => Ok(true),
        _ => {
            Err(format!("`cargo xtask {chore}` knows only `--check`. Leave out the rest of `{}`.", arguments.join(" ")))
        }
    }
}

/// The number behind a flag, the only argument of the chores that go on as long as wanted.
pub fn number(chore: &str, flag: &str, allowed: RangeInclusive<u64>, arguments: &[String]) -> Outcome<Option<u64>> {
    match arguments {
        [] => Ok(None),
        [given, number] if given == flag => within(flag, allowed, number).map(Some),
        _ => Err(format!("`cargo xtask {chore}` knows only `{flag} N`, not `{}`.", arguments.join(" "))),
    }
}

/// The number that was said behind a flag.
pub fn within(flag: &str, allowed: RangeInclusive<u64>, said: &str) -> Outcome<u64> {
    match said.parse() {
        Ok(number) if allowed.contains(&number) => Ok(number),
        _ => {
            let (least, most) = allowed.into_inner();
            Err(format!("`{flag}` needs a number from {least} to {most}, not `{said}`."))
        }
    }
}

/// The word behind a flag, for chores that take several. `needs` is what belongs there.
pub fn behind(flag: &str, needs: &str, words: &mut Iter<'_, String>) -> Outcome<String> {
    match words.next() {
        Some(word) if !word.starts_with("--") => Ok(word.clone()),
        _ => Err(format!("`{flag}` needs {needs}. Write it after `{flag}`.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_is_the_only_flag() {
        assert_eq!(check_only("header", &[]), Ok(false));
        assert_eq!(check_only("header", &["--check".to_owned()]), Ok(true));
        assert!(check_only("header", &["--chekc".to_owned()]).is_err());
        assert!(none("quickstart", &["--check".to_owned()]).is_err());
    }

    #[test]
    fn behind_a_flag_stands_a_word_that_is_no_flag() {
        let words = ["7".to_owned(), "--seed".to_owned()];
        let mut words = words.iter();
        assert_eq!(behind("--states", "a number", &mut words), Ok("7".to_owned()));
        assert!(behind("--states", "a number", &mut words).is_err());
        assert!(behind("--states", "a number", &mut words).is_err());
    }

    #[test]
    fn a_number_is_within_its_bounds() {
        assert_eq!(within("--states", 1..=9, "9"), Ok(9));
        for bad in ["0", "10", "-1", "none", ""] {
            assert!(within("--states", 1..=9, bad).is_err(), "{bad}");
        }
    }
}
