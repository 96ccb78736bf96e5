//! The shape of the source: which room may name which, and what belongs to one room only.
//!
//! A room is a folder or file right below `src`. A call goes down a staircase of rooms, so a room names only rooms below
//! it, and rooms on one step do not know each other. The source is read as words, without comments and literals; that is
//! rough, and enough.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Each room, and the rooms it may name. Highest step first. `lib.rs` re-exports and is no room.
const ROOMS: &[(&str, &[&str])] = &[
    // Beside the stairs, and in no build of a user: what the fuzzers hold of the rooms that take apart what comes in.
    ("fuzzing", &["store", "schema", "query", "storage", "model", "error", "limits"]),
    // Nor do the models of concurrency: they are tests, and see the whole house.
    (
        "models",
        &[
            "capi",
            "client",
            "engine",
            "store",
            "schema",
            "query",
            "storage",
            "model",
            "disk",
            "concurrency",
            "error",
            "limits",
        ],
    ),
    (
        "capi",
        &["client", "engine", "store", "schema", "query", "storage", "model", "disk", "concurrency", "error", "limits"],
    ),
    ("client", &["engine", "store", "schema", "query", "storage", "model", "disk", "concurrency", "error", "limits"]),
    ("engine", &["store", "schema", "query", "storage", "model", "disk", "concurrency", "error", "limits"]),
    ("store", &["schema", "query", "storage", "model", "disk", "concurrency", "error", "limits"]),
    ("schema", &["model", "error", "limits"]),
    ("query", &["model", "error", "limits"]),
    ("storage", &["model", "disk", "error", "limits"]),
    ("model", &["error", "limits"]),
    ("disk", &["error", "limits"]),
    ("concurrency", &[]),
    ("error", &[]),
    ("limits", &[]),
];

/// A word that only some places may use: the word, where it may stand, and why nowhere else.
const WORDS: &[(&str, &[&str], &str)] = &[
    ("unsafe", &["capi/", "disk/syscall.rs"], "unsafe code stands at the C border and in the one file of system calls"),
    ("redb", &["storage/", "disk/"], "redb stays below, so that something else can take its place"),
    ("thread", &["engine/", "models/"], "threads start and end in one room"),
];

/// Macros that no released code calls.
const MACROS: &[&str] = &["todo", "unimplemented", "dbg", "print", "println", "eprint", "eprintln"];

/// Every lint that is allowed outside tests, with its file. A new one needs a reason that convinces a reader.
const ALLOWED: &[(&str, &str)] =
    &[("capi/mod.rs", "unsafe_code"), ("capi/mod.rs", "non_camel_case_types"), ("disk/syscall.rs", "unsafe_code")];

const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 70;

#[test]
fn a_room_names_only_rooms_below_it() {
    assert_no_offence(|file| {
        let Some(room) = file.room() else { return Vec::new() };
        let Some((_, below)) = ROOMS.iter().find(|(name, _)| *name == room) else {
            return vec![(1, format!("{room} is in no row of the table of rooms"))];
        };
        let forbidden =
            |named: &str| named != room && ROOMS.iter().any(|(name, _)| *name == named) && !below.contains(&named);
        let paths = file.crate_paths().into_iter().filter(|(_, named)| forbidden(named));
        paths.map(|(line, named)| (line, format!("{room} may not name {named}"))).collect()
    });
}

#[test]
fn a_word_of_one_room_stands_in_no_other() {
    assert_no_offence(|file| {
        let mut offences = Vec::new();
        for (word, places, reason) in WORDS {
            if !places.iter().any(|place| file.name.starts_with(place)) {
                let lines = file.words.iter().filter(|found| found.text == *word).map(|found| found.line);
                offences.extend(lines.map(|line| (line, format!("`{word}`: {reason}"))));
            }
        }
        offences
    });
}

#[test]
fn the_engines_threads_meet_only_where_a_model_sees_them() {
    const SEEN: [&str; 5] = ["AtomicBool", "AtomicUsize", "Condvar", "Mutex", "RwLock"];
    assert_no_offence(|file| {
        if !matches!(file.room(), Some("engine" | "client")) {
            return Vec::new();
        }
        let is_standard =
            |at: &usize| file.text(*at) == "std" && file.is_path_separator(at + 1) && file.text(at + 3) == "sync";
        let uses = (0..file.words.len()).filter(is_standard);
        let named = uses.flat_map(|at| file.words[at..].iter().take_while(|word| word.text != ";"));
        let unseen = named.filter(|word| SEEN.contains(&word.text.as_str()));
        unseen.map(|word| (word.line, format!("`{}` comes from `crate::concurrency`", word.text))).collect()
    });
}

