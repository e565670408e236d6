//! Style sheet, script and icon. Their address has a hash of their contents, so browsers keep them for ever.

use std::sync::LazyLock;

use actix_web::{HttpResponse, web};
use ring::digest::{SHA256, digest};

/// Beginning of the hash, in hexadecimal.
const HASH_BYTES: usize = 8;

pub(super) struct Assets {
    pub(super) style: Asset,
    pub(super) script: Asset,
    pub(super) icon: Asset,
}

pub(super) struct Asset {
    /// Where it is served.
    pub(super) path: String,
    media_type: &'static str,
    contents: &'static str,
}

pub(super) static ASSETS: LazyLock<Assets> = LazyLock::new(|| Assets {
    style: Asset::new("console.css", "text/css; charset=utf-8", include_str!("../../assets/console.css")),
    script: Asset::new("console.js", "text/javascript; charset=utf-8", include_str!("../../assets/console.js")),
    icon: Asset::new("icon.svg", "image/svg+xml", include_str!("../../assets/icon.svg")),
});

impl Asset {
    fn new(name: &str, media_type: &'static str, contents: &'static str) -> Self {
        let hash = digest(&SHA256, contents.as_bytes());
        let hash: String = hash.as_ref().iter().take(HASH_BYTES).map(|byte| format!("{byte:02x}")).collect();
        Self { path: format!("/console/assets/{hash}/{name}"), media_type, contents }
    }

    fn answer(&self) -> HttpResponse {
        HttpResponse::Ok()
            .content_type(self.media_type)
            .insert_header(("Cache-Control", "public, max-age=31536000, immutable"))
            .body(self.contents)
    }
}

pub(super) fn configure(config: &mut web::ServiceConfig) {
    for asset in [&ASSETS.style, &ASSETS.script, &ASSETS.icon] {
        let path = asset.path.trim_start_matches("/console");
        config.route(path, web::get().to(move || async move { asset.answer() }));
    }
}
