"""The other side: receives webhooks, and is the system that a connected source reads."""

import http.server
import json
import threading


class Receiver(http.server.ThreadingHTTPServer):
    """Counts messages by their ids, and lists people."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.lock = threading.Lock()
        self.messages = {}  # `webhook-id` -> how often it came.
        self.numbers = set()  # The numbers of the events that came.
        self.people = {}
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def set_person(self, number, name):
        with self.lock:
            self.people[number] = name

    def expected_people(self):
        with self.lock:
            return {f"crm{number}@example.org": name for number, name in self.people.items()}


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):  # noqa: N802, the name is that of the base class
        with self.server.lock:
            people = [{"id": number, "name": name, "email": f"crm{number}@example.org"}
                      for number, name in self.server.people.items()]
        self._answer({"people": people})

    def do_POST(self):  # noqa: N802
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        message = self.headers["webhook-id"]
        with self.server.lock:
            self.server.messages[message] = self.server.messages.get(message, 0) + 1
            self.server.numbers.add(body["data"].get("number"))
        self._answer({})

    def _answer(self, body):
        content = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass

    def handle(self):
        try:
            super().handle()
        except OSError:
            pass  # The client was killed.
