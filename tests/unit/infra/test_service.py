"""How a server of ours is asked."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from infra.stack.service import answers


@pytest.fixture
def asked():
    """A server that gives the statuses listed, one a question, then 200 and the answer 7."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(statuses.pop(0) if statuses else 200)
            self.send_header("Content-Length", "1")
            self.end_headers()
            self.wfile.write(b"7")

        def log_message(self, *_):
            pass

    statuses = []
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/", statuses
        server.shutdown()
        thread.join()


def test_a_server_that_is_busy_is_asked_again(asked):
    url, statuses = asked
    statuses += [503, 503]
    assert answers(url, {}) == 7


def test_a_server_that_refuses_gives_no_answer(asked):
    url, statuses = asked
    statuses += [500]
    assert answers(url, {}) is None
    assert answers(url, {}) == 7


def test_a_server_that_is_not_there_gives_no_answer_at_once():
    assert answers("http://127.0.0.1:9/", {}) is None
