"""Makes the faults of a plan happen, and measures when all is well again."""

import contextlib
import time

from . import Finding
from .client import is_ready
from .postgres import until

WELL_WITHIN_SECONDS = 60
_OPEN_CHUNK = """
DO $$ BEGIN
  FOR attempt IN 1..3000 LOOP
    PERFORM pg_stat_clear_snapshot();
    IF EXISTS (SELECT FROM pg_stat_activity WHERE application_name = '{name}'
      AND xact_start IS NOT NULL AND state IN ('active', 'idle in transaction')
      AND query ~* '(_chunks|contact_sources|source_links|INTO contacts|UPDATE contacts)')
    THEN RETURN; END IF;
    PERFORM pg_sleep(0.002);
  END LOOP;
  RAISE 'none is open';
END $$"""


class Injector:
    """Does to servers and Postgres what a fault of the plan states."""

    def __init__(self, servers, postgres, embedded):
        self.servers, self.postgres, self.embedded = servers, postgres, embedded
        self.down = set()  # Servers that are meant to be down.

    def inject(self, fault):
        """Returns when the fault is over, or when it was not possible, with a reason."""
        return getattr(self, fault.name.replace("-", "_"))(fault, self.servers[fault.server])

    def kill(self, fault, server):
        with self._meant(server):
            server.kill()
            time.sleep(fault.seconds)
            server.start()

    def freeze(self, fault, server):
        server.freeze()
        try:
            time.sleep(fault.seconds)
        finally:
            server.thaw()

    def freeze_in(self, fault, server):
        try:
            self.postgres.sql(_OPEN_CHUNK.format(name=server.name))
        except OSError:
            return "no transaction of a chunk was open"
        return self.freeze(fault, server)

    def roll(self, _fault, _server):
        for server in self.servers:
            with self._meant(server):
                status = server.terminate()
                if status != 0:
                    raise Finding(f"{server.name} ended with {status} after SIGTERM")
                server.start()
                until(lambda one=server: is_ready(one), f"{server.name} is not ready")
        return None

    def clock(self, fault, server):
        server.set_clock(fault.amount)
        time.sleep(fault.seconds)
        server.set_clock(0)

    def skew(self, fault, server):
        server.set_clock(fault.amount)

    def crash_postgres(self, _fault, _server):
        self.postgres.crash()

    def stop_postgres(self, fault, _server):
        self.postgres.stop()
        time.sleep(fault.seconds)
        self.postgres.start()

    def freeze_postgres(self, fault, _server):
        self.postgres.freeze()
        try:
            time.sleep(fault.seconds)
        finally:
            self.postgres.thaw()

    def drop(self, _fault, server):
        server.relay.command("drop")

    def blackhole(self, fault, server):
        self._relay(server, fault, "blackhole")

    def latency(self, fault, server):
        self._relay(server, fault, "latency", fault.amount)

    def reset(self, fault, server):
        self._relay(server, fault, "reset", fault.amount)

    def lose(self, fault, server):
        self._relay(server, fault, "lose", fault.amount)

    def disk(self, fault, _server):
        self.postgres.fill_disk()
        try:
            time.sleep(fault.seconds)
        finally:
            self.postgres.free_disk()
        self._start_when_down()

    def kill_embedded(self, _fault, _server):
        self.embedded.kill()

    def stop_embedded(self, _fault, _server):
        self.embedded.stop()

    def unexpected_end(self):
        """The server that has ended by itself, as a sentence."""
        for server in self.servers:
            if server.number not in self.down and not server.is_running():
                return f"{server.name} ended by itself with {server.process.returncode}"
        return None

    def _relay(self, server, fault, *words):
        server.relay.command(*words)
        try:
            time.sleep(fault.seconds)
        finally:
            server.relay.command("clear")

    @contextlib.contextmanager
    def _meant(self, server):
        self.down.add(server.number)
        yield
        self.down.discard(server.number)

    def _start_when_down(self):
        """A Postgres that cannot write its log ends; somebody has to start it."""
        time.sleep(0.5)
        with contextlib.suppress(OSError):
            self.postgres.sql("SELECT 1")
            return
        time.sleep(2)
        with contextlib.suppress(OSError):
            self.postgres.sql("SELECT 1")
            return
        self.postgres.start()


def seconds_until_well(probes, since, still_going):
    """How long after a moment every server gave good answers again; None when interrupted."""
    while still_going():
        moments = [probe.well_since(since) for probe in probes]
        if all(moments):
            return max(moments) - since
        if time.monotonic() - since > WELL_WITHIN_SECONDS:
            bad = [probe.server.name for probe, moment in zip(probes, moments, strict=True)
                   if not moment]
            raise Finding(f"{', '.join(bad)} is not well {WELL_WITHIN_SECONDS} s after the fault")
        time.sleep(0.05)
    return None
