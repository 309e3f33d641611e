"""The plan: which fault comes when, where and for how long. A seed gives the same plan."""

import dataclasses
import random

# Name -> what it needs, and the shortest and longest duration in seconds.
FAULTS = {
    "kill": ("", 0, 3),
    "freeze": ("", 1, 10),
    "freeze-in": ("sql", 6, 12),
    "roll": ("servers", 0, 0),
    "clock": ("faketime", 4, 12),
    "skew": ("faketime", 0, 0),
    "crash-postgres": ("sql", 0, 0),
    "stop-postgres": ("sql", 0, 4),
    "freeze-postgres": ("sql", 1, 8),
    "drop": ("sql", 0, 0),
    "blackhole": ("sql", 2, 12),
    "latency": ("sql", 3, 8),
    "reset": ("sql", 2, 5),
    "lose": ("sql", 3, 8),
    "disk": ("disk", 2, 6),
    # With the embedded database only.
    "kill-embedded": ("embedded", 0, 0),
    "stop-embedded": ("embedded", 0, 0),
}
# After these, a server is a new process.
RESTARTS = {"kill", "roll"}
MEANING = {
    "kill": "kill -9 of a server, which is started again",
    "freeze": "a server is stopped by SIGSTOP, and goes on",
    "freeze-in": "a server is stopped inside a chunk's transaction, for longer than its lease",
    "roll": "every server ends by SIGTERM in turn, and the next one ends when it is ready again",
    "clock": "the clock of a server is wrong by minutes for a time",
    "skew": "the clock of a server is wrong by minutes from now on",
    "crash-postgres": "a process of Postgres is killed, and Postgres recovers",
    "stop-postgres": "Postgres is stopped without a checkpoint, and started again",
    "freeze-postgres": "every process of Postgres is stopped by SIGSTOP, and goes on",
    "drop": "open connections to Postgres lose every packet, permanently",
    "blackhole": "all packets between a server and Postgres are lost for a time",
    "latency": "packets between a server and Postgres are late",
    "reset": "connections to Postgres are reset after some bytes",
    "lose": "some answers of Postgres are lost, such as that of a commit, with their connections",
    "disk": "the disk of Postgres is full for a time",
    "kill-embedded": "the embedded Postgres is killed, and the program starts it again",
    "stop-embedded": "the embedded Postgres is stopped, and the program starts it again",
}


@dataclasses.dataclass(frozen=True)
class Fault:
    """One fault of the plan."""

    name: str
    server: int
    pause_seconds: float  # Since the fault before.
    seconds: float
    amount: int  # Milliseconds, bytes or seconds, as the fault has it.

    def __str__(self):
        # Faults of a shared Postgres hit every server.
        where = "" if "postgres" in self.name or self.name in ("disk", "roll") else \
            f" at server {self.server + 1}"
        amount = {"latency": f", {self.amount} ms", "reset": f", {self.amount} bytes",
                  "clock": f", {self.amount:+d} s", "skew": f", {self.amount:+d} s",
                  "lose": f", one in {self.amount}"}.get(self.name, "")
        length = f" for {self.seconds:.1f} s" if self.seconds else ""
        return f"{self.name}{where}{length}{amount}"


def plan(seed, servers, names):
    """Faults without an end: each name once in every turn, in an order of chance."""
    rng = random.Random(f"plan {seed}")
    while True:
        turn = list(names)
        rng.shuffle(turn)
        for name in turn:
            amount = {"latency": rng.randint(20, 300), "reset": rng.randint(500, 60_000),
                      "clock": rng.choice([-1, 1]) * rng.randint(60, 3600),
                      "skew": rng.choice([-1, 1]) * rng.randint(60, 3600),
                      "lose": rng.randint(5, 60)}.get(name, 0)
            _, least, most = FAULTS[name]
            yield Fault(name, rng.randrange(servers), rng.uniform(0.5, 5),
                        rng.uniform(least, most), amount)
