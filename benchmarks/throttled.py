"""A server that counts requests as Zendesk does, in windows as short as one likes."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Throttled:
    """The limits of one account, in windows of the clock, and what was counted in each."""

    def __init__(self, limits: Mapping[str, int], window_seconds: int) -> None:
        self._limits = limits
        self._seconds = window_seconds
        self._counted: Counter[tuple[str, int]] = Counter()
        self._lock = threading.Lock()
        self.refused = 0

    def begin_in(self, seconds: float) -> float:
        """When the first window begins that is at least so many seconds away (epoch)."""
        return self._seconds * (self._window(time.time() + seconds) + 1)

    def counted_from(self, bucket: str, begins_at: float, windows: int) -> int:
        """What was counted in so many windows from `begins_at` on."""
        first = self._window(begins_at)
        return sum(self._counted[bucket, first + at] for at in range(windows))

    def answer(self, path: str) -> tuple[int, dict[str, str]]:
        """The status and the headers of an answer."""
        buckets = ["account", "incremental"] if "/incremental/" in path else ["account"]
        with self._lock:
            now = time.time()
            window = self._window(now)
            seconds = -int(-(self._seconds * (window + 1) - now) // 1)
            left = {name: self._limits[name] - self._counted[name, window] for name in buckets}
            refused = min(left.values()) <= 0
            if refused:
                self.refused += 1
            else:
                self._counted.update((name, window) for name in buckets)
                left = {name: number - 1 for name, number in left.items()}
        headers = self._headers(left, seconds)
        return (429, headers | {"retry-after": str(seconds)}) if refused else (200, headers)

    def _window(self, now: float) -> int:
        return int(now // self._seconds)

    def _headers(self, left: Mapping[str, int], seconds: int) -> dict[str, str]:
        headers = {
            "ratelimit-limit": str(self._limits["account"]),
            "ratelimit-remaining": str(left["account"]),
            "ratelimit-reset": str(seconds),
        }
        for name in left.keys() - {"account"}:
            told = f"total={self._limits[name]}; remaining={left[name]}; resets={seconds}"
            headers[f"zendesk-ratelimit-{name}"] = told
        return headers


@contextmanager
def serving(throttled: Throttled) -> Iterator[tuple[Throttled, str]]:
    """The server on a socket of this machine, and its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(throttled))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield throttled, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(throttled: Throttled) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, headers = throttled.answer(self.path)
            body = json.dumps({"groups": []}).encode()
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Silence."""

    return Handler
