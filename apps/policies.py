"""Commands for the policy: check one, try it on the past, hold outcomes against it, and switch to it by two people."""

from pathlib import Path
from typing import Annotated

import typer

from apps.staffing import Analysts, Minutes, Shifts, read_shifts
from apps.upkeep import Data, open_ledger

policy = typer.Typer(no_args_is_help=True, help="Check, try out and switch what reports are ranked by.")

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, metavar="FILE", help="A policy (TOML).")]
NAMED = "A file, how a version begins, or in-force."
Name = Annotated[str, typer.Argument(help=NAMED)]
By = Annotated[str, typer.Option("--by", help="Who: a number, no name; a pseudonym is kept.")]


@policy.command()
def check(file: File) -> None:
    """Check a policy: its version, or what is wrong in which line, with exit status 1.

    Example: `breakwater policy check ours.toml`. Nothing is changed.
    """
    from infra.policy import load_policy  # noqa: PLC0415 (a command pays for its own imports alone)

    found = load_policy(file)
    typer.echo(f"{found.name} {found.version[:12]}: {len(found.factors)} factors, {len(found.floors)} floors, "
               f"{len(found.caps)} caps, {len(found.bands)} bands")  # fmt: skip


@policy.command("list")
def show(data: Data = None) -> None:
    """Say which policy is in force, and list what was proposed, the newest first.

    Example: `breakwater policy list --data /srv/breakwater`.
    """
    open_ledger(data)
    from tasks.switching import standing  # noqa: PLC0415 (as above)

    found = standing()
    typer.echo(f"in force: {found.in_force.name} {found.in_force.version[:12]}")
    for one in found.switches:
        approved = f"approved {one.approved_at:%Y-%m-%d %H:%M} by {one.approved_by[:12]}" if one.approved_at else "open"
        typer.echo(f"{one.version[:12]}  {one.name}  proposed {one.proposed_at:%Y-%m-%d %H:%M} by "
                   f"{one.proposed_by[:12]}, {approved}: {one.reason}")  # fmt: skip


@policy.command()
def backtest(  # noqa: PLR0913, PLR0917 (options of a command)
    old: Name,
    new: Name,
    analysts: Analysts = 4,
    shifts: Shifts = "0-24",
    minutes: Minutes = 10,
    arrivals: Annotated[
        float, typer.Option("--arrivals", min=0, metavar="N", help="Reports a day; 0 keeps the analysts busy.")
    ] = 0,
    seed: Annotated[int, typer.Option("--seed", metavar="S", help="The same seed gives the same.")] = 1,
    data: Data = None,
) -> None:
    """Rank the ledger's reports by two policies: who comes earlier and who later, and how long each waits, simulated.

    Example: `breakwater policy backtest in-force ours.toml --analysts 3 --data /srv/breakwater`. Nothing is changed.
    """
    open_ledger(data)
    from infra.world import world  # noqa: PLC0415 (as above)
    from tasks.backtesting.page import lines, write_page  # noqa: PLC0415 (as above)
    from tasks.backtesting.replay import Staffing  # noqa: PLC0415 (as above)
    from tasks.backtesting.replay import backtest as replay  # noqa: PLC0415 (as above)
    from tasks.backtesting.trying import PAGE  # noqa: PLC0415 (as above)
    from tasks.switching import named  # noqa: PLC0415 (as above)

    staffing = Staffing(arrivals, minutes, read_shifts(shifts, analysts), seed=seed)
    found = replay(named(old), named(new), staffing)
    for line in lines(found):
        typer.echo(line)
    typer.echo(f"The page with all of it: {write_page(found, world().settings.root / PAGE)}")


@policy.command()
def report(name: Annotated[str, typer.Argument(metavar="POLICY", help=NAMED)] = "in-force", data: Data = None) -> None:
    """Hold what became of reports against what a policy says of them: by band, by score, and what factors are worth.

    Example: `breakwater policy report --data /srv/breakwater`. Nothing is changed.
    """
    open_ledger(data)
    from infra.world import world  # noqa: PLC0415 (as above)
    from tasks.learning.calibration import report_on  # noqa: PLC0415 (as above)
    from tasks.learning.page import lines, write_page  # noqa: PLC0415 (as above)
    from tasks.learning.telling import PAGE  # noqa: PLC0415 (as above)
    from tasks.switching import named  # noqa: PLC0415 (as above)

    found = report_on(named(name))
    for line in lines(found):
        typer.echo(line)
    typer.echo(f"The page with all of it: {write_page(found, world().settings.root / PAGE)}")


@policy.command()
def propose(
    file: File, by: By, reason: Annotated[str, typer.Option("--reason", help="Why, in words.")], data: Data = None
) -> None:
    """Propose to rank by a policy; it is kept, and in force once a second person approves it.

    Example: `breakwater policy propose ours.toml --by 7 --reason "the night shift is gone"`. Try it out before.
    """
    open_ledger(data)
    from tasks import switching  # noqa: PLC0415 (as above)

    found = switching.propose(file, by, reason)
    typer.echo(f"proposed: {found.name} {found.version[:12]}; somebody else: breakwater policy approve "
               f"{found.version[:12]} --by …")  # fmt: skip


@policy.command()
def approve(
    version: Annotated[str, typer.Argument(metavar="VERSION", help="How it begins, as `policy list` gives it.")],
    by: By,
    data: Data = None,
) -> None:
    """Have a policy in force that somebody else proposed; the next run of `prioritize` ranks by it.

    Example: `breakwater policy approve 5d574adb0973 --by 8 --data /srv/breakwater`.
    """
    open_ledger(data)
    from tasks import switching  # noqa: PLC0415 (as above)

    found = switching.approve(version, by)
    typer.echo(f"in force: {found.name} {found.version[:12]}; the next run of `prioritize` ranks by it")
