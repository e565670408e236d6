use super::super::super::super::run::Mark;
use super::super::super::scenery::{Phase, Scenery};
use super::super::{Reduction, Unit, Up, frame};
use super::*;

fn chart(scenery: Option<&Scenery>) -> Chart<'_> {
    let points = vec![Point::new(0.5, 0.0), Point::new(1.5, 50.0), Point::new(2.5, 100.0)];
    let reduction = Reduction::Rate { until_s: 3.0 };
    Chart {
        id: "rate".to_owned(),
        title: "Rate".to_owned(),
        note: "operations a second",
        across: Across::Time { span_s: 4.0 },
        up: Up { unit: Unit::PerSecond, is_logarithmic: false },
        lines: vec![Line { name: "a".to_owned(), class: "s0".to_owned(), points, reduction, has_end_label: false }],
        band: None,
        scenery,
    }
}

#[test]
fn points_are_where_axes_say() {
    let svg = drawing(&chart(None), &frame::PAIRED[0]);
    // 472 pixels for 4 seconds from 52 on, 190 pixels for 100 a second from 198 up.
    assert!(svg.contains("<path class=\"line s0\" d=\"M111 198L229 103L347 8\"/>"), "{svg}");
    assert!(svg.contains("viewBox=\"0 0 536 224\""), "{svg}");
    assert!(svg.contains("<text class=\"up\" x=\"44\" y=\"12\">100</text>"), "{svg}");
    assert!(svg.contains("<text class=\"across\" x=\"288\" y=\"216\">2 s</text>"), "{svg}");
    assert!(svg.contains("Lines over 4 s, a point for 1 s. a: 0.00 /s to 100 /s.</desc>"), "{svg}");
}

#[test]
fn what_was_done_is_behind_the_lines() {
    let mark = |at_s, until_s, text: &str| Mark { at_s, until_s, text: text.to_owned() };
    let scenery = Scenery {
        span_s: 4.0,
        phases: vec![Phase { name: "warm-up", from_s: 0.0, until_s: 1.0 }],
        marks: vec![mark(2.0, Some(3.0), "cut off node 2"), mark(3.0, None, "kill -9 node 1")],
    };
    let svg = drawing(&chart(Some(&scenery)), &frame::PAIRED[0]);
    assert!(svg.contains("<rect class=\"phase\" x=\"52\" y=\"28\" width=\"118\" height=\"190\"/>"), "{svg}");
    assert!(svg.contains("<rect class=\"span\" x=\"288\" y=\"28\" width=\"118\" height=\"190\"/>"), "{svg}");
    assert!(svg.contains("<title>2: kill -9 node 1</title><path class=\"moment\" d=\"M406 16V218\"/>"), "{svg}");
    assert!(!svg.contains("class=\"label\""), "numbers only where texts have no room");
    let wide = drawing(&chart(Some(&scenery)), &frame::ALONE[0]);
    assert!(wide.contains(">cut off node 2</text>"), "{wide}");
}

#[test]
fn a_chart_without_a_value_has_axes() {
    let mut chart = chart(None);
    chart.lines[0].points.clear();
    chart.lines[0].reduction = Reduction::AsIs;
    chart.up = Up { unit: Unit::Milliseconds, is_logarithmic: true };
    let svg = drawing(&chart, &frame::PAIRED[0]);
    assert!(svg.contains("a: nothing.") && svg.contains(">10 ms</text>"), "{svg}");
}
