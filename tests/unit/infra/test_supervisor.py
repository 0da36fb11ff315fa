"""The supervisor, with tiny real child processes."""

import fcntl
import os
import signal
import socket
import stat
import sys
import time

import pytest

from domain.errors import ServiceFailed
from infra.stack.ports import free_ports
from infra.stack.service import Service
from infra.stack.supervisor import Supervisor, child_environment, supervising

SLEEP = "import time\nwhile True: time.sleep(1)"
STUBBORN = "import signal, time, pathlib; signal.signal(signal.SIGTERM, signal.SIG_IGN); "


@pytest.fixture
def child(tmp_path):
    """A service that says it is ready by a file, which its own code makes when it has come so far."""

    def describe(code, *, name="child", ready=None, **more):
        mark = tmp_path / f"{name}.ready"
        program = f"import pathlib\n{code.replace('READY', f'pathlib.Path({str(mark)!r}).touch()')}"
        return Service(
            name=name,
            command=(sys.executable, "-c", program),
            ready=ready or mark.exists,
            folder=tmp_path,
            **{"patience": 30, "grace": 5, **more},
        )

    return describe


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def pids(supervisor):
    return [running.process.pid for running in supervisor._running]


def test_servers_run_until_the_block_ends(child, tmp_path):
    with supervising(
        [child(f"READY\n{SLEEP}", name="a"), child(f"READY\n{SLEEP}", name="b")], logs=tmp_path / "logs"
    ) as supervisor:
        started = pids(supervisor)
        supervisor.look()
        assert all(map(alive, started))
    assert not any(map(alive, started))


def test_servers_are_stopped_last_started_first(child, tmp_path):
    noting = f"""
import signal, sys
def stop(*_):
    with open({str(tmp_path / "order")!r}, 'a') as out: out.write(NAME)
    sys.exit()
signal.signal(signal.SIGTERM, stop)
READY
{SLEEP}"""
    with supervising(logs=tmp_path / "logs") as supervisor:
        for name in "abc":
            supervisor.start(child(noting.replace("NAME", repr(name)), name=name))
    assert (tmp_path / "order").read_text() == "cba"


def test_a_server_that_dies_before_it_is_ready_is_named_with_its_log(child, tmp_path):
    with (
        pytest.raises(ServiceFailed, match=r"broken ended by itself \(code 3\): see .*/logs/broken.log"),
        supervising([child("raise SystemExit(3)", name="broken")], logs=tmp_path / "logs"),
    ):
        pass


def test_a_server_that_dies_later_stops_the_others(child, tmp_path):
    started = []

    def run():
        with supervising([child(f"READY\n{SLEEP}", name="long")], logs=tmp_path / "logs") as supervisor:
            started.extend(pids(supervisor))
            supervisor.start(child("READY\nimport time; time.sleep(0.3)", name="brief"))
            supervisor.watch()

    with pytest.raises(ServiceFailed, match="brief ended by itself"):
        run()
    assert not any(map(alive, started))


def test_a_server_that_is_never_ready_is_given_up(child, tmp_path):
    slow = child(SLEEP, name="slow", ready=lambda: False, patience=0.3)
    with pytest.raises(ServiceFailed, match="slow is not ready in time"), supervising([slow], logs=tmp_path / "logs"):
        pass


def test_a_program_that_is_not_there_is_named(child, tmp_path):
    absent = Service("absent", (str(tmp_path / "absent"),), lambda: True, tmp_path)
    with pytest.raises(ServiceFailed, match="absent did not start"), supervising([absent], logs=tmp_path / "logs"):
        pass


def test_a_server_that_ignores_the_request_to_end_is_killed(child, tmp_path):
    stubborn = child(f"{STUBBORN}READY\n{SLEEP}", grace=0.3)
    began = time.monotonic()
    with supervising([stubborn], logs=tmp_path / "logs") as supervisor:
        (pid,) = pids(supervisor)
    assert not alive(pid)
    assert time.monotonic() - began < 10


def test_what_a_server_started_ends_with_it(child, tmp_path):
    holding = f"{STUBBORN}import fcntl; lock = open('lock', 'w'); fcntl.flock(lock, fcntl.LOCK_EX); "
    holding += "pathlib.Path('held').touch(); time.sleep(60)"
    family = f"""
import subprocess, sys
subprocess.Popen([sys.executable, "-c", {holding!r}])
while not pathlib.Path('held').exists(): pass
READY
{SLEEP}"""
    with (
        supervising([child(family)], logs=tmp_path / "logs"),
        (tmp_path / "lock").open() as lock,
        pytest.raises(BlockingIOError),
    ):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with (tmp_path / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # waits until the one that holds it has ended


def test_a_server_leads_a_session_of_its_own_and_heeds_sigint(child, tmp_path):
    code = f"""
import os, signal
assert os.getsid(0) == os.getpid()
assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
READY
{SLEEP}"""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a shell does to what it starts in the background
    try:
        with supervising([child(code)], logs=tmp_path / "logs"):
            pass
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_block_and_its_servers(child, tmp_path, number):
    before = signal.getsignal(number)
    started = []

    def run():
        with supervising([child(f"READY\n{SLEEP}")], logs=tmp_path / "logs") as supervisor:
            started.extend(pids(supervisor))
            try:
                os.kill(os.getpid(), number)
            finally:
                os.kill(os.getpid(), number)  # again at once, as `timeout` does
            supervisor.watch()

    with pytest.raises(KeyboardInterrupt):
        run()
    assert not any(map(alive, started))
    assert signal.getsignal(number) == before


def test_every_line_of_a_log_is_told_once(child, tmp_path):
    told = []
    talking = child("print('one'); print('two'); READY\nprint('three', flush=True)\n" + SLEEP, name="talking")
    with supervising([talking], logs=tmp_path / "logs", narrate=lambda *line: told.append(line)) as supervisor:
        while len(told) < 3:
            supervisor.look()
    assert told == [("talking", line) for line in ("one", "two", "three")]
    log = tmp_path / "logs" / "talking.log"
    assert log.read_text() == "one\ntwo\nthree\n"
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_stopping_twice_is_harmless(child, tmp_path):
    supervisor = Supervisor(tmp_path / "logs")
    supervisor.start(child(f"READY\n{SLEEP}"))
    supervisor.stop()
    supervisor.stop()


def test_a_child_gets_every_telemetry_switched_off_and_its_own_words(monkeypatch):
    monkeypatch.setenv("DO_NOT_TRACK", "false")
    environment = child_environment({"BREAKWATER_WORKERS": "3"})
    assert environment["DO_NOT_TRACK"] == "true"
    assert environment["BREAKWATER_WORKERS"] == "3"
    assert environment["PATH"]


def test_a_taken_port_gives_way_to_a_free_one():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        (other,) = free_ports(port)
        assert other != port
    assert free_ports(other) == [other]
    assert len(set(free_ports(*[0] * 20))) == 20
