//! `cargo xtask dist`: what is handed to users, one archive for each system, with the licences of all that is in it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::arguments;
use crate::command::{self, Outcome, PYTHON, TAR, WINDOWS_COMPILER, capture};
use crate::install::layout::{self, Built, Platform};
use crate::install::licences;
use crate::library;
use crate::repository::Repository;

/// One archive.
struct Archive {
    /// As cargo calls the system.
    target: &'static str,
    /// As the archive is called.
    name: &'static str,
    platform: Platform,
}

const ARCHIVES: [Archive; 2] = [
    Archive { target: "x86_64-unknown-linux-gnu", name: "linux-x86_64", platform: Platform::Linux },
    Archive { target: "x86_64-pc-windows-gnu", name: "windows-x86_64", platform: Platform::Windows },
];

pub fn run(repository: &Repository, words: &[String]) -> Outcome<()> {
    arguments::none("dist", words)?;
    let version = layout::version(repository)?;
    let folder = repository.fresh_folder("dist")?;
    for archive in &ARCHIVES {
        let name = format!("dkv-{version}-{}", archive.name);
        println!("Building {name}.");
        let content = folder.join(&name);
        archive.build(repository)?.lay_out(repository, &content)?;
        licences::collect(repository, archive.target, &content.join("share/doc/dkv/licences"))?;
        let file = archive.pack(&folder, &name)?;
        let bytes = fs::metadata(&file).map_err(|cause| format!("{} is not there: {cause}.", file.display()))?.len();
        println!("{}: {bytes} bytes", file.display());
    }
    Ok(())
}

impl Archive {
    fn build(&self, repository: &Repository) -> Outcome<Built> {
        // What this machine builds for itself lies where every other chore has it, too.
        if cfg!(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu"))
            && self.platform == Platform::Linux
        {
            return Ok(Built { platform: self.platform, folder: library::build(repository)?.built_in() });
        }
        let mut command = command::cargo();
        command.current_dir(&repository.root).args(["build", "--release", "--package", "dkv", "--lib"]);
        command.args(["--target", self.target]);
        if self.platform == Platform::Windows {
            WINDOWS_COMPILER.require()?;
            command.env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER", WINDOWS_COMPILER.program());
        }
        command::run(&mut command).map_err(|message| {
            format!("{message} If the target is missing, run `rustup target add {}`.", self.target)
        })?;
        Ok(Built { platform: self.platform, folder: repository.target.join(self.target).join("release") })
    }

    /// The archive in the form that its system opens by itself.
    fn pack(&self, folder: &Path, name: &str) -> Outcome<PathBuf> {
        if self.platform == Platform::Windows {
            PYTHON.require()?;
            let file = folder.join(format!("{name}.zip"));
            let mut zip = PYTHON.command();
            capture(zip.current_dir(folder).args(["-m", "zipfile", "-c"]).arg(&file).arg(name))?;
            return Ok(file);
        }
        TAR.require()?;
        let file = folder.join(format!("{name}.tar.gz"));
        let mut tar = TAR.command();
        // Nobody's numbers: the archive is unpacked elsewhere.
        tar.args(["--create", "--gzip", "--owner=0", "--group=0", "--sort=name", "--file"]).arg(&file);
        capture(tar.arg("--directory").arg(folder).arg(name))?;
        Ok(file)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::repository;

    /// The names in an archive, in its order.
    fn names(archive: &Archive, file: &Path) -> Vec<String> {
        let mut lister = match archive.platform {
            Platform::Windows => PYTHON.command(),
            _ => TAR.command(),
        };
        match archive.platform {
            Platform::Windows => {
                lister.args(["-c", "import sys,zipfile;print(*zipfile.ZipFile(sys.argv[1]).namelist(),sep='\\n')"])
            }
            _ => lister.arg("--list").arg("--file"),
        };
        capture(lister.arg(file)).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn an_archive_lists_its_files_in_the_order_of_their_names_however_they_were_made() {
        let folder = std::env::temp_dir().join(format!("dkv-dist-{}", std::process::id()));
        let files = ["LICENSE", "include/dkv/b.hpp", "include/dkv.h", "lib/a.a", "lib/z.a", "include/dkv/a.hpp"];
        for archive in &ARCHIVES {
            let lists = [false, true].map(|backwards| {
                let place = folder.join(archive.name).join(backwards.to_string());
                let mut order = files;
                if backwards {
                    order.reverse();
                }
                for file in order {
                    repository::write(&place.join("dkv").join(file), file).unwrap();
                }
                names(archive, &archive.pack(&place, "dkv").unwrap())
            });
            assert_eq!(lists[0], lists[1]);
            let packed = |file: &&str| lists[0].contains(&format!("dkv/{file}"));
            assert!(files.iter().all(packed), "{:?}", lists[0]);
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
