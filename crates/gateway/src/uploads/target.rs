//! Paths below `/uploads`.

use flotilla_model::UploadId;

use crate::codes;
use crate::problem::Problem;

/// Where uploads are begun; each is below it.
pub(crate) const ROOT: &str = "/uploads";

/// What a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    All,
    One(UploadId),
}

impl Target {
    /// `None` for a path that is none of uploads.
    pub(crate) fn parse(path: &str) -> Option<Result<Self, Problem>> {
        let rest = path.strip_prefix(ROOT)?;
        // Some clients are given the address with a slash at its end.
        if rest.is_empty() || rest == "/" {
            return Some(Ok(Self::All));
        }
        let name = rest.strip_prefix('/')?;
        // Only as we write it: an upload has one path.
        let id = UploadId::parse(name).filter(|id| id.to_string() == name);
        let missing = || Problem::new(&codes::NO_SUCH_UPLOAD, format!("{name:.40?} is no upload's id")).field("path");
        Some(id.map(Self::One).ok_or_else(missing))
    }

    /// Methods for `Allow`.
    pub(crate) fn allow(self) -> &'static str {
        match self {
            Self::All => "OPTIONS, POST",
            Self::One(_) => "OPTIONS, HEAD, PATCH, DELETE",
        }
    }
}

/// The address of an upload.
pub(crate) fn location(id: UploadId) -> String {
    format!("{ROOT}/{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_what_they_name() {
        let parse = |path: &str| Target::parse(path).map(Result::ok);
        for all in ["/uploads", "/uploads/"] {
            assert_eq!(parse(all), Some(Some(Target::All)));
        }
        let id = UploadId(7);
        assert_eq!(parse(&location(id)), Some(Some(Target::One(id))));
        for none in ["/uploads/7", "/uploads//", "/uploads/0000000000000000000000000a", "/uploads/%37"] {
            assert_eq!(parse(none), Some(None), "{none}");
        }
        for other in ["/", "/upload", "/uploads2", "/files/uploads", "/Uploads"] {
            assert_eq!(parse(other), None, "{other}");
        }
    }
}
