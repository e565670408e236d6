//! Writes a node file that explains itself: every key with its help, set ones in force, the others as comments.

use crate::node_keys::{Absent, KEYS, Key};

/// The values that `init` and `join` know; everything else is rendered as a comment with its default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeFile {
    values: Vec<(&'static str, String)>,
}

impl NodeFile {
    pub fn new(node_name: &str) -> Self {
        Self::default().with(crate::node_keys::NODE_NAME, node_name)
    }

    pub fn data_dir(self, path: &str) -> Self {
        self.with(crate::node_keys::NODE_DATA_DIR, path)
    }

    pub fn cluster_listen(self, address: std::net::SocketAddr) -> Self {
        self.with(crate::node_keys::CLUSTER_LISTEN, &address.to_string())
    }

    pub fn cluster_advertise(self, address: &crate::HostPort) -> Self {
        self.with(crate::node_keys::CLUSTER_ADVERTISE, &address.to_string())
    }

    pub fn admin_listen(self, address: std::net::SocketAddr) -> Self {
        self.with(crate::node_keys::ADMIN_LISTEN, &address.to_string())
    }

    pub fn admin_url(self, url: &str) -> Self {
        self.with(crate::node_keys::ADMIN_URL, url)
    }

    pub fn gateway_listen(self, address: std::net::SocketAddr) -> Self {
        self.with(crate::node_keys::GATEWAY_LISTEN, &address.to_string())
    }

    pub fn gateway_url(self, url: &str) -> Self {
        self.with(crate::node_keys::GATEWAY_URL, url)
    }

    pub fn log_format(self, format: crate::LogFormat) -> Self {
        let text = match format {
            crate::LogFormat::Text => "text",
            crate::LogFormat::Json => "json",
        };
        self.with(crate::node_keys::LOG_FORMAT, text)
    }

    fn with(mut self, key: &'static str, value: &str) -> Self {
        self.values.retain(|(known, _)| *known != key);
        self.values.push((key, value.to_owned()));
        self
    }

    /// The text of the file. It is not checked here; [`crate::NodeConfig::parse`] does that.
    pub fn render(&self) -> String {
        let mut text = String::from(
            "# Flotilla: the configuration of one node. A line that starts with # shows a default.\n\
             # Each key can also be set in the environment: cluster.listen is FLOTILLA_CLUSTER__LISTEN.\n",
        );
        let mut section = "";
        for key in KEYS {
            let (key_section, name) = key.name.split_once('.').unwrap_or(("", key.name));
            if key_section != section {
                section = key_section;
                text.push_str(&format!("\n[{section}]\n"));
            }
            text.push_str(&format!("# {}\n", key.help));
            text.push_str(&self.render_value(key, name));
        }
        text
    }

    fn render_value(&self, key: &Key, name: &str) -> String {
        if let Some((_, value)) = self.values.iter().find(|(known, _)| *known == key.name) {
            return format!("{name} = {}\n", render_scalar(key, value));
        }
        match key.absent {
            Absent::Default(default) => format!("# {name} = {}\n", render_scalar(key, default)),
            Absent::Derived(how) => format!("# {name} = {}  # by default {how}\n", render_scalar(key, key.example)),
            Absent::Nothing(meaning) => {
                format!("# {name} = {}  # without it {meaning}\n", render_scalar(key, key.example))
            }
            Absent::Required => format!("# {name} = {}  # required\n", render_scalar(key, key.example)),
        }
    }
}

fn render_scalar(key: &Key, value: &str) -> String {
    if key.is_number { value.to_owned() } else { toml::Value::String(value.to_owned()).to_string() }
}
