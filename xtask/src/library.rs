//! The shared library as users get it: the release build, under the names that programs link and load.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::fs;
use std::path::PathBuf;

use crate::command::{self, Outcome};
use crate::repository::Repository;

/// The release library.
pub struct Library {
    /// The file that cargo built.
    pub file: PathBuf,
    /// A folder with the library under both names: the one for the linker, the one that programs load.
    pub folder: PathBuf,
}

/// The name that linked programs record: with the number that changes when the binary interface breaks.
pub fn loaded_name() -> &'static str {
    if cfg!(target_os = "macos") { "libdkv.0.dylib" } else { "libdkv.so.0" }
}

/// Builds the release library and lays it out for programs that link it.
pub fn build(repository: &Repository) -> Outcome<Library> {
    command::run(command::cargo().current_dir(&repository.root).args([
        "build",
        "--release",
        "--package",
        "dkv",
        "--lib",
    ]))
    .map_err(|message| format!("{message} Repair the build of the library first."))?;
    let linked_name = format!("{DLL_PREFIX}dkv{DLL_SUFFIX}");
    let file = repository.target.join("release").join(&linked_name);
    let folder = repository.fresh_folder("library")?;
    for name in [linked_name.as_str(), loaded_name()] {
        fs::copy(&file, folder.join(name))
            .map_err(|cause| format!("{} cannot be copied to {}: {cause}.", file.display(), folder.display()))?;
    }
    Ok(Library { file, folder })
}

impl Library {
    /// The folder that cargo built into.
    pub fn built_in(&self) -> PathBuf {
        self.file.with_file_name("")
    }

    /// The copy that bindings open by its path.
    pub fn loadable(&self) -> PathBuf {
        self.folder.join(loaded_name())
    }
}
