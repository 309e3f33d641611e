//! Programs of others as child processes: kept within limits, and gone when they are not needed
//! any more, with all that they have started.

mod group;
mod lines;
mod private;

use std::ffi::OsString;
use std::fmt::Write;
use std::io::{self, ErrorKind, Read};
use std::os::fd::AsFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use contacts_core::sync::{Flow, Trouble, Watch};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{
    Pid, Resource, Rlimit, Signal, WaitId, WaitIdOptions, WaitOptions, kill_process_group, prlimit,
    waitid, waitpgid,
};

use self::lines::{Lines, TooLong};
use self::private::Private;
use crate::limits::{Limits, amount, spoken};
use crate::words::words;

/// How often it is looked whether a process may go on.
const TICK: Duration = Duration::from_millis(200);

/// How long a process has to end when it is asked to.
const GRACE: Duration = Duration::from_secs(3);

/// How long a process has to end after it has closed its output.
const LINGER: Duration = Duration::from_secs(30);

/// How much a process may write while a batch is taken, in bytes.
const AHEAD: usize = 1 << 20;

/// The longest line of a process's standard error that is not cut.
const LONGEST_MESSAGE: usize = 2_000;

/// A program that the operator allows.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// The program and its first arguments.
    pub(crate) command: Vec<String>,
    /// Its last arguments.
    pub(crate) arguments: Vec<String>,
    /// What of our environment it is given.
    pub(crate) environment: Vec<(String, OsString)>,
    /// What it may use.
    pub(crate) limits: Limits,
}

/// One argument.
pub(crate) enum Argument<'a> {
    /// A word.
    Word(&'a str),
    /// The path of a file of this name that only the program can read.
    File(&'a str, Vec<u8>),
}

/// How a program has ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    /// The last that it wrote to its standard error.
    pub(crate) last_words: String,
    /// What it wrote after the last end of a line.
    pub(crate) rest: Option<Vec<u8>>,
}

impl Ended {
    /// How it ended, as people say it.
    pub(crate) fn how(&self) -> String {
        let mut how = match (self.status.code(), self.status.signal()) {
            (Some(code), _) => format!("it ended with status {code}"),
            (None, Some(signal)) => format!("it was ended by signal {signal}"),
            (None, None) => "it ended".to_owned(),
        };
        if !self.last_words.is_empty() {
            let _ = write!(how, ", and says: {}", self.last_words);
        }
        how
    }
}

