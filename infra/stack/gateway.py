"""The gateway: where reporters report over HTTP."""

import sys
from collections.abc import Mapping
from pathlib import Path

import urllib3

from infra.stack.ports import HOST
from infra.stack.service import Service

UNAUTHORISED = 401
"""What a gateway that works answers to nobody in particular."""


def gateway_server(folder: Path, port: int, environment: Mapping[str, str]) -> Service:
    """Describe the gateway on `port`, on loopback; `environment` names its ledger and its store."""
    program = str(Path(sys.executable).with_name("breakwater"))
    return Service(
        name="gateway",
        command=(program, "gateway", "run", "--host", HOST, "--port", str(port)),
        ready=lambda: _guarded(f"http://{HOST}:{port}/ispws/status"),
        folder=folder,
        environment=environment,
    )


def _guarded(url: str) -> bool:
    """Whether the gateway is there, and asks who calls."""
    try:
        return urllib3.request("GET", url, retries=False, timeout=5).status == UNAUTHORISED
    except urllib3.exceptions.HTTPError:
        return False