#[test]
fn no_macro_of_an_unfinished_program_is_left() {
    assert_no_offence(|file| {
        if file.room() == Some("models") {
            // They are tests, and say how many schedules they tried.
            return Vec::new();
        }
        let calls = file.words.windows(2).filter(|pair| pair[1].text == "!" && MACROS.contains(&pair[0].text.as_str()));
        calls.map(|pair| (pair[0].line, format!("`{}!` is left", pair[0].text))).collect()
    });
}

#[test]
fn every_allowed_lint_is_listed() {
    let mut unused: Vec<_> = ALLOWED.to_vec();
    assert_no_offence(|file| {
        let mut offences = Vec::new();
        for (line, lint) in file.allowed_lints() {
            unused.retain(|listed| *listed != (file.name.as_str(), lint.as_str()));
            if !ALLOWED.contains(&(file.name.as_str(), lint.as_str())) {
                offences.push((line, format!("`{lint}` is allowed here, but not in the list of this test")));
            }
        }
        offences
    });
    assert!(unused.is_empty(), "listed, but not there any more: {unused:?}");
}

#[test]
fn files_and_functions_are_short() {
    assert_no_offence(|file| {
        let mut offences = Vec::new();
        if file.lines > FILE_LINES_MAX {
            offences.push((file.lines, format!("the file has {} lines, the limit is {FILE_LINES_MAX}", file.lines)));
        }
        for (line, name, lines) in file.functions() {
            if lines > FUNCTION_LINES_MAX {
                offences.push((line, format!("{name} has {lines} lines, the limit is {FUNCTION_LINES_MAX}")));
            }
        }
        offences
    });
}

