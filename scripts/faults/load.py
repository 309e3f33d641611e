"""The threads of the load: each has its own client, its own chance and its own contacts."""

import random
import threading
import time

from . import Finding
from .client import Client
from .product import Product

# After the last fault, every run proceeds within this time.
PROCEEDS_WITHIN_SECONDS = 60


class Shared:
    """What the threads of a load have in common."""

    def __init__(self, servers, key, journal, ledger, receiver):
        self.servers, self.key, self.journal = servers, key, journal
        self.ledger, self.receiver = ledger, receiver
        self.stopping = threading.Event()
        self.findings = []

    def product(self, first=0, key=None):
        return Product(Client(self.servers, key or self.key, self.journal, first))

    def find(self, sentence):
        self.findings.append(sentence)
        self.stopping.set()


class Thread(threading.Thread):
    """Repeats `step` until the load stops; a step that has begun is finished."""

    pause_seconds = 0.05

    def __init__(self, shared, number, seed):
        super().__init__(daemon=True, name=f"{type(self).__name__} {number}")
        self.shared, self.number = shared, number
        self.ledger, self.journal = shared.ledger, shared.journal
        self.random = random.Random(f"{seed} {self.name}")
        self.product = shared.product(first=number)
        self.doing = "nothing"

    def run(self):
        try:
            while not self.shared.stopping.is_set():
                self.step()
                time.sleep(self.pause_seconds)
        except Finding as finding:
            self.shared.find(f"{self.name}, {self.doing}: {finding}")
        except Exception as error:  # noqa: BLE001, a thread must not end without a trace
            self.shared.find(f"{self.name}, {self.doing}, failed: {error!r}")
            raise

    def step(self):
        raise NotImplementedError

    def wait(self, what, state_of, ends):
        """The state of a run at its end. It must proceed after each fault."""
        before, changed_at = None, time.monotonic()
        self.doing = f"waiting for {what}"
        while True:
            now = state_of()
            key = (now["state"], str(now.get("progress")), str(now.get("rows")), str(now["summary"]))
            moment = time.monotonic()
            if key != before:
                before, changed_at = key, moment
                self.journal.work.append(moment)
            if now["state"] in ends:
                return now
            idle = moment - max(changed_at, self.journal.fault_ended_at)
            if idle > PROCEEDS_WITHIN_SECONDS:
                raise Finding(f"{what} did not proceed for {idle:.0f} s: {now}")
            time.sleep(0.2)
