"""A page in headless Chromium, driven by the DevTools protocol through pipes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)


@contextmanager
def opened(address: str, width: int, height: int) -> Iterator[Page]:
    """Open an address in a new browser, in a page of a width and a height in pixels."""
    reading, out = os.pipe()
    found, writing = os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile, os.fdopen(out, "wb", 0), os.fdopen(found, "rb", 0):
        options = ["--headless", "--remote-debugging-pipe", "--disable-gpu", f"--user-data-dir={profile}"]
        options += ["--no-sandbox"] if os.geteuid() == 0 else []
        shell = f'exec "$@" 3<&{reading} 4>&{writing}'  # the browser reads 3 and writes 4
        command = ["bash", "-c", shell, "bash", CHROMIUM, *options]
        browser = subprocess.Popen(command, pass_fds=(reading, writing), stderr=subprocess.DEVNULL)
        os.close(reading)
        os.close(writing)
        try:
            yield Page(out, found, address, width, height)
        finally:
            browser.kill()
            browser.wait()


class Page:
    """A page of a browser that reads commands from a pipe and writes results to another one."""

    def __init__(self, out: int, found: int, address: str, width: int, height: int) -> None:
        self._out, self._in = out, found
        self._count, self._rest, self._session = 0, b"", None
        self.exceptions: list[Any] = []
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._call("Runtime.enable")
        self._call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self._call("Page.navigate", url=address)

    def _call(self, method: str, **params: Any) -> Any:
        self._count += 1
        message = {"id": self._count, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self._rest:
                more = os.read(self._in, 1 << 16)
                assert more, "the browser has ended"
                self._rest += more
            found, _, self._rest = self._rest.partition(b"\0")
            answer = json.loads(found)
            if answer.get("method") == "Runtime.exceptionThrown":
                self.exceptions.append(answer["params"]["exceptionDetails"])
            if answer.get("id") == self._count:
                assert "error" not in answer, answer
                return answer["result"]

    def run(self, expression: str) -> Any:
        """Return the value of an expression of JavaScript, and wait for a promise."""
        result = self._call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def wait(self, condition: str) -> None:
        """Wait up to 30 seconds until an expression holds."""
        turn = "new Promise((done) => setTimeout(done, 20))"
        loop = f"for (let k = 0; k < 1500; ++k) {{ if ({condition}) return true; await {turn}; }}"
        held = self.run(f"(async () => {{ {loop} }})()")
        assert held, condition
