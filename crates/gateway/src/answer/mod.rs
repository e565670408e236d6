//! What a gateway does for each method.

mod change;
mod download;
pub(crate) mod folder;
mod html;
mod json;
mod multistatus;
mod put;
mod webdav;

pub(crate) use change::{delete, make_folder, move_file};
pub(crate) use download::get;
pub(crate) use put::{check as check_put, put};
pub(crate) use webdav::{options, propfind};

/// Methods for `Allow`.
pub(crate) const ALLOW: &str = "OPTIONS, GET, HEAD, PUT, DELETE, PROPFIND, MKCOL, MOVE";