impl Program {
    /// Runs it, and hands over each line that it writes to its standard output. What it writes to
    /// its standard error is logged.
    pub(crate) fn run(
        &self,
        limits: Limits,
        arguments: &[Argument<'_>],
        watch: &dyn Watch,
        take: &mut dyn FnMut(&[u8]) -> Result<Flow, Trouble>,
    ) -> Result<Ended, Trouble> {
        if !watch.may_go_on() {
            return Err(Trouble::Stopped);
        }
        let mut running = self.start(limits, arguments)?;
        let ended = running.follow(watch, take);
        running.end();
        ended
    }

    fn start(&self, limits: Limits, arguments: &[Argument<'_>]) -> Result<Running, Trouble> {
        let private = Private::create();
        let private = private.and_then(|private| Ok((self.command(&private, arguments)?, private)));
        let (mut command, private) = private.map_err(|error| {
            Trouble::Broken(format!("its settings cannot be written to files: {error}"))
        })?;
        let child = command
            .spawn()
            .map_err(|error| Trouble::Broken(format!("its program cannot be started: {error}")))?;
        Running::of(child, private, limits)
    }

    fn command(&self, private: &Private, arguments: &[Argument<'_>]) -> io::Result<Command> {
        let no_program = || io::Error::from(ErrorKind::NotFound);
        let (program, first) = self.command.split_first().ok_or_else(no_program)?;
        let mut command = Command::new(program);
        command.args(first);
        for argument in arguments {
            match argument {
                Argument::Word(word) => command.arg(word),
                Argument::File(name, contents) => command.arg(private.file(name, contents)?),
            };
        }
        command
            .args(&self.arguments)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .env("HOME", private.folder("home")?)
            .env("TMPDIR", private.folder("tmp")?)
            .current_dir(private.path())
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Ok(command)
    }
}

/// A process that runs. When it is dropped nothing is left of it.
struct Running {
    child: Child,
    /// It and its group.
    id: Pid,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    limits: Limits,
    has_ended: bool,
    /// Whether nothing is left of it.
    is_gone: bool,
    /// The last field: removed after the processes are gone.
    private: Private,
}

impl Running {
    fn of(mut child: Child, private: Private, limits: Limits) -> Result<Self, Trouble> {
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let id = Pid::from_child(&child);
        if let Some(stdout) = &stdout {
            // As long as the operator of the machine allows it; otherwise it waits more often.
            let _ = rustix::pipe::fcntl_setpipe_size(stdout, AHEAD);
        }
        let running =
            Self { child, id, stdout, stderr, limits, has_ended: false, is_gone: false, private };
        let most = |most: u64| Rlimit { current: Some(most), maximum: Some(most) };
        // No image of its memory, which has secrets in it. It may have ended already.
        let limited = prlimit(Some(id), Resource::Data, most(limits.memory.saturating_mul(2)))
            .and_then(|_| prlimit(Some(id), Resource::Core, most(0)));
        match limited {
            Ok(_) | Err(Errno::SRCH) => Ok(running),
            Err(error) => Err(Trouble::Broken(format!("its memory cannot be limited: {error}"))),
        }
    }

    fn follow(
        &mut self,
        watch: &dyn Watch,
        take: &mut dyn FnMut(&[u8]) -> Result<Flow, Trouble>,
    ) -> Result<Ended, Trouble> {
        let mut said = Said::new(self.limits);
        let mut heard = Heard::now();
        let mut piece = vec![0; 64 << 10];
        let status = loop {
            self.wait_for_output()?;
            let mut came = 0;
            if let Some(output) = &mut self.stdout
                && is_ready(output)
            {
                let length = read(output, &mut piece);
                came += length.unwrap_or(0);
                said.output(&piece[..length.unwrap_or(0)], take)?;
                if length == Some(0) {
                    self.stdout = None;
                }
            }
            if let Some(messages) = &mut self.stderr
                && is_ready(messages)
            {
                let length = read(messages, &mut piece);
                came += length.unwrap_or(0);
                said.messages(&piece[..length.unwrap_or(0)], watch)?;
                if length == Some(0) {
                    self.stderr = None;
                }
            }
            if !watch.may_go_on() {
                return Err(Trouble::Stopped);
            }
            if came > 0 {
                heard.last = Instant::now();
            } else if let Some(status) = self.status() {
                // Whoever else holds its output is not waited for.
                break status;
            } else if self.stdout.is_none()
                && heard.last.elapsed() > LINGER.min(self.limits.silence)
            {
                let why = "it closed its output and did not end";
                return Err(Trouble::Broken(why.to_owned()));
            }
            self.hold_to_limits(&mut heard)?;
        };
        Ok(said.ended(status, watch))
    }

    /// Waits until there is something to read, or a while.
    fn wait_for_output(&self) -> Result<(), Trouble> {
        let outputs =
            [self.stdout.as_ref().map(AsFd::as_fd), self.stderr.as_ref().map(AsFd::as_fd)];
        let outputs = outputs.iter().flatten();
        let mut outputs: Vec<_> = outputs.map(|fd| PollFd::new(fd, PollFlags::IN)).collect();
        // Without any, only its end is waited for.
        let tick = if outputs.is_empty() { TICK / 10 } else { TICK };
        let tick = Timespec { tv_sec: 0, tv_nsec: i64::from(tick.subsec_nanos()) };
        match poll(&mut outputs, Some(&tick)) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(Trouble::Broken(format!("its output cannot be read: {error}"))),
        }
    }

    /// How it has ended, if it has: it stays a zombie, so that no other gets its number while its
    /// group is ended.
    fn status(&mut self) -> Option<ExitStatus> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let ended = waitid(WaitId::Pid(self.id), options).ok().flatten()?;
        self.has_ended = true;
        let raw = match (ended.exit_status(), ended.terminating_signal()) {
            (Some(code), _) => code << 8,
            (None, signal) => signal.unwrap_or_default(),
        };
        Some(ExitStatus::from_raw(raw))
    }

    fn hold_to_limits(&self, heard: &mut Heard) -> Result<(), Trouble> {
        let Limits { time, silence, memory, .. } = self.limits;
        if heard.first.elapsed() > time {
            return Err(Trouble::Limit(format!("it was not done in {}", spoken(time))));
        }
        if heard.last.elapsed() > silence {
            return Err(Trouble::Limit(format!("it said nothing for {}", spoken(silence))));
        }
        if heard.weighed.elapsed() > TICK {
            heard.weighed = Instant::now();
            if group::resident(self.id) > memory {
                let memory = amount(memory);
                return Err(Trouble::Limit(format!("it took more than {memory} of memory")));
            }
        }
        Ok(())
    }

    /// Ends it and all that it has started: first it is asked to, then it is made to.
    fn end(&mut self) {
        (self.stdout, self.stderr) = (None, None);
        if !self.has_ended {
            // A group without a process is gone already.
            let _ = kill_process_group(self.id, Signal::TERM);
            let asked = Instant::now();
            while group::is_alive(self.id) && asked.elapsed() < GRACE {
                sleep(TICK / 10);
            }
        }
        let _ = kill_process_group(self.id, Signal::KILL);
        group::kill_all_of(Some(self.id), self.private.path());
        // One that the kernel holds back is not waited for.
        for _ in 0..100 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                break;
            }
            sleep(TICK / 10);
        }
        // Orphans are ours when we are the first process of a container.
        while let Ok(Some(_)) = waitpgid(self.id, WaitOptions::NOHANG) {}
        self.is_gone = true;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.is_gone {
            self.end();
        }
    }
}

