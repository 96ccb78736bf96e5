//! `cargo xtask abi`: whether programs that were built with an earlier dkv.h still work.
//!
//! libabigail compares types, but not those of a Rust library: it reads functions without arguments out of them. So it
//! is given a shim in C, made from the header, that takes the address of every function. What it says of the shim is
//! committed, and compared. New functions are additions and pass.
//!
//! A struct that begins with its own size may get new fields behind the last one, but libabigail cannot tell that from
//! any other change of it. So it is told not to look into these, and the shim has the offset and the type of each of
//! their fields as things of their own.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::command::{ABIDIFF, ABIDW, C_COMPILER, Outcome, capture, spelled};
use crate::header::declarations;
use crate::repository::{self, Repository};

const HEADER: &str = "include/dkv.h";
pub const BASELINE: &str = "tests/abi/dkv.abi";

/// The field that says that a struct may grow.
const SIZE_FIELD: &str = "struct_size";

pub fn run(repository: &Repository, words: &[String]) -> Outcome<()> {
    let accept = match words {
        [] => false,
        [flag] if flag == "--accept" => true,
        _ => return Err("`cargo xtask abi` knows only `--accept`.".to_owned()),
    };
    if !cfg!(target_os = "linux") {
        return Err("libabigail reads ELF files. Run this chore on Linux.".to_owned());
    }
    [C_COMPILER, ABIDW, ABIDIFF].iter().try_for_each(|tool| tool.provide())?;
    let header = repository::read(&repository.path(HEADER))?;
    let shim = Shim::build(&header, &repository.fresh_folder("abi")?)?;
    if accept {
        shim.describe(&repository.path(BASELINE))?;
        println!("{BASELINE}: {} functions.", declarations::functions(&header).len());
        return Ok(());
    }
    shim.compare(&repository.path(BASELINE))?;
    println!("{HEADER} is compatible with {BASELINE}.");
    Ok(())
}

/// A shared library that refers to every function of a header.
pub struct Shim {
    file: PathBuf,
    /// What libabigail is told to accept.
    suppressions: PathBuf,
}

impl Shim {
    pub fn build(header: &str, folder: &Path) -> Outcome<Self> {
        // By its name alone: the compiler writes into the library whatever path it is given.
        let source = Path::new("shim.c");
        let suppressions = folder.join("additions.abignore");
        let file = folder.join("shim.so");
        repository::write(&folder.join("dkv.h"), header)?;
        repository::write(&folder.join(source), &shim_of(header))?;
        repository::write(&suppressions, &suppressions_of(header))?;
        let mut compiler = C_COMPILER.command();
        compiler.current_dir(folder).args(["-std=gnu11", "-g", "-O0", "-fPIC", "-shared", "-I."]);
        capture(compiler.arg(source).arg("-o").arg(&file))?;
        Ok(Self { file, suppressions })
    }

    /// Writes down what the shim refers to.
    pub fn describe(&self, baseline: &Path) -> Outcome<()> {
        let mut command = ABIDW.command();
        // Paths and architecture-specific file names would differ from machine to machine.
        command.args(["--no-corpus-path", "--no-comp-dir-path", "--no-show-locs", "--out-file"]);
        capture(command.arg(baseline).arg(&self.file)).map(|_| ())
    }

    /// Fails if a program that knows the baseline could not use what the shim refers to.
    pub fn compare(&self, baseline: &Path) -> Outcome<()> {
        let mut command = ABIDIFF.command();
        command.args(["--no-show-locs", "--no-added-syms", "--suppr"]).arg(&self.suppressions);
        command.arg(baseline).arg(&self.file);
        let output = command.output().map_err(|cause| format!("`{}` does not start: {cause}.", spelled(&command)))?;
        if output.status.success() {
            return Ok(());
        }
        let report = String::from_utf8_lossy(&output.stdout).into_owned();
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(format!(
            "programs that were built with the released {HEADER} would break:\n{report}{complaint}\n\
             Bring it back. If nothing with it has been released, run `cargo xtask abi --accept`."
        ))
    }
}

/// One pointer for each function, whose type is that of the function, and two things for each field of a struct that may
/// grow: an array whose size tells the offset, and a pointer to the field's type.
fn shim_of(header: &str) -> String {
    let mut shim = String::from("#include \"dkv.h\"\n\n");
    for name in declarations::functions(header) {
        // Writing to a string does not fail.
        let _ = writeln!(shim, "__typeof__({name}) *const abi_of_{name} = {name};");
    }
    for (name, fields) in growing_structs(header) {
        for field in fields {
            let _ = writeln!(shim, "const char offset_of_{name}_{field}[offsetof({name}, {field}) + 1] = {{ 0 }};");
            let _ = writeln!(shim, "__typeof__((({name} *)0)->{field}) *const type_of_{name}_{field} = 0;");
        }
    }
    shim
}

fn suppressions_of(header: &str) -> String {
    growing_structs(header).iter().map(|(name, _)| format!("[suppress_type]\nname = {name}\n\n")).collect()
}

/// The structs that begin with their own size, and their fields.
fn growing_structs(header: &str) -> Vec<(&str, Vec<&str>)> {
    let mut structs = Vec::new();
    let mut current: Option<(&str, Vec<&str>)> = None;
    for line in header.lines() {
        if let Some(rest) = line.strip_prefix("typedef struct ") {
            current = rest.strip_suffix(" {").map(|name| (name, Vec::new()));
        } else if line.starts_with('}') {
            structs.extend(current.take().filter(|(_, fields)| fields.first() == Some(&SIZE_FIELD)));
        } else if let (Some((_, fields)), Some(declaration)) = (&mut current, line.strip_suffix(';')) {
            fields.extend(declaration.rsplit([' ', '*']).next().filter(|_| !line.trim_start().starts_with('*')));
        }
    }
    structs
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "\
typedef struct dkv_entry {
    int32_t type;
} dkv_entry;
typedef struct dkv_options {
    /**
     * Size;
     */
    uint32_t struct_size;
    const char *text;
} dkv_options;
/**
 * Puts.
 */
int32_t dkv_store_put(dkv_store *store);
";

    #[test]
    fn the_shim_refers_to_every_function() {
        assert!(shim_of(HEADER).contains("\n__typeof__(dkv_store_put) *const abi_of_dkv_store_put = dkv_store_put;\n"));
    }

    #[test]
    fn only_structs_that_begin_with_their_size_may_grow() {
        assert_eq!(growing_structs(HEADER), [("dkv_options", vec!["struct_size", "text"])]);
        assert_eq!(suppressions_of(HEADER), "[suppress_type]\nname = dkv_options\n\n");
    }
}
