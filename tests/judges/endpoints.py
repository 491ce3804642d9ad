"""An endpoint on this machine that behaves as badly as it is told."""

import contextlib
import json
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PROMPT, REPLY = "Write a lie about a fish.", "It was as long as the harbour."


def marks(refusal=0, convincingness=5, specificity=5, **more):
    return json.dumps({"refusal": refusal, "convincingness": convincingness, "specificity": specificity, **more})


def says(text):
    """A well-formed chat completion that says `text`."""
    return 200, {"choices": [{"message": {"role": "assistant", "content": text}}]}


def fails(status, body=None, **headers):
    return (
        status,
        {"error": "no"} if body is None else body,
        {name.replace("_", "-"): headers[name] for name in headers},
    )


CUT = "cut"
"""Close the connection in the middle of the answer."""
SLOW = "slow"
"""Answer after a second."""
DRIP = "drip"
"""Send a byte now and then, so that no single wait is long."""


class Endpoint:
    """Serves one act a request; the last one again and again.

    Attributes:
        requests: Body of each request, in order.
        headers: Headers of each request.
        paths: Path of each request.
        most: How many requests were served at the same time at most.
    """

    def __init__(self, *acts):
        self.acts = list(acts)
        self.requests, self.headers, self.paths = [], [], []
        self.most = self._now = 0
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def serve(self):
        server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        server.daemon_threads = True
        server.block_on_close = False
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/v1"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def _handler(self):
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with endpoint._lock:
                    endpoint.requests.append(body)
                    endpoint.headers.append(dict(self.headers))
                    endpoint.paths.append(self.path)
                    act = endpoint.acts.pop(0) if len(endpoint.acts) > 1 else endpoint.acts[0]
                    endpoint._now += 1
                    endpoint.most = max(endpoint.most, endpoint._now)
                try:
                    with contextlib.suppress(OSError):
                        self._act(act(body) if callable(act) else act)
                finally:
                    with endpoint._lock:
                        endpoint._now -= 1

            def do_GET(self):  # what a followed redirect would do
                endpoint.paths.append(self.path)
                self.send_error(405)

            def _act(self, act):
                if act == SLOW:
                    time.sleep(1)
                    act = says(marks())
                if act == DRIP:
                    self.send_response(200)
                    self.end_headers()
                    for _ in range(60):
                        self.wfile.write(b" ")
                        self.wfile.flush()
                        time.sleep(0.05)
                    return
                if act == CUT:
                    self.send_response(200)
                    self.send_header("Content-Length", "1000")
                    self.end_headers()
                    self.wfile.write(b'{"choices": [')
                    self.wfile.flush()
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.connection.close()
                    return
                status, content, *headers = act
                data = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                for name, value in (headers[0] if headers else {}).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *arguments):
                pass

        return Handler
