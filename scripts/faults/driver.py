"""One round: servers, load, faults by a plan, and the checks at the end."""

import collections
import time
import uuid

from . import Finding
from .checks import Checks
from .client import Journal, Probe, is_ready
from .contacts_load import Capturer, Downloader, Editor
from .embedded import Embedded
from .injector import Injector, seconds_until_well
from .ledger import Ledger
from .load import PROCEEDS_WITHIN_SECONDS, Shared
from .plan import plan
from .postgres import Postgres, until
from .product import IMPORT_ENDS
from .receiver import Receiver
from .runs_load import Bulk, Importer, Syncer
from .servers import Server, command
from .vitals import vitals

# Enough for an action that runs in the background.
POOL_CONTACTS = 2500
# The work that was begun before the last fault, on a slow machine.
WORK_SECONDS = 120
# Of a soak. Imports are rare, or six hours of them would fill the disk.
_FAULT_EVERY_SECONDS = 60
_IMPORT_EVERY_SECONDS, _STEP_EVERY_SECONDS = 60, 5
_VITALS_EVERY_FAULTS = 5


class Outcome:
    """What the faults of one kind did."""

    def __init__(self):
        self.times, self.seen = 0, collections.Counter()
        self.over = []  # Moments.
        self.well, self.proceeds = [], []  # Seconds after those moments.

    def add(self, other):
        self.times += other.times
        self.seen += other.seen
        self.well += other.well
        self.proceeds += other.proceeds

    def measure_work(self, moments):
        """`moments` are those at which a background run proceeded."""
        for over in self.over:
            later = [moment - over for moment in moments if moment >= over]
            self.proceeds += later[:1]


