//! `flotilla doctor`

use anyhow::Result;
use flotilla_admin::api::{Diagnosis, NodeId};

use super::call;
use crate::cli::DoctorArguments;
use crate::connection::connect;
use crate::exit::{CHECK_FAILED, coded};
use crate::output::{Format, answer};
use crate::watch;

pub(super) async fn run(arguments: &DoctorArguments, format: Format) -> Result<()> {
    let client = connect(&arguments.connection)?;
    let ask = async || call(client.examine(arguments.node.map(NodeId)).await);
    if arguments.watch.watch.is_some() {
        return watch::show(&arguments.watch, format, &client, ask, text).await;
    }
    let found = ask().await?;
    answer(format, &found, text)?;
    match found.failed {
        0 => Ok(()),
        1 => Err(coded(CHECK_FAILED, "1 check failed")),
        failed => Err(coded(CHECK_FAILED, format!("{failed} checks failed"))),
    }
}

fn text(found: &Diagnosis) -> String {
    let mut lines = String::new();
    for finding in &found.items {
        let (level, check) = (finding.level.name(), finding.check.as_str());
        lines += &format!("{level:<8} node {:<3} {check:<13} {}\n", finding.node.0, finding.detail);
        if let Some(mend) = &finding.mend {
            lines += &format!("{:31}mend: {mend}\n", "");
        }
    }
    lines + &format!("\n{} failed, {} warnings", found.failed, found.warnings)
}
