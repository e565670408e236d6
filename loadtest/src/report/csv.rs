//! The tables of a run for other programs: RFC 4180, with a header line.

use std::fmt::Write;

use super::run::Run;

const LINE_END: &str = "\r\n";

/// What ended within each second.
pub(super) fn intervals(run: &Run) -> String {
    let mut csv = header("load,at_s,acknowledged,failed,bytes,p50_ms,p99_ms,max_ms");
    for load in &run.loads {
        let name = field(&load.name);
        for interval in &load.intervals {
            let super::run::Interval { at_s, acknowledged, failed, bytes, p50_ms, p99_ms, max_ms } = interval;
            line(&mut csv, format_args!("{name},{at_s},{acknowledged},{failed},{bytes},{p50_ms},{p99_ms},{max_ms}"));
        }
    }
    csv
}

/// What each node used.
pub(super) fn nodes(run: &Run) -> String {
    let mut csv = header("node,at_s,is_up,cpu_percent,resident_mib,disk_read_mib_s,disk_write_mib_s,network_mib_s");
    for node in &run.nodes {
        let name = field(&node.name);
        for sample in &node.samples {
            let super::run::Sample {
                at_s,
                is_up,
                cpu_percent,
                resident_mib,
                disk_read_mib_s,
                disk_write_mib_s,
                network_mib_s,
            } = sample;
            line(
                &mut csv,
                format_args!(
                    "{name},{at_s},{is_up},{cpu_percent},{resident_mib},{disk_read_mib_s},{disk_write_mib_s},{network_mib_s}"
                ),
            );
        }
    }
    csv
}

/// Percentiles of latency.
pub(super) fn distribution(run: &Run) -> String {
    let mut csv = header("load,quantile,latency_ms");
    for load in &run.loads {
        let name = field(&load.name);
        for point in &load.distribution {
            line(&mut csv, format_args!("{name},{},{}", point.quantile, point.latency_ms));
        }
    }
    csv
}

fn header(names: &str) -> String {
    format!("{names}{LINE_END}")
}

fn line(csv: &mut String, fields: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = write!(csv, "{fields}{LINE_END}");
}

/// In quotes if it must be.
fn field(text: &str) -> String {
    if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn quotes_are_where_they_must_be() {
        assert_eq!(
            ["plain text", "a,b", "say \"no\"", "two\nlines"].map(field),
            ["plain text", "\"a,b\"", "\"say \"\"no\"\"\"", "\"two\nlines\""]
        );
    }

    #[test]
    fn a_line_for_each_record() {
        let mut run = sample::run();
        run.loads[0].name = "small, \"hot\"".to_owned();
        let intervals = intervals(&run);
        let lines: Vec<&str> = intervals.split(LINE_END).collect();
        assert_eq!(lines[0], "load,at_s,acknowledged,failed,bytes,p50_ms,p99_ms,max_ms");
        assert_eq!(lines[1], "\"small, \"\"hot\"\"\",0,100,0,1600000,4,12,30");
        let records: usize = run.loads.iter().map(|load| load.intervals.len()).sum();
        assert_eq!(lines.len(), 1 + records + 1, "each line is ended");
        assert_eq!(nodes(&run).lines().nth(1), Some("node 1,1,true,100,200,0.5,12,24"));
        assert_eq!(distribution(&run).lines().nth(1), Some("\"small, \"\"hot\"\"\",0.5,4"));
        assert_eq!(self::intervals(&sample::empty()).lines().count(), 1);
    }
}
