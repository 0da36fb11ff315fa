"""The operators' stack: start every server on loopback, and tell whether each part works."""

import os
from itertools import cycle
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from domain.audit import Act
from domain.errors import InvalidSettings
from infra.ledger.engine import migrate
from infra.ledger.roles import METADATA, let_in, make_roles
from infra.settings import Settings, read_settings
from infra.stack.checks import CHECKS, Finding
from infra.stack.deployments import PLAN, end_lost_runs, make_pools, register
from infra.stack.layout import BUCKET, DATABASES, Layout, Ports, alone_in
from infra.stack.supervisor import Narrator, supervising
from infra.world import World

_COLOURS = ("cyan", "green", "magenta", "yellow", "blue", "bright_cyan", "bright_magenta")


def up(data: Path, *, ports: Ports | None = None, workers: int = 2, quiet: bool = False, plan: Path = PLAN) -> None:
    """Start every server over the folder `data`, set them up, and run them until SIGINT or SIGTERM.

    Args:
        data: everything is kept in it, keys and logs included.
        ports: those to take where they are free; the usual ones if None.
        workers: Dask's worker processes.
        quiet: leave the servers' logs to their files.
        plan: the deployments to register.

    Raises:
        ServiceFailed: a server did not become ready, or ended by itself; the others are stopped then.
    """
    console = Console()
    os.umask(0o077)  # what is written here is for the account that runs this alone
    layout = Layout(data, ports or Ports(), workers)
    try:
        with (
            alone_in(layout.root),
            supervising(logs=layout.logs, narrate=None if quiet else _narrator(console)) as supervisor,
        ):
            supervisor.start(*layout.stores)
            layout.postgres.make_databases(*DATABASES)
            layout.s3.make_bucket(BUCKET)
            _prepare(layout)
            supervisor.start(*layout.servers)
            _register_models(layout.settings)
            make_pools(layout.prefect_api)
            end_lost_runs(layout.prefect_api)
            register(layout.prefect_api, layout.environment, layout.logs / "deployments.log", plan)
            supervisor.start(*layout.hands)
            layout.publish()
            _announce(console, layout)
            try:
                supervisor.watch()
            finally:
                layout.withdraw()
    except KeyboardInterrupt:
        console.print("Everything is stopped.")


def doctor() -> list[Finding]:
    """Try one real operation on each part that the environment names."""
    try:
        settings = read_settings()
    except InvalidSettings as invalid:
        return [Finding("settings", works=False, told=str(invalid))]
    return [Finding("settings", works=True, told="valid"), *(check.find(settings) for check in CHECKS)]


def tell(findings: list[Finding]) -> int:
    """Print what was found; the exit code is 0 if every part works, else 1."""
    table = Table(box=None, show_header=False, padding=(0, 1))
    for finding in findings:
        mark = Text("works", "green") if finding.works else Text("fails", "bold red")
        table.add_row(mark, finding.part, Text(finding.told))
    Console().print(table)
    return 0 if all(finding.works for finding in findings) else 1


def _prepare(layout: Layout) -> None:
    """Bring the ledger up to date, and let in who works on metadata alone."""
    theirs = World(layout.settings)
    migrate(theirs.ledger)
    with theirs.ledger.begin() as connection:
        make_roles(connection)
        let_in(connection, *layout.metadata_account)
        theirs.audit.append(connection, Act.ACCOUNT_LET_IN, account=layout.metadata_account[0], role=METADATA)
    theirs.ledger.dispose()


def _register_models(settings: Settings) -> None:
    """Have the reference model in the registry, champion where there is none yet."""
    from infra.registry import Registry  # noqa: PLC0415 (`doctor` pays for what it asks alone)
    from tasks.inference import ensure_reference  # noqa: PLC0415 (as above)

    ensure_reference(Registry(settings.mlflow_url, settings.root))


def _announce(console: Console, layout: Layout) -> None:
    """Print where everything is."""
    table = Table(title="Breakwater is up", show_header=False)
    for part, address in layout.addresses.items():
        table.add_row(part, address)
    table.add_row("another shell", f"set -a; . {layout.environment_file}; set +a")
    table.add_row("logs", str(layout.logs))
    console.print(table, "Ctrl-C stops everything.")


def _narrator(console: Console) -> Narrator:
    """Print every line of a log behind its server's name, each server in a colour of its own."""
    colours: dict[str, str] = {}
    spare = cycle(_COLOURS)

    def narrate(name: str, line: str) -> None:
        colour = colours.setdefault(name, "") or colours.update({name: next(spare)}) or colours[name]
        console.print(Text(f"{name:>12} │ ", colour) + Text.from_ansi(line), soft_wrap=True)

    return narrate
