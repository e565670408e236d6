//! A real browser: Debian's Chromium, led through WebDriver (W3C).

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use fantoccini::elements::Element;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use flotilla_local::wait_until;
use hyper_util::client::legacy::connect::HttpConnector;
use reqwest::{Method, Url};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};

use crate::common::DEADLINE;

type ParseError = <Url as std::str::FromStr>::Err;

/// A browser with a profile of its own; it ends with this value.
pub(crate) struct Browser {
    client: Client,
    driver: Driver,
}

/// chromedriver and its browser, a process group of their own.
struct Driver(Child);

impl Drop for Driver {
    fn drop(&mut self) {
        // They may have ended by themselves; there is nobody left to be told of a failure.
        if let Some(group) = Pid::from_raw(self.0.id().cast_signed()) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.0.wait();
    }
}

fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn wishes() -> Value {
    let arguments = [
        "--headless=new",
        // Tests run as root in places, where Chromium wants no sandbox.
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--window-size=1360,900",
    ];
    json!({
        // The certificates of a cluster are of its own CAs.
        "acceptInsecureCerts": true,
        "goog:chromeOptions": {"args": arguments},
        "goog:loggingPrefs": {"browser": "ALL"},
    })
}

impl Browser {
    pub(crate) async fn start() -> Result<Self> {
        let port = free_port()?;
        let mut command = Command::new("chromedriver");
        command.arg(format!("--port={port}")).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.process_group(0);
        let driver = Driver(command.spawn().context("cannot start chromedriver (Debian: chromium-driver)")?);
        let Value::Object(wishes) = wishes() else { unreachable!("an object was written") };
        let address = format!("http://127.0.0.1:{port}");
        let client = wait_until("chromedriver takes a session", DEADLINE, async || {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            builder.capabilities(wishes.clone());
            Ok(builder.connect(&address).await.ok())
        })
        .await?;
        Ok(Self { client, driver })
    }

    pub(crate) async fn open(&self, url: &str) -> Result<()> {
        self.client.goto(url).await.with_context(|| format!("cannot open {url}"))
    }

    pub(crate) async fn path(&self) -> Result<String> {
        Ok(self.client.current_url().await?.path().to_owned())
    }

    /// Waits for it: the page that a click leads to may still be on its way.
    pub(crate) async fn find(&self, css: &str) -> Result<Element> {
        let found = self.client.wait().at_most(DEADLINE).for_element(Locator::Css(css)).await;
        found.with_context(|| format!("nothing on the page is {css}"))
    }

    pub(crate) async fn has(&self, css: &str) -> Result<bool> {
        Ok(!self.client.find_all(Locator::Css(css)).await?.is_empty())
    }

    pub(crate) async fn fill(&self, css: &str, text: &str) -> Result<()> {
        let field = self.find(css).await?;
        field.clear().await?;
        Ok(field.send_keys(text).await?)
    }

    pub(crate) async fn click(&self, css: &str) -> Result<()> {
        let element = self.find(css).await?;
        element.click().await.with_context(|| format!("cannot click on {css}"))
    }

    /// The question that a form asks before it is sent, answered with yes.
    pub(crate) async fn confirm(&self) -> Result<String> {
        let question = self.client.get_alert_text().await.context("no question was asked")?;
        self.client.accept_alert().await?;
        Ok(question)
    }

    /// What is to be read on the page.
    pub(crate) async fn text(&self) -> Result<String> {
        Ok(self.find("body").await?.text().await?)
    }

    /// Waits until the page says something, by itself: it is not loaded again.
    pub(crate) async fn reads(&self, css: &str, wanted: &str) -> Result<()> {
        let what = format!("{css} reads {wanted:?}");
        let found = wait_until(&what, DEADLINE, async || {
            // A part of the page may be replaced between the search and the look.
            let Ok(element) = self.client.find(Locator::Css(css)).await else { return Ok(None) };
            let text = element.text().await.unwrap_or_default();
            Ok(text.contains(wanted).then_some(()))
        })
        .await;
        if let Err(error) = found {
            let (path, text) = (self.path().await?, self.text().await?);
            return Err(error.context(format!("{path} reads:\n{text}")));
        }
        Ok(())
    }

    /// Waits until the browser is at this path.
    pub(crate) async fn arrives_at(&self, path: &str) -> Result<()> {
        wait_until(&format!("the browser is at {path}"), DEADLINE, async || {
            Ok((self.path().await? == path).then_some(()))
        })
        .await
    }

    pub(crate) async fn run(&self, script: &str) -> Result<Value> {
        Ok(self.client.execute(script, Vec::new()).await?)
    }

