//! What the workloads of a run share.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::Result;
use crate::args::Args;
use crate::data::Pool;
use crate::peer::{Mode, Pair};
use crate::scale::Scale;

/// What the workloads of a run share.
pub struct Bench {
    /// How much of everything.
    pub scale: Scale,
    /// Content of values.
    pub pool: Arc<Pool>,
    folder: PathBuf,
    cache_bytes: u64,
    rows: Option<Pair>,
}

impl Bench {
    /// Nothing is loaded before a workload asks for it.
    pub fn new(args: &Args, folder: &Path) -> Self {
        let scale = if args.quick { Scale::QUICK } else { Scale::FULL };
        Self {
            scale,
            pool: Arc::new(Pool::new()),
            folder: folder.to_owned(),
            cache_bytes: args.cache_bytes,
            rows: None,
        }
    }

    /// The two stores that hold the rows, filled at the first call, with the content of values.
    pub fn rows(&mut self) -> Result<(&Pair, &Arc<Pool>)> {
        if self.rows.is_none() {
            eprintln!("  filling two stores with {} rows ...", self.scale.rows);
            self.rows =
                Some(Pair::filled(&self.folder, "rows", self.cache_bytes, &self.pool, self.scale.rows, Mode::Usual)?);
        }
        match &self.rows {
            Some(pair) => Ok((pair, &self.pool)),
            None => Err("the stores were not filled".into()),
        }
    }

    /// Where the stores of the run lie.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Two empty stores of this name.
    pub fn fresh(&self, name: &str) -> Result<Pair> {
        Pair::open(&self.folder, name, self.cache_bytes, Mode::Usual)
    }

    /// Page cache of each store.
    pub fn cache_bytes(&self) -> u64 {
        self.cache_bytes
    }

    /// Closes what is open.
    pub fn close(&mut self) -> Result<()> {
        self.rows.take().map_or(Ok(()), Pair::close)
    }
}
