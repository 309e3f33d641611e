"""The Postgres that the program runs itself, and how to end it."""

import os
import signal
import subprocess
from pathlib import Path

from .postgres import server_bin, until


class Embedded:
    """The embedded database in a data directory."""

    def __init__(self, data):
        self.cluster = data / "cluster"

    def postmaster(self):
        """Its process, when it runs: by now the number alone may be another's."""
        try:
            pid = int((self.cluster / "postmaster.pid").read_text().split("\n")[0])
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return None
        return pid if str(self.cluster).encode() in command else None

    def kill(self):
        self._end(lambda pid: os.kill(pid, signal.SIGKILL))

    def stop(self):
        self._end(lambda pid: os.kill(pid, signal.SIGQUIT))

    def close(self):
        if (pid := self.postmaster()) is not None:
            os.kill(pid, signal.SIGQUIT)
            until(lambda: self.postmaster() is None, "the embedded Postgres does not end")

    def sql(self, statement):
        """The lines that a statement gives, over the socket, which is its owner's alone."""
        owner, account = self.cluster.stat(), {}
        if os.geteuid() == 0:
            account = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
        socket = (self.cluster / "postmaster.pid").read_text().split("\n")[4]
        url = f"host={socket} port=5432 user=contacts dbname=contacts"
        command = [server_bin() / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement, url]
        done = subprocess.run(
            command, cwd="/", capture_output=True, text=True, check=False, **account
        )
        if done.returncode != 0:
            raise OSError(done.stderr.strip())
        return done.stdout.splitlines()

    def _end(self, end):
        """The program brings it back. What the old one leaves behind may answer for a moment."""
        old = until(self.postmaster, "the embedded Postgres does not run")
        end(old)
        until(lambda: self.postmaster() not in (None, old), "Postgres was not started again")
