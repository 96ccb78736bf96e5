//! The arguments of a chore. They are few, so a match on words is clearer than a parser.

use std::ops::RangeInclusive;

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
        [given, number] if given == flag => match number.parse() {
            Ok(number) if allowed.contains(&number) => Ok(Some(number)),
            _ => {
                let (least, most) = allowed.into_inner();
                Err(format!("`{flag}` needs a number from {least} to {most}, not `{number}`."))
            }
        },
        _ => Err(format!("`cargo xtask {chore}` knows only `{flag} N`, not `{}`.", arguments.join(" "))),
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
}
