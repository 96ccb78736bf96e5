//! `cargo xtask install`: the library as programs of C and C++ find it, below a prefix.

pub mod layout;
pub mod licences;

use std::path::PathBuf;

use crate::command::Outcome;
use crate::library;
use crate::repository::Repository;
use layout::{Built, Platform};

pub fn run(repository: &Repository, words: &[String]) -> Outcome<()> {
    let prefix = prefix(words)?;
    let library = library::build(repository)?;
    let built = Built { platform: Platform::here(), folder: library.built_in() };
    built.lay_out(repository, &prefix)?;
    println!("dkv {} is installed below {}.", layout::version(repository)?, prefix.display());
    Ok(())
}

fn prefix(words: &[String]) -> Outcome<PathBuf> {
    const USE: &str = "Write `cargo xtask install --prefix FOLDER`.";
    match words {
        [flag, folder] if flag == "--prefix" && !folder.is_empty() => {
            std::path::absolute(folder).map_err(|cause| format!("`{folder}` is no folder: {cause}. {USE}"))
        }
        _ => Err(format!("the folder to install below is missing. {USE}")),
    }
}

#[cfg(test)]
mod tests {
    use super::prefix;

    #[test]
    fn a_prefix_is_needed_and_made_absolute() {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert!(prefix(&words("--prefix usr")).is_ok_and(|folder| folder.is_absolute()));
        assert!(prefix(&words("usr")).is_err());
        assert!(prefix(&[]).is_err());
    }
}
