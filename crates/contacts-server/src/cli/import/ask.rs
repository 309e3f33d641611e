//! Asking before anything is changed.

use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crate::signals::Stop;

/// What was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Yes,
    No,
    /// Ctrl-C.
    Interrupted,
    /// There is no terminal.
    Nobody,
}

/// Asks on the terminal.
pub(super) fn ask(question: &str, stop: &Stop) -> Answer {
    if !io::stdin().is_terminal() {
        return Answer::Nobody;
    }
    let mut error = io::stderr().lock();
    // What cannot be shown is not answered with yes either.
    let _ = write!(error, "{question}").and_then(|()| error.flush());
    drop(error);
    // A thread of its own reads, because nothing can interrupt it.
    let (send, answer) = mpsc::channel();
    thread::spawn(move || {
        let mut line = String::new();
        let _ = io::stdin().read_line(&mut line);
        let _ = send.send(line);
    });
    loop {
        match answer.recv_timeout(Duration::from_millis(50)) {
            Ok(line) => return understand(&line),
            Err(RecvTimeoutError::Timeout) if !stop.is_asked() => {}
            Err(_) => return Answer::Interrupted,
        }
    }
}

fn understand(line: &str) -> Answer {
    match line.trim().to_lowercase().as_str() {
        "y" | "yes" => Answer::Yes,
        _ => Answer::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_yes_is_one() {
        assert_eq!(["y\n", " Yes "].map(understand), [Answer::Yes; 2]);
        assert_eq!(["", "\n", "n", "yess", "why"].map(understand), [Answer::No; 5]);
    }
}
