//! The `servers` file: one line a server, `<host> TAB <admin URL>`, the primary first, then the order of promotion.
//!
//! The format is the reference product's, so that its files can be brought along. Blank lines, lines that start with `#`,
//! CRLF and a byte order mark are accepted; spaces instead of the TAB too, since editors put them there.

use std::collections::HashMap;
use std::fmt;

use crate::host::{check_host, check_https_url};
use crate::problem::Mismatch;

/// A list of a few servers; anything near these is another file.
const FILE_BYTES_MAX: usize = 256 * 1024;
const SERVERS_MAX: usize = 1000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// A host name or an IP address, without brackets.
    pub host: String,
    /// `https://host:port`, no trailing slash.
    pub admin_url: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineProblem {
    /// From 1; 0 when the file as a whole is meant.
    pub line: usize,
    pub message: String,
    pub mend: String,
}

/// Every mistake of a `servers` file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServersError {
    pub problems: Vec<LineProblem>,
}

impl fmt::Display for ServersError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the servers list is not usable")?;
        for LineProblem { line, message, mend } in &self.problems {
            match line {
                0 => write!(formatter, "\n  {message}\n    mend: {mend}")?,
                line => write!(formatter, "\n  line {line}: {message}\n    mend: {mend}")?,
            }
        }
        Ok(())
    }
}

impl std::error::Error for ServersError {}

/// Reads the text of a `servers` file, in order.
pub fn parse(text: &str) -> Result<Vec<Server>, ServersError> {
    if text.len() > FILE_BYTES_MAX {
        return Err(whole(format!("the text is longer than {FILE_BYTES_MAX} bytes"), "name the right file"));
    }
    let mut servers: Vec<Server> = Vec::new();
    let mut problems = Vec::new();
    let mut first_lines: HashMap<String, usize> = HashMap::new();
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let (number, line) = (index + 1, line.trim());
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match parse_line(line).and_then(|server| check_duplicate(server, number, &mut first_lines)) {
            Ok(server) => servers.push(server),
            Err(Mismatch { message, mend }) => problems.push(LineProblem { line: number, message, mend }),
        }
    }
    if servers.len() > SERVERS_MAX {
        return Err(whole(format!("there are more than {SERVERS_MAX} servers"), "name the right file"));
    }
    if servers.is_empty() && problems.is_empty() {
        return Err(whole(
            "no server is listed".to_owned(),
            "write a line for the primary: its host, a TAB, its admin URL",
        ));
    }
    if problems.is_empty() { Ok(servers) } else { Err(ServersError { problems }) }
}

/// The text of a `servers` file, which [`parse`] reads back.
pub fn render(servers: &[Server]) -> String {
    servers.iter().map(|server| format!("{}\t{}\n", server.host, server.admin_url)).collect()
}

fn parse_line(line: &str) -> Result<Server, Mismatch> {
    const MEND: &str = "write <host> TAB <admin URL>, such as node-1.example.org<TAB>https://node-1.example.org:8444";
    let fields: Vec<&str> = line.split_whitespace().collect();
    let [host, url] = fields.as_slice() else {
        let count = fields.len();
        return Err(Mismatch::new(format!("a line has 2 fields, this one has {count}"), MEND));
    };
    let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    check_host(host)?;
    Ok(Server { host: host.to_owned(), admin_url: check_https_url(url)? })
}

/// URLs are unique, without regard to case. A host may have several nodes, told apart by their ports.
fn check_duplicate(server: Server, line: usize, first_lines: &mut HashMap<String, usize>) -> Result<Server, Mismatch> {
    let first = *first_lines.entry(server.admin_url.to_lowercase()).or_insert(line);
    if first != line {
        let message = format!("{} stands in line {first} already", server.admin_url);
        return Err(Mismatch::new(message, "remove one of the lines"));
    }
    Ok(server)
}

fn whole(message: String, mend: &str) -> ServersError {
    ServersError { problems: vec![LineProblem { line: 0, message, mend: mend.to_owned() }] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(host: &str, url: &str) -> Server {
        Server { host: host.to_owned(), admin_url: url.to_owned() }
    }

    #[test]
    fn the_accepted_forms() {
        let text = "\u{feff}# cluster of two sites\r\n\r\nnode-1.example.org\thttps://node-1.example.org:8444/\r\n\
                    10.0.0.2   https://10.0.0.2:444\r\n  # spare\r\n2001:db8::1\thttps://[2001:db8::1]:8444\r\n\
                    [2001:db8::2]\thttps://[2001:db8::2]\n10.0.0.2\thttps://10.0.0.2:8454";
        let expected = vec![
            server("node-1.example.org", "https://node-1.example.org:8444"),
            server("10.0.0.2", "https://10.0.0.2:444"),
            server("2001:db8::1", "https://[2001:db8::1]:8444"),
            server("2001:db8::2", "https://[2001:db8::2]"),
            server("10.0.0.2", "https://10.0.0.2:8454"),
        ];
        assert_eq!(parse(text), Ok(expected.clone()));
        assert_eq!(parse(&render(&expected)), Ok(expected));
    }

    #[test]
    fn every_bad_line_is_named() {
        let text = "a\thttps://a:1\n\nb\nA\thttps://A:1\nd\thttps://A:1\ne\thttp://e:1\nf g\thttps://f:1\n";
        let problems = parse(text).unwrap_err().problems;
        let found: Vec<(usize, &str)> =
            problems.iter().map(|problem| (problem.line, problem.message.as_str())).collect();
        assert_eq!(
            found,
            vec![
                (3, "a line has 2 fields, this one has 1"),
                (4, "https://A:1 stands in line 1 already"),
                (5, "https://A:1 stands in line 1 already"),
                (6, "\"http://e:1\" does not start with https://"),
                (7, "a line has 2 fields, this one has 3"),
            ]
        );
    }

    #[test]
    fn empty_and_endless_files_are_refused_whole() {
        for text in ["", "# nothing\n\n"] {
            assert_eq!(parse(text).unwrap_err().problems[0].message, "no server is listed");
        }
        let many: String = (0..=SERVERS_MAX).map(|number| format!("n{number}\thttps://n{number}\n")).collect();
        assert!(parse(&many).unwrap_err().to_string().contains("more than 1000"));
        assert!(parse(&" ".repeat(FILE_BYTES_MAX + 1)).is_err());
    }
}