/// Reads once; nothing when it was interrupted.
fn read(output: &mut impl Read, piece: &mut [u8]) -> Option<usize> {
    match output.read(piece) {
        Ok(length) => Some(length),
        Err(error) if error.kind() == ErrorKind::Interrupted => None,
        Err(_) => Some(0),
    }
}

fn is_ready(output: &impl AsFd) -> bool {
    let mut output = [PollFd::new(output, PollFlags::IN)];
    matches!(poll(&mut output, Some(&Timespec::default())), Ok(1..))
}

/// When something was heard of a process.
struct Heard {
    first: Instant,
    last: Instant,
    weighed: Instant,
}

impl Heard {
    fn now() -> Self {
        let now = Instant::now();
        Self { first: now, last: now, weighed: now }
    }
}

/// What a process has said.
struct Said {
    limits: Limits,
    lines: Lines,
    messages: Lines,
    last_words: String,
    bytes_of_output: u64,
    bytes_of_messages: u64,
}

/// Why no more lines are taken.
enum Enough {
    TooLong,
    Trouble(Trouble),
}

impl From<TooLong> for Enough {
    fn from(_: TooLong) -> Self {
        Self::TooLong
    }
}

impl Said {
    fn new(limits: Limits) -> Self {
        Self {
            limits,
            lines: Lines::new(limits.line),
            messages: Lines::new(LONGEST_MESSAGE),
            last_words: String::new(),
            bytes_of_output: 0,
            bytes_of_messages: 0,
        }
    }

    fn output(
        &mut self,
        piece: &[u8],
        take: &mut dyn FnMut(&[u8]) -> Result<Flow, Trouble>,
    ) -> Result<(), Trouble> {
        self.bytes_of_output += piece.len() as u64;
        if self.bytes_of_output > self.limits.output {
            let most = amount(self.limits.output);
            return Err(Trouble::Limit(format!("it wrote more than {most}")));
        }
        let fed = self.lines.feed(piece, |line| match take(line) {
            Ok(Flow::Next) => Ok(()),
            Ok(Flow::Stop) => Err(Enough::Trouble(Trouble::Stopped)),
            Err(trouble) => Err(Enough::Trouble(trouble)),
        });
        fed.map_err(|enough| match enough {
            Enough::Trouble(trouble) => trouble,
            Enough::TooLong => {
                let longest = amount(self.limits.line as u64);
                Trouble::Limit(format!("it wrote a line of more than {longest}"))
            }
        })
    }

    fn messages(&mut self, piece: &[u8], watch: &dyn Watch) -> Result<(), Trouble> {
        self.bytes_of_messages += piece.len() as u64;
        if self.bytes_of_messages > self.limits.messages {
            let most = amount(self.limits.messages);
            let why = format!("it wrote more than {most} to its standard error");
            return Err(Trouble::Limit(why));
        }
        let Self { messages, last_words, .. } = self;
        messages.feed_cutting(piece, |line| message(line, last_words, watch));
        Ok(())
    }

    fn ended(mut self, status: ExitStatus, watch: &dyn Watch) -> Ended {
        if let Some(rest) = self.messages.rest() {
            message(&rest, &mut self.last_words, watch);
        }
        Ended { status, last_words: self.last_words, rest: self.lines.rest() }
    }
}

fn message(line: &[u8], last_words: &mut String, watch: &dyn Watch) {
    let line = String::from_utf8_lossy(line);
    let line = line.trim();
    if !line.is_empty() {
        watch.log(line);
        *last_words = words(line);
    }
}
