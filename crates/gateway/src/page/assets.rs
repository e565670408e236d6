//! Style sheet, script and icon. Their address has a hash of their contents, so browsers keep them for ever.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::header;

pub(super) struct Assets {
    pub(super) style: Asset,
    pub(super) script: Asset,
    pub(super) icon: Asset,
}

pub(crate) struct Asset {
    /// Where it is served.
    pub(super) path: String,
    media_type: &'static str,
    contents: &'static str,
}

pub(super) static ASSETS: LazyLock<Assets> = LazyLock::new(|| Assets {
    style: Asset::new("page.css", "text/css; charset=utf-8", include_str!("../../assets/page.css")),
    script: Asset::new("page.js", "text/javascript; charset=utf-8", include_str!("../../assets/page.js")),
    icon: Asset::new("icon.svg", "image/svg+xml", include_str!("../../assets/icon.svg")),
});

impl Assets {
    pub(super) fn find(&'static self, path: &str) -> Option<&'static Asset> {
        [&self.style, &self.script, &self.icon].into_iter().find(|asset| asset.path == path)
    }
}

impl Asset {
    fn new(name: &str, media_type: &'static str, contents: &'static str) -> Self {
        // It tells one version from the next, and need withstand nobody.
        let mut hasher = DefaultHasher::new();
        contents.hash(&mut hasher);
        Self { path: format!("/web/assets/{:016x}/{name}", hasher.finish()), media_type, contents }
    }

    pub(super) fn answer(&self) -> HttpResponse {
        HttpResponse::Ok()
            .content_type(self.media_type)
            .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
            .body(self.contents)
    }
}
