//! The figures, and what was promised about them.

use serde_json::{Value, json};

use crate::interleave::{Against, Comparison};

const NAME_WIDTH: usize = 46;

/// What was promised.
#[derive(Clone, Copy)]
pub enum Goal {
    /// dkv takes at most so many times what this one takes.
    RatioAtMost(&'static str, f64),
    /// dkv is at least so many times as fast as this one. For figures that are costs.
    SpeedAtLeast(&'static str, f64),
    /// dkv takes at most this.
    DkvAtMost(f64),
    /// dkv reaches at least this.
    DkvAtLeast(f64),
}

/// One comparison of the report: a line for each peer.
pub struct Row {
    workload: &'static str,
    name: String,
    unit: &'static str,
    cache_mib: u64,
    figures: Comparison,
    goals: Vec<Goal>,
    drawn: bool,
}

impl Row {
    /// The drawing shows it, too: its figures are costs.
    pub fn draw(&mut self) {
        self.drawn = true;
    }
}

/// All rows of a run.
#[derive(Default)]
pub struct Report {
    rows: Vec<Row>,
    cache_mib: u64,
}

impl Report {
    /// The rows that follow are of stores with page caches of this size.
    pub fn with_cache(&mut self, bytes: u64) {
        self.cache_mib = bytes / (1024 * 1024);
    }

    /// Adds a row, and lends it.
    pub fn add(
        &mut self,
        workload: &'static str,
        name: impl Into<String>,
        unit: &'static str,
        figures: Comparison,
        goals: &[Goal],
    ) -> &mut Row {
        let (goals, cache_mib) = (goals.to_vec(), self.cache_mib);
        self.rows.push_mut(Row { workload, name: name.into(), unit, cache_mib, figures, goals, drawn: false })
    }

    /// The rows as a table.
    pub fn text(&self) -> String {
        let mut text = format!(
            "{:NAME_WIDTH$} {:>10} {:>8} {:>11}  {:<12} {:>11} {:>7}  {:<12} verdict\n",
            "what", "unit", "cache", "dkv", "peer", "peer takes", "ratio", "goal"
        );
        let mut workload = "";
        for row in &self.rows {
            if row.workload != workload {
                workload = row.workload;
                text += &format!("\n{workload}\n");
            }
            text += &row.text();
        }
        let verdicts = || self.rows.iter().flat_map(Row::verdicts);
        text + &format!("\n{} of {} goals met\n", verdicts().filter(|met| *met).count(), verdicts().count())
    }

    /// The rows as JSON.
    pub fn json(&self) -> Value {
        self.rows.iter().map(Row::json).collect()
    }

    /// What the drawing shows: a caption, and what each peer takes where dkv takes 1.
    pub fn drawing(&self) -> Vec<(String, Vec<(&'static str, f64)>)> {
        let shares = |row: &Row| {
            let peers = row.figures.peers.iter().filter(|peer| peer.ratio.is_finite() && peer.ratio > 0.0);
            peers.map(|peer| (peer.name, 1.0 / peer.ratio)).collect()
        };
        let caption = |row: &Row| {
            format!(
                "{}, {} (dkv: {} {}, cache {} MiB)",
                row.workload,
                row.name,
                number(row.figures.dkv),
                row.unit,
                row.cache_mib
            )
        };
        self.rows.iter().filter(|row| row.drawn).map(|row| (caption(row), shares(row))).collect()
    }
}

impl Row {
    fn verdicts(&self) -> impl Iterator<Item = bool> {
        self.goals.iter().filter_map(|goal| goal.is_met(&self.figures))
    }

    /// A line for each peer. What was promised stands beside the one that it is about.
    fn text(&self) -> String {
        let lines = self.figures.peers.len().max(1);
        let mut text = String::new();
        for at in 0..lines {
            let peer = self.figures.peers.get(at);
            let head = if at == 0 {
                let cache = format!("{} MiB", self.cache_mib);
                format!(
                    "{:NAME_WIDTH$} {:>10} {cache:>8} {:>11}",
                    format!("  {}", self.name),
                    self.unit,
                    number(self.figures.dkv)
                )
            } else {
                " ".repeat(NAME_WIDTH + 32)
            };
            let beside = peer.map_or(" ".repeat(34), |peer| {
                format!("  {:<12} {:>11} {:>7}", peer.name, number(peer.figure), number(peer.ratio))
            });
            let goals = self.goals.iter().filter(|goal| goal.stands_beside(peer, at));
            let goals: Vec<String> =
                goals.map(|goal| format!("{:<12} {}", goal.text(), goal.verdict(&self.figures))).collect();
            text += format!("{head}{beside}  {}", goals.join("  ")).trim_end();
            text.push('\n');
        }
        text
    }

    fn json(&self) -> Value {
        let peers: serde_json::Map<String, Value> = self
            .figures
            .peers
            .iter()
            .map(|peer| (peer.name.to_owned(), json!({ "figure": finite(peer.figure), "ratio": finite(peer.ratio) })))
            .collect();
        let goals: Vec<Value> =
            self.goals.iter().map(|goal| json!({ "goal": goal.text(), "met": goal.is_met(&self.figures) })).collect();
        json!({
            "workload": self.workload, "name": self.name, "unit": self.unit, "cache_mib": self.cache_mib,
            "dkv": finite(self.figures.dkv), "peers": peers, "goals": goals,
        })
    }
}

impl Goal {
    fn text(self) -> String {
        match self {
            Self::RatioAtMost(_, limit) => format!("<= {limit}x"),
            Self::SpeedAtLeast(_, times) => format!(">= {} speed", number(times)),
            Self::DkvAtMost(limit) => format!("<= {}", number(limit)),
            Self::DkvAtLeast(limit) => format!(">= {}", number(limit)),
        }
    }

    fn verdict(self, figures: &Comparison) -> &'static str {
        match self.is_met(figures) {
            Some(true) => "met",
            Some(false) => "MISSED",
            None => "",
        }
    }

    /// The one whom the promise is about; dkv itself for one about a figure of its own.
    fn about(self) -> Option<&'static str> {
        match self {
            Self::RatioAtMost(name, _) | Self::SpeedAtLeast(name, _) => Some(name),
            Self::DkvAtMost(_) | Self::DkvAtLeast(_) => None,
        }
    }

    fn stands_beside(self, peer: Option<&Against>, at: usize) -> bool {
        self.about().map_or(at == 0, |name| peer.is_some_and(|peer| peer.name == name))
    }

    fn is_met(self, figures: &Comparison) -> Option<bool> {
        let ratio = self.about().map_or(Some(f64::NAN), |name| {
            figures.peers.iter().find(|peer| peer.name == name).map(|peer| peer.ratio)
        })?;
        match self {
            Self::RatioAtMost(_, limit) => ratio.is_finite().then_some(ratio <= limit),
            Self::SpeedAtLeast(_, times) => ratio.is_finite().then_some(ratio * times <= 1.0),
            Self::DkvAtMost(limit) => figures.dkv.is_finite().then_some(figures.dkv <= limit),
            Self::DkvAtLeast(limit) => figures.dkv.is_finite().then_some(figures.dkv >= limit),
        }
    }
}

fn finite(number: f64) -> Value {
    if number.is_finite() { json!(number) } else { Value::Null }
}

/// A number with as many digits as mean something.
pub fn number(number: f64) -> String {
    match number {
        _ if !number.is_finite() => "-".to_owned(),
        _ if number.abs() < 10.0 => format!("{number:.2}"),
        _ if number.abs() < 1000.0 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_without_a_figure_has_no_verdict() {
        let figures = Comparison::of(&["dkv", "redb"], &[2.0, 0.0]);
        assert_eq!(Goal::RatioAtMost("redb", 1.5).is_met(&figures), None);
        assert_eq!(Goal::SpeedAtLeast("SQLite", 1.0).is_met(&figures), None);
        assert_eq!(Goal::DkvAtMost(1.5).is_met(&figures), Some(false));
        assert_eq!(Goal::DkvAtLeast(1.5).is_met(&figures), Some(true));
    }

    #[test]
    fn a_speed_is_that_of_the_named_one() {
        let figures = Comparison::of(&["dkv", "redb", "SQLite"], &[2.0, 1.0, 4.0]);
        assert_eq!(Goal::SpeedAtLeast("redb", 0.5).is_met(&figures), Some(true));
        assert_eq!(Goal::SpeedAtLeast("redb", 0.6).is_met(&figures), Some(false));
        assert_eq!(Goal::SpeedAtLeast("SQLite", 2.0).is_met(&figures), Some(true));
    }
}
