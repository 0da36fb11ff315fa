"""The gateway under load: finished reports a second, of four calls and one file of 100 KB each, durable when answered.

The load script shares the machine with the gateway. `python -m bench.gateway REPORTS [LEDGER_URL]` runs it longer, or
on a PostgreSQL of yours; the memory of the gateway is read a tenth of the way in, and at the end.
"""

import base64
import http.client
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

REPORTS = 1000
CLIENTS = 16
FILE_BYTES = 100_000
BREAKWATER = str(Path(sys.executable).with_name("breakwater"))
REPORT = """<report><incidentSummary><incidentType>Misleading Domain Name</incidentType><platform>{}</platform>
<incidentDateTime>2016-05-03T10:00:00Z</incidentDateTime></incidentSummary><internetDetails><webPageIncident>
<url>http://example.org/a</url></webPageIncident></internetDetails><reporter><reportingPerson/></reporter>
<personOrUserReported><espIdentifier>{}</espIdentifier></personOrUserReported></report>"""
DETAILS = (
    "<fileDetails><reportId>{}</reportId><fileId>{}</fileId><fileName>a.jpg</fileName>"
    "<fileViewedByEsp>true</fileViewedByEsp></fileDetails>"
)
FORM = "application/x-www-form-urlencoded"
BOUNDARY = "breakwater-bench"
HEAD = (
    '--{0}\r\nContent-Disposition: form-data; name="id"\r\n\r\n{1}\r\n--{0}\r\nContent-Disposition: form-data; '
    'name="file"; filename="a.jpg"\r\n\r\n'
)


class Client:
    """Sends reports over one connection, and notes how long each call takes (seconds)."""

    def __init__(self, port: int, password: str) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._basic = "Basic " + base64.b64encode(f"bench:{password}".encode()).decode()
        self.seconds: list[float] = []

    def call(self, name: str, kind: str, body: bytes) -> str:
        """Make a call and give the answer."""
        began = time.perf_counter()
        self._http.request("POST", f"/ispws/{name}", body, {"Authorization": self._basic, "Content-Type": kind})
        response = self._http.getresponse()
        text = response.read().decode()
        self.seconds.append(time.perf_counter() - began)
        if response.status != 200:
            raise RuntimeError(f"{name}: {response.status} {text}")
        return text

    def report(self) -> None:
        """Send one report from its opening to its end."""
        opened = self.call("submit", "text/xml", REPORT.format(secrets.token_hex(8), secrets.token_hex(8)).encode())
        number = _between(opened, "reportId")
        content = b"\xff\xd8\xff\xe0" + secrets.token_bytes(FILE_BYTES - 4)
        body = HEAD.format(BOUNDARY, number).encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
        file_id = _between(self.call("upload", f"multipart/form-data; boundary={BOUNDARY}", body), "fileId")
        self.call("fileinfo", "text/xml", DETAILS.format(number, file_id).encode())
        self.call("finish", FORM, f"id={number}".encode())


def run(reports: int = REPORTS, ledger: str = "") -> None:
    """Print reports a second, percentiles of all calls, and the gateway's memory."""
    with tempfile.TemporaryDirectory() as folder:
        settings = {"BREAKWATER_DATA": folder, "BREAKWATER_GATEWAY_RATE": "1000000"}
        environment = {**os.environ, **settings, **({"BREAKWATER_LEDGER": ledger} if ledger else {})}
        added = [BREAKWATER, "gateway", "add-reporter", "bench"]
        password = subprocess.run(  # noqa: S603 (our own command)
            added, env=environment, capture_output=True, text=True, check=True
        ).stdout.strip()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        served = [BREAKWATER, "gateway", "run", "--port", str(port)]
        with subprocess.Popen(served, env=environment, stdout=subprocess.DEVNULL) as process:  # noqa: S603 (as above)
            try:
                _load(port, password, reports, psutil.Process(process.pid))
            finally:
                process.terminate()


def _load(port: int, password: str, reports: int, gateway: psutil.Process) -> None:
    while True:
        try:
            Client(port, password).call("retract", FORM, b"id=1")
        except ConnectionRefusedError:
            time.sleep(0.1)
        except RuntimeError:
            break
    clients = [Client(port, password) for _ in range(CLIENTS)]
    Client(port, password).report()  # what is made on first use is made
    left, memory = iter(range(reports)), []

    def send(client: Client) -> None:
        for number in left:
            client.report()
            if number == reports // 10:
                memory.append(gateway.memory_info().rss)

    before, own = sum(gateway.cpu_times()[:2]), time.process_time()
    began = time.perf_counter()
    threads = [threading.Thread(target=send, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    cpu, own = sum(gateway.cpu_times()[:2]) - before, time.process_time() - own
    memory.append(gateway.memory_info().rss)
    calls = sorted(second for client in clients for second in client.seconds)
    p50, p99 = (1000 * calls[int(share * (len(calls) - 1))] for share in (0.5, 0.99))
    print(f"gateway: {reports} reports in {seconds:.1f} s: {reports / seconds:.1f} a second, {CLIENTS} clients")
    print(f"  a call: median {p50:.0f} ms, p99 {p99:.0f} ms, longest {1000 * calls[-1]:.0f} ms")
    print(f"  CPU a report: gateway {1000 * cpu / reports:.1f} ms, load script {1000 * own / reports:.1f} ms")
    print(f"  memory of the gateway: {memory[0] / 2**20:.0f} MiB after a tenth, "
          f"{memory[-1] / 2**20:.0f} MiB at the end")  # fmt: skip


def _between(text: str, name: str) -> str:
    return text.partition(f"<{name}>")[2].partition("</")[0]


if __name__ == "__main__":
    run(int(sys.argv[1]) if sys.argv[1:] else REPORTS, sys.argv[2] if sys.argv[2:] else "")
