//! Virtual environments: what Python's tests and examples need besides Python itself.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{Outcome, PYTHON, capture};
use crate::repository::Repository;

/// Where the binding for Python lies.
pub const FOLDER: &str = "bindings/python";

/// A virtual environment.
pub struct Environment {
    program: PathBuf,
}

impl Environment {
    /// An environment without anything in it.
    pub fn fresh(repository: &Repository, name: &str) -> Outcome<Self> {
        PYTHON.require()?;
        let folder = repository.fresh_folder(name)?;
        capture(PYTHON.command().args(["-m", "venv"]).arg(&folder)).map_err(|message| {
            format!("{message}\nInstall the module venv of Python 3 (Debian: apt-get install python3-venv).")
        })?;
        let program = if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" };
        Ok(Self { program: folder.join(program) })
    }

    /// A command that starts this environment's Python, and leaves no compiled files in the checkout.
    pub fn python(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.env("PYTHONDONTWRITEBYTECODE", "1").env_remove("PYTHONPATH").env_remove("LD_LIBRARY_PATH");
        command
    }

    /// Installs packages by pip. One that is made from this checkout is built apart from the release library, which
    /// cargo would otherwise take away meanwhile, and for testing sooner rather than for speed.
    pub fn install<'a>(
        &self,
        repository: &Repository,
        words: impl IntoIterator<Item = &'a str>,
        folder: &Path,
    ) -> Outcome<()> {
        let mut command = self.python();
        command.env("CARGO_TARGET_DIR", repository.target.join("xtask/python-build"));
        command.env("CARGO_PROFILE_RELEASE_LTO", "off").env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
        command.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1");
        command.current_dir(folder).args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        capture(command.args(words)).map(|_| ())
    }
}
