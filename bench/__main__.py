"""Run every benchmark: `python -m bench`, or some by name: `python -m bench hash`."""

import importlib
import platform
import sys
from importlib.metadata import version

BENCHMARKS = (
    "hash",
    "match",
    "sealing",
    "gateway",
    "intake",
    "measures",
    "forecast",
    "classify",
    "cluster",
    "cluster_quality",
    "report_links",
    "priority",
)


def main(names: list[str]) -> None:
    """Print the machine and the versions, then each benchmark's table."""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("numpy", "numba", "pillow", "av"))
    print(f"{platform.machine()}, Python {platform.python_version()}, {libraries}")
    for name in names or BENCHMARKS:
        importlib.import_module(f"bench.{name}").run()


if __name__ == "__main__":
    main(sys.argv[1:])
