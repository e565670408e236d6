//! Parameters as an operator handles them: carried over in a file, taken back, never half.

use anyhow::{Context, Result};
use flotilla_admin::api::ParameterView;

use crate::common::Scene;

const RETRIES: &str = "EventQueue.maxRetryCount";
const THREADS: &str = "Cluster.ThreadPools.ThreadPool.GeneralMessageProcessing.maxThreads";

async fn value(scene: &Scene, index: usize, name: &str) -> Result<String> {
    let shown = scene.cluster.command(index, &["param", "get", name]).await?;
    Ok(serde_json::from_value::<ParameterView>(shown)?.value)
}

#[tokio::test]
async fn a_file_of_parameters_is_set_whole_or_not_at_all() -> Result<()> {
    let scene = Scene::start(3).await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("parameters.toml").display().to_string();
    scene.cluster.command(0, &["param", "set", RETRIES, "7"]).await?;
    scene.cluster.command(1, &["param", "set", THREADS, "16", "--node", "2"]).await?;
    scene.cluster.command(2, &["param", "export", "--out", &file]).await?;
    let exported = std::fs::read_to_string(&file)?;
    for part in ["[cluster]", "\"EventQueue.maxRetryCount\" = \"7\"", "[node.2]"] {
        assert!(exported.contains(part), "{part} is missing in {exported}");
    }

    scene.cluster.command(0, &["param", "unset", RETRIES]).await?;
    scene.cluster.command(0, &["param", "unset", THREADS, "--node", "2"]).await?;
    let plan = scene.cluster.command(1, &["param", "import", &file, "--dry-run"]).await?;
    assert_eq!(plan.as_array().map(Vec::len), Some(2), "{plan}");
    assert_eq!(value(&scene, 1, RETRIES).await?, "5");
    // What only the cluster knows is found by a trial too.
    for (more, part) in [
        ("[node.9]\n\"Cluster.ThreadPools.ThreadPool.GeneralMessageProcessing.maxThreads\" = \"8\"\n", "no member 9"),
        ("[node.3]\n\"EventQueue.maxRetryCont\" = \"8\"\n", "did you mean EventQueue.maxRetryCount"),
        ("[node.3]\n\"EventQueue.maxRetryCount\" = \"8\"\n", "one value for the whole cluster"),
    ] {
        std::fs::write(&file, format!("{exported}\n{more}"))?;
        for arguments in [&["param", "import", &file, "--dry-run"][..], &["param", "import", &file]] {
            let refused = scene.cluster.command(0, arguments).await.err().context("it was not refused")?.to_string();
            assert!(refused.contains(part), "{part} is missing in {refused}");
        }
        assert_eq!(value(&scene, 0, RETRIES).await?, "5", "half of a file was set");
    }
    std::fs::write(&file, &exported)?;
    scene.cluster.command(2, &["param", "import", &file]).await?;
    assert_eq!(value(&scene, 2, RETRIES).await?, "7");
    Ok(())
}

#[tokio::test]
async fn a_parameter_goes_back_to_what_it_was() -> Result<()> {
    let scene = Scene::start(1).await?;
    let run = async |arguments: &[&str]| scene.cluster.command(0, arguments).await;
    run(&["param", "set", RETRIES, "7"]).await?;
    run(&["param", "set", RETRIES, "9"]).await?;
    let history = run(&["param", "history", RETRIES]).await?;
    let values: Vec<_> = history.as_array().into_iter().flatten().map(|row| row["value"].as_str()).collect();
    assert_eq!(values, [Some("9"), Some("7")]);
    let first = history[1]["version"].to_string();

    run(&["param", "revert", RETRIES]).await?;
    assert_eq!(value(&scene, 0, RETRIES).await?, "7");
    run(&["param", "unset", RETRIES]).await?;
    run(&["param", "revert", RETRIES, "--to", &first]).await?;
    assert_eq!(value(&scene, 0, RETRIES).await?, "7");
    for (arguments, part) in [
        (&["param", "revert", RETRIES, "--to", "1000000"][..], "has no version 1000000"),
        (&["param", "revert", RETRIES, "--to", &first], "has that value already"),
        (&["param", "revert", "EventQueue.retryDelayInterval"], "has no history"),
        (&["param", "unset", RETRIES, "--expected-version", "1"], "version"),
    ] {
        let refused = run(arguments).await.err().context("it was not refused")?.to_string();
        assert!(refused.contains(part), "{part} is missing in {refused}");
    }
    assert_eq!(value(&scene, 0, RETRIES).await?, "7");
    Ok(())
}
