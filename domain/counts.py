"""Counts: what a stage did, in numbers that add up; the one thing that stages hand to each other."""

from collections.abc import Iterator, Mapping


class Counts(Mapping[str, int]):
    """Named counts; `+` adds them name by name, a name that is absent counts 0."""

    __slots__ = ("_numbers",)

    def __init__(self, **numbers: int) -> None:
        self._numbers = dict(numbers)

    def __getitem__(self, name: str) -> int:
        return self._numbers.get(name, 0)

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    def __contains__(self, name: object) -> bool:
        return name in self._numbers

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(**{name: self[name] + other[name] for name in {**self._numbers, **other._numbers}})

    def __repr__(self) -> str:
        return f"Counts({', '.join(f'{name}={number}' for name, number in self._numbers.items())})"
