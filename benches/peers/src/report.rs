//! The figures, and what was promised about them.

use serde_json::{Value, json};

use crate::interleave::Comparison;

const NAME_WIDTH: usize = 46;

/// What was promised.
#[derive(Clone, Copy)]
pub enum Goal {
    /// dkv takes at most so many times what raw redb takes.
    RatioAtMost(f64),
    /// dkv takes at most this.
    DkvAtMost(f64),
    /// Nothing: the figure is there to be known.
    None,
}

/// One line of the report.
struct Row {
    workload: &'static str,
    name: String,
    unit: &'static str,
    figures: Comparison,
    goal: Goal,
}

/// All lines of a run.
#[derive(Default)]
pub struct Report {
    rows: Vec<Row>,
}

impl Report {
    /// Adds a line.
    pub fn add(
        &mut self,
        workload: &'static str,
        name: impl Into<String>,
        unit: &'static str,
        figures: Comparison,
        goal: Goal,
    ) {
        self.rows.push(Row { workload, name: name.into(), unit, figures, goal });
    }

    /// The lines as a table.
    pub fn text(&self) -> String {
        let mut text = format!(
            "{:NAME_WIDTH$} {:>12} {:>12} {:>12} {:>7}  {:<10} verdict\n",
            "what", "unit", "dkv", "redb", "ratio", "goal"
        );
        let mut workload = "";
        for row in &self.rows {
            if row.workload != workload {
                workload = row.workload;
                text += &format!("\n{workload}\n");
            }
            let line = format!(
                "{:NAME_WIDTH$} {:>12} {:>12} {:>12} {:>7}  {:<10} {}",
                format!("  {}", row.name),
                row.unit,
                number(row.figures.dkv),
                number(row.figures.redb),
                number(row.figures.ratio),
                row.goal.text(),
                row.verdict(),
            );
            text += line.trim_end();
            text.push('\n');
        }
        let missed = self.rows.iter().filter(|row| row.goal.is_met(row.figures) == Some(false)).count();
        let promised = self.rows.iter().filter(|row| row.goal.is_met(row.figures).is_some()).count();
        text + &format!("\n{} of {promised} goals met\n", promised - missed)
    }

    /// The lines as JSON.
    pub fn json(&self) -> Value {
        self.rows.iter().map(Row::json).collect()
    }
}

impl Row {
    fn verdict(&self) -> &'static str {
        match self.goal.is_met(self.figures) {
            Some(true) => "met",
            Some(false) => "MISSED",
            None => "",
        }
    }

    fn json(&self) -> Value {
        let finite = |number: f64| if number.is_finite() { json!(number) } else { Value::Null };
        let Comparison { dkv, redb, ratio } = self.figures;
        json!({
            "workload": self.workload, "name": self.name, "unit": self.unit, "dkv": finite(dkv), "redb": finite(redb),
            "ratio": finite(ratio), "goal": self.goal.text(), "met": self.goal.is_met(self.figures),
        })
    }
}

impl Goal {
    fn text(self) -> String {
        match self {
            Self::RatioAtMost(limit) => format!("<= {limit}x"),
            Self::DkvAtMost(limit) => format!("<= {}", number(limit)),
            Self::None => String::new(),
        }
    }

    fn is_met(self, figures: Comparison) -> Option<bool> {
        match self {
            Self::RatioAtMost(limit) => figures.ratio.is_finite().then_some(figures.ratio <= limit),
            Self::DkvAtMost(limit) => figures.dkv.is_finite().then_some(figures.dkv <= limit),
            Self::None => None,
        }
    }
}

/// A number with as many digits as mean something.
fn number(number: f64) -> String {
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
        let figures = Comparison { dkv: 2.0, redb: 0.0, ratio: f64::NAN };
        assert_eq!(Goal::RatioAtMost(1.5).is_met(figures), None);
        assert_eq!(Goal::DkvAtMost(1.5).is_met(figures), Some(false));
        assert_eq!(Goal::None.is_met(figures), None);
    }
}
