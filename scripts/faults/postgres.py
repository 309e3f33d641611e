"""A Postgres of the driver's own, which can be frozen, crashed and filled."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

DISK_MIB = 2048
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "shared_buffers": "64MB",
    # Small, so that it recovers quickly and fits the small disk.
    "max_wal_size": "128MB",
    "min_wal_size": "32MB",
}


class Postgres:
    """A cluster with `fsync` on, below a folder; as root it runs as the user `postgres`."""

    def __init__(self, folder, own_disk):
        self.bin, self.root = server_bin(), folder / "postgres"
        self.root.mkdir()
        self.account = {}
        if os.geteuid() == 0:
            shutil.chown(self.root, "postgres")
            owner = self.root.stat()
            self.account = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
        self.disk = own_disk and _mount(self.root, self.account)
        self.data, self.log = self.root / "data", self.root / "log"
        self.port = free_port()
        self._run("initdb", "-U", "contacts", "-A", "trust", "--locale=C.UTF-8",
                  "--encoding=UTF8", "--wal-segsize=4")
        with (self.data / "postgresql.conf").open("a") as conf:
            for name, value in _SETTINGS.items():
                conf.write(f"{name} = '{value}'\n")
            conf.write(f"port = {self.port}\nunix_socket_directories = ''\n")
        self.start()
        self.sql("CREATE DATABASE contacts", database="postgres")

    def url(self, port=None):
        return f"postgres://contacts@127.0.0.1:{port or self.port}/contacts"

    def start(self):
        self._run("pg_ctl", "-w", "-t", "120", "start", "-l", str(self.log))

    def stop(self, mode="immediate"):
        self._run("pg_ctl", "-w", "-t", "60", "-m", mode, "stop")

    def crash(self):
        """Kills a process that serves a client: the others end, too, and it recovers."""
        for pid in self._processes():
            title = _read(f"/proc/{pid}/cmdline")
            if b"contacts contacts 127" in title:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                return

    def freeze(self):
        self._signal(signal.SIGSTOP)

    def thaw(self):
        self._signal(signal.SIGCONT)

    def fill_disk(self):
        """Leaves no byte on the disk, apart from what a page that is in use has left."""
        filler = self.root / "filler"
        # Unbuffered: a buffer that could not be written is written again by `close`, which fails.
        with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"\0" * 65536)

    def free_disk(self):
        with contextlib.suppress(FileNotFoundError):
            (self.root / "filler").unlink()

    def sql(self, statement, database="contacts"):
        """The lines that a statement gives. It does not pass through the relay."""
        url = self.url().rsplit("/", 1)[0] + f"/{database}"
        command = [self.bin / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement, url]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        if done.returncode != 0:
            raise OSError(done.stderr.strip())
        return done.stdout.splitlines()

    def dump(self):
        """The contents of every table, as text."""
        command = [self.bin / "pg_dump", "--data-only", self.url()]
        return subprocess.run(command, capture_output=True, check=True).stdout

    def save(self, file):
        """Keeps the database and the log after a finding; the cluster may be on a disk that goes."""
        with contextlib.suppress(OSError):
            shutil.copy(self.log, file.with_suffix(".log"))
        command = [self.bin / "pg_dump", "-Fc", "-f", file, self.url()]
        with contextlib.suppress(subprocess.SubprocessError):
            subprocess.run(command, capture_output=True, check=False, timeout=60)

    def close(self):
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            self.thaw()
            self.free_disk()
            self.stop()
        if self.disk:
            subprocess.run(["umount", "-l", self.root], check=False)

    def _processes(self):
        """The postmaster and its children."""
        try:
            parent = int((self.data / "postmaster.pid").read_text().split("\n")[0])
        except (OSError, ValueError):
            return []
        children = []
        for status in Path("/proc").glob("[0-9]*/stat"):
            fields = _read(status).rpartition(b")")[2].split()
            if len(fields) > 1 and int(fields[1]) == parent:
                children.append(int(status.parent.name))
        return [*children, parent]

    def _signal(self, number):
        for pid in self._processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _run(self, name, *arguments):
        command = [self.bin / name, "-D", self.data, *arguments]
        with (self.root / "commands.log").open("ab") as log:
            done = subprocess.run(
                command, cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False,
                **self.account,
            )
        if done.returncode != 0:
            raise OSError(f"{name} {' '.join(arguments)} failed: see {self.root}")


def free_port():
    """A port that nobody listens on. It stays free for the moment only."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def until(question, complaint, seconds=60):
    """What a question gives as soon as it gives something."""
    end = time.monotonic() + seconds
    while not (answer := question()):
        if time.monotonic() > end:
            raise OSError(f"{complaint} after {seconds} s")
        time.sleep(0.05)
    return answer


def can_mount():
    """Whether the cluster can have a small disk of its own."""
    return os.geteuid() == 0 and shutil.which("mount") is not None


def _mount(folder, account):
    options = f"size={DISK_MIB}m,mode=0700,uid={account['user']},gid={account['group']}"
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def _read(path):
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""


def server_bin():
    """The folder of the programs of Postgres."""
    if given := os.environ.get("CONTACTS_PG_BIN"):
        return Path(given)
    found = [*Path("/usr/lib/postgresql").glob("*/bin"),
             Path(__file__).resolve().parents[2] / ".venv/postgres/bin"]
    found = [folder for folder in found if (folder / "initdb").exists()]
    return max(found, key=lambda folder: (folder.parent.name.isdigit(), folder.parent.name))
