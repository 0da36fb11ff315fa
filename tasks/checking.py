"""Checking: a stranger's model folder is examined in a process of its own, of bounded time and memory."""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from signal import SIGALRM, Signals

from pydantic import TypeAdapter

from infra.limits import at_most, expend
from infra.settings import read_settings
from models.checking.findings import Finding, failed, too_large

TIME = "time"
SURVIVAL = "process"

_FINDING: TypeAdapter[Finding] = TypeAdapter(Finding)
_CHILD = "import sys; from tasks.checking import examine; examine(sys.argv[1])"


def check(folder: Path) -> list[Finding]:
    """Examine a model folder, as `models.checking.folder.check` does, where it can harm nothing.

    The examination has as many seconds as `BREAKWATER_MAX_MODEL_SECONDS` says, and as much memory as a worker. What it
    found before it was ended is given with why it was.

    Raises:
        ChildProcessError: it failed, and not by the model; the message says how.
    """
    command = [sys.executable, "-P", "-c", _CHILD, str(folder)]  # -P: nothing is imported from where the user stands
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)  # noqa: S603 (ours)
    if done.returncode > 0:
        raise ChildProcessError(f"the examination failed, and not by the model: {done.stderr.decode(errors='replace')}")
    findings = [_FINDING.validate_json(line) for line in done.stdout.splitlines(keepends=True) if line.endswith(b"\n")]
    return [*findings, _death(-done.returncode)] if done.returncode else findings


def _death(number: int) -> Finding:
    """Say why a model's examination did not come to its end."""
    if number == SIGALRM:
        seconds = read_settings().max_model_seconds
        mend = "take endless loops out, make it smaller, or lower `batch`; BREAKWATER_MAX_MODEL_SECONDS allows longer"
        return failed(TIME, f"it was not done in {seconds:g} seconds", mend)
    told = f"it ended the process that examined it ({Signals(number).name})"
    return failed(
        SURVIVAL, told, "export it again by another version of the exporter, make it smaller, or lower `batch`"
    )


def examine(folder: str) -> None:
    """Examine a folder and print what is found, a line each, as it is found: the life of the process of its own."""
    from models.checking.folder import examined  # noqa: PLC0415 (onnxruntime is for this process alone)
    from models.session import driver_present  # noqa: PLC0415 (as above)

    settings = read_settings()
    expend(None if driver_present() else settings.worker_memory)
    with at_most(settings.max_model_seconds):
        try:
            for finding in examined(Path(folder)):
                _print(finding)
        except MemoryError:
            _print(too_large("being examined"))


def _print(finding: Finding) -> None:
    print(json.dumps(asdict(finding)), flush=True)  # noqa: T201 (its parent reads it)
