"""Commands for the audit chain: verify it, and read it."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from apps.upkeep import Data
from infra.settings import use_data

audit = typer.Typer(no_args_is_help=True, help="Verify the record of who did what, and read it.")


@audit.command()
def verify(data: Data = None) -> None:
    """Verify every row of the chain, and that it has every last row that a night noted; names the first bad row.

    Example: `breakwater audit verify --data /srv/breakwater`.
    """
    use_data(data)
    from rich.console import Console  # noqa: PLC0415 (a command pays for its own imports alone)

    from apps.intake import bars  # noqa: PLC0415 (as above)
    from tasks import auditing  # noqa: PLC0415 (as above)

    with bars(Console()):
        verdict = auditing.verify()
    auditing.insist(verdict)
    typer.echo(str(verdict))


@audit.command("list")
def show(
    since: Annotated[
        datetime | None, typer.Option("--since", formats=["%Y-%m-%d"], help="The first day, UTC. [the first of all]")
    ] = None,
    data: Data = None,
) -> None:
    """List what was done: number, moment, account, act, what it was done to, and details.

    Example: `breakwater audit list --since 2026-11-01`.
    """
    use_data(data)
    from infra.ledger import audit as ledger  # noqa: PLC0415 (as above)
    from infra.ledger.engine import reading  # noqa: PLC0415 (as above)
    from infra.world import world  # noqa: PLC0415 (as above)

    with reading(world().ledger) as connection:
        for row in ledger.since(connection, since.replace(tzinfo=UTC) if since else None):
            said = f"{row.actor}  {row.action}  {row.subject or '-'}  {row.details}"
            typer.echo(f"{row.number}  {row.at:%Y-%m-%d %H:%M:%S}  {said}")
