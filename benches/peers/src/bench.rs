//! What the workloads of a run share.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::Result;
use crate::args::Args;
use crate::clock::{Spent, spend};
use crate::data::{Pool, Set};
use crate::field::{Field, rest};
use crate::peer::{Engine, Kind, Mode, Pair, Shape};
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
    loads: BTreeMap<(Set, Kind), Spent>,
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
            loads: BTreeMap::new(),
        }
    }

    /// The two stores that hold the rows, with the content of values.
    pub fn rows(&mut self) -> Result<(&Pair, &Arc<Pool>)> {
        if self.rows.is_none() {
            self.fill(Set::Rows, &[Kind::Dkv, Kind::Redb])?;
            self.rows = Some(Pair::open(&self.folder, Set::Rows.name(), self.cache_bytes, Mode::Usual)?);
        }
        match &self.rows {
            Some(pair) => Ok((pair, &self.pool)),
            None => Err("the stores were not filled".into()),
        }
    }

    /// Sees to it that stores of these kinds hold the data set, and that none of them is open.
    pub fn fill(&mut self, set: Set, kinds: &[Kind]) -> Result<()> {
        self.close()?;
        for kind in kinds.iter().map(|kind| kind.files()) {
            if self.loads.contains_key(&(set, kind)) {
                continue;
            }
            eprintln!("  filling {} with {} {} ...", kind.name(), self.scale.rows, set.name());
            let mut batches = set.batches(&self.pool, self.scale.rows);
            let spent = spend(|| kind.fill(&self.folder, set.name(), self.cache_bytes, &mut batches))?;
            self.loads.insert((set, kind), spent);
            rest();
        }
        Ok(())
    }

    /// What filling a store with the data set took.
    pub fn load(&self, set: Set, kind: Kind) -> Result<Spent> {
        Ok(*self.loads.get(&(set, kind)).ok_or("this store was not filled")?)
    }

    /// Stores of these kinds that hold the data set.
    pub fn field(&mut self, set: Set, kinds: &[Kind], cache_bytes: u64) -> Result<Field> {
        self.fill(set, kinds)?;
        Field::open(kinds, &|kind| self.open(set, kind, cache_bytes))
    }

    /// One store of this kind that holds the data set.
    pub fn open(&self, set: Set, kind: Kind, cache_bytes: u64) -> Result<Box<dyn Engine>> {
        kind.open(&self.folder, set.name(), cache_bytes, Shape::Short)
    }

    /// Where the stores of the run lie.
    pub fn folder(&self) -> &Path {
        &self.folder
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
