//! What a volume holds at one moment, and the steps that change it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::content::Content;

/// Tells the files of a volume apart, whatever their names.
pub type FileNumber = u64;

/// What has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node {
    File(FileNumber),
    Folder,
}

/// One change.
#[derive(Debug, Clone)]
pub enum Step {
    /// Bytes of a file. `longer` if it grows by that.
    Write { file: FileNumber, offset: u64, bytes: Arc<[u8]>, longer: bool },
    /// The length of a file.
    SetLength { file: FileNumber, length: u64 },
    /// What was done to a file before is durable.
    SyncFile { file: FileNumber },
    /// A sync failed. The system takes for written what was done to the file before, and may never write it.
    FailedSync { file: FileNumber },
    /// A name, new or in place of another one.
    Enter { path: PathBuf, node: Node },
    /// A name less.
    Leave { path: PathBuf },
    /// Another name in the same folder.
    Rename { from: PathBuf, to: PathBuf },
    /// What was done to the names of a folder before is durable.
    SyncFolder { path: PathBuf },
}

impl Step {
    /// The folder whose names it changes.
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Self::Enter { path, .. } | Self::Leave { path } | Self::Rename { to: path, .. } => path.parent(),
            _ => None,
        }
    }

    /// The file whose bytes it changes.
    pub fn file(&self) -> Option<FileNumber> {
        match self {
            Self::Write { file, .. } | Self::SetLength { file, .. } => Some(*file),
            _ => None,
        }
    }
}

/// All files and names.
#[derive(Debug, Clone, Default)]
pub struct Image {
    pub names: BTreeMap<PathBuf, Node>,
    pub files: BTreeMap<FileNumber, Content>,
}

impl Image {
    /// An image with one empty folder.
    pub fn new(base: &Path) -> Self {
        let names = base.ancestors().map(|path| (path.to_owned(), Node::Folder)).collect();
        Self { names, files: BTreeMap::new() }
    }

    /// Makes a change. A change of names that lacks what it needs, because a crash took that, does nothing.
    pub fn apply(&mut self, step: &Step) {
        match step {
            Step::Write { file, offset, bytes, .. } => self.content(*file).write(*offset, bytes),
            Step::SetLength { file, length } => self.content(*file).set_length(*length),
            Step::Enter { path, node } => {
                if path.parent().is_some_and(|parent| self.is_folder(parent)) {
                    self.names.insert(path.clone(), *node);
                }
            }
            Step::Leave { path } => {
                if self.is_empty(path) {
                    self.names.remove(path);
                }
            }
            Step::Rename { from, to } => {
                if let Some(node) = self.names.remove(from) {
                    self.names.insert(to.clone(), node);
                }
            }
            Step::SyncFile { .. } | Step::FailedSync { .. } | Step::SyncFolder { .. } => {}
        }
    }

    pub fn content(&mut self, file: FileNumber) -> &mut Content {
        self.files.entry(file).or_default()
    }

    /// What lies behind a name, if that is a file which was ever written.
    pub fn file_of(&self, node: &Node) -> Option<&Content> {
        match node {
            Node::File(file) => self.files.get(file),
            Node::Folder => None,
        }
    }

    pub fn is_folder(&self, path: &Path) -> bool {
        self.names.get(path) == Some(&Node::Folder)
    }

    /// What lies right in a folder.
    pub fn inside<'a>(&'a self, folder: &'a Path) -> impl Iterator<Item = &'a PathBuf> + 'a {
        self.names.keys().filter(move |path| path.parent() == Some(folder))
    }

    /// True if nothing lies in it, as in a file.
    pub fn is_empty(&self, path: &Path) -> bool {
        self.inside(path).next().is_none()
    }
}
