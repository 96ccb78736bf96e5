//! SQL's LIKE: `%` is any run, `_` one character, ASCII letters match without regard to case, nothing escapes.
//!
//! Between two `%` lies a run of characters, which may stand anywhere as long as the runs keep their order; the first
//! place that fits is the best one. A run is found in one walk over the text, by Knuth, Morris and Pratt's failure table,
//! or, if it holds a `_`, by bits that say which of its beginnings end here. So no pattern makes matching exponential.

use std::collections::HashMap;

/// A pattern, ready to be matched.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern {
    first: Vec<Token>,
    /// Runs behind each `%`; the last one is tied to the end of the text. None without a `%`.
    floating: Vec<Run>,
    last: Option<Vec<Token>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    One,
    Exactly(char),
}

/// Characters to find.
#[derive(Debug, Clone, PartialEq)]
enum Run {
    Plain {
        characters: Vec<char>,
        failures: Vec<usize>,
    },
    /// For each character that the run names, the places where it fits; elsewhere the places of `_`.
    Masked {
        length: usize,
        places: HashMap<char, Vec<u64>>,
        anywhere: Vec<u64>,
    },
}

impl Pattern {
    /// Reads a pattern.
    #[must_use]
    pub fn new(pattern: &str) -> Self {
        let mut runs = pattern.split('%').map(|run| run.chars().map(token).collect::<Vec<_>>());
        let first = runs.next().unwrap_or_default();
        let mut floating: Vec<Vec<Token>> = runs.collect();
        let last = floating.pop();
        let floating = floating.into_iter().filter(|run| !run.is_empty()).map(|run| Run::new(&run)).collect();
        Self { first, floating, last }
    }

    /// True if the whole of `text` fits.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let mut rest = text.chars();
        if !self.first.iter().all(|token| rest.next().is_some_and(|character| token.fits(character))) {
            return false;
        }
        let Some(last) = &self.last else { return rest.next().is_none() };
        if !self.floating.iter().all(|run| run.skip(&mut rest)) {
            return false;
        }
        // Fits behind what was taken so far: taken from the other end of the same characters.
        last.iter().rev().all(|token| rest.next_back().is_some_and(|character| token.fits(character)))
    }
}

fn token(character: char) -> Token {
    if character == '_' { Token::One } else { Token::Exactly(character.to_ascii_lowercase()) }
}

impl Token {
    fn fits(self, character: char) -> bool {
        match self {
            Self::One => true,
            Self::Exactly(expected) => expected == character.to_ascii_lowercase(),
        }
    }
}

impl Run {
    fn new(tokens: &[Token]) -> Self {
        let plain = |token: &Token| match token {
            Token::One => None,
            Token::Exactly(character) => Some(*character),
        };
        match tokens.iter().map(plain).collect::<Option<Vec<char>>>() {
            Some(characters) => Self::Plain { failures: failures(&characters), characters },
            None => Self::masked(tokens),
        }
    }

    fn masked(tokens: &[Token]) -> Self {
        let words = tokens.len().div_ceil(64);
        let mut anywhere = vec![0u64; words];
        for (place, _) in tokens.iter().enumerate().filter(|(_, token)| **token == Token::One) {
            anywhere[place / 64] |= 1 << (place % 64);
        }
        let mut places: HashMap<char, Vec<u64>> = HashMap::new();
        for (place, token) in tokens.iter().enumerate() {
            if let Token::Exactly(character) = token {
                places.entry(*character).or_insert_with(|| anywhere.clone())[place / 64] |= 1 << (place % 64);
            }
        }
        Self::Masked { length: tokens.len(), places, anywhere }
    }

    /// Takes characters up to the end of the first place where the run fits. False if there is none.
    fn skip(&self, rest: &mut std::str::Chars<'_>) -> bool {
        match self {
            Self::Plain { characters, failures } => {
                let mut matched = 0;
                for character in rest {
                    let character = character.to_ascii_lowercase();
                    while matched > 0 && characters[matched] != character {
                        matched = failures[matched - 1];
                    }
                    matched += usize::from(characters[matched] == character);
                    if matched == characters.len() {
                        return true;
                    }
                }
                false
            }
            Self::Masked { length, places, anywhere } => {
                let mut beginnings = vec![0u64; anywhere.len()];
                for character in rest {
                    let fits = places.get(&character.to_ascii_lowercase()).unwrap_or(anywhere);
                    let mut carry = 1;
                    for (bits, fits) in beginnings.iter_mut().zip(fits) {
                        let carried = *bits >> 63;
                        *bits = (*bits << 1 | carry) & fits;
                        carry = carried;
                    }
                    if beginnings[(length - 1) / 64] >> ((length - 1) % 64) & 1 == 1 {
                        return true;
                    }
                }
                false
            }
        }
    }
}

