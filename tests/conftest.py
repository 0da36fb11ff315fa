"""What every test shares: telemetry off, a world of its own in a folder of its own, and small benign pictures."""

import os

from infra import telemetry

telemetry.switch_off()
os.environ["PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW"] = "ignore"
os.environ["PREFECT_SERVER_EPHEMERAL_ENABLED"] = "false"

import numpy as np
import pytest
from hypothesis import settings

from infra.ledger.engine import migrate
from infra.world import world

# A busy machine is no fault, nor is what is compiled on first use; the same tree is judged by the same examples.
settings.register_profile("ours", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile("ours")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Start with the files that take longest, so that no process is left with one of them at the end."""
    items.sort(key=lambda item: item.path.parent.name != "system")


@pytest.fixture
def data(tmp_path, monkeypatch):
    """Give the data folder of a world of its own, its ledger migrated."""
    monkeypatch.setenv("BREAKWATER_DATA", str(tmp_path))
    world.cache_clear()
    migrate(world().ledger)
    yield tmp_path
    world().ledger.dispose()
    world.cache_clear()


@pytest.fixture
def scene():
    """Draw a landscape of bands, hills and a sun: 480 × 640 pixels, the same for the same number."""

    def draw(number: int, height: int = 480, width: int = 640):
        rng = np.random.default_rng(number)
        y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
        hills = sum(
            rng.uniform(0.02, 0.2)
            * np.sin(2 * np.pi * (rng.uniform(0.5, 6) * x + rng.uniform(0, 3) * y + rng.random()))
            for _ in range(12)
        )
        sun = 1.5 * np.exp(-(((x - rng.random()) ** 2) + (y - rng.random()) ** 2) / 0.02)
        planes = [
            np.clip(110 + 200 * hills * weight + 120 * (y > 0.5 + hills) + 90 * sun, 0, 255) for weight in (1, 0.7, 0.4)
        ]
        return np.stack(planes, axis=-1).astype(np.uint8)

    return draw
