//! The interface of C stays what programs were built with, and the comparison that says so notices what it should.

use std::path::Path;

use super::tally::Tally;
use crate::abi::{BASELINE, Shim};
use crate::command::{ABIDIFF, ABIDW, Outcome};
use crate::repository::{self, Repository};

/// A change of the header, and whether programs survive it.
struct Change {
    name: &'static str,
    from: &'static str,
    to: &'static str,
    is_compatible: bool,
}

const CHANGES: [Change; 6] = [
    Change {
        name: "a changed signature is noticed",
        from: "int32_t dkv_store_put(dkv_store *store,\n                      const char *key,\n                      size_t",
        to: "int32_t dkv_store_put(dkv_store *store,\n                      const char *key,\n                      uint32_t",
        is_compatible: false,
    },
    Change {
        name: "a struct that grows is noticed",
        from: "} dkv_entry;",
        to: "    uint64_t version;\n} dkv_entry;",
        is_compatible: false,
    },
    Change {
        name: "a field that is inserted before others is noticed, in a struct that may grow too",
        from: "    int32_t create_if_missing;",
        to: "    int32_t inserted;\n    int32_t create_if_missing;",
        is_compatible: false,
    },
    Change {
        name: "a function that is gone is noticed",
        from: "void dkv_store_free(dkv_store *store);",
        to: "",
        is_compatible: false,
    },
    Change {
        name: "a new function passes",
        from: "void dkv_store_free(dkv_store *store);",
        to: "void dkv_store_free(dkv_store *store);\nint32_t dkv_store_new_call(dkv_store *store);",
        is_compatible: true,
    },
    Change {
        name: "a field behind the last one passes in a struct that begins with its size",
        from: "} dkv_store_options;",
        to: "    uint64_t added;\n} dkv_store_options;",
        is_compatible: true,
    },
];

pub fn run(repository: &Repository, tally: &mut Tally) {
    tally.chapter(BASELINE);
    if !cfg!(target_os = "linux") {
        return tally.skip("the interface is compared", "libabigail reads ELF files, which this system has not.");
    }
    if let Err(message) = ABIDW.provide().and_then(|()| ABIDIFF.provide()) {
        return tally.skip("the interface is compared", &message);
    }
    if let Err(message) = run_all(repository, tally) {
        tally.fail("the interface is compared", &message);
    }
}

fn run_all(repository: &Repository, tally: &mut Tally) -> Outcome<()> {
    let header = repository::read(&repository.path("include/dkv.h"))?;
    let folder = repository.fresh_folder("abi-test")?;
    let shim = Shim::build(&header, &folder)?;
    match shim.compare(&repository.path(BASELINE)) {
        Ok(()) => tally.pass("programs of an earlier header still work"),
        Err(message) => tally.fail("programs of an earlier header still work", &message),
    }
    // The header as it is now, so that each change is told apart from what was added since the baseline.
    let now = folder.join("now.abi");
    shim.describe(&now)?;
    for change in CHANGES {
        match change.is_judged_right(&header, &now, &folder.join("changed")) {
            Ok(()) => tally.pass(change.name),
            Err(message) => tally.fail(change.name, &message),
        }
    }
    Ok(())
}

impl Change {
    fn is_judged_right(&self, header: &str, baseline: &Path, folder: &Path) -> Outcome<()> {
        let changed = header.replacen(self.from, self.to, 1);
        if changed == header {
            return Err(format!("The header has no `{}` to change. Choose another declaration.", self.from));
        }
        match (Shim::build(&changed, folder)?.compare(baseline), self.is_compatible) {
            (Ok(()), true) | (Err(_), false) => Ok(()),
            (Ok(()), false) => Err("libabigail said nothing.".to_owned()),
            (Err(message), true) => Err(message),
        }
    }
}
