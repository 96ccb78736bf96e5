//! benches/peers, with RocksDB where the system has it.

use std::process::Stdio;

use super::{Asked, Figures, read};
use crate::command::{self, C_COMPILER, Outcome, capture};
use crate::repository::{self, Repository};

/// Where the drawing goes, below the target folder.
const DRAWING: &str = "bench.svg";

pub fn run(repository: &Repository, asked: &Asked) -> Outcome<Figures> {
    let figures = repository.fresh_folder("bench")?.join("stores.json");
    let drawing = repository.target.join(DRAWING);
    let mut command = command::cargo();
    command.current_dir(&repository.root).args(["run", "--release", "--package", "dkv-peers"]);
    if has_rocksdb(repository)? {
        command.args(["--features", "rocksdb"]);
    } else {
        println!("RocksDB is left out: the linker finds no librocksdb (Debian: apt-get install librocksdb-dev).");
    }
    command.arg("--").arg("--json").arg(&figures).arg("--svg").arg(&drawing);
    if asked.quick {
        command.arg("--quick");
    }
    if let Some(only) = &asked.only {
        command.args(["--only", only]);
    }
    command::run(&mut command)?;
    println!("The drawing is in {}.", drawing.display());
    read("stores", &figures)
}

/// True if a program that calls RocksDB can be linked here.
fn has_rocksdb(repository: &Repository) -> Outcome<bool> {
    let folder = repository.fresh_folder("bench-rocksdb")?;
    let source = folder.join("asks.c");
    repository::write(&source, "char *rocksdb_open(void);\nint main(void) { return rocksdb_open == 0; }\n")?;
    let mut command = C_COMPILER.command();
    command.stdin(Stdio::null()).arg(&source).arg("-o").arg(folder.join("asks")).arg("-lrocksdb");
    Ok(capture(&mut command).is_ok())
}
