//! Runs connectors as child processes within limits, and ends them with all processes that they
//! have started.

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

use contacts_core::sync::{ConnectorError, Flow, SyncObserver};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{
    Pid, Resource, Rlimit, Signal, WaitId, WaitIdOptions, WaitOptions, kill_process_group, prlimit,
    waitid, waitpgid,
};

use self::lines::{Lines, TooLong};
use self::private::PrivateFolder;
use crate::excerpt::excerpt;
use crate::limits::{Limits, format_bytes, format_duration};

/// Interval at which limits and cancellation are checked.
const TICK: Duration = Duration::from_millis(200);

/// Time between SIGTERM and SIGKILL.
const TERM_GRACE: Duration = Duration::from_secs(3);

/// Time in which a process must exit after it has closed its output.
const EXIT_GRACE: Duration = Duration::from_secs(30);

/// Size of the output pipe: the bytes that a process may write while a batch is handled.
const PIPE_BYTES: usize = 1 << 20;

/// Lines of the standard error are cut off after this number of bytes.
const MAX_MESSAGE_BYTES: usize = 2_000;

/// A program that the operator allows.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// The program and its first arguments.
    pub(crate) command: Vec<String>,
    /// Its last arguments, after those of the protocol.
    pub(crate) arguments: Vec<String>,
    /// The environment variables that it is given.
    pub(crate) environment: Vec<(String, OsString)>,
    /// The limits of its processes.
    pub(crate) limits: Limits,
}