/// For each beginning of the run, the length of the longest shorter one with which it ends.
fn failures(characters: &[char]) -> Vec<usize> {
    let mut failures = vec![0; characters.len()];
    let mut matched = 0;
    for place in 1..characters.len() {
        while matched > 0 && characters[place] != characters[matched] {
            matched = failures[matched - 1];
        }
        matched += usize::from(characters[place] == characters[matched]);
        failures[place] = matched;
    }
    failures
}

#[cfg(test)]
mod tests {
    use super::*;

    fn like(pattern: &str, text: &str) -> bool {
        Pattern::new(pattern).matches(text)
    }

    #[test]
    fn the_whole_text_fits_without_regard_to_the_case_of_ascii_letters() {
        assert!(like("v1", "V1") && !like("v1", "v12") && !like("v1", "av1"));
        assert!(like("", "") && !like("", "a"));
        assert!(!like("é", "É") && like("é", "é"));
    }

    #[test]
    fn an_underscore_is_one_code_point() {
        assert!(like("_", "é") && like("_", "😀") && !like("_", "") && !like("_", "ab"));
        assert!(like("a_c", "aéc") && like("%_b_%", "xaébyz") && !like("%_b_", "b"));
        assert!(!like("__", "😀"));
    }

    #[test]
    fn a_percent_sign_is_any_run() {
        assert!(like("%", "") && like("%%", "abc") && like("a%", "a") && like("%a", "ba"));
        assert!(like("a%b%c", "aXbYc") && like("a%b%c", "abbcbc") && !like("a%b%c", "acb"));
        assert!(!like("ab%ba", "aba") && like("%ab%ab", "abab") && !like("%ab%ab", "ab"));
        assert!(like("%a_a%aa", "xabaaa") && !like("%a_a%aa", "xabaa%"));
        assert!(like("%aab", "aaaab") && like("%aab%", "aaaabx") && like("%abab_%", "abaababax"));
    }

    #[test]
    fn nothing_escapes() {
        assert!(like("\\%", "\\abc") && !like("\\%", "%"));
    }

    /// Tries every way. Right, and far too slow for more than a few characters.
    fn slowly(pattern: &[char], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('%', rest)) => (0..=text.len()).any(|skipped| slowly(rest, &text[skipped..])),
            Some((expected, rest)) => text.split_first().is_some_and(|(character, behind)| {
                (*expected == '_' || expected.eq_ignore_ascii_case(character)) && slowly(rest, behind)
            }),
        }
    }

    #[test]
    fn every_short_pattern_agrees_with_trying_every_way() {
        let texts = words(&['a', 'B', 'é'], 5);
        for pattern in words(&['a', 'b', '_', '%'], 5) {
            let compiled = Pattern::new(&pattern.iter().collect::<String>());
            for text in &texts {
                let fits = compiled.matches(&text.iter().collect::<String>());
                assert_eq!(fits, slowly(&pattern, text), "{pattern:?} {text:?}");
            }
        }
    }

    fn words(letters: &[char], longest: usize) -> Vec<Vec<char>> {
        let mut words = vec![Vec::new()];
        let mut last = words.clone();
        for _ in 0..longest {
            let longer =
                |word: &Vec<char>| letters.iter().map(|letter| [word.as_slice(), &[*letter]].concat()).collect();
            last = last.iter().flat_map::<Vec<Vec<char>>, _>(longer).collect();
            words.extend(last.iter().cloned());
        }
        words
    }

    #[test]
    fn a_run_longer_than_a_word_of_bits_is_found() {
        let run = format!("{}_{}", "a".repeat(70), "b".repeat(70));
        let text = format!("x{}c{}y", "a".repeat(71), "b".repeat(70));
        assert!(like(&format!("%{run}%"), &text));
        assert!(!like(&format!("%{run}%"), &text.replace("ac", "cc")));
    }

    /// A matcher that tries each place for each percent sign would not come to an end.
    #[test]
    fn a_pattern_of_many_percent_signs_takes_no_longer_than_a_walk() {
        let text = "a".repeat(1_000_000);
        let pattern = "%a".repeat(2000) + "b";
        assert!(!like(&pattern, &text));
        assert!(!like(&format!("%{}b%", "a".repeat(2000)), &text));
    }
}
