"""The command line: `breakwater COMMAND --help` shows each command with an example."""

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from apps import staffing, upkeep
from apps.auditing import audit
from apps.clusters import clusters
from apps.gateway.commands import gateway
from apps.lists import lists
from apps.models import models
from apps.policies import policy
from apps.queue import queue
from apps.refer import refer
from apps.retention import retention
from apps.upkeep import Data
from domain.errors import BreakwaterError
from infra import telemetry
from infra.settings import read_settings, use_data, use_no_files

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="markdown"
)
simulate = typer.Typer(
    no_args_is_help=True, help="Make simulated, benign data to try everything on, and try out a staffing."
)
app.add_typer(simulate, name="simulate")
app.add_typer(gateway, name="gateway")
app.add_typer(lists, name="lists")
app.add_typer(models, name="model")
app.add_typer(audit, name="audit")
app.add_typer(clusters, name="clusters")
app.add_typer(queue, name="queue")
app.add_typer(policy, name="policy")
app.add_typer(retention, name="retention")
app.add_typer(refer, name="refer")
app.add_typer(upkeep.keys, name="keys")
app.add_typer(upkeep.bundles, name="bundles")
simulate.command()(staffing.queue)
for _each in (upkeep.sweep, upkeep.roles, upkeep.annotate, upkeep.outcomes, upkeep.films):
    app.command()(_each)

Reports = Annotated[
    int, typer.Option("--reports", min=1, max=100_000, metavar="N", help="How many reports to simulate.")
]
Seed = Annotated[int, typer.Option("--seed", metavar="S", help="The same seed gives the same reports, byte for byte.")]


@app.callback()
def breakwater() -> None:
    """Receive, fingerprint, group, rank and measure reports of child sexual abuse imagery.

    Until its operator attests authority, it takes simulated reports only. It replaces no statutory channel.
    """
    telemetry.switch_off()
    os.umask(0o077)  # what is written is for the account that runs this alone


@app.command()
def demo(
    data: Data = None,
    reports: Reports = 300,
    seed: Seed = 1,
    open_page: Annotated[bool, typer.Option("--open", help="Open the report page in the browser.")] = False,  # noqa: FBT002 (a command-line switch)
) -> None:
    """Simulate an inbox and bring it all the way, on embedded defaults.

    Example: `breakwater demo --data /tmp/demo --reports 100`. A second run on the same folder finds nothing new.
    """
    use_data(data)
    from infra.stack.prefect import use_server  # noqa: PLC0415 (a command pays for its own imports alone)

    port = use_server(read_settings().root / "prefect")
    from apps.demo import run_demo  # noqa: PLC0415 (Prefect reads the environment that was just set)

    run_demo(reports, seed, port, open_page=open_page)


@app.command()
def nightly(data: Data = None) -> None:
    """Do again, from metadata alone, what lists, reports and policy changed since: match, cluster, rank, measure.

    Example: `breakwater nightly --data /srv/breakwater`, from cron. `breakwater up` has it scheduled at 2 in the night.
    """
    use_data(data)
    from infra.stack.prefect import use_server  # noqa: PLC0415 (a command pays for its own imports alone)

    port = use_server(read_settings().root / "prefect")
    use_no_files()
    from apps import night  # noqa: PLC0415 (Prefect reads the environment that was just set)

    night.run(port)


Month = Annotated[datetime | None, typer.Option(formats=["%Y-%m", "%Y-%m-%d"], metavar="YYYY-MM")]


@app.command()
def measure(since: Month = None, until: Month = None, data: Data = None) -> None:
    """Measure the history that was taken in: the paper's figures and those after it, as CSV, Parquet and one page.

    Example: `breakwater measure --since 2015-01 --until 2017-09 --data /srv/breakwater`. Without a span it is all.
    """
    use_data(data)
    if since and until and until < since:
        raise typer.BadParameter("the span ends before it begins", param_hint="--until")
    from infra.stack.prefect import use_server  # noqa: PLC0415 (a command pays for its own imports alone)

    port = use_server(read_settings().root / "prefect")
    from apps import measures  # noqa: PLC0415 (Prefect reads the environment that was just set)

    measures.run(port, since and since.date(), until and until.date())


@app.command()
def classify(data: Data = None) -> None:
    """Have every champion, and every challenger in shadow, look at the files that it has not seen.

    Example: `breakwater classify --data /srv/breakwater`, after another version was promoted.
    """
    use_data(data)
    from infra.stack.prefect import use_server  # noqa: PLC0415 (a command pays for its own imports alone)

    port = use_server(read_settings().root / "prefect")
    from apps import classifying  # noqa: PLC0415 (Prefect reads the environment that was just set)

    classifying.run(port)


@app.command()
def up(data: Data = None) -> None:
    """Start every server on loopback, supervised in this terminal; Ctrl-C stops them in order.

    Example: `breakwater up --data /srv/breakwater`.
    """
    use_data(data)
    from apps.stack import up as start  # noqa: PLC0415 (as above)

    start(read_settings().root)


@app.command()
def doctor(data: Data = None) -> None:
    """Probe each part with a real operation, and say how to mend what fails.

    Example: `breakwater doctor --data /srv/breakwater`.
    """
    use_data(data)
    from apps.stack import doctor as examine  # noqa: PLC0415 (as above)
    from apps.stack import tell  # noqa: PLC0415 (as above)

    raise typer.Exit(tell(examine()))


