"""Requests to several servers: repeated until one of them answers, and counted."""

import collections
import http.client
import json
import threading
import time

from . import Finding

ANSWER_WITHIN_SECONDS = 30  # R63
GIVE_UP_AFTER_SECONDS = 120
_SLACK_SECONDS = 2
_REPEATED = {408, 429, 503, 507}


class Cut(Exception):
    """A request that was not answered: whether it was carried out is not known."""


class Answer:
    """An answer, and whether an earlier attempt may have been carried out."""

    def __init__(self, response, body, maybe_done):
        self.status, self.headers, self.maybe_done = response.status, response.headers, maybe_done
        is_json = "json" in (response.headers.get("Content-Type") or "")
        self.body = json.loads(body or b"null") if is_json else body

    @property
    def code(self):
        return self.body.get("code") if isinstance(self.body, dict) else None

    @property
    def is_lost(self):
        """Whether the request was carried out, and its answer is not stored (any more)."""
        if self.code == "answer_lost":
            return True
        return self.code == "answer_erased" and self.maybe_done

    def __str__(self):
        return f"{self.status} {json.dumps(self.body)[:400] if self.code else ''}".strip()


class Journal:
    """What clients saw, fault by fault."""

    def __init__(self, file):
        self._lock = threading.Lock()
        self._file = file.open("w", buffering=1)  # Requests without an answer, a line each.
        self._counts = collections.Counter()
        self.requests = self.slowest = 0
        self.work = []  # Moments at which a background run was seen to proceed.
        self.fault_ended_at = time.monotonic()

    def count(self, what, seconds, request):
        with self._lock:
            if not isinstance(what, int):
                now = time.strftime("%H:%M:%S")
                print(f"{now} {request} had no answer: {what} after {seconds:.2f} s", file=self._file)
            self._counts[what] += 1
            self.requests += 1
            self.slowest = max(self.slowest, seconds)

    def take(self):
        """The counts since the last call."""
        with self._lock:
            counts, self._counts = self._counts, collections.Counter()
        return counts


class Client:
    """A client with a list of servers, as a careful caller of the API would be. For one thread."""

    def __init__(self, servers, key, journal, first=0):
        self.servers, self.key, self.journal = servers, key, journal
        self.at = first % len(servers)
        self._connections = {}

    def ask(self, method, path, body=None, *, key=None, headers=None, kind="application/json"):
        """Repeats a request until it has an answer that says more than "later"."""
        headers = {"Authorization": f"Bearer {self.key}", **(headers or {})}
        if key is not None:
            headers["Idempotency-Key"] = key
        if body is not None:
            headers["Content-Type"] = kind
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
        begin, maybe_done, last = time.monotonic(), False, None
        while time.monotonic() - begin < GIVE_UP_AFTER_SECONDS:
            try:
                answer = self._once(method, path, body, headers, maybe_done)
            except Cut as cut:
                maybe_done, last = True, cut
                self.at = (self.at + 1) % len(self.servers)
                time.sleep(0.05)
                continue
            if answer.status not in _REPEATED and answer.code != "request_in_progress":
                return answer
            maybe_done, last = maybe_done or answer.status >= 500, answer
            if answer.status == 503:
                self.at = (self.at + 1) % len(self.servers)
            time.sleep(min(1, float(answer.headers.get("Retry-After") or 0.2)))
        raise Finding(f"{method} {path} had no good answer for {GIVE_UP_AFTER_SECONDS} s: {last}")

    def _once(self, method, path, body, headers, maybe_done):
        server, begin = self.servers[self.at], time.monotonic()
        connection = self._connections.get(server.number)
        if connection is None:
            timeout = ANSWER_WITHIN_SECONDS + 10
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=timeout)
            self._connections[server.number] = connection
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            self._note(server, method, path, begin, _name(error))
            raise Cut(f"{type(error).__name__}: {error}") from error
        self._note(server, method, path, begin, response.status)
        answer = Answer(response, content, maybe_done)
        if answer.status == 500:
            raise Finding(f"{method} {path} was answered with {answer}, "
                          f"request {response.headers.get('X-Request-Id')} of {server.name}")
        return answer

    def _note(self, server, method, path, begin, what):
        end = time.monotonic()
        seconds = end - begin - server.frozen_seconds(begin, end)
        self.journal.count(what, seconds, f"{method} {path} at {server.name}")
        if seconds > ANSWER_WITHIN_SECONDS + _SLACK_SECONDS:
            raise Finding(f"{method} {path} took {seconds:.1f} s on {server.name}: {what}")


def _name(error):
    match error:
        case ConnectionRefusedError():
            return "refused"
        case TimeoutError():
            return "timed out"
        case _:
            return "cut"


class Probe(threading.Thread):
    """Reads and writes at one server all the time, to measure when it is well again."""

    _TIMEOUT_SECONDS = 3

    def __init__(self, server, key, campaign):
        super().__init__(daemon=True)
        self.server, self.key, self.campaign = server, key, campaign
        self.good = []  # Moments [sent, answered] of good answers since the last bad one.
        self.ended = threading.Event()

    def run(self):
        while not self.ended.wait(0.1):
            sent = time.monotonic()
            if self._is_good():
                self.good.append((sent, time.monotonic()))
            else:
                self.good = []

    def well_since(self, moment):
        """When the first of three good answers in a row came that were asked for since then."""
        good = [answered for sent, answered in self.good if sent >= moment]
        return good[0] if len(good) >= 3 else None

    def _is_good(self):
        name = {"kind": "campaign", "name": f"Probe at {time.monotonic()}"}
        asked = [("GET", "/v1/contacts?limit=1&count=none", None),
                 ("PUT", f"/v1/campaigns/{self.campaign}", json.dumps(name))]
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.server.port, timeout=self._TIMEOUT_SECONDS
        )
        try:
            for method, path, body in asked:
                connection.request(method, path, body, headers)
                response = connection.getresponse()
                response.read()
                if response.status >= 300:
                    return False
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        return True


def is_ready(server):
    """Whether `/readyz` answers 200."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=3)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