class Round:
    """Everything of one seed, in a folder."""

    def __init__(self, program, folder, options, seed):
        self.folder, self.options, self.seed = folder, options, seed
        self.names, self.outcomes = options.names, collections.defaultdict(Outcome)
        self.postgres = self.embedded = None
        self.servers, self.probes, self.threads = [], [], []
        self.receiver, self.journal = Receiver(), Journal(folder / "clients.log")
        if options.embedded:
            self.embedded = Embedded(folder / "data")
        else:
            self.postgres = Postgres(folder, own_disk="disk" in self.names)
        count = 1 if options.embedded else options.servers
        self.servers = [Server(program, folder, n, self.postgres) for n in range(count)]
        for server in self.servers:
            server.env["PGAPPNAME"] = server.name
            if {"clock", "skew"} & set(self.names):
                server.follow_clock()
        self.injector = Injector(self.servers, self.postgres, self.embedded)

    def run(self):
        try:
            self.prepare()
            self.disturb()
            self.settle()
            compared = Checks(self.shared, self.postgres or self.embedded, self.after_event).run()
            if self.shared.findings:
                raise Finding(self.shared.findings[0])
            print(f"seed {self.seed}: {self.shared.ledger.acknowledged} acknowledged writes, "
                  f"{self.journal.requests} requests, the slowest {self.journal.slowest:.1f} s; "
                  f"{compared} facts hold", flush=True)
        except Finding:
            if self.postgres:
                self.postgres.thaw()
                self.postgres.save(self.folder / "postgres.dump")
            raise
        finally:
            self.close()

    def prepare(self):
        """The organisation, its keys, the pool, a webhook and a connected source."""
        if self.postgres:
            command(self.servers[0], "migrate")
        else:
            self.servers[0].start()
            until(lambda: is_ready(self.servers[0]), "the server is not ready")
        org = command(self.servers[0], "org", "create", "Crash")
        key = command(self.servers[0], "key", "create", "--org", org, "--name", "crash",
                      "--scope", "read,write,admin")
        capture = command(self.servers[0], "key", "create", "--org", org, "--name", "widget",
                          "--scope", "capture")
        for server in self.servers:
            if not server.is_running():
                server.start()
        for server in self.servers:
            until(lambda one=server: is_ready(one), f"{server.name} is not ready")
        self.shared = Shared(self.servers, key, self.journal, Ledger(), self.receiver)
        product = self.shared.product()
        self.after_event = product.last_event()
        product.create_webhook(f"{self.receiver.url}/hook")
        self.import_pool(product)
        source = product.create_source(f"{self.receiver.url}/people")
        self.start_load(source, capture)
        for server in self.servers:
            self.probes.append(Probe(server, key, str(uuid.uuid4())))
            self.probes[-1].start()

    @staticmethod
    def import_pool(product):
        lines = ["name,email"] + [f"Pool {n},pool{n}@example.org" for n in range(POOL_CONTACTS)]
        run = product.upload("pool.csv", "\n".join(lines).encode())
        until(lambda: product.import_(run)["state"] == "ready", "the pool is not ready")
        product.plan(run, columns=["name", "email"], policy="overwrite", tags=["pool"])
        product.start_import(run)
        until(lambda: product.import_(run)["state"] in IMPORT_ENDS, "the pool is not imported")

    def start_load(self, source, capture):
        shared, seed = self.shared, self.seed
        self.threads = [
            *(Editor(shared, n, seed) for n in range(2)),
            *(Importer(shared, n, seed) for n in range(2)),
            Capturer(shared, 0, seed, capture),
            Downloader(shared, 0, seed, POOL_CONTACTS),
            Bulk(shared, 0, seed, POOL_CONTACTS),
            Syncer(shared, 0, seed, source),
        ]
        for thread in self.threads:
            if self.options.soak:
                rare = isinstance(thread, Importer)
                thread.pause_seconds = _IMPORT_EVERY_SECONDS if rare else _STEP_EVERY_SECONDS
            thread.start()

    def disturb(self):
        """Faults until the time is over. A finding of the load ends it early."""
        end = time.monotonic() + self.options.seconds
        for number, fault in enumerate(plan(self.seed, len(self.servers), self.names)):
            if self.options.soak and number % _VITALS_EVERY_FAULTS == 0:
                print(f"  {vitals(self.servers, self.postgres or self.embedded)}", flush=True)
            pause = _FAULT_EVERY_SECONDS if self.options.soak else fault.pause_seconds
            if self.shared.stopping.wait(pause):
                raise Finding(self.shared.findings[0])
            if time.monotonic() > end:
                return
            self.one(fault)

    def one(self, fault):
        self.journal.take()
        begin = time.monotonic()
        impossible = self.injector.inject(fault)
        over = self.journal.fault_ended_at = time.monotonic()
        if impossible:
            print(f"  {fault}: {impossible}", flush=True)
            return
        well = seconds_until_well(self.probes, over, self.goes_on)
        if well is None:
            raise Finding(self.finding())
        outcome, seen = self.outcomes[fault.name], self.journal.take()
        outcome.times += 1
        outcome.seen += seen
        outcome.well.append(well)
        outcome.over.append(over)
        print(f"  {fault}: {over - begin:.1f} s long, good answers {well:.2f} s after it; "
              f"seen {shown(seen)}", flush=True)

    def goes_on(self):
        return not self.finding()

    def finding(self):
        if not self.shared.findings and (ended := self.injector.unexpected_end()):
            self.shared.find(ended)
        return self.shared.findings[0] if self.shared.findings else None

    def settle(self):
        """Every step that was begun must end."""
        began = time.monotonic()
        self.shared.stopping.set()
        for thread in self.threads:
            left = began + PROCEEDS_WITHIN_SECONDS + WORK_SECONDS - time.monotonic()
            thread.join(max(0, left))
            if thread.is_alive():
                raise Finding(f"{thread.name} is not at its end: {thread.doing}")
        if finding := self.finding():
            raise Finding(finding)
        for outcome in self.outcomes.values():
            outcome.measure_work(self.journal.work)
        # The source has everything only after a run that nothing disturbs.
        next(one for one in self.threads if isinstance(one, Syncer)).sync()
        print(f"  all runs ended {time.monotonic() - began:.1f} s after the last fault", flush=True)

    def close(self):
        if self.threads:
            self.shared.stopping.set()
        for probe in self.probes:
            probe.ended.set()
        for server in self.servers:
            server.close()
        self.receiver.shutdown()
        if self.embedded:
            self.embedded.close()
        if self.postgres:
            self.postgres.close()


def shown(counts):
    return ", ".join(f"{n} × {what}" for what, n in sorted(counts.items(), key=str)) or "nothing"


def table(outcomes):
    """The faults of all rounds, as a table of Markdown."""
    lines = ["| fault | times | what clients saw | good answers after, at most | "
             "runs proceed after, at most |", "|---|---|---|---|---|"]
    for name, outcome in sorted(outcomes.items()):
        lines.append(f"| {name} | {outcome.times} | {shown(outcome.seen)} | "
                     f"{max(outcome.well):.1f} s | {max(outcome.proceeds, default=0):.1f} s |")
    return "\n".join(lines)
