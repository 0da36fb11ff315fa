"""Lines of a TOML file: where a table, an entry of an array of tables, or a key stands, to say where a slip is."""

from collections import Counter
from collections.abc import Sequence

Path = tuple[str | int, ...]


def where(text: str, path: Sequence[str | int]) -> str:
    """Name what `path` leads to, with its line: that of as much of the path as stands in the file.

    The line of an entry is that of its header. A text that runs over several lines is read as if it were keys.
    """
    found, names = _places(text), ".".join(map(str, path))
    for length in range(len(path), 0, -1):
        line = found.get(tuple(path[:length]))
        if line:
            return f"line {line}, {names}"
    return names


def _places(text: str) -> dict[Path, int]:
    """Give the first line of every table, entry and key."""
    found: dict[Path, int] = {}
    entries: Counter[str] = Counter()
    table: Path = ()
    for number, line in enumerate(text.splitlines(), 1):
        word = line.partition("#")[0].strip()
        if word.startswith("["):
            name = word.strip("[] \"'")
            table = (name, entries[name]) if word.startswith("[[") else (name,)
            entries[name] += 1
            found.setdefault((name,), number)
            found.setdefault(table, number)
        elif "=" in word:
            found.setdefault((*table, word.partition("=")[0].strip(" \"'")), number)
    return found
