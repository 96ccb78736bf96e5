//! `cargo xtask quickstart`: the example of the README, built and run as a user would.

use std::process::Command;

use crate::arguments;
use crate::c_program;
use crate::command::{self, C_COMPILER, Outcome, capture, spelled};
use crate::library::{self, Library};
use crate::repository::Repository;

const SOURCE: &str = "examples/quickstart.c";

pub fn run(repository: &Repository, words: &[String]) -> Outcome<()> {
    arguments::none("quickstart", words)?;
    println!("Building the library.");
    let library = library::build(repository)?;
    println!("Compiling {SOURCE} against include/dkv.h and {}.", library::loaded_name());
    let mut program = build(repository, &library)?;
    println!("Running {}\n", spelled(&program));
    command::run(&mut program).map_err(|message| format!("{message} The last line above says which step failed."))
}

/// Compiles the example; yields the command that runs it in an empty folder.
pub fn build(repository: &Repository, library: &Library) -> Outcome<Command> {
    C_COMPILER.require()?;
    let folder = repository.fresh_folder("quickstart")?;
    let program = folder.join("quickstart");
    capture(&mut c_program::compile(repository, library, &repository.path(SOURCE), &program, &["-O2"]))?;
    let mut command = Command::new(&program);
    command.env_remove("LD_LIBRARY_PATH").arg(repository.fresh_folder("quickstart/data")?);
    Ok(command)
}
