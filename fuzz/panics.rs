//! Which panics are failures. All but those that redb has on damaged pages, which the library catches at redb's door.

/// The fuzzer's own hook ends the process at any panic, caught or not. This one lets redb's go by.
pub fn forgive_redb() {
    std::panic::set_hook(Box::new(|info| {
        let in_redb = info.location().is_some_and(|location| location.file().contains("/redb-"));
        if !in_redb {
            eprintln!("{info}\n{}", std::backtrace::Backtrace::force_capture());
            std::process::abort();
        }
    }));
}
