"""Commands for the ranked queue: its head, and why a report stands where it stands."""

from typing import TYPE_CHECKING, Annotated

import typer

from apps.upkeep import Data, open_ledger
from infra.settings import use_data

if TYPE_CHECKING:
    from infra.ledger.priorities import Ranked

queue = typer.Typer(invoke_without_command=True)


@queue.callback()
def head(
    context: typer.Context,
    most: Annotated[int, typer.Option("--most", min=1, metavar="N", help="So many of them.")] = 20,
    cases: Annotated[bool, typer.Option("--cases", help="Reports that share content as one.")] = False,  # noqa: FBT002 (a command-line switch)
    data: Data = None,
) -> None:
    """List the most urgent reports, or cases, with their scores, reasons and completeness.

    Example: `breakwater queue --most 50 --data /srv/breakwater`.
    """
    if context.invoked_subcommand:
        use_data(data)
        return
    open_ledger(data)
    from rich.console import Console  # noqa: PLC0415 (a command pays for its own imports alone)
    from rich.table import Table  # noqa: PLC0415 (as above)

    from tasks.explaining import head, heads_of_cases  # noqa: PLC0415 (as above)

    table = Table(box=None)
    for column in ("case", "reports", "by report") if cases else ("report",):
        table.add_column(column, no_wrap=True)
    for column in ("score", "band", "complete", "why"):
        table.add_column(column)
    if cases:
        for case in heads_of_cases(most):
            row = _row(case.highest)
            table.add_row(case.case[:12], f"{len(case.members):,}", *row)
    else:
        for one in head(most):
            table.add_row(*_row(one))
    Console(highlight=False).print(table if table.rows else "Nothing is ranked yet: the flow `prioritize` does it.")


def _row(one: "Ranked") -> tuple[str, ...]:
    from tasks.explaining import mainly, score_of  # noqa: PLC0415 (as above)

    return one.report_id[:12], score_of(one), one.band, f"{one.completeness}", mainly(one)


@queue.command()
def show(
    report: Annotated[str, typer.Argument(metavar="REPORT", help="Its id, or how it begins.")], data: Data = None
) -> None:
    """Show why a report stands where it stands: reasons that add up, what is open, what it lacks, its case, its ranks.

    Example: `breakwater queue show 6fb0c44f0069 --data /srv/breakwater`. No file is opened.
    """
    open_ledger(data)
    from tasks.explaining import complete, explain, left_open, score_of, why  # noqa: PLC0415 (as above)

    found = explain(report)
    one = found.ranked
    typer.echo(f"report    {one.report_id}")
    typer.echo(f"score     {score_of(one)}, {one.band}")
    if found.look_by:
        typer.echo(f"look by   {found.look_by:%Y-%m-%d %H:%M} UTC")
    for reason in one.reasons:
        typer.echo(f"  {reason.points:+7g}  {reason.name}")
    if one.open:
        typer.echo(f"open      {left_open(one.open)}")
    typer.echo(f"complete  {complete(one)}")
    if found.case:
        highest = found.case.highest
        typer.echo(
            f"case      {found.case.case[:12]}, {len(found.case.members):,} reports: {highest.score:g}, "
            f"{highest.band}, inherited from {highest.report_id[:12]}: {why(highest)}"
        )
    for once in found.history:
        now = ", by which it stands" if once.current else ""
        typer.echo(f"{once.ranked_at:%Y-%m-%d %H:%M}  {once.score:g}, {once.band}, policy {once.policy[:12]}{now}")
