//! The gateway's requests by method, how they were answered and how long they took.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flotilla_gateway::{LATENCY_BOUNDS_MS, METHODS, Metrics};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MethodLabels {
    method: &'static str,
}

#[derive(Clone, Debug)]
pub(crate) struct GatewayMetrics(pub(crate) Arc<Metrics>);

impl GatewayMetrics {
    pub(crate) fn register(&self, registry: &mut Registry) {
        let metrics = &self.0;
        registry.register("gateway_requests", "Requests by method and class of status", self.requests());
        registry.register_collector(Box::new(Durations(Arc::clone(metrics))));
        let mut counter = |name: &str, help: &str, value: &AtomicU64| {
            registry.register(name, help, ConstCounter::new(load(value)));
        };
        counter("gateway_connections_accepted", "Connections of partners so far", &metrics.connections_accepted);
        counter("gateway_handshakes_failed", "TLS handshakes that failed", &metrics.handshakes_failed);
        counter("gateway_logins_failed", "Requests with a wrong name or password", &metrics.logins_failed);
        counter("gateway_logins_limited", "Requests refused because of too many of those", &metrics.logins_limited);
        counter("gateway_commits_repeated", "Commands proposed again for their outcome", &metrics.commits_repeated);
        counter("gateway_events_published", "Events of applications that were taken", &metrics.events_published);
        counter("gateway_events_repeated", "Events published again under their key", &metrics.events_repeated);
        counter("gateway_events_refused", "Events of applications that were refused", &metrics.events_refused);
        counter("gateway_upload_parts", "Parts of resumable uploads that were stored", &metrics.upload_parts);
        let interrupted = &metrics.upload_parts_interrupted;
        counter("gateway_upload_parts_interrupted", "Of those, parts that broke off and were kept", interrupted);
        counter("gateway_uploads_resumable", "Resumable uploads that became a file", &metrics.uploads_resumable);
        counter("gateway_slowed", "Uploads and proposals slowed as the queue is nearly full", &metrics.slowed);
        let mut gauge = |name: &str, help: &str, value: &AtomicU64| {
            registry.register(name, help, ConstGauge::new(load(value)));
        };
        gauge("gateway_event_streams", "Streams on which applications publish", &metrics.event_streams);
        gauge("gateway_followers", "Consumers that follow events", &metrics.followers);
    }

    fn requests(&self) -> Family<RequestLabels, Counter> {
        let family = Family::<RequestLabels, Counter>::default();
        for (method, classes) in METHODS.into_iter().zip(&self.0.requests) {
            for (status, count) in CLASSES.into_iter().zip(classes) {
                let count = load(count);
                // Most pairs never come up.
                if count > 0 {
                    family.get_or_create(&RequestLabels { method, status }).inc_by(count);
                }
            }
        }
        family
    }
}

/// The gateway's own histograms, told as they are.
#[derive(Debug)]
struct Durations(Arc<Metrics>);

impl Collector for Durations {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let mut family = encoder.encode_descriptor(
            "gateway_request_duration_seconds",
            "From the head of a request to the end of its answer",
            None,
            MetricType::Histogram,
        )?;
        let bounds = LATENCY_BOUNDS_MS.iter().map(|bound| *bound as f64 / 1000.0).chain([f64::MAX]);
        for (method, histogram) in METHODS.into_iter().zip(&self.0.latency) {
            let buckets: Vec<(f64, u64)> = bounds.clone().zip(histogram.buckets.iter().map(load)).collect();
            let count = buckets.iter().map(|(_, count)| count).sum();
            if count > 0 {
                let sum_s = load(&histogram.sum_us) as f64 / 1_000_000.0;
                let labels = MethodLabels { method };
                family.encode_family(&labels)?.encode_histogram::<NoLabelSet>(sum_s, count, &buckets, None)?;
            }
        }
        Ok(())
    }
}

fn load(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_and_their_durations_are_told_by_method() {
        let metrics = Arc::new(Metrics::default());
        metrics.requests[2][1].store(3, Ordering::Relaxed);
        metrics.latency[2].buckets[0].store(1, Ordering::Relaxed);
        metrics.latency[2].buckets[14].store(2, Ordering::Relaxed);
        metrics.latency[2].sum_us.store(2_500_000, Ordering::Relaxed);
        let mut registry = Registry::with_prefix("flotilla");
        GatewayMetrics(metrics).register(&mut registry);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        for line in [
            r#"flotilla_gateway_requests_total{method="PUT",status="2xx"} 3"#,
            r#"flotilla_gateway_request_duration_seconds_sum{method="PUT"} 2.5"#,
            r#"flotilla_gateway_request_duration_seconds_count{method="PUT"} 3"#,
            r#"flotilla_gateway_request_duration_seconds_bucket{le="0.001",method="PUT"} 1"#,
            r#"flotilla_gateway_request_duration_seconds_bucket{le="60.0",method="PUT"} 1"#,
            r#"flotilla_gateway_request_duration_seconds_bucket{le="+Inf",method="PUT"} 3"#,
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
        assert!(!text.contains(r#"method="GET""#), "a method that nobody used: {text}");
    }
}