/// A command-line argument.
pub(crate) enum Argument<'a> {
    /// A literal argument.
    Word(&'a str),
    /// The path of a file with this name and these contents, which only this user can read.
    File(&'a str, Vec<u8>),
}

/// How a program exited.
pub(crate) struct Exit {
    pub(crate) status: ExitStatus,
    /// The last line of its standard error.
    pub(crate) last_message: String,
    /// Output after the last line end.
    pub(crate) rest: Option<Vec<u8>>,
}

impl Exit {
    /// Describes the exit, with the last line of the standard error.
    pub(crate) fn describe(&self) -> String {
        let mut text = match (self.status.code(), self.status.signal()) {
            (Some(code), _) => format!("it exited with status {code}"),
            (None, Some(signal)) => format!("it was killed by signal {signal}"),
            (None, None) => "it exited".to_owned(),
        };
        if !self.last_message.is_empty() {
            let _ = write!(text, ": {}", self.last_message);
        }
        text
    }
}

impl Program {
    /// Runs the program, and calls `take` with each line of its standard output. Its standard error
    /// is logged.
    ///
    /// # Errors
    ///
    /// [`ConnectorError::Limit`] when it exceeds a limit, [`ConnectorError::Stopped`] when
    /// `observer` or `take` stops it, [`ConnectorError::Broken`] when it cannot be run, and the
    /// errors of `take`.
    pub(crate) fn run(
        &self,
        limits: Limits,
        arguments: &[Argument<'_>],
        observer: &dyn SyncObserver,
        take: &mut dyn FnMut(&[u8]) -> Result<Flow, ConnectorError>,
    ) -> Result<Exit, ConnectorError> {
        if !observer.may_continue() {
            return Err(ConnectorError::Stopped);
        }
        let mut running = self.start(limits, arguments)?;
        let exit = running.read_output(observer, take);
        running.end();
        exit
    }

    fn start(&self, limits: Limits, arguments: &[Argument<'_>]) -> Result<Running, ConnectorError> {
        let folder = PrivateFolder::create();
        let folder = folder.and_then(|folder| Ok((self.command(&folder, arguments)?, folder)));
        let (mut command, folder) = folder.map_err(|error| {
            ConnectorError::Broken(format!("its settings cannot be written to files: {error}"))
        })?;
        let child = command.spawn().map_err(|error| {
            ConnectorError::Broken(format!("its program cannot be started: {error}"))
        })?;
        Running::new(child, folder, limits)
    }

    fn command(&self, folder: &PrivateFolder, arguments: &[Argument<'_>]) -> io::Result<Command> {
        let no_program = || io::Error::from(ErrorKind::NotFound);
        let (program, first) = self.command.split_first().ok_or_else(no_program)?;
        let mut command = Command::new(program);
        command.args(first);
        for argument in arguments {
            match argument {
                Argument::Word(word) => command.arg(word),
                Argument::File(name, contents) => command.arg(folder.file(name, contents)?),
            };
        }
        command
            .args(&self.arguments)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .env("HOME", folder.subfolder("home")?)
            .env("TMPDIR", folder.subfolder("tmp")?)
            .current_dir(folder.path())
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Ok(command)
    }
}

/// A running process. Dropping it ends the process and its descendants, and removes its files.
struct Running {
    child: Child,
    /// The id of the process and of its process group.
    id: Pid,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    limits: Limits,
    has_exited: bool,
    /// Whether all its processes were ended.
    is_group_killed: bool,
    /// The last field, so that it is removed after the processes are ended.
    folder: PrivateFolder,
}

impl Running {
    fn new(
        mut child: Child,
        folder: PrivateFolder,
        limits: Limits,
    ) -> Result<Self, ConnectorError> {
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let id = Pid::from_child(&child);
        if let Some(stdout) = &stdout {
            // The machine may forbid it; then the process waits more often.
            let _ = rustix::pipe::fcntl_setpipe_size(stdout, PIPE_BYTES);
        }
        let (has_exited, is_group_killed) = (false, false);
        let running =
            Self { child, id, stdout, stderr, limits, has_exited, is_group_killed, folder };
        let most = |most: u64| Rlimit { current: Some(most), maximum: Some(most) };
        // No core dump, because its memory contains secrets. The process may have exited already.
        let limited = prlimit(Some(id), Resource::Data, most(limits.memory.saturating_mul(2)))
            .and_then(|_| prlimit(Some(id), Resource::Core, most(0)));
        match limited {
            Ok(_) | Err(Errno::SRCH) => Ok(running),
            Err(error) => {
                Err(ConnectorError::Broken(format!("its memory cannot be limited: {error}")))
            }
        }
    }

    fn read_output(
        &mut self,
        observer: &dyn SyncObserver,
        take: &mut dyn FnMut(&[u8]) -> Result<Flow, ConnectorError>,
    ) -> Result<Exit, ConnectorError> {
        let mut output = Output::new(self.limits);
        let mut timers = Timers::now();
        let mut chunk = vec![0; 64 << 10];
        let status = loop {
            self.wait_for_output()?;
            let mut received = 0;
            if let Some(stdout) = &mut self.stdout
                && is_ready(stdout)
            {
                let length = read(stdout, &mut chunk);
                received += length.unwrap_or(0);
                output.lines(&chunk[..length.unwrap_or(0)], take)?;
                if length == Some(0) {
                    self.stdout = None;
                }
            }
            if let Some(stderr) = &mut self.stderr
                && is_ready(stderr)
            {
                let length = read(stderr, &mut chunk);
                received += length.unwrap_or(0);
                output.messages(&chunk[..length.unwrap_or(0)], observer)?;
                if length == Some(0) {
                    self.stderr = None;
                }
            }
            if !observer.may_continue() {
                return Err(ConnectorError::Stopped);
            }
            if received > 0 {
                timers.last_output = Instant::now();
            } else if let Some(status) = self.status() {
                // A descendant that keeps the output open is not waited for.
                break status;
            } else if self.stdout.is_none()
                && timers.last_output.elapsed() > EXIT_GRACE.min(self.limits.silence)
            {
                let reason = "it closed its output but did not exit";
                return Err(ConnectorError::Broken(reason.to_owned()));
            }
            self.check_limits(&mut timers)?;
        };
        Ok(output.finish(status, observer))
    }

    /// Waits until there is output, but at most one tick.
    fn wait_for_output(&self) -> Result<(), ConnectorError> {
        let outputs =
            [self.stdout.as_ref().map(AsFd::as_fd), self.stderr.as_ref().map(AsFd::as_fd)];
        let outputs = outputs.iter().flatten();
        let mut outputs: Vec<_> = outputs.map(|fd| PollFd::new(fd, PollFlags::IN)).collect();
        // When both are closed, only the exit is waited for.
        let tick = if outputs.is_empty() { TICK / 10 } else { TICK };
        let tick = Timespec { tv_sec: 0, tv_nsec: i64::from(tick.subsec_nanos()) };
        match poll(&mut outputs, Some(&tick)) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => {
                Err(ConnectorError::Broken(format!("its output cannot be read: {error}")))
            }
        }
    }

    /// Returns the exit status, if the process has exited. It stays a zombie, so that its id is not
    /// reused while its group is ended.
    fn status(&mut self) -> Option<ExitStatus> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let exited = waitid(WaitId::Pid(self.id), options).ok().flatten()?;
        self.has_exited = true;
        let raw = match (exited.exit_status(), exited.terminating_signal()) {
            (Some(code), _) => code << 8,
            (None, signal) => signal.unwrap_or_default(),
        };
        Some(ExitStatus::from_raw(raw))
    }

    fn check_limits(&self, timers: &mut Timers) -> Result<(), ConnectorError> {
        let Limits { time, silence, memory, .. } = self.limits;
        let exceeded = |reason: String| Err(ConnectorError::Limit(reason));
        if timers.start.elapsed() > time {
            return exceeded(format!("it did not finish within {}", format_duration(time)));
        }
        if timers.last_output.elapsed() > silence {
            return exceeded(format!("it wrote nothing for {}", format_duration(silence)));
        }
        if timers.last_memory_check.elapsed() > TICK {
            timers.last_memory_check = Instant::now();
            if group::resident(self.id) > memory {
                return exceeded(format!("it used more than {} of memory", format_bytes(memory)));
            }
        }
        Ok(())
    }

    /// Ends the process and its descendants: first with SIGTERM, then with SIGKILL.
    fn end(&mut self) {
        (self.stdout, self.stderr) = (None, None);
        if !self.has_exited {
            // It fails when the group has no process any more.
            let _ = kill_process_group(self.id, Signal::TERM);
            let start = Instant::now();
            while group::is_alive(self.id) && start.elapsed() < TERM_GRACE {
                sleep(TICK / 10);
            }
        }
        let _ = kill_process_group(self.id, Signal::KILL);
        group::kill_all_of(Some(self.id), self.folder.path());
        // A process in an uninterruptible state is not waited for.
        for _ in 0..100 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                break;
            }
            sleep(TICK / 10);
        }
        // As the first process of a container we must reap orphans.
        while let Ok(Some(_)) = waitpgid(self.id, WaitOptions::NOHANG) {}
        self.is_group_killed = true;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.is_group_killed {
            self.end();
        }
    }
}

