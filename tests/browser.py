"""A headless Chromium for tests, told what to do through a pipe: no driver, no port, no package.

Source: Chrome DevTools Protocol; `--remote-debugging-pipe` reads JSON that ends with a zero byte
from descriptor 3 and writes it to 4.
"""

import base64
import fcntl
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

READS, WRITES = 3, 4
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",  # tests run as root too, where Chromium's own sandbox cannot
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--no-first-run",
    "--disable-background-networking",
    "--remote-debugging-pipe",
)


def find_browser() -> str | None:
    """Where a Chromium is, if there is one."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@dataclass
class Browser:
    """One page. `events` are what it told by itself: requests, errors, messages of its console."""

    writes: int
    reads: Any
    session: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)
    last: int = 0

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The answer to a command."""
        self.last += 1
        told: dict[str, Any] = {"id": self.last, "method": method, "params": parameters}
        if self.session:
            told["sessionId"] = self.session
        os.write(self.writes, json.dumps(told).encode() + b"\0")
        while (answer := self._next()).get("id") != self.last:
            self.events.append(answer)
        assert "error" not in answer, answer
        return dict(answer["result"])

    def _next(self) -> dict[str, Any]:
        parts = []
        while (byte := self.reads.read(1)) != b"\0":
            assert byte, "the browser has ended"
            parts.append(byte)
        return dict(json.loads(b"".join(parts)))

    def open(self, path: Path, *, width: int = 1280, height: int = 900, dark: bool = False) -> None:
        """Loads a file with a window of this size, and waits until its charts are drawn."""
        self.resize(width, height)
        scheme = "dark" if dark else "light"
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", features=features)
        self.events.clear()
        self.call("Page.navigate", url=path.as_uri())
        self.run("new Promise(done => document.readyState == 'complete' ? done() : onload = done)")

    def resize(self, width: int, height: int) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 500,
        )

    def run(self, expression: str) -> Any:
        """The value of a JavaScript expression, awaited."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def picture(self, path: Path, *, whole: bool = True) -> None:
        """A PNG of the page from its top to its end."""
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))

    def told(self, method: str) -> list[dict[str, Any]]:
        """The parameters of events of one kind."""
        return [one["params"] for one in self.events if one.get("method") == method]


@contextmanager
def browsing(command: str) -> Iterator[Browser]:
    """A browser with an empty profile, gone at the end."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        theirs_in, ours_out = os.pipe()
        ours_in, theirs_out = os.pipe()
        high = [fcntl.fcntl(one, fcntl.F_DUPFD, 10) for one in (theirs_in, theirs_out)]
        process = subprocess.Popen(
            [command, *FLAGS, f"--user-data-dir={profile}"],
            preexec_fn=lambda: (os.dup2(high[0], READS), os.dup2(high[1], WRITES)),
            pass_fds=(READS, WRITES),
            stderr=subprocess.DEVNULL,
        )
        for descriptor in (theirs_in, theirs_out, *high):
            os.close(descriptor)
        try:
            with os.fdopen(ours_in, "rb") as reads:
                yield _attached(Browser(ours_out, reads))
        finally:
            process.terminate()
            process.wait(timeout=10)
            os.close(ours_out)


def _attached(browser: Browser) -> Browser:
    target = browser.call("Target.createTarget", url="about:blank")["targetId"]
    attached = browser.call("Target.attachToTarget", targetId=target, flatten=True)
    browser.session = str(attached["sessionId"])
    for domain in ("Page", "Runtime", "Network", "Log"):
        browser.call(f"{domain}.enable")
    return browser
