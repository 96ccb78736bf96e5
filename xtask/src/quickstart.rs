//! `cargo xtask quickstart`: the examples of the README, built and run as a user would.

use std::process::Command;

use crate::arguments;
use crate::c_program;
use crate::command::{self, C_COMPILER, CXX_COMPILER, NODE, Outcome, capture, spelled};
use crate::library::{self, Library};
use crate::python::{self, Environment};
use crate::repository::Repository;
use crate::test::node;

const NODE_FOLDER: &str = "bindings/node";

/// One example that goes through the seven steps.
pub struct Quickstart {
    pub source: &'static str,
    /// How a line begins that it prints when it has found that the value is gone.
    pub line_of_output: &'static str,
    language: Language,
}

enum Language {
    C,
    Cxx,
}

pub const ALL: [Quickstart; 2] = [
    Quickstart {
        source: "examples/quickstart.c",
        line_of_output: "Failed to get data. Code:15100004,message:",
        language: Language::C,
    },
    Quickstart {
        source: "examples/quickstart.cc",
        line_of_output: "There is no data any more.",
        language: Language::Cxx,
    },
];

pub fn run(repository: &Repository, words: &[String]) -> Outcome<()> {
    arguments::none("quickstart", words)?;
    println!("Building the library.");
    let library = library::build(repository)?;
    for quickstart in ALL {
        println!("\nCompiling {} against the headers and {}.", quickstart.source, library::loaded_name());
        run_steps(&mut quickstart.build(repository, &library)?)?;
    }
    println!("\nInstalling what {NODE_FOLDER} needs.");
    node::install(&repository.path(NODE_FOLDER))?;
    run_steps(&mut in_node(repository, &library)?)?;
    println!("\nInstalling what {} needs.", python::FOLDER);
    run_steps(&mut in_python(repository, &library)?)
}

fn run_steps(program: &mut Command) -> Outcome<()> {
    println!("Running {}\n", spelled(program));
    command::run(program).map_err(|message| format!("{message} The last line above says which step failed."))
}

/// The command that runs the same steps in Node.js, in an empty folder.
pub fn in_node(repository: &Repository, library: &Library) -> Outcome<Command> {
    NODE.require()?;
    let mut command = NODE.command();
    command.arg(repository.path(NODE_FOLDER).join("examples/seven_steps.mjs"));
    command.arg(repository.fresh_folder("quickstart/node")?).env("DKV_LIBRARY", library.loadable());
    Ok(command)
}

/// The command that runs the same steps in Python, in an empty folder: from the checkout, without a package to build.
fn in_python(repository: &Repository, library: &Library) -> Outcome<Command> {
    let environment = Environment::fresh(repository, "quickstart/python")?;
    environment.install(repository, ["cffi"], &repository.root)?;
    let mut command = environment.python();
    command.env("PYTHONPATH", repository.path(python::FOLDER).join("src")).env("DKV_LIBRARY", library.loadable());
    command.arg(repository.path(python::FOLDER).join("examples/seven_steps.py"));
    command.arg(repository.fresh_folder("quickstart/python-data")?);
    Ok(command)
}

impl Quickstart {
    /// Compiles the example; yields the command that runs it in an empty folder.
    pub fn build(&self, repository: &Repository, library: &Library) -> Outcome<Command> {
        let folder = repository.fresh_folder("quickstart")?;
        let program = folder.join("quickstart");
        let source = repository.path(self.source);
        let mut compiler = match self.language {
            Language::C => {
                C_COMPILER.require()?;
                c_program::compile(repository, library, &source, &program, &["-O2"])
            }
            Language::Cxx => {
                CXX_COMPILER.require()?;
                let mut compiler = c_program::compile_cxx(repository, library, &[source], &program);
                compiler.args(["-std=c++17", "-O2"]);
                compiler
            }
        };
        capture(&mut compiler)?;
        let mut command = Command::new(&program);
        command.env_remove("LD_LIBRARY_PATH").arg(repository.fresh_folder("quickstart/data")?);
        Ok(command)
    }
}
