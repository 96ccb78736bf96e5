//! The comparison as a drawing: what each peer takes where dkv takes 1, as bars on a logarithmic axis.

use std::fmt::Write as _;

const WIDTH: f64 = 920.0;
const LEFT: f64 = 130.0;
const RIGHT: f64 = 60.0;
const TOP: f64 = 86.0;
const BOTTOM: f64 = 36.0;
const CAPTION: f64 = 24.0;
const BAR: f64 = 15.0;
const GAP: f64 = 10.0;
/// What lies outside is drawn up to the edge; its number tells.
const SHARE_MIN: f64 = 0.1;
const SHARE_MAX: f64 = 20.0;
const TICKS: [f64; 8] = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0];

/// One comparison: a caption, and what each peer takes where dkv takes 1.
pub type Group = (String, Vec<(&'static str, f64)>);

/// Draws the comparisons one below the other.
pub fn draw(title: &str, groups: &[Group]) -> String {
    let height = TOP + BOTTOM + groups.iter().map(|(_, bars)| height_of(bars.len())).sum::<f64>();
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    text(&mut svg, 16.0, 24.0, "font-size=\"16\" font-weight=\"bold\"", "What others take where dkv takes 1");
    text(&mut svg, 16.0, 43.0, "fill=\"#555\"", title);
    text(&mut svg, x_of(1.0) - 8.0, 64.0, "fill=\"#b3541e\" text-anchor=\"end\"", "\u{2190} faster than dkv");
    text(&mut svg, x_of(1.0) + 8.0, 64.0, "fill=\"#2a6f4e\"", "slower than dkv \u{2192}");
    for tick in TICKS {
        let (x, colour) = (x_of(tick), if tick == 1.0 { "#333" } else { "#ddd" });
        let _ = writeln!(
            svg,
            "<line x1=\"{x:.1}\" y1=\"{TOP}\" x2=\"{x:.1}\" y2=\"{:.1}\" stroke=\"{colour}\"/>",
            height - BOTTOM
        );
        for y in [TOP - 5.0, height - BOTTOM + 16.0] {
            text(&mut svg, x, y, "fill=\"#555\" text-anchor=\"middle\"", &format!("{tick}"));
        }
    }
    let mut y = TOP;
    for (caption, bars) in groups {
        draw_group(&mut svg, y, caption, bars);
        y += height_of(bars.len());
    }
    svg + "</svg>\n"
}

fn draw_group(svg: &mut String, top: f64, caption: &str, bars: &[(&str, f64)]) {
    // On white, so that the lines of the axis do not cross the words.
    let _ = writeln!(svg, "<rect x=\"0\" y=\"{:.1}\" width=\"{WIDTH}\" height=\"18\" fill=\"#f3f3f3\"/>", top + 3.0);
    text(svg, 16.0, top + 16.0, "font-weight=\"bold\"", caption);
    for (place, (name, share)) in bars.iter().enumerate() {
        let y = top + CAPTION + BAR * place as f64;
        let (from, to) = (x_of(1.0).min(x_of(*share)), x_of(1.0).max(x_of(*share)));
        let colour = if *share < 1.0 { "#e0935f" } else { "#6fb393" };
        let _ = writeln!(
            svg,
            "<rect x=\"{from:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{colour}\"/>",
            (to - from).max(1.0),
            BAR - 3.0
        );
        text(svg, LEFT - 40.0, y + 10.0, "text-anchor=\"end\"", name);
        let (x, anchor) = if *share < 1.0 { (from - 4.0, "end") } else { (to + 4.0, "start") };
        text(svg, x, y + 10.0, &format!("font-size=\"11\" text-anchor=\"{anchor}\""), &share_text(*share));
    }
}

fn height_of(bars: usize) -> f64 {
    CAPTION + BAR * bars as f64 + GAP
}

fn x_of(share: f64) -> f64 {
    let (least, most) = (SHARE_MIN.ln(), SHARE_MAX.ln());
    LEFT + (share.clamp(SHARE_MIN, SHARE_MAX).ln() - least) / (most - least) * (WIDTH - LEFT - RIGHT)
}

fn share_text(share: f64) -> String {
    if share < 10.0 { format!("{share:.2}") } else { format!("{share:.0}") }
}

fn text(svg: &mut String, x: f64, y: f64, style: &str, words: &str) {
    let words = words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" {style}>{words}</text>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slower_peer_is_drawn_to_the_right_of_dkv_and_a_faster_one_to_the_left() {
        assert!(x_of(2.0) > x_of(1.0) && x_of(0.5) < x_of(1.0));
        assert_eq!(x_of(1000.0), x_of(SHARE_MAX));
    }

    #[test]
    fn words_with_the_signs_of_the_format_stay_words() {
        let drawn = draw("a < b", &[("c & d".to_owned(), vec![("redb", 2.0)])]);
        assert!(drawn.contains("a &lt; b") && drawn.contains("c &amp; d") && drawn.contains(">2.00<"));
    }
}
