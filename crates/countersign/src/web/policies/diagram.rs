//! The stages of a rule as a small picture: boxes from left to right, those that run side by side above each other.
//! Sizes are attributes and colours are classes, for the pages take no inline style; the same stands beside it in words.

use super::rule::StageRow;
use crate::web::words::Words;
use countersign_core::policy::StageSpec;

const BOX_WIDTH: usize = 168;
const BOX_HEIGHT: usize = 56;
const END_WIDTH: usize = 104;
const GAP_ACROSS: usize = 36;
const GAP_DOWN: usize = 16;
const MARGIN: usize = 4;
/// A longer name is cut in the picture; it stands whole in the table.
const NAME_CHARS: usize = 20;

/// A picture.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagram {
    /// In pixels.
    pub width: usize,
    /// In pixels.
    pub height: usize,
    /// The boxes.
    pub boxes: Vec<Drawn>,
    /// The paths of the arrows.
    pub arrows: Vec<String>,
    /// The same in words.
    pub words: String,
}

/// A box.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Drawn {
    /// The left edge.
    pub x: usize,
    /// The upper edge.
    pub y: usize,
    /// How wide.
    pub width: usize,
    /// How high.
    pub height: usize,
    /// `stage` or `end`.
    pub class: &'static str,
    /// The upper line.
    pub name: String,
    /// The lower line; may be empty.
    pub below: String,
}

impl Drawn {
    /// Where its text stands.
    #[must_use]
    pub fn middle(&self) -> usize {
        self.x + self.width / 2
    }

    /// The base line of the upper text.
    #[must_use]
    pub fn name_line(&self) -> usize {
        self.y + self.height / 2 + if self.below.is_empty() { 5 } else { 0 } - if self.below.is_empty() { 0 } else { 4 }
    }

    /// The base line of the lower text.
    #[must_use]
    pub fn below_line(&self) -> usize {
        self.y + self.height / 2 + 15
    }

    fn port_in(&self) -> (usize, usize) {
        (self.x, self.y + self.height / 2)
    }

    fn port_out(&self) -> (usize, usize) {
        (self.x + self.width, self.y + self.height / 2)
    }
}

/// Draws the stages of a rule.
#[must_use]
pub fn diagram(specs: &[StageSpec], stages: &[StageRow], words: &Words) -> Diagram {
    let columns = columns(specs);
    let rows = columns.iter().map(Vec::len).max().unwrap_or(1).max(1);
    let height = rows * BOX_HEIGHT + (rows - 1) * GAP_DOWN;
    let mut drawn: Vec<Vec<Drawn>> = vec![vec![end(MARGIN, height, words.say("diagram-asked").to_string())]];
    let mut x = MARGIN + END_WIDTH + GAP_ACROSS;
    for column in &columns {
        let tall = column.len() * BOX_HEIGHT + (column.len() - 1) * GAP_DOWN;
        let top = MARGIN + (height - tall) / 2;
        let boxes =
            column.iter().enumerate().filter_map(|(row, place)| Some(stage(x, top + row * (BOX_HEIGHT + GAP_DOWN), stages.get(*place)?, words)));
        drawn.push(boxes.collect());
        x += BOX_WIDTH + GAP_ACROSS;
    }
    drawn.push(vec![end(x, height, words.say("diagram-approved").to_string())]);
    let arrows = drawn.windows(2).flat_map(|pair| match pair {
        [from, to] => from.iter().flat_map(|left| to.iter().map(|right| arrow(left, right))).collect(),
        _ => Vec::new(),
    });
    Diagram {
        width: x + END_WIDTH + MARGIN,
        height: height + 2 * MARGIN,
        arrows: arrows.collect(),
        words: in_words(&columns, stages, words),
        boxes: drawn.into_iter().flatten().collect(),
    }
}

/// Which stages open together: each runs beside an earlier one or after all of them.
fn columns(specs: &[StageSpec]) -> Vec<Vec<usize>> {
    let mut columns: Vec<Vec<usize>> = Vec::new();
    for (place, spec) in specs.iter().enumerate() {
        match spec.with.and_then(|beside| columns.iter_mut().find(|column| column.contains(&beside))) {
            Some(column) => column.push(place),
            None => columns.push(vec![place]),
        }
    }
    columns
}

fn stage(x: usize, y: usize, stage: &StageRow, words: &Words) -> Drawn {
    let below = words.say("diagram-needs").arg("count", stage.quorum).to_string();
    Drawn { x, y, width: BOX_WIDTH, height: BOX_HEIGHT, class: "stage", name: cut(&stage.name), below }
}

fn end(x: usize, height: usize, name: String) -> Drawn {
    Drawn { x, y: MARGIN + (height - BOX_HEIGHT) / 2, width: END_WIDTH, height: BOX_HEIGHT, class: "end", name: cut(&name), below: String::new() }
}

/// A line with two bends between the ports of two boxes.
fn arrow(from: &Drawn, to: &Drawn) -> String {
    let ((x1, y1), (x2, y2)) = (from.port_out(), to.port_in());
    let middle = x1 + (x2 - x1) / 2;
    if y1 == y2 { format!("M{x1} {y1}H{}", x2 - 5) } else { format!("M{x1} {y1}H{middle}V{y2}H{}", x2 - 5) }
}

fn cut(name: &str) -> String {
    if name.chars().count() <= NAME_CHARS { name.to_owned() } else { name.chars().take(NAME_CHARS - 1).chain(['…']).collect() }
}

fn in_words(columns: &[Vec<usize>], stages: &[StageRow], words: &Words) -> String {
    let one = |place: &usize| {
        stages.get(*place).map(|stage| words.say("diagram-stage").arg("stage", stage.name.clone()).arg("count", stage.quorum).to_string())
    };
    let beside = format!(" {} ", words.say("diagram-beside"));
    let steps: Vec<String> = columns.iter().map(|column| column.iter().filter_map(one).collect::<Vec<_>>().join(&beside)).collect();
    words.say("diagram-words").arg("steps", steps.join(&format!(" {} ", words.say("diagram-then")))).to_string()
}
