"""The command with which a clearinghouse argues for people: how long reports wait, with so many analysts."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from apps.upkeep import Data, open_ledger

if TYPE_CHECKING:
    from domain.priority import Policy
    from tasks.staffing.arrivals import Demand
    from tasks.staffing.desk import Shift

PAGE = "staffing.html"
"""The page, in the data folder."""

PolicyFile = Annotated[
    Path | None, typer.Option("--policy", metavar="FILE", help="Policy to rank by; the one in force if unset.")
]
Analysts = Annotated[int, typer.Option("--analysts", min=1, metavar="N", help="Analysts on each shift.")]
Shifts = Annotated[
    str, typer.Option("--shifts", metavar="SPANS", help="Hours of the day, as 8-16,16-24:2 (two on that one).")
]
Minutes = Annotated[float, typer.Option("--minutes", min=0.1, help="Minutes of a look, in the mean.")]
Variation = Annotated[
    float, typer.Option("--variation", min=0.05, max=5, help="Standard deviation of a look by its mean.")
]


def queue(  # noqa: PLR0913, PLR0917 (options of a command)
    analysts: Analysts = 4,
    arrivals: Annotated[
        float | None,
        typer.Option("--arrivals", min=0.1, metavar="N", help="Reports a day; as in the ledger if unset."),
    ] = None,
    shifts: Shifts = "0-24",
    minutes: Minutes = 10,
    variation: Variation = 1,
    shares: Annotated[
        str, typer.Option("--shares", metavar="BAND=N,…", help="How many of each band; as in the ledger if unset.")
    ] = "",
    days: Annotated[float, typer.Option("--days", min=1, max=3650, help="Days to simulate.")] = 90,
    policy: PolicyFile = None,
    seed: Annotated[int, typer.Option("--seed", metavar="S", help="The same seed gives the same.")] = 1,
    data: Data = None,
) -> None:
    """Simulate how long reports wait for the first look, by band, under a policy and a staffing, and other orders.

    Example: `breakwater simulate queue --analysts 3 --arrivals 1400 --shifts 8-16,16-24 --data /srv/breakwater`.
    """
    open_ledger(data)
    from infra.policy import load_policy  # noqa: PLC0415 (a command pays for its own imports alone)
    from infra.world import world  # noqa: PLC0415 (as above)
    from tasks.staffing.outlook import outlook  # noqa: PLC0415 (as above)
    from tasks.staffing.page import STAFFED, WAITS, staffed_rows, wait_rows, write_page  # noqa: PLC0415 (as above)

    ranking = load_policy(policy) if policy else world().policy
    demand = _demand(ranking, arrivals, shares, minutes, variation)
    found = outlook(ranking, demand, read_shifts(shifts, analysts), days, seed)
    _print(WAITS, wait_rows(found.waits))
    _print(STAFFED, staffed_rows(found))
    typer.echo(f"The page with its figures: {write_page(found, world().settings.root / PAGE)}")


def _demand(policy: "Policy", per_day: float | None, shares: str, minutes: float, variation: float) -> "Demand":
    from tasks.staffing.arrivals import Demand, of_ledger, of_shares  # noqa: PLC0415 (as above)

    if not shares:
        sorts, mean = of_ledger(policy)
        return Demand(sorts, per_day or mean, minutes, variation)
    if per_day is None:
        raise typer.BadParameter("with --shares, say how many reports come a day", param_hint="--arrivals")
    try:
        told = {name.strip(): float(number) for name, number in (one.split("=") for one in shares.split(","))}
    except ValueError:
        raise typer.BadParameter("as in immediate=1,urgent=5,routine=94", param_hint="--shares") from None
    return Demand(of_shares(told, policy), per_day, minutes, variation)


def read_shifts(spans: str, analysts: int) -> "tuple[Shift, ...]":
    """Read shifts as people write them: `8-16,16-24:2`.

    Raises:
        BadParameter: they are not of this form.
    """
    from tasks.staffing.desk import DAY, Shift  # noqa: PLC0415 (as above)

    found = []
    for span in spans.split(","):
        hours, _, number = span.partition(":")
        begins, _, ends = hours.partition("-")
        try:
            shift = Shift(float(begins), float(ends), int(number) if number else analysts)
        except ValueError:
            shift = Shift(math.nan, math.nan, 0)
        if not (
            0 <= shift.begins < DAY and 0 < shift.ends <= DAY and shift.begins != shift.ends and shift.analysts > 0
        ):
            raise typer.BadParameter(f"“{span}” is no shift: write 8-16, or 16-24:2", param_hint="--shifts")
        found.append(shift)
    return tuple(found)


def _print(columns: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> None:
    from rich.console import Console  # noqa: PLC0415 (as above)
    from rich.table import Table  # noqa: PLC0415 (as above)

    table = Table(box=None)
    for column in columns:
        table.add_column(column, justify="left" if column in ("order", "band") else "right", no_wrap=column == "order")
    for row in rows:
        table.add_row(*row)
    Console(highlight=False).print(table, "")
