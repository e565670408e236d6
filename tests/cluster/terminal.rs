//! The program on a terminal of its own, and what stands on it.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::process::Child;
use std::sync::Arc;
use std::thread::JoinHandle;

use anyhow::{Context, Result};
use flotilla_local::wait_until;
use parking_lot::Mutex;
use pty_process::Size;
use pty_process::blocking::{Command, Pty, open};
use vt100::Parser;

use crate::common::{DEADLINE, binary};

pub(crate) struct Terminal {
    child: Child,
    pty: Arc<Pty>,
    parser: Arc<Mutex<Parser>>,
    reader: Option<JoinHandle<()>>,
}

fn lines(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).unwrap_or(NonZeroU16::MIN)
}

impl Terminal {
    pub(crate) fn start(arguments: &[&str], environment: &[(&str, &str)], columns: u16, rows: u16) -> Result<Self> {
        let (pty, pts) = open()?;
        pty.resize(Size::new(rows, columns))?;
        let command = Command::new(binary()).args(arguments).env("TERM", "xterm-256color");
        let child = command.envs(environment.iter().copied()).spawn(pts)?;
        let (pty, parser) = (Arc::new(pty), Arc::new(Mutex::new(Parser::new(lines(rows), lines(columns), 0))));
        let reader = {
            let (pty, parser) = (Arc::clone(&pty), Arc::clone(&parser));
            std::thread::spawn(move || {
                let mut buffer = [0; 8192];
                // The end of the program is an error of the terminal.
                while let Ok(count @ 1..) = (&*pty).read(&mut buffer) {
                    parser.lock().process(&buffer[..count]);
                }
            })
        };
        Ok(Self { child, pty, parser, reader: Some(reader) })
    }

    pub(crate) fn text(&self) -> String {
        self.parser.lock().screen().contents()
    }

    pub(crate) fn press(&self, keys: &str) -> Result<()> {
        Ok((&*self.pty).write_all(keys.as_bytes())?)
    }

    pub(crate) fn resize(&self, columns: u16, rows: u16) -> Result<()> {
        self.parser.lock().screen_mut().set_size(lines(rows), lines(columns));
        Ok(self.pty.resize(Size::new(rows, columns))?)
    }

    /// Waits until the screen is as it should be, and gives it.
    pub(crate) async fn shows(&self, what: &str, is_so: impl Fn(&str) -> bool) -> Result<String> {
        let seen = wait_until(what, DEADLINE, async || {
            let text = self.text();
            Ok(is_so(&text).then_some(text))
        });
        seen.await.with_context(|| format!("the screen:\n{}", self.text()))
    }

    /// The exit code; what was written last is on the screen then.
    pub(crate) async fn ended(&mut self) -> Result<Option<i32>> {
        let status = wait_until("the program ends", DEADLINE, async || Ok(self.child.try_wait()?)).await?;
        if let Some(reader) = self.reader.take() {
            reader.join().map_err(|_| anyhow::anyhow!("the reader of the terminal has panicked"))?;
        }
        Ok(status.code())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
