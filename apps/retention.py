"""Commands for retention: what is past the time for which it is kept, and holds."""

from typing import Annotated

import typer

from apps.upkeep import Data, open_ledger
from infra.settings import use_data

retention = typer.Typer(invoke_without_command=True)

Report = Annotated[str, typer.Argument(help="The report's surrogate id, as the queue gives it.")]


@retention.callback()
def show(context: typer.Context, data: Data = None) -> None:
    """Show what is held by class, what is past its retention, and what falls due; nothing is deleted.

    Example: `breakwater retention --data /srv/breakwater`.
    """
    if context.invoked_subcommand:
        use_data(data)
        return
    open_ledger(data)
    from rich.console import Console  # noqa: PLC0415 (a command pays for its own imports alone)
    from rich.table import Table  # noqa: PLC0415 (as above)

    from domain.retention import SOON_DAYS  # noqa: PLC0415 (as above)
    from infra.world import world  # noqa: PLC0415 (as above)
    from tasks.retaining import UNITS, standing  # noqa: PLC0415 (as above)

    table = Table(box=None)
    table.add_column("what")
    for column in ("kept for days", "held", "past", "oldest", f"due in {SOON_DAYS} days", "on hold", "undated"):
        table.add_column(column, justify="right")
    for held, one in standing().items():
        clock = world().retention[held]
        oldest = f"{one.oldest:%Y-%m-%d}" if one.oldest else "–"
        numbers = (f"{number:,}" for number in (one.soon, one.on_hold, one.undated))
        table.add_row(
            UNITS[held], f"{clock.days:,} from {clock.event}", f"{one.held:,}", f"{one.past:,}", oldest, *numbers
        )
    Console().print(table)


@retention.command()
def hold(
    report: Report,
    basis: Annotated[str, typer.Option("--basis", help="Who asks for it and by what right, in words.")],
    data: Data = None,
) -> None:
    """Keep everything of a report until the hold is lifted, whatever its clocks say.

    Example: `breakwater retention hold 5f3c… --basis "preservation letter 17"`.
    """
    open_ledger(data)
    from tasks.retaining import hold as keep  # noqa: PLC0415 (as above)

    keep(report, basis)
    typer.echo("everything of the report is kept until the hold is lifted")


@retention.command()
def lift(report: Report, data: Data = None) -> None:
    """Lift every hold on a report; its clocks hold again as if there had been none.

    Example: `breakwater retention lift 5f3c…`.
    """
    open_ledger(data)
    from tasks.retaining import lift as let_go  # noqa: PLC0415 (as above)

    typer.echo(f"{let_go(report)} holds lifted")
