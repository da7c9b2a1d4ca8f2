"""A headless Chromium, driven over its DevTools pipe with nothing but the standard library."""

import base64
import json
import os
import select
import subprocess
import tempfile
import time

PATIENCE = 60.0  # seconds for an answer, on a machine with other work to do

OPTIONS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
    "--hide-scrollbars", "--remote-debugging-pipe", "about:blank",
]


class Browser:
    """One page in a browser of its own; `complaints` has every console message, exception, log entry and request."""

    def __init__(self, program, size=(1200, 900)):
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        to_read, self.to_write = os.pipe()
        self.to_read, to_answer = os.pipe()
        # the browser reads commands from descriptor 3 and answers on descriptor 4
        shell = f'exec "$@" 3<&{to_read} 4>&{to_answer}'
        self.process = subprocess.Popen(
            ["sh", "-c", shell, "sh", program, f"--user-data-dir={self.profile.name}", *OPTIONS],
            pass_fds=(to_read, to_answer), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        os.close(to_read)
        os.close(to_answer)
        self.buffer, self.number, self.session, self.complaints, self.loaded = b"", 0, None, [], False
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=size[0], height=size[1], deviceScaleFactor=1, mobile=False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.profile.cleanup()

    def call(self, method, **params):
        """Sends a command and waits for its answer; what the browser says in between is kept."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to_write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.next_message()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]

    def next_message(self):
        until = time.monotonic() + PATIENCE
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.to_read], [], [], max(0.0, until - time.monotonic()))
            piece = os.read(self.to_read, 1 << 20) if ready else b""
            if not piece:
                raise RuntimeError("the browser says nothing" if not ready else "the browser has ended")
            self.buffer += piece
        message, self.buffer = self.buffer.split(b"\0", 1)
        message = json.loads(message)
        self.notice(message.get("method"), message.get("params", {}))
        return message

    def notice(self, method, params):
        if method == "Page.loadEventFired":
            self.loaded = True
        elif method == "Runtime.consoleAPICalled":
            self.complaints.append(f"console: {[a.get('value', a.get('description')) for a in params['args']]}")
        elif method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.complaints.append(f"exception: {details.get('exception', {}).get('description', details['text'])}")
        elif method == "Log.entryAdded":
            self.complaints.append(f"log: {params['entry']['text']}")
        elif method == "Network.requestWillBeSent" and not params["request"]["url"].startswith(("file:", "data:")):
            self.complaints.append(f"request: {params['request']['url']}")

    def open(self, url):
        self.loaded = False
        self.call("Page.navigate", url=url)
        while not self.loaded:
            self.next_message()
        self.settle()

    def ask(self, expression):
        """The value of an expression in the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def settle(self):
        """Waits until the page has drawn what it has to draw."""
        self.ask("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))")

    def centre(self, selector):
        """The middle of an element, scrolled into view."""
        box = self.ask(
            "(e => { e.scrollIntoView({block: 'center', behavior: 'instant'}); const r = e.getBoundingClientRect();"
            f" return [r.left, r.top, r.width, r.height]; }})(document.querySelector({json.dumps(selector)}))"
        )
        return box[0] + box[2] / 2, box[1] + box[3] / 2, box[2], box[3]

    def mouse(self, kind, x, y, clicks=1, buttons=0):
        button = "left" if kind != "mouseMoved" or buttons else "none"
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button=button, buttons=buttons, clickCount=clicks)

    def click(self, selector, clicks=1):
        x, y, _, _ = self.centre(selector)
        self.mouse("mouseMoved", x, y)
        for count in range(1, clicks + 1):
            self.mouse("mousePressed", x, y, count, 1)
            self.mouse("mouseReleased", x, y, count)
        self.settle()

    def drag(self, start, end):
        self.mouse("mouseMoved", *start)
        self.mouse("mousePressed", *start, buttons=1)
        for part in (0.3, 0.7, 1.0):
            self.mouse("mouseMoved", *(a + part * (b - a) for a, b in zip(start, end)), buttons=1)
        self.mouse("mouseReleased", *end)
        self.settle()

    def key(self, key):
        text = {"text": key} if len(key) == 1 else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key)
        self.settle()

    def media(self, media="", **features):
        features = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.call("Emulation.setEmulatedMedia", media=media, features=features)
        self.settle()

    def screenshot(self, path, whole=False):
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=whole,
                         **({"clip": self.whole_page()} if whole else {}))
        with open(path, "wb") as file:
            file.write(base64.b64decode(shot["data"]))

    def whole_page(self):
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        return {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