@app.command()
def intake(
    where: Annotated[
        str,
        typer.Argument(
            metavar="PATH_OR_URL",
            help="A folder of drops, JSON files and tables, or one file; or s3+http://HOST:PORT/BUCKET/PREFIX.",
        ),
    ],
    form: Annotated[
        str, typer.Option("--format", help="cybertip, police, vics, tip, csv, jsonl, parquet; auto tells.")
    ] = "auto",
    watch: Annotated[
        float | None, typer.Option("--watch", min=1, metavar="SECONDS", help="Look again every so often, until Ctrl-C.")
    ] = None,
    data: Data = None,
) -> None:
    """Take in every report at a path or in a bucket that was not taken yet, whatever its format.

    Example: `breakwater intake docs/samples --data /tmp/samples`. A second time finds nothing new.
    """
    use_data(data)
    from apps import intake as by_hand  # noqa: PLC0415 (a command pays for its own imports alone)
    from infra.inboxes import place_at  # noqa: PLC0415 (as above)
    from tasks.reports.formats import Format  # noqa: PLC0415 (as above)

    if form not in set(Format):
        raise typer.BadParameter(f"one of {', '.join(Format)}", param_hint="--format")
    if watch is None:
        by_hand.show(place_at(where), Format(form))
    else:
        by_hand.watch(place_at(where), Format(form), watch)


@app.command(name="hash")
def hash_files(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="Files of any kind.")],
    exact: Annotated[bool, typer.Option("--exact", help="Bit for bit as published: every pixel, slower.")] = False,  # noqa: FBT002 (a command-line switch)
    triage: Annotated[bool, typer.Option("--triage", help="Fastest, a few more bits off.")] = False,  # noqa: FBT002 (as above)
    dihedral: Annotated[bool, typer.Option("--dihedral", help="All eight orientations.")] = False,  # noqa: FBT002 (as above)
    every: Annotated[
        float, typer.Option("--every", min=0, metavar="SECONDS", help="A frame of a video this often; 0 for each.")
    ] = 0,
    thin: Annotated[bool, typer.Option("--thin", help="Only frames that tell the shots apart.")] = False,  # noqa: FBT002 (as above)
) -> None:
    """Print the digests and fingerprints of files as lines of JSON; nothing is stored.

    Example: `breakwater hash --dihedral docs/samples/hill.png`.
    """
    from apps import hashing  # noqa: PLC0415 (a command pays for its own imports alone)
    from domain.media import Mode  # noqa: PLC0415 (as above)

    if exact and triage:
        raise typer.BadParameter("one of --exact and --triage")
    mode = Mode.EXACT if exact else Mode.TRIAGE if triage else Mode.MATCH
    raise typer.Exit(hashing.show(files, hashing.Wanted(mode, every, dihedral, thin)))


@simulate.command()
def inbox(data: Data = None, reports: Reports = 300, seed: Seed = 1) -> None:
    """Write an inbox of simulated reports, a list of known hashes, and the ground truth.

    Example: `breakwater simulate inbox --data /tmp/demo --reports 1000 --seed 7`.
    """
    use_data(data)
    from infra.world import world  # noqa: PLC0415 (as above)
    from tasks.simulating.inbox import simulate_inbox  # noqa: PLC0415 (as above)

    root = world().settings.root
    new = simulate_inbox(root, reports, seed)
    typer.echo(f"{reports} reports {'written to' if new else 'stand already in'} {root / 'inbox'}")


@simulate.command()
def history(
    data: Data = None,
    reports: Annotated[
        int, typer.Option("--reports", metavar="N", help="How many reports; the paper had 23494983.")
    ] = 234_950,
    seed: Seed = 1,
) -> None:
    """Write twenty years of simulated reports, metadata alone, as Parquet tables with the paper's own numbers.

    Example: `breakwater simulate history --data /tmp/past`, then `breakwater intake /tmp/past/history/inbox --data
    /tmp/past`.
    """
    use_data(data)
    from apps.past import write_history  # noqa: PLC0415 (as above)

    write_history(read_settings().root / "history", reports, seed)


@simulate.command("models")
def trial(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to write; not there yet, or empty.")],
    files: Annotated[int, typer.Option("--files", min=2, max=100_000, metavar="N", help="Pictures of the set.")] = 300,
    seed: Seed = 1,
) -> None:
    """Write what it takes to try models out: an evaluation set of drawn pictures, a good stand-in, and a fair one.

    Example: `breakwater simulate models /tmp/trial`. docs/data-scientist.md goes through it.
    """
    from tasks.simulating.trial import FAIR, GOOD, SET, write_trial  # noqa: PLC0415 (as above)

    write_trial(folder, files, seed)
    typer.echo(f"{folder / SET}: {files} drawn pictures and their labels; {folder / GOOD} and {folder / FAIR}: models")


def main() -> None:
    """Run the command line; what we raise by intention is one line, and exit status 1."""
    try:
        app()
    except BreakwaterError as error:
        typer.echo(f"breakwater: {error}", err=True)
        sys.exit(1)
