//! Where things lie.

use std::fs;
use std::path::{Path, PathBuf};

use crate::command::Outcome;

/// The checkout, and the folder that cargo builds into.
pub struct Repository {
    pub root: PathBuf,
    /// Cargo's target folder: this program lies in `<target>/<profile>/`, wherever the user has put it.
    pub target: PathBuf,
}

impl Repository {
    pub fn find() -> Outcome<Self> {
        let manifest_folder = std::env::var_os("CARGO_MANIFEST_DIR")
            .ok_or("this program is run by cargo. Start it as `cargo xtask`.".to_owned())?;
        let root = Path::new(&manifest_folder)
            .parent()
            .ok_or("the xtask package lies in no repository. Start `cargo xtask` inside a checkout.".to_owned())?;
        let program = std::env::current_exe().map_err(|cause| format!("this program cannot find itself: {cause}."))?;
        let target = program
            .ancestors()
            .nth(2)
            .ok_or("this program lies outside of a target folder. Start it as `cargo xtask`.".to_owned())?;
        Ok(Self { root: root.to_owned(), target: target.to_owned() })
    }

    /// A file of the checkout.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// An empty folder below the target folder; what an earlier run left in it is removed.
    pub fn fresh_folder(&self, name: &str) -> Outcome<PathBuf> {
        let folder = self.target.join("xtask").join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(|cause| format!("{} cannot be emptied: {cause}.", folder.display()))?;
        }
        fs::create_dir_all(&folder).map_err(|cause| format!("{} cannot be made: {cause}.", folder.display()))?;
        Ok(folder)
    }
}

/// Reads a text file.
pub fn read(path: &Path) -> Outcome<String> {
    fs::read_to_string(path).map_err(|cause| format!("{} cannot be read: {cause}.", path.display()))
}

/// Writes a text file, and the folder it lies in.
pub fn write(path: &Path, text: &str) -> Outcome<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|cause| format!("{} cannot be made: {cause}.", folder.display()))?;
    }
    fs::write(path, text).map_err(|cause| format!("{} cannot be written: {cause}.", path.display()))
}
