//! Waiting for an answer, but not for ever: a hang fails its test.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use dkv::{Request, Result};

/// Whoever waits longer than this waits for something that never comes.
const PATIENCE: Duration = Duration::from_secs(60);

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// The answer to a request.
pub fn answer<T>(request: Request<T>) -> Result<T> {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut request = pin!(request);
    let begun = Instant::now();
    loop {
        if let Poll::Ready(answer) = request.as_mut().poll(&mut context) {
            return answer;
        }
        let left = PATIENCE.checked_sub(begun.elapsed()).expect("an operation was never answered");
        std::thread::park_timeout(left);
    }
}
