//! Where labels stand so that none covers another.

/// The label of a mark.
#[derive(Debug, PartialEq)]
pub(super) struct Label {
    pub(super) lane: usize,
    /// Its ends, in pixels.
    pub(super) left: f64,
    pub(super) right: f64,
    /// The badge with the number is at the mark; the text is beside it, on the side with room.
    pub(super) is_text_left: bool,
    pub(super) text: Option<String>,
}

/// In pixels.
pub(super) fn badge_width(number: usize) -> f64 {
    if number < 10 { 16.0 } else { 23.0 }
}

/// Between badge and text.
pub(super) const BADGE_GAP: f64 = 5.0;
/// Between two labels of a lane.
const DISTANCE: f64 = 8.0;
/// Of a character at the size of labels, on average.
const CHARACTER: f64 = 6.1;
const LONGEST_TEXT: usize = 42;

/// Of marks at these pixels, in order. A label stands in the first lane with room, its text to the right of the badge, or to the
/// left if it would leave the drawing there; the text is left out if it fits nowhere, then the label.
pub(super) fn place(marks: &[(f64, Option<&str>)], right: f64, lanes: usize) -> Vec<Option<Label>> {
    let mut ends = vec![f64::NEG_INFINITY; lanes];
    let mut placed = Vec::with_capacity(marks.len());
    for (index, (at, text)) in marks.iter().enumerate() {
        let half = badge_width(index + 1) / 2.0;
        let with_text = text.map(shortened).into_iter().flat_map(|text| {
            let room = BADGE_GAP + text.chars().count() as f64 * CHARACTER;
            [(half, half + room, text.clone()), (half + room, half, text)]
        });
        let candidates = with_text.map(|(left, right, text)| (left, right, Some(text))).chain([(half, half, None)]);
        let label = candidates.into_iter().find_map(|(before, after, text)| {
            let (left, end, is_text_left) = (at - before, at + after, before > after);
            let lane = ends.iter().position(|end| left >= end + DISTANCE)?;
            // Badges alone may be at the very end.
            let fits = text.is_none() || end <= right;
            fits.then_some(Label { lane, left, right: end, is_text_left, text })
        });
        if let Some(label) = &label {
            ends[label.lane] = label.right;
        }
        placed.push(label);
    }
    placed
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= LONGEST_TEXT {
        return text.to_owned();
    }
    let kept: String = text.chars().take(LONGEST_TEXT - 1).collect();
    format!("{}…", kept.trim_end())
}

/// Moves labels at these heights apart, each by as little as need be: the same order, `distance` between them, none below
/// `bottom`.
pub(super) fn spread(heights: &[f64], distance: f64, bottom: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..heights.len()).collect();
    order.sort_by(|one, other| heights[*one].total_cmp(&heights[*other]));
    let mut spread = heights.to_vec();
    let mut free = f64::NEG_INFINITY;
    for index in &order {
        spread[*index] = spread[*index].max(free);
        free = spread[*index] + distance;
    }
    let mut free = bottom;
    for index in order.iter().rev() {
        spread[*index] = spread[*index].min(free);
        free = spread[*index] - distance;
    }
    spread
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_give_way_to_each_other() {
        let marks = [(100.0, Some("kill -9 node 1")), (110.0, Some("cut off node 2")), (400.0, None)];
        let labels = place(&marks, 1_000.0, 2);
        let lanes: Vec<usize> = labels.iter().flatten().map(|label| label.lane).collect();
        assert_eq!(lanes, [0, 1, 0]);
        assert_eq!(labels[0].as_ref().unwrap().left, 92.0);
        let near_the_end = place(&[(990.0, Some("kill -9 node 1"))], 1_000.0, 1);
        let label = near_the_end[0].as_ref().unwrap();
        assert_eq!((label.right, label.is_text_left), (998.0, true));
    }

    #[test]
    fn what_has_no_room_is_left_out() {
        let marks = [(100.0, Some("first")), (124.0, Some("second")), (126.0, Some("third"))];
        let labels = place(&marks, 1_000.0, 1);
        assert!(labels[0].as_ref().unwrap().text.is_some());
        assert_eq!((labels[1].is_none(), labels[2].is_none()), (true, true));
        assert_eq!(shortened(&"x".repeat(50)).chars().count(), LONGEST_TEXT);
    }

    #[test]
    fn names_at_the_ends_keep_their_distance() {
        assert_eq!(spread(&[50.0, 52.0, 10.0], 12.0, 100.0), [50.0, 62.0, 10.0]);
        assert_eq!(spread(&[98.0, 99.0], 12.0, 100.0), [88.0, 100.0]);
    }
}