/// Applies a rule to every file and fails with all offences, each with its file and line.
fn assert_no_offence(mut rule: impl FnMut(&Source) -> Vec<(usize, String)>) {
    let mut message = String::new();
    for file in sources() {
        for (line, offence) in rule(&file) {
            writeln!(message, "src/{}:{line}: {offence}", file.name).unwrap();
        }
    }
    assert!(message.is_empty(), "\n{message}");
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    assert!(files.len() > 10, "the source is in {}", root.display());
    let name = |file: &Path| file.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
    files.iter().map(|file| Source::new(name(file), &fs::read_to_string(file).unwrap())).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// A word or a single punctuation mark of the source.
#[derive(Debug, Clone, PartialEq)]
struct Word {
    text: String,
    line: usize,
}

/// One file, as words.
struct Source {
    /// Its path below `src`.
    name: String,
    words: Vec<Word>,
    lines: usize,
}

impl Source {
    fn new(name: String, text: &str) -> Self {
        Self { name, words: words(text), lines: text.lines().count() }
    }

    /// The room of the file; the crate's root is none.
    fn room(&self) -> Option<&str> {
        let first = self.name.split('/').next()?;
        let room = first.strip_suffix(".rs").unwrap_or(first);
        (room != "lib").then_some(room)
    }

    fn text(&self, at: usize) -> &str {
        self.words.get(at).map_or("", |word| word.text.as_str())
    }

    fn is_path_separator(&self, at: usize) -> bool {
        self.text(at) == ":" && self.text(at + 1) == ":"
    }

    /// How many modules lie between the crate's root and this file's own items.
    fn depth(&self) -> usize {
        let parts = self.name.split('/').count();
        if self.name.ends_with("/mod.rs") { parts - 1 } else { parts }
    }

    /// What each path that begins at the crate's root names first, with its line: `crate::a`, `crate::{a, b::c}`, and
    /// as many `super::` as it takes.
    fn crate_paths(&self) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        let mut inline = InlineModules::default();
        let mut at = 0;
        while at < self.words.len() {
            inline.pass(self, at);
            let mut after = at;
            if self.text(at) == "crate" && self.is_path_separator(at + 1) {
                after = at + 3;
            } else if self.text(at) == "super" && self.is_path_separator(at + 1) {
                let mut supers = 0;
                while self.text(after) == "super" && self.is_path_separator(after + 1) {
                    supers += 1;
                    after += 3;
                }
                if supers < self.depth() + inline.count() {
                    at = after;
                    continue;
                }
            }
            if after > at {
                found.extend(self.first_names(after));
                at = after;
            } else {
                at += 1;
            }
        }
        found
    }

    /// The name at a place, or the names that a group of imports there begins with.
    fn first_names(&self, at: usize) -> Vec<(usize, String)> {
        if self.text(at) != "{" {
            return self.words.get(at).map(|word| (word.line, word.text.clone())).into_iter().collect();
        }
        let (mut depth, mut names) = (0, Vec::new());
        for (place, word) in self.words.iter().enumerate().skip(at) {
            match word.text.as_str() {
                "{" => depth += 1,
                "}" => depth -= 1,
                text if depth == 1 && ["{", ","].contains(&self.text(place - 1)) => {
                    names.push((word.line, text.to_owned()))
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
        names
    }

    /// Every lint in an `allow` or `expect` attribute outside of test modules, with its line.
    fn allowed_lints(&self) -> Vec<(usize, String)> {
        let tests = self.test_modules();
        let mut lints = Vec::new();
        for at in 1..self.words.len() {
            let attribute = self.text(at) == "allow" || (self.text(at) == "expect" && self.text(at - 1) == "[");
            let conditional = self.text(at - 1) == "," && self.text(at - 2) == "test";
            if !attribute || conditional || self.text(at + 1) != "(" || tests.iter().any(|range| range.contains(&at)) {
                continue;
            }
            let end = self.matching(at + 1, "(", ")");
            let list: String = self.words[at + 2..end].iter().map(|word| word.text.as_str()).collect();
            let named = list.split(',').filter(|lint| !lint.is_empty() && !lint.starts_with("reason="));
            lints.extend(named.map(|lint| (self.words[at].line, lint.to_owned())));
        }
        lints
    }

    /// The words of each module that only tests have.
    fn test_modules(&self) -> Vec<std::ops::Range<usize>> {
        let starts = (0..self.words.len()).filter(|at| {
            let condition = *at >= 2 && self.text(at - 2) == "cfg" && self.text(at - 1) == "(";
            condition && (self.text(*at) == "test" || (self.text(*at) == "all" && self.text(at + 2) == "test"))
        });
        starts
            .filter_map(|at| {
                let open = (at..at + 12).find(|place| self.text(*place) == "{" && self.text(place - 2) == "mod")?;
                Some(open..self.matching(open, "{", "}"))
            })
            .collect()
    }

    /// Each function with a body: its line, name, and number of lines.
    fn functions(&self) -> Vec<(usize, String, usize)> {
        let mut functions = Vec::new();
        for at in 0..self.words.len() {
            let is_name = self.text(at + 1).starts_with(|first: char| first.is_alphabetic() || first == '_');
            if self.text(at) != "fn" || !is_name {
                continue;
            }
            // A `;` within brackets is that of an array, as in `-> [u8; 8] {`.
            let mut brackets = 0;
            let body = (at..self.words.len()).find(|place| {
                brackets += i32::from(self.text(*place) == "[") - i32::from(self.text(*place) == "]");
                brackets == 0 && ["{", ";"].contains(&self.text(*place))
            });
            if let Some(open) = body.filter(|place| self.text(*place) == "{") {
                let (first, last) = (self.words[at].line, self.words[self.matching(open, "{", "}")].line);
                functions.push((first, self.text(at + 1).to_owned(), last - first + 1));
            }
        }
        functions
    }

    /// The place of the mark that closes the one at `open`.
    fn matching(&self, open: usize, opening: &str, closing: &str) -> usize {
        let mut depth = 0;
        for place in open..self.words.len() {
            if self.text(place) == opening {
                depth += 1;
            } else if self.text(place) == closing {
                depth -= 1;
            }
            if depth == 0 {
                return place;
            }
        }
        panic!("src/{}:{}: `{opening}` is never closed", self.name, self.words[open].line)
    }
}

/// The modules within a file that surround the place where a reader stands.
#[derive(Default)]
struct InlineModules {
    braces: usize,
    opened_at: Vec<usize>,
}

impl InlineModules {
    fn pass(&mut self, source: &Source, at: usize) {
        match source.text(at) {
            "{" => {
                self.braces += 1;
                if at >= 2 && source.text(at - 2) == "mod" {
                    self.opened_at.push(self.braces);
                }
            }
            "}" => {
                if self.opened_at.last() == Some(&self.braces) {
                    self.opened_at.pop();
                }
                self.braces = self.braces.saturating_sub(1);
            }
            _ => {}
        }
    }

    fn count(&self) -> usize {
        self.opened_at.len()
    }
}

/// The words of a text, without comments, literals and lifetimes.
fn words(text: &str) -> Vec<Word> {
    let characters: Vec<char> = text.chars().collect();
    let (mut words, mut at, mut line) = (Vec::new(), 0, 1);
    while at < characters.len() {
        let end = end_of_ignored(&characters, at);
        if end > at {
            line += characters[at..end].iter().filter(|character| **character == '\n').count();
            at = end;
            continue;
        }
        let is_word = |character: &char| character.is_alphanumeric() || *character == '_';
        let length = characters[at..].iter().take_while(|character| is_word(character)).count().max(1);
        words.push(Word { text: characters[at..at + length].iter().collect(), line });
        at += length;
    }
    words
}

/// Where the white space, comment or literal that begins here ends; `at` itself if a word begins here.
fn end_of_ignored(characters: &[char], at: usize) -> usize {
    let rest = &characters[at..];
    let begins = |text: &str| rest.iter().copied().take(text.len()).eq(text.chars());
    let behind = |length: usize, end: &str| {
        let end: Vec<char> = end.chars().collect();
        let found = rest[length..].windows(end.len()).position(|window| window == end);
        at + found.map_or(rest.len(), |found| length + found + end.len())
    };
    match rest[0] {
        character if character.is_whitespace() => at + 1,
        '/' if begins("//") => at + rest.iter().position(|character| *character == '\n').unwrap_or(rest.len()),
        '/' if begins("/*") => behind(2, "*/"),
        '"' => end_of_string(characters, at),
        'b' | 'c' if rest.get(1) == Some(&'"') => end_of_string(characters, at + 1),
        'b' if rest.get(1) == Some(&'\'') => end_of_quote(characters, at + 1),
        'r' | 'b' | 'c' => {
            let prefix = rest.iter().take_while(|character| "rbc".contains(**character)).count();
            let hashes = rest[prefix..].iter().take_while(|character| **character == '#').count();
            let raw = rest[..prefix].contains(&'r') && prefix <= 2 && rest.get(prefix + hashes) == Some(&'"');
            // The end of a longer word, as in `parser"`, does not occur: words are taken whole.
            if raw { behind(prefix + hashes + 1, &format!("\"{}", "#".repeat(hashes))) } else { at }
        }
        '\'' => end_of_quote(characters, at),
        _ => at,
    }
}

fn end_of_string(characters: &[char], at: usize) -> usize {
    let mut end = at + 1;
    while end < characters.len() && characters[end] != '"' {
        end += if characters[end] == '\\' { 2 } else { 1 };
    }
    end + 1
}

/// The end of a character literal or of a lifetime.
fn end_of_quote(characters: &[char], at: usize) -> usize {
    if characters.get(at + 1) == Some(&'\\') {
        let closing = characters[at + 3..].iter().position(|character| *character == '\'');
        return at + 3 + closing.map_or(0, |closing| closing + 1);
    }
    if characters.get(at + 2) == Some(&'\'') {
        return at + 3;
    }
    let name = characters[at + 1..].iter().take_while(|character| character.is_alphanumeric() || **character == '_');
    at + 1 + name.count()
}

/// The rules themselves, on sources that break them.
mod rules {
    use super::Source;

    fn source(name: &str, text: &str) -> Source {
        Source::new(name.to_owned(), text)
    }

    fn named(name: &str, text: &str) -> Vec<String> {
        source(name, text).crate_paths().into_iter().map(|(_, named)| named).collect()
    }

    #[test]
    fn paths_from_the_root_are_found_in_every_spelling() {
        assert_eq!(named("disk/a.rs", "use crate::engine::x;\nfn f() { crate::store::y() }"), ["engine", "store"]);
        assert_eq!(named("disk/a.rs", "use crate::{engine, store::{a, b}, self as c};"), ["engine", "store", "self"]);
        assert_eq!(named("disk/a.rs", "use super::super::engine;"), ["engine"]);
        assert_eq!(named("disk/mod.rs", "use super::engine;"), ["engine"]);
        assert_eq!(named("disk/a.rs", "use super::engine; mod tests { use super::super::engine; }"), [""; 0]);
        assert_eq!(
            named("disk/a.rs", "mod tests { use super::super::super::engine; } use super::super::x;"),
            ["engine", "x"]
        );
    }

    #[test]
    fn comments_and_literals_are_not_source() {
        let text = "// crate::a\n/* crate::b */ \"crate::c\" r#\"crate::\"d\"# b'\\'' '\"' 'x crate::e";
        assert_eq!(named("disk/a.rs", text), ["e"]);
        let lines: Vec<usize> = source("a.rs", "\"\n\n\" one\ntwo").words.iter().map(|word| word.line).collect();
        assert_eq!(lines, [3, 4]);
    }

    #[test]
    fn lints_are_found_outside_of_tests_only() {
        let text = "#![allow(a, reason = \"x\")] #[expect(b::c)] fn f() { x.expect(\"y\"); }
            #[cfg(test)] mod tests { #![allow(d)] } #[cfg(all(test, unix))] mod more { #![allow(e)] }
            #![cfg_attr(test, allow(f))] #![cfg_attr(unix, allow(g))]";
        let lints: Vec<String> = source("a.rs", text).allowed_lints().into_iter().map(|(_, lint)| lint).collect();
        assert_eq!(lints, ["a", "b::c", "g"]);
    }

    #[test]
    fn functions_are_measured_from_their_name_to_their_last_brace() {
        let text =
            "trait T { fn a(); }\nfn b<F: Fn() -> u8>() -> [u8; 8] {\n  \"}\"; '}'; // }\n}\ntype C = fn(u8) -> u8;";
        assert_eq!(source("a.rs", text).functions(), [(2, "b".to_owned(), 3)]);
    }
}
