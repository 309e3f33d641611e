//! Asks for confirmation on the terminal.

use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crate::signals::Stop;

/// The answer to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Yes,
    No,
    /// Ctrl-C.
    Interrupted,
    /// There is no terminal to ask on.
    NoTerminal,
}

/// Asks on the terminal.
pub(super) fn ask(question: &str, stop: &Stop) -> Answer {
    if !io::stdin().is_terminal() {
        return Answer::NoTerminal;
    }
    let mut error = io::stderr().lock();
    // A question that cannot be shown is not confirmed either.
    let _ = write!(error, "{question}").and_then(|()| error.flush());
    drop(error);
    // On a thread of its own, because reading from a terminal cannot be interrupted.
    let (send, answer) = mpsc::channel();
    thread::spawn(move || {
        let mut line = String::new();
        let _ = io::stdin().read_line(&mut line);
        let _ = send.send(line);
    });
    loop {
        match answer.recv_timeout(Duration::from_millis(50)) {
            Ok(line) => return parse(&line),
            Err(RecvTimeoutError::Timeout) if !stop.is_asked() => {}
            Err(_) => return Answer::Interrupted,
        }
    }
}

fn parse(line: &str) -> Answer {
    match line.trim().to_lowercase().as_str() {
        "y" | "yes" => Answer::Yes,
        _ => Answer::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_y_and_yes_confirm() {
        assert_eq!(["y\n", " Yes "].map(parse), [Answer::Yes; 2]);
        assert_eq!(["", "\n", "n", "yess", "why"].map(parse), [Answer::No; 5]);
    }
}