/// Reads once; `None` when it was interrupted, 0 at the end or after an error.
fn read(output: &mut impl Read, chunk: &mut [u8]) -> Option<usize> {
    match output.read(chunk) {
        Ok(length) => Some(length),
        Err(error) if error.kind() == ErrorKind::Interrupted => None,
        Err(_) => Some(0),
    }
}

fn is_ready(output: &impl AsFd) -> bool {
    let mut output = [PollFd::new(output, PollFlags::IN)];
    matches!(poll(&mut output, Some(&Timespec::default())), Ok(1..))
}

/// When the process started, wrote, and was checked for its memory.
struct Timers {
    start: Instant,
    last_output: Instant,
    last_memory_check: Instant,
}

impl Timers {
    fn now() -> Self {
        let now = Instant::now();
        Self { start: now, last_output: now, last_memory_check: now }
    }
}

/// The output of a process, split into lines and counted.
struct Output {
    limits: Limits,
    lines: Lines,
    messages: Lines,
    last_message: String,
    output_bytes: u64,
    message_bytes: u64,
}

/// Why a chunk of output was not accepted.
enum FeedError {
    TooLong,
    ConnectorError(ConnectorError),
}

impl From<TooLong> for FeedError {
    fn from(_: TooLong) -> Self {
        Self::TooLong
    }
}

impl Output {
    fn new(limits: Limits) -> Self {
        Self {
            limits,
            lines: Lines::new(limits.line),
            messages: Lines::new(MAX_MESSAGE_BYTES),
            last_message: String::new(),
            output_bytes: 0,
            message_bytes: 0,
        }
    }

    fn lines(
        &mut self,
        chunk: &[u8],
        take: &mut dyn FnMut(&[u8]) -> Result<Flow, ConnectorError>,
    ) -> Result<(), ConnectorError> {
        self.output_bytes += chunk.len() as u64;
        if self.output_bytes > self.limits.output {
            let most = format_bytes(self.limits.output);
            return Err(ConnectorError::Limit(format!("it wrote more than {most}")));
        }
        let fed = self.lines.feed(chunk, |line| match take(line) {
            Ok(Flow::Next) => Ok(()),
            Ok(Flow::Stop) => Err(FeedError::ConnectorError(ConnectorError::Stopped)),
            Err(error) => Err(FeedError::ConnectorError(error)),
        });
        fed.map_err(|error| match error {
            FeedError::ConnectorError(error) => error,
            FeedError::TooLong => {
                let longest = format_bytes(self.limits.line as u64);
                ConnectorError::Limit(format!("it wrote a line of more than {longest}"))
            }
        })
    }

    fn messages(
        &mut self,
        chunk: &[u8],
        observer: &dyn SyncObserver,
    ) -> Result<(), ConnectorError> {
        self.message_bytes += chunk.len() as u64;
        if self.message_bytes > self.limits.messages {
            let most = format_bytes(self.limits.messages);
            let reason = format!("it wrote more than {most} to its standard error");
            return Err(ConnectorError::Limit(reason));
        }
        let Self { messages, last_message, .. } = self;
        messages.feed_truncating(chunk, |line| log_message(line, last_message, observer));
        Ok(())
    }

    fn finish(mut self, status: ExitStatus, observer: &dyn SyncObserver) -> Exit {
        if let Some(rest) = self.messages.rest() {
            log_message(&rest, &mut self.last_message, observer);
        }
        Exit { status, last_message: self.last_message, rest: self.lines.rest() }
    }
}

fn log_message(line: &[u8], last_message: &mut String, observer: &dyn SyncObserver) {
    let line = String::from_utf8_lossy(line);
    let line = line.trim();
    if !line.is_empty() {
        observer.log(line);
        *last_message = excerpt(line);
    }
}
