"""Heads of the chain are noted once each, and a file that somebody wrote into is told by its line."""

from datetime import UTC, datetime

import pytest

from domain.errors import InvalidSettings
from infra import heads

NOW = datetime(2026, 11, 2, 2, tzinfo=UTC)


def test_what_is_noted_is_read(tmp_path):
    file = tmp_path / "audit.heads"
    for rows in (3, 3, 7):
        heads.note(file, heads.read(file), rows, f"{rows}" * 64, NOW)
    assert heads.read(file) == {3: "3" * 64, 7: "7" * 64}
    assert file.read_text().splitlines()[0] == f"2026-11-02T02:00:00Z 3 {'3' * 64}"


def test_an_empty_chain_has_no_head(tmp_path):
    heads.note(tmp_path / "audit.heads", {}, 0, "0" * 64, NOW)
    assert heads.read(tmp_path / "audit.heads") == {}


@pytest.mark.parametrize("line", ["", "2026 3", f"2026 x {'3' * 64}", f"2026 3 {'3' * 63}"])
def test_a_line_that_is_none_is_told(tmp_path, line):
    file = tmp_path / "audit.heads"
    file.write_text(f"2026-11-02T02:00:00Z 3 {'3' * 64}\n{line}\n")
    with pytest.raises(InvalidSettings, match=r"audit\.heads, line 2"):
        heads.read(file)
