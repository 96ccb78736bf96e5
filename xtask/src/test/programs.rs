//! Test programs that are built and run several at once, and told of one after the other.

use std::collections::VecDeque;
use std::num::NonZero;
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;

use super::tally::Tally;
use crate::command::{Ended, Outcome};

/// What fails where a program does not even begin.
pub const BEGINS: &str = "the program is built and runs";

/// One program: what its lines belong to, and how it is built and run.
pub struct Program<'a> {
    chapter: String,
    run: Box<dyn FnOnce() -> Outcome<Ended> + Send + 'a>,
}

impl<'a> Program<'a> {
    pub fn new(chapter: String, run: impl FnOnce() -> Outcome<Ended> + Send + 'a) -> Self {
        Self { chapter, run: Box::new(run) }
    }
}

/// Builds and runs programs, as many at once as there are processors; each is counted, in the order of the list.
pub fn run_all(programs: Vec<Program<'_>>, tally: &mut Tally) {
    let mut waiting = VecDeque::new();
    let mut chapters = Vec::new();
    for program in programs {
        let (ended, answer) = mpsc::channel();
        waiting.push_back((program.run, ended));
        chapters.push((program.chapter, answer));
    }
    let waiting = Mutex::new(waiting);
    let take_next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, NonZero::get) {
            scope.spawn(|| {
                while let Some((run, ended)) = take_next() {
                    // Nobody but the loop below listens, and it listens to the end.
                    let _ = ended.send(run());
                }
            });
        }
        for (chapter, answer) in chapters {
            tally.chapter(&chapter);
            let ended = answer.recv().unwrap_or_else(|_| Err("Its thread panicked.".to_owned()));
            tally.count_ended(ended, BEGINS);
        }
    });
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    fn ended(output: &str) -> Outcome<Ended> {
        Ok(Ended { status: Some(std::process::ExitStatus::default()), output: output.to_owned() })
    }

    #[test]
    fn each_program_is_counted_whatever_the_others_do() {
        let mut tally = Tally::default();
        let names = ["first", "second", "third", "fourth"];
        let programs = names.map(|name| {
            Program::new(name.to_owned(), move || match name {
                "second" => Err("It does not compile.".to_owned()),
                "third" => ended("not ok - closes\n"),
                _ => ended("ok - opens\nok - closes\n"),
            })
        });
        run_all(programs.into(), &mut tally);
        assert_eq!((tally.passed(), tally.failed()), (4, 2));
    }

    #[test]
    fn as_many_programs_run_at_once_as_there_are_processors() {
        let processors = thread::available_parallelism().map_or(1, NonZero::get);
        let (all_run, mut tally) = (Barrier::new(processors), Tally::default());
        let program = || {
            Program::new(String::new(), || {
                all_run.wait();
                ended("ok - met the others\n")
            })
        };
        run_all((0..processors).map(|_| program()).collect(), &mut tally);
        assert_eq!((tally.passed(), tally.failed()), (processors, 0));
    }
}
