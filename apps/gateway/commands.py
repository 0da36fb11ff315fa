"""Commands of the gateway: run it, and let reporters in."""

import ipaddress
from typing import Annotated

import typer

from apps.upkeep import Data, open_ledger
from domain.audit import Act
from domain.errors import InvalidSettings
from domain.report import Source
from infra.settings import read_settings, use_data

gateway = typer.Typer(
    no_args_is_help=True, help="Receive reports over HTTP, as the CyberTipline reporting protocol has them."
)
Name = Annotated[str, typer.Argument(help="The reporter's name, which is their user name too.")]


@gateway.command()
def run(
    host: Annotated[
        str, typer.Option("--host", help="Address to listen on; loopback unless authorised.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port to listen on.")] = 8250,
    data: Data = None,
) -> None:
    """Receive reports until Ctrl-C. Without `BREAKWATER_AUTHORITY`: on loopback, and simulated ones alone.

    Example: `breakwater gateway run --port 8250 --data /srv/breakwater`.
    """
    use_data(data)
    if not read_settings().authority and not _is_loopback(host):
        raise InvalidSettings(
            f"--host {host}: BREAKWATER_AUTHORITY is empty, so the gateway listens on loopback alone; "
            "say there who authorises this installation to receive real reports"
        )
    import uvicorn  # noqa: PLC0415 (a command pays for its own imports alone)

    from apps.gateway.app import make_app  # noqa: PLC0415 (as above)
    from infra.heaps import share_heaps  # noqa: PLC0415 (as above)
    from infra.ledger.engine import migrate  # noqa: PLC0415 (as above)
    from infra.world import world  # noqa: PLC0415 (as above)

    share_heaps()
    migrate(world().ledger)
    typer.echo(f"The gateway listens on http://{host}:{port}/ispws/")
    uvicorn.run(make_app(), host=host, port=port, access_log=False, log_level="warning", server_header=False)


@gateway.command()
def add_reporter(
    name: Name,
    source: Annotated[Source, typer.Option("--source", help="What kind of reporter this is.")] = Source.ESP,
    data: Data = None,
) -> None:
    """Let a reporter in, and print the password; it is shown once. A new one replaces the last.

    Example: `breakwater gateway add-reporter esp-01 --source esp`.
    """
    open_ledger(data)
    from apps.gateway.access import add_reporter as let_in  # noqa: PLC0415 (as above)

    typer.echo(let_in(name, source))


@gateway.command()
def reporters(data: Data = None) -> None:
    """List who may report, by name.

    Example: `breakwater gateway reporters --data /srv/breakwater`.
    """
    use_data(data)
    from infra.ledger.engine import reading  # noqa: PLC0415 (as above)
    from infra.ledger.reporters import accounts  # noqa: PLC0415 (as above)
    from infra.world import world  # noqa: PLC0415 (as above)

    with reading(world().ledger) as connection:
        for each in accounts(connection):
            typer.echo(f"{each.name}  {each.source}{'  simulated reports alone' if each.simulated else ''}")


@gateway.command()
def remove_reporter(name: Name, data: Data = None) -> None:
    """Let a reporter in no more, from ten seconds on; what they reported stays.

    Example: `breakwater gateway remove-reporter esp-01 --data /srv/breakwater`.
    """
    use_data(data)
    from infra.ledger.reporters import close  # noqa: PLC0415 (as above)
    from infra.world import world  # noqa: PLC0415 (as above)
    from tasks.reports.taking import pseudonym  # noqa: PLC0415 (as above)

    with world().ledger.begin() as connection:
        if not close(connection, pseudonym(name)):
            raise InvalidSettings(f"no reporter {name} may report; `breakwater gateway reporters` lists who may")
        world().audit.append(connection, Act.REPORTER_SHUT_OUT, pseudonym(name))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
