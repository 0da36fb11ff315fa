"""Build MinIO's server from its source into .cache/bin: `python tests/servers/build_minio.py` (Go 1.24 or newer)."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

SOURCE = "github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c"
BUILT = Path(__file__).parents[2] / ".cache" / "bin" / "minio"


def build() -> str:
    """Build it unless it is there; say what was done."""
    if found := shutil.which("minio"):
        return f"MinIO is on the PATH: {found}"
    if BUILT.exists():
        return f"MinIO is built already: {BUILT}"
    go = shutil.which("go")
    if not go:
        return "MinIO is not built: there is no Go here"
    environment = {**os.environ, "GOBIN": str(BUILT.parent)}
    done = subprocess.run([go, "install", SOURCE], env=environment, check=False)
    return (
        f"MinIO is built: {BUILT}"
        if done.returncode == 0
        else f"MinIO is not built: `go install` gave {done.returncode}"
    )


if __name__ == "__main__":
    sys.stdout.write(build() + "\n")
