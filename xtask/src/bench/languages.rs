//! The comparisons that stand beside the bindings, with what people use in those languages. Each installs what it needs
//! into its own folder, and opens the release library.

use super::{Figures, NODE as NODE_PART, PYTHON as PYTHON_PART, read};
use crate::command::{self, NODE, Outcome};
use crate::library;
use crate::python::{self, Environment};
use crate::repository::Repository;
use crate::test::node;

const NODE_FOLDER: &str = "bindings/node";

pub fn node(repository: &Repository, quick: bool) -> Outcome<Figures> {
    NODE.require()?;
    println!("\nInstalling what {NODE_FOLDER}/bench needs.");
    let bench = repository.path(NODE_FOLDER).join("bench");
    node::install(&repository.path(NODE_FOLDER))?;
    node::install(&bench)?;
    let library = library::build(repository)?;
    let folder = repository.fresh_folder("bench-node")?;
    let figures = folder.join("figures.json");
    let mut command = NODE.command();
    command.current_dir(&bench).env("DKV_LIBRARY", library.loadable());
    command.arg("bench.mjs").arg(&folder).arg("--json").arg(&figures).args(quick.then_some("--quick"));
    command::run(&mut command)?;
    read(NODE_PART, &figures)
}

pub fn python(repository: &Repository, quick: bool) -> Outcome<Figures> {
    command::PYTHON.require()?;
    println!("\nInstalling what {}/benches needs.", python::FOLDER);
    let benches = repository.path(python::FOLDER).join("benches");
    let environment = Environment::fresh(repository, "bench-python")?;
    environment.install(repository, ["./bindings/python"], &repository.root)?;
    environment.install(repository, ["--requirement", "requirements.txt"], &benches)?;
    // The package's own library was built for testing sooner.
    let library = library::build(repository)?;
    let folder = repository.fresh_folder("bench-python-run")?;
    let figures = folder.join("figures.json");
    let mut command = environment.python();
    command.current_dir(&benches).env("DKV_LIBRARY", library.loadable());
    command.arg("compare.py").arg("--folder").arg(&folder).arg("--json").arg(&figures).args(quick.then_some("--quick"));
    command::run(&mut command)?;
    read(PYTHON_PART, &figures)
}
