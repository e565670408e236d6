//! What a node finds in itself: its clock, its disk, its certificates.

use flotilla_model::NodeId;

use super::{Examined, failed, fine, warning};
use crate::api::{Finding, FindingLevel, from_ms};
use crate::nodes::{CertificateFacts, DiskFacts, Examination};

const DAY_MS: u64 = 86_400_000;
/// Retry times, expiry and leases are told by the primary's clock: seconds do no harm, minutes confuse people.
const SKEW_WARNING_MS: u64 = 2_000;
const SKEW_FAILED_MS: u64 = 60_000;
/// Each acknowledged change waits for a sync.
const SYNC_WARNING_US: u64 = 50_000;
/// Uploads are refused when 64 MiB are left.
const FREE_FAILED_BYTES: u64 = 64 << 20;
const FREE_WARNING_BYTES: u64 = 2 << 30;
const EXPIRY_WARNING_DAYS: u64 = 14;

pub(super) fn judge(one: &Examined, found: &Examination, findings: &mut Vec<Finding>) {
    findings.push(clock(one, found));
    findings.push(disk(one.node, &found.disk));
    // Of one that its own TLS refuses more is said elsewhere: that its time has not come yet would mislead.
    let is_refused = found.members.iter().any(|member| member.node == one.node && member.refusal.is_some());
    findings.extend(Some(certificate(one, found)).filter(|found| found.level != FindingLevel::Ok || !is_refused));
    findings.extend(found.authorities.iter().filter_map(|authority| expiring(one, "CA", authority)));
}

fn clock(one: &Examined, found: &Examination) -> Finding {
    // What the way of the answer may account for is not held against the clock.
    let skew_ms = found.now_ms.abs_diff(one.asked_ms).saturating_sub(one.round_trip_ms / 2);
    let detail = format!("the clock is {skew_ms} ms off");
    let mend = Some("run chrony or another NTP client on the host");
    match skew_ms {
        SKEW_FAILED_MS.. => failed(one.node, "clock", detail, mend),
        SKEW_WARNING_MS.. => warning(one.node, "clock", detail, mend),
        _ => fine(one.node, "clock", "the clock is right".to_owned()),
    }
}

fn disk(node: NodeId, disk: &DiskFacts) -> Finding {
    let free = disk.free_bytes;
    let Some(sync_us) = disk.sync_us else {
        let reason = disk.failure.as_deref().unwrap_or("no reason is known");
        return failed(
            node,
            "disk",
            format!("the disk takes no writes: {reason}"),
            Some("see the kernel's log of the host"),
        );
    };
    let detail = format!("{} MiB free, a sync takes {:.1} ms", free >> 20, sync_us as f64 / 1000.0);
    if free < FREE_FAILED_BYTES {
        failed(node, "disk", detail, Some("free space: uploads through this node are refused"))
    } else if free < FREE_WARNING_BYTES {
        warning(node, "disk", detail, Some("free space, or add a disk"))
    } else if sync_us >= SYNC_WARNING_US {
        warning(node, "disk", detail, Some("see what else writes to the disk; each change waits for a sync"))
    } else {
        fine(node, "disk", detail)
    }
}

fn certificate(one: &Examined, found: &Examination) -> Finding {
    let certificate = &found.certificate;
    if certificate.alias != found.alias {
        let detail =
            format!("shows the certificate {:?}, and Cluster.Crypto.Alias is {:?}", certificate.alias, found.alias);
        return failed(
            one.node,
            "certificates",
            detail,
            Some("flotilla cert list; import or generate one under that alias"),
        );
    }
    expiring(one, "certificate", certificate).unwrap_or_else(|| {
        let until = from_ms(certificate.not_after_ms);
        fine(one.node, "certificates", format!("{} is good until {until}", certificate.alias))
    })
}

fn expiring(one: &Examined, what: &str, certificate: &CertificateFacts) -> Option<Finding> {
    let left_ms = certificate.not_after_ms.saturating_sub(one.asked_ms);
    let (subject, until) = (&certificate.subject, from_ms(certificate.not_after_ms));
    let mend = Some(if what == "CA" { "flotilla ca renew" } else { "flotilla cert renew" });
    if left_ms == 0 {
        let detail = format!("the {what} {subject} has ended at {until}");
        return Some(failed(one.node, "certificates", detail, mend));
    }
    let days = left_ms / DAY_MS;
    (days < EXPIRY_WARNING_DAYS).then(|| {
        warning(one.node, "certificates", format!("the {what} {subject} ends in {days} days, at {until}"), mend)
    })
}
