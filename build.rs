//! Gives the shared library the name that programs record when they link it, and says which keyring the system has.
//!
//! Cargo sets no soname by itself; without one a program would look for the exact file that it was linked with,
//! and no later release could take its place.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target_os = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    match target_os.as_str() {
        "linux" | "android" | "freebsd" => {
            // An Android package takes in no file whose name goes on behind `.so`.
            let name = if target_os == "android" { "libdkv.so" } else { "libdkv.so.0" };
            println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,{name}");
            // Threads of the library outlive a dlclose: unloading its code beneath them would crash the process.
            println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
        }
        "macos" | "ios" => {
            println!("cargo::rustc-cdylib-link-arg=-Wl,-install_name,@rpath/libdkv.0.dylib");
        }
        _ => {}
    }
    println!("cargo::rustc-check-cfg=cfg(system_keyring, values(\"none\", \"secret_service\", \"credentials\"))");
    println!("cargo::rustc-cfg=system_keyring=\"{}\"", system_keyring(&target_os));
}

/// Which file of src/disk/system_keyring is built.
fn system_keyring(target_os: &str) -> &'static str {
    match target_os {
        _ if std::env::var_os("CARGO_FEATURE_KEYRING").is_none() => "none",
        "linux" | "freebsd" | "netbsd" | "openbsd" => "secret_service",
        "macos" | "windows" => "credentials",
        _ => "none",
    }
}