    /// Keeps a picture of the page among what the build leaves behind.
    pub(crate) async fn picture(&self, name: &str) -> Result<PathBuf> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("console");
        std::fs::create_dir_all(&folder)?;
        let file = folder.join(format!("{name}.png"));
        std::fs::write(&file, self.client.screenshot().await?)?;
        Ok(file)
    }

    /// As its owner has set it for all pages: `light` or `dark`.
    pub(crate) async fn likes(&self, scheme: &'static str) -> Result<()> {
        let parameters = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.develop("Emulation.setEmulatedMedia", parameters).await
    }

    /// As wide as a telephone is.
    pub(crate) async fn narrow(&self) -> Result<()> {
        let parameters = json!({"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": true});
        self.develop("Emulation.setDeviceMetricsOverride", parameters).await
    }

    /// Sends so many bytes in a second at most; `None`: as many as it can.
    pub(crate) async fn sends(&self, bytes_per_second: Option<u32>) -> Result<()> {
        let unbounded = -1;
        let upload = bytes_per_second.map_or(json!(unbounded), |rate| json!(rate));
        let parameters =
            json!({"offline": false, "latency": 0, "downloadThroughput": unbounded, "uploadThroughput": upload});
        self.develop("Network.enable", json!({})).await?;
        self.develop("Network.emulateNetworkConditions", parameters).await
    }

    /// Keeps what is downloaded there, without a question.
    pub(crate) async fn downloads_to(&self, folder: &Path) -> Result<()> {
        let parameters = json!({"behavior": "allow", "downloadPath": folder.display().to_string()});
        self.develop("Browser.setDownloadBehavior", parameters).await
    }

    async fn develop(&self, command: &'static str, parameters: Value) -> Result<()> {
        self.client.issue_cmd(DevTools { command, parameters }).await?;
        Ok(())
    }

    /// Unfolds the forms that are folded until somebody wants them.
    pub(crate) async fn unfold(&self) -> Result<()> {
        self.run("document.querySelectorAll('details').forEach((part) => { part.open = true; })").await.map(drop)
    }

    /// Takes a file for a field of a form.
    pub(crate) async fn choose_file(&self, css: &str, file: &Path) -> Result<()> {
        Ok(self.find(css).await?.send_keys(&file.display().to_string()).await?)
    }

    /// Drags a file over a part of the page and lets it go there. Without somebody who takes it, the browser would leave the page
    /// and show the file instead.
    pub(crate) async fn drop_file(&self, css: &str, name: &str, contents: &[u8]) -> Result<()> {
        let script = "const [part, name, bytes] = arguments; \
            const carried = new DataTransfer(); \
            carried.items.add(new File([new Uint8Array(bytes)], name)); \
            return ['dragenter', 'dragover', 'drop'].map((kind) => \
                part.dispatchEvent(new DragEvent(kind, {dataTransfer: carried, bubbles: true, cancelable: true})));";
        let part = serde_json::to_value(self.find(css).await?)?;
        let is_free = self.client.execute(script, vec![part, json!(name), json!(contents)]).await?;
        ensure!(is_free == json!([true, false, false]), "the page does not take what is dropped on {css}: {is_free}");
        Ok(())
    }

    pub(crate) async fn choose(&self, css: &str, value: &str) -> Result<()> {
        Ok(self.find(css).await?.select_by_value(value).await?)
    }

    pub(crate) async fn text_of(&self, css: &str) -> Result<String> {
        Ok(self.find(css).await?.text().await?)
    }

    /// What axe-core finds on the page against WCAG 2.1 AA: rule, weight, and where.
    pub(crate) async fn barriers(&self) -> Result<Vec<String>> {
        const AXE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools/axe.min.js");
        let axe =
            std::fs::read_to_string(AXE).with_context(|| format!("{AXE} is missing: 'cargo xtask test' fetches it"))?;
        self.run(&axe).await?;
        let script = "const done = arguments[0]; \
            axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']}).then((found) => done({violations: found.violations, passed: found.passes.length}), (error) => done(String(error)));";
        let found = self.client.execute_async(script, Vec::new()).await?;
        let violations = found["violations"].as_array().with_context(|| format!("axe-core failed: {found}"))?;
        ensure!(found["passed"].as_u64().unwrap_or(0) > 5, "axe-core has hardly looked: {found}");
        let describe = |one: &Value| {
            let places = one["nodes"].as_array().into_iter().flatten().map(|node| node["html"].to_string());
            format!("{}, {}: {}", one["id"], one["impact"], places.collect::<Vec<_>>().join(" "))
        };
        Ok(violations.iter().map(describe).collect())
    }

    /// Ends the browser, if its pages have broken no rule on the way: of the content security policy, or of their own script.
    pub(crate) async fn close(self) -> Result<()> {
        let complaints = self.complaints().await?;
        ensure!(complaints.is_empty(), "the browser complains: {complaints:#?}");
        let Self { client, driver } = self;
        client.close().await?;
        drop(driver);
        Ok(())
    }

    async fn complaints(&self) -> Result<Vec<String>> {
        let entries = self.client.issue_cmd(BrowserLog).await?;
        let entries = entries.as_array().cloned().unwrap_or_default();
        let is_ours = |entry: &Value| {
            let message = entry["message"].as_str().unwrap_or_default();
            // A node that is killed does not answer, and a page that is refused has a status: both are wanted here.
            entry["level"] == "SEVERE" && !message.contains("Failed to load resource")
        };
        Ok(entries.iter().filter(|entry| is_ours(entry)).map(ToString::to_string).collect())
    }
}

/// What was written to the browser's console, an extension of chromedriver.
#[derive(Debug)]
struct BrowserLog;

impl WebDriverCompatibleCommand for BrowserLog {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({"type": "browser"}).to_string()))
    }
}

/// Of the DevTools protocol, an extension of chromedriver: what WebDriver has no word for.
#[derive(Debug)]
struct DevTools {
    command: &'static str,
    parameters: Value,
}

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({"cmd": self.command, "params": self.parameters}).to_string()))
    }
}
