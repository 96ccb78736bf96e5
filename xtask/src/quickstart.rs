//! `cargo xtask quickstart`: the examples of the README, built and run as a user would.

use std::process::Command;

use crate::arguments;
use crate::c_program;
use crate::command::{self, C_COMPILER, NODE, Outcome, capture, spelled};
use crate::library::{self, Library};
use crate::python::{Environment, FOLDER};
use crate::repository::Repository;
use crate::test::node;

const SOURCE: &str = "examples/quickstart.c";
const NODE_FOLDER: &str = "bindings/node";

pub fn run(repository: &Repository, words: &[String]) -> Outcome<()> {
    arguments::none("quickstart", words)?;
    println!("Building the library.");
    let library = library::build(repository)?;
    println!("Compiling {SOURCE} against include/dkv.h and {}.", library::loaded_name());
    let mut program = build(repository, &library)?;
    run_steps(&mut program)?;
    println!("\nInstalling what {NODE_FOLDER} needs.");
    node::install(&repository.path(NODE_FOLDER))?;
    run_steps(&mut in_node(repository, &library)?)?;
    run_steps(&mut in_python(repository, &library)?)
}

fn run_steps(program: &mut Command) -> Outcome<()> {
    println!("Running {}\n", spelled(program));
    command::run(program).map_err(|message| format!("{message} The last line above says which step failed."))
}

/// The command that runs the same steps in Python, in an empty folder: from the checkout, without a package to build.
fn in_python(repository: &Repository, library: &Library) -> Outcome<Command> {
    let environment = Environment::fresh(repository, "quickstart/python")?;
    environment.install(repository, ["cffi"], &repository.root)?;
    let mut command = environment.python();
    command.env("PYTHONPATH", repository.path(FOLDER).join("src")).env("DKV_LIBRARY", library.loadable());
    command.arg(repository.path(FOLDER).join("examples/seven_steps.py"));
    command.arg(repository.fresh_folder("quickstart/python-data")?);
    Ok(command)
}

/// The command that runs the same steps in Node.js, in an empty folder.
pub fn in_node(repository: &Repository, library: &Library) -> Outcome<Command> {
    NODE.require()?;
    let mut command = NODE.command();
    command.arg(repository.path(NODE_FOLDER).join("examples/seven_steps.mjs"));
    command.arg(repository.fresh_folder("quickstart/node")?).env("DKV_LIBRARY", library.loadable());
    Ok(command)
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
