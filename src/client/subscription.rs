//! A registration, which lasts as long as its owner keeps it.

/// The registration of an observer or of another callback. Dropping it ends it: calls that are queued for it are dropped,
/// one that runs on another thread goes on.
#[must_use = "dropping it ends the registration"]
pub struct Subscription {
    _registration: Box<dyn Send + Sync>,
}

impl Subscription {
    /// The registration that ends when `registration` is dropped.
    pub(super) fn new(registration: impl Send + Sync + 'static) -> Self {
        Self { _registration: Box::new(registration) }
    }
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Subscription")
    }
}
