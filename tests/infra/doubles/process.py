"""A process that answers about its health, and does on request what no process should."""

import http.server
import json
import os
import signal
import sys

from infra.settings import Settings


class Handler(http.server.BaseHTTPRequestHandler):
    ready = True
    limits = ""

    def do_GET(self) -> None:
        answer: object = {"doing": {"port": self.server.server_port}}
        match self.path:
            case "/pid":
                answer = {"pid": os.getpid(), "sid": os.getsid(0)}
            case "/limits":
                answer = {"rate_limits": Handler.limits}
            case "/exit":
                os._exit(3)
            case "/deaf":
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
            case "/unready":
                Handler.ready = False
            case "/warn":
                for level, event in (("info", "nothing to see"), ("warning", "the disk is nearly full")):
                    sys.stdout.write(json.dumps({"level": level, "event": event}) + "\n")
                sys.stdout.flush()
        if not Handler.ready:
            answer = {"checks": {"log": "cannot be reached", "cache": "ok"}}
        self.send_response(200 if Handler.ready else 503)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: object) -> None:
        pass


def main(settings: Settings, port: int) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    assert settings.database_url
    Handler.limits = settings.rate_limits
    http.server.ThreadingHTTPServer.allow_reuse_address = True
    http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
