"""A TCP relay between a program and its Postgres that can be made faulty.

It runs as a process of its own and reads one command a line from standard input:

    drop           connections of now lose every packet, without an end; new ones work
    blackhole      all packets are lost, also those of new connections, until `clear`
    latency MS     each read is passed on so many milliseconds later
    reset BYTES    each connection is reset after so many bytes
    lose ONE_IN    one of so many answers is lost, and its connection reset: what it answers,
                   such as a commit, has happened
    clear          ends all of these; dropped connections stay dropped

Packets are lost by a socket filter that rejects everything which arrives. Nothing is
acknowledged then, just as if a cable was cut, and no rights are needed for it.
"""

import asyncio
import contextlib
import ctypes
import random
import socket
import struct
import subprocess
import sys
from pathlib import Path

SO_ATTACH_FILTER, SO_DETACH_FILTER = 26, 27
# One instruction of the classic BPF: return 0, which keeps no byte of the packet.
_REJECT = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0))
_FILTER = struct.pack("HxxxxxxP", 1, ctypes.addressof(_REJECT))
_NO_LINGER = struct.pack("ii", 1, 0)
_READ_BYTES = 65536


class Relay:
    """The relay's process, as the driver holds it."""

    def __init__(self, target_port):
        command = [sys.executable, Path(__file__), str(target_port)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self.port = int(self.process.stdout.readline())

    def command(self, *words):
        """Passes a command on, and returns when it is in effect."""
        print(*words, file=self.process.stdin, flush=True)
        self.process.stdout.readline()

    def close(self):
        self.process.kill()
        self.process.wait()


class _Faulty:
    def __init__(self, target_port):
        self.target_port = target_port
        self.listener = None
        self.pairs = set()
        self.latency_seconds = 0
        self.reset_bytes = self.lost_one_in = None

    async def connect(self, reader, writer):
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target_port)
        except OSError:
            _reset(writer)
            return
        pair = (writer, far_writer)
        self.pairs.add(pair)
        passed = [0]
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.copy(reader, far_writer, pair, passed))
                group.create_task(self.copy(far_reader, writer, pair, passed, is_answer=True))
        except* (OSError, asyncio.CancelledError):
            pass
        finally:
            # Without a trace when packets are lost: a FIN would tell the program.
            if pair in self.pairs:
                self.pairs.discard(pair)
                for one in pair:
                    one.close()

    async def copy(self, reader, writer, pair, passed, is_answer=False):
        """Copies until an end, which ends the other direction, too, as Postgres does."""
        while data := await reader.read(_READ_BYTES):
            if self.latency_seconds:
                await asyncio.sleep(self.latency_seconds)
            passed[0] += len(data)
            is_over = self.reset_bytes is not None and passed[0] > self.reset_bytes
            is_lost = is_answer and self.lost_one_in and random.randrange(self.lost_one_in) == 0
            if is_over or is_lost:
                for one in pair:
                    _reset(one)
                return
            writer.write(data)
            await writer.drain()
        for one in pair:
            one.close()

    def command(self, name, value=None):
        match name:
            case "drop":
                for pair in self.pairs:
                    for one in pair:
                        _filter(one.get_extra_info("socket"))
                # Kept, because the end of a socket would be seen.
                _DROPPED.extend(self.pairs)
                self.pairs = set()
            case "blackhole":
                for one in self._sockets():
                    _filter(one)
            case "latency":
                self.latency_seconds = int(value) / 1000
            case "reset":
                self.reset_bytes = int(value)
            case "lose":
                self.lost_one_in = int(value)
            case "clear":
                self.latency_seconds = 0
                self.reset_bytes = self.lost_one_in = None
                for one in self._sockets():
                    with contextlib.suppress(OSError):
                        one.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)

    def _sockets(self):
        yield from self.listener.sockets
        for pair in self.pairs:
            yield from (one.get_extra_info("socket") for one in pair)


_DROPPED = []


def _filter(one):
    with contextlib.suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, _FILTER)


def _reset(writer):
    with contextlib.suppress(OSError, AttributeError):
        linger = writer.get_extra_info("socket")
        linger.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    writer.transport.abort()


async def _serve(target_port):
    relay = _Faulty(target_port)
    relay.listener = await asyncio.start_server(relay.connect, "127.0.0.1", 0)
    print(relay.listener.sockets[0].getsockname()[1], flush=True)
    commands = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while line := await commands.readline():
        relay.command(*line.decode().split())
        print("in effect", flush=True)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(int(sys.argv[1])))
