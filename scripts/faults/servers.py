"""Servers of the product, each over a relay of its own, and how they fail."""

import contextlib
import os
import re
import signal
import subprocess
import time
from pathlib import Path

from . import Finding
from .postgres import free_port, until
from .relay import Relay

LEASE_SECONDS = 5
READY_WITHIN_SECONDS = 60
SECRET = "0123456789abcdef" * 4
_FAKETIME = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
]


class Server:
    """`contacts serve` at a fixed address."""

    def __init__(self, program, folder, number, postgres, connectors=None):
        self.program, self.folder, self.number = program, folder, number
        self.name, self.port = f"server {number + 1}", free_port()
        self.relay = Relay(postgres.port) if postgres else None
        self.process = None
        self.clock = folder / f"clock-{number}"
        self.frozen = []  # Intervals in which it could not answer: [begin, end or None].
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("CONTACTS_")}
        inherited.pop("DATABASE_URL", None)
        self.env = inherited | {
            "CONTACTS_DATA_DIR": str(folder / "data"),
            "CONTACTS_SECRET": SECRET,
            "CONTACTS_RATE_PER_SECOND": "100000",
            "CONTACTS_RATE_BURST": "100000",
            "CONTACTS_CAPTURES_PER_MINUTE": "1000000",
            "CONTACTS_DRAIN_SECONDS": "1",
            "CONTACTS_JOB_LEASE": str(LEASE_SECONDS),
            "CONTACTS_WEBHOOK_ALLOW_HTTP": "true",
            "CONTACTS_WEBHOOK_ALLOW_PRIVATE": "true",
            "CONTACTS_SOURCES_ALLOW_PRIVATE": "true",
            "CONTACTS_LOG_FORMAT": "json",
            "CONTACTS_LOG": "info",
        }
        if "CONTACTS_PG_BIN" in os.environ:
            self.env["CONTACTS_PG_BIN"] = os.environ["CONTACTS_PG_BIN"]
        if postgres:
            self.env["DATABASE_URL"] = postgres.url(self.relay.port)

    def start(self):
        with self.log.open("ab") as log:
            command = [self.program, "serve", "--listen", f"127.0.0.1:{self.port}"]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=self.env)

    @property
    def log(self):
        return self.folder / f"server-{self.number + 1}.log"

    def follow_clock(self):
        """From its next start on, its clock is as wrong as a file states, in seconds."""
        self.clock.write_text("+0")
        self.env |= {
            "LD_PRELOAD": faketime(),
            "FAKETIME_TIMESTAMP_FILE": str(self.clock),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def set_clock(self, seconds):
        self.clock.write_text(f"{seconds:+d}")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def terminate(self):
        """Stops it as an operator does."""
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(30)
        except subprocess.TimeoutExpired:
            raise Finding(f"{self.name} did not end within 30 s after SIGTERM") from None
        return status

    def freeze(self):
        self.frozen.append([time.monotonic(), None])
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)
        self.frozen[-1][1] = time.monotonic()

    def frozen_seconds(self, begin, end):
        """How long it was frozen between two moments."""
        spans = ((max(begin, since), min(end, until_ or end)) for since, until_ in self.frozen)
        return sum(max(0, last - first) for first, last in spans)

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def close(self):
        if self.is_running():
            with contextlib.suppress(OSError):
                self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.relay:
            self.relay.close()




def command(server, *arguments):
    """What a command of the program prints."""
    done = subprocess.run(
        [server.program, *arguments], env=server.env, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise Finding(f"contacts {' '.join(arguments)} failed: {done.stderr.strip()}")
    return done.stdout.strip()


def has_command(server, name):
    done = subprocess.run([server.program, "--help"], capture_output=True, text=True, check=True)
    return re.search(rf"^  {name} ", done.stdout, re.MULTILINE) is not None


def wait_ready(server, api):
    until(lambda: api.is_ready(server), f"{server.name} is not ready", READY_WITHIN_SECONDS)


def faketime():
    """The library that fakes the time, when it is installed."""
    return next((path for path in _FAKETIME if Path(path).exists()), None)
