//! The folder of one run, which goes with it.

use std::path::{Path, PathBuf};

use crate::Result;

/// A folder that is removed when the run ends.
pub struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// Makes a folder of its own in `parent`; without one beside the program, which lies in the build's target folder.
    /// Not in the system's temporary folder: that may be memory, and flushes would cost nothing.
    pub fn new(parent: Option<&Path>) -> Result<Self> {
        let parent = match parent {
            Some(parent) => parent.to_owned(),
            None => std::env::current_exe()?.with_file_name("peers"),
        };
        let path = parent.join(format!("run-{}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Self { path })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.path) {
            eprintln!("dkv-peers: {} could not be removed: {error}", self.path.display());
        }
    }
}
