//! The pages, one module each.

mod accounts;
mod administrators;
mod audit;
mod bulk;
mod certificates;
mod cluster;
mod control;
mod doctor;
mod event;
mod files;
mod log;
mod login;
mod parameters;
mod password;
mod queue;
mod routes;
mod second_factor;
mod secret;
mod setup;
mod statistics;

use actix_web::web;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .configure(login::configure)
        .configure(password::configure)
        .configure(second_factor::configure)
        .configure(cluster::configure)
        .configure(queue::configure)
        .configure(bulk::configure)
        .configure(event::configure)
        .configure(files::configure)
        .configure(statistics::configure)
        .configure(control::configure)
        .configure(setup::configure)
        .configure(secret::configure)
        .configure(parameters::configure)
        .configure(certificates::configure)
        .configure(accounts::configure)
        .configure(routes::configure)
        .configure(administrators::configure)
        .configure(audit::configure)
        .configure(log::configure)
        .configure(doctor::configure);
}

/// The address of what follows on a page that shows a part of a list: the same query with another cursor.
fn next_page(path: &str, query: &str, cursor: Option<u64>) -> Option<String> {
    let kept =
        query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("cursor=") && !pair.starts_with("done="));
    let kept: String = kept.map(|pair| format!("{pair}&")).collect();
    cursor.map(|cursor| format!("{path}?{kept}cursor={cursor}"))
}

#[cfg(test)]
mod tests {
    use super::next_page;

    #[test]
    fn what_follows_is_asked_for_in_the_same_words() {
        assert_eq!(next_page("/a", "state=dead&cursor=5&done=x", Some(9)).as_deref(), Some("/a?state=dead&cursor=9"));
        assert_eq!(next_page("/a", "", Some(9)).as_deref(), Some("/a?cursor=9"));
        assert_eq!(next_page("/a", "", None), None);
    }
}
