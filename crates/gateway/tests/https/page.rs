//! The partner's page, as a browser without a script uses it, and as somebody does who means no good.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use flotilla_model::{Command, FilePath};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{RequestBuilder, Response, StatusCode};

use crate::log::name;
use crate::rig::{PASSWORD, Rig, header, problem, rig, second};

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

fn fields(request: RequestBuilder, fields: &[(&str, &str)]) -> RequestBuilder {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let body = fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect::<Vec<_>>().join("&");
    request.header("content-type", "application/x-www-form-urlencoded").body(body)
}

/// A browser that is logged in.
struct Visit {
    cookie: String,
    csrf: String,
}

async fn log_in(rig: &Rig, account: &str, password: &str) -> Response {
    let form = [("name", account), ("password", password), ("next", "")];
    fields(rig.client.post(rig.url("/web/login")), &form).send().await.unwrap()
}

fn cookie_of(response: &Response) -> String {
    let cookie = header(response, "set-cookie");
    assert!(cookie.ends_with("; Path=/; Secure; HttpOnly; SameSite=Strict"), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

async fn visit(rig: &Rig) -> Visit {
    let answer = log_in(rig, "ann", PASSWORD).await;
    assert_eq!((answer.status(), header(&answer, "location")), (StatusCode::SEE_OTHER, "/web/files/"));
    let cookie = cookie_of(&answer);
    let page = rig.client.get(rig.url("/web/files/")).header("cookie", &cookie).send().await.unwrap();
    assert_eq!(header(&page, "content-security-policy"), POLICY);
    assert_eq!((header(&page, "cache-control"), header(&page, "x-content-type-options")), ("no-store", "nosniff"));
    let text = page.text().await.unwrap();
    let csrf = text.split("data-csrf=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    Visit { cookie, csrf }
}

impl Visit {
    fn get(&self, rig: &Rig, path: &str) -> RequestBuilder {
        rig.client.get(rig.url(path)).header("cookie", &self.cookie)
    }

    async fn page(&self, rig: &Rig, path: &str) -> String {
        let answer = self.get(rig, path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.text().await.unwrap()
    }

    async fn form(&self, rig: &Rig, path: &str, wanted: &[(&str, &str)]) -> Response {
        let mut form = vec![("csrf", self.csrf.as_str())];
        form.extend(wanted);
        fields(rig.client.post(rig.url(path)).header("cookie", &self.cookie), &form).send().await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_are_led_to_the_log_in_and_programs_are_not() {
    let rig = rig().await;
    let ask = |path: &str, accept: &str| rig.client.get(rig.url(path)).header("accept", accept).send();
    let start = ask("/", "text/html,*/*").await.unwrap();
    assert_eq!((start.status(), header(&start, "location")), (StatusCode::SEE_OTHER, "/web/files/"));
    let files = ask("/web/files/in/", "text/html").await.unwrap();
    assert_eq!(header(&files, "location"), "/web/login?next=/web/files/in/");
    assert_eq!(ask("/web/login?next=/web/files/in/", "text/html").await.unwrap().status(), StatusCode::OK);
    for (path, accept) in [("/", "*/*"), ("/files/", "text/html"), ("/files/x", "*/*")] {
        let answer = ask(path, accept).await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        assert!(header(&answer, "www-authenticate").starts_with("Basic"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_holds_on_every_node_until_it_is_ended() {
    let rig = rig().await;
    let other = second(2, rig.log.clone(), Arc::clone(&rig.nodes), rig.passwords.clone(), |_| {}).await;
    let visit = visit(&rig).await;
    assert!(visit.page(&other, "/web/files/").await.contains("ann"));
    let out = visit.form(&other, "/web/logout", &[]).await;
    assert_eq!(header(&out, "location"), "/web/login?notice=out");
    assert!(header(&out, "set-cookie").contains("Max-Age=0"));
    let after = visit.get(&rig, "/web/files/").send().await.unwrap();
    assert_eq!(header(&after, "location"), "/web/login");
    let file = visit.get(&rig, "/files/").send().await.unwrap();
    assert_eq!(file.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_are_limited_here_as_elsewhere() {
    let rig = rig().await;
    for _ in 0..10 {
        let refused = log_in(&rig, "ann", "wrong").await;
        assert_eq!((refused.status(), header(&refused, "set-cookie")), (StatusCode::UNAUTHORIZED, ""));
        assert_eq!(header(&refused, "www-authenticate"), "", "the browser does not ask by itself");
        assert!(refused.text().await.unwrap().contains("The name or the password is wrong"));
    }
    assert_eq!(log_in(&rig, "ann", PASSWORD).await.status(), StatusCode::TOO_MANY_REQUESTS);
    problem(rig.ask("GET", "/files/").send().await.unwrap(), 429, "too-many-attempts").await;
    assert_eq!(rig.metrics.logins_failed.load(Ordering::Relaxed), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_sites_log_nobody_in_and_change_nothing() {
    let rig = rig().await;
    let form = [("name", "ann"), ("password", PASSWORD)];
    let elsewhere = rig.client.post(rig.url("/web/login")).header("sec-fetch-site", "cross-site");
    let elsewhere = fields(elsewhere, &form).send().await.unwrap();
    assert_eq!((elsewhere.status(), header(&elsewhere, "set-cookie")), (StatusCode::FORBIDDEN, ""));
    rig.put("/files/x", "hello").await;
    let mut visit = visit(&rig).await;
    let put = rig.client.put(rig.url("/files/y")).header("cookie", &visit.cookie).body("x").send().await.unwrap();
    problem(put, 403, "csrf-token-wrong").await;
    let token = visit.csrf.clone();
    visit.csrf = "AAAAAAAAAAAAAAAAAAAAAA".to_owned();
    for (path, wanted) in
        [("/web/delete", &[("path", "x")][..]), ("/web/rename", &[("path", "x"), ("to", "y")]), ("/web/logout", &[])]
    {
        assert_eq!(visit.form(&rig, path, wanted).await.status(), StatusCode::FORBIDDEN, "{path}");
    }
    assert!(rig.log.file("x").is_some() && rig.log.file("y").is_none());
    let put = rig.client.put(rig.url("/files/y")).header("cookie", &visit.cookie).header("x-csrf-token", token);
    assert_eq!(put.body("x").send().await.unwrap().status(), StatusCode::CREATED, "a page's script");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_sent_by_a_form_fetched_renamed_and_deleted() {
    let rig = rig().await;
    let visit = visit(&rig).await;
    let body = format!(
        "--b\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{}\r\n\
         --b\r\nContent-Disposition: form-data; name=\"folder\"\r\n\r\nin\r\n\
         --b\r\nContent-Disposition: form-data; name=\"into\"\r\n\r\nnew\r\n\
         --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nhello\r\n\
         --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"b.txt\"\r\n\r\nworld\r\n--b--\r\n",
        visit.csrf
    );
    let post = |body: String| {
        let request = rig.client.post(rig.url("/web/send")).header("cookie", &visit.cookie);
        request.header("content-type", "multipart/form-data; boundary=b").body(body).send()
    };
    let sent = post(body.clone()).await.unwrap();
    assert_eq!((sent.status(), header(&sent, "location")), (StatusCode::SEE_OTHER, "/web/files/in/new/?notice=sent"));
    assert_eq!(
        (rig.get("/files/in/new/a.txt").await, rig.get("/files/in/new/b.txt").await),
        ("hello".into(), "world".into())
    );
    let page = visit.page(&rig, "/web/files/in/new/?notice=sent").await;
    assert!(page.contains("href=\"/files/in/new/a.txt?download\"") && page.contains("The files are here."), "{page}");
    let fetched = visit.get(&rig, "/files/in/new/a.txt?download").send().await.unwrap();
    assert_eq!(header(&fetched, "content-disposition"), "attachment; filename*=UTF-8''a.txt");
    assert!(header(&fetched, "content-security-policy").contains("sandbox"));
    assert_eq!(fetched.text().await.unwrap(), "hello");

    let renamed = visit.form(&rig, "/web/rename", &[("path", "in/new/a.txt"), ("to", "out/c.txt")]).await;
    assert_eq!(header(&renamed, "location"), "/web/files/in/new/?notice=renamed");
    let taken = visit.form(&rig, "/web/rename", &[("path", "in/new/b.txt"), ("to", "out/c.txt")]).await;
    assert_eq!(taken.status(), StatusCode::PRECONDITION_FAILED);
    let deleted = visit.form(&rig, "/web/delete", &[("path", "in/new/b.txt")]).await;
    assert_eq!(header(&deleted, "location"), "/web/files/?notice=deleted", "the folder went with its last file");
    assert!(rig.log.file("in/new/b.txt").is_none() && rig.log.file("out/c.txt").is_some());

    let unsigned = body.replace(&visit.csrf, "AAAAAAAAAAAAAAAAAAAAAA").replace("a.txt", "d.txt");
    assert_eq!(post(unsigned).await.unwrap().status(), StatusCode::FORBIDDEN);
    let outside = body.replace("filename=\"a.txt\"", "filename=\"..\"");
    assert_eq!(post(outside).await.unwrap().status(), StatusCode::BAD_REQUEST);
    assert!(rig.log.file("in/new/d.txt").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_name_is_shown_and_does_nothing() {
    let rig = rig().await;
    let hostile = "<img src=x onerror=alert(1)>\" onmouseover=\"alert(2)&'.html";
    let path = FilePath::parse(hostile).unwrap();
    rig.put("/files/x", "<script>alert(1)</script>").await;
    let (from, to) = (FilePath::parse("x").unwrap(), path);
    rig.log.apply(&Command::MoveFile { account: name("ann"), from, to, overwrite: false, now_ms: 1 });
    let visit = visit(&rig).await;
    let page = visit.page(&rig, "/web/files/").await;
    assert!(!page.contains("<img src=x") && !page.contains("\" onmouseover"), "{page}");
    let address = page.split("<td class=\"name\"><a href=\"").nth(1).unwrap().split('"').next().unwrap();
    let file = visit.get(&rig, address).send().await.unwrap();
    assert_eq!(file.status(), StatusCode::OK);
    let disposition = header(&file, "content-disposition");
    assert!(disposition.starts_with("attachment; filename*=UTF-8''%3Cimg%20src"), "{disposition}");
    assert!(
        header(&file, "content-security-policy").contains("sandbox")
            && header(&file, "x-content-type-options") == "nosniff"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_ends_every_session_and_stands_in_the_audit_log() {
    let rig = rig().await;
    let [visit, other] = [visit(&rig).await, visit(&rig).await];
    let new = "a new long password";
    let change = |old: &'static str, password: &'static str, again: &'static str| {
        let visit = &visit;
        let rig = &rig;
        async move { visit.form(rig, "/web/password", &[("old", old), ("password", password), ("again", again)]).await }
    };
    assert_eq!(change("wrong", new, new).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(change(PASSWORD, new, "another one").await.status(), StatusCode::BAD_REQUEST);
    assert_eq!(change(PASSWORD, "short", "short").await.status(), StatusCode::BAD_REQUEST);
    assert_eq!(rig.log.now().partner_sessions.len(), 2);
    let changed = change(PASSWORD, new, new).await;
    assert_eq!(header(&changed, "location"), "/web/login?notice=password");
    for visit in [&visit, &other] {
        let after = visit.get(&rig, "/web/files/").send().await.unwrap();
        assert_eq!(header(&after, "location"), "/web/login");
    }
    assert_eq!(log_in(&rig, "ann", PASSWORD).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(log_in(&rig, "ann", new).await.status(), StatusCode::SEE_OTHER);
    let state = rig.log.now();
    let row = state.audit.values().next_back().unwrap();
    assert_eq!((row.origin.who.as_str(), row.operation.as_str()), ("partner ann", "account.put-with-password"));
}
