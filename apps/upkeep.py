"""Commands for those who keep an installation: sealing keys, sweeping, roles, bundles, annotations, outcomes."""

from pathlib import Path
from typing import Annotated

import typer

from domain.audit import Act
from domain.counts import Counts
from infra.settings import use_data

keys = typer.Typer(no_args_is_help=True, help="Change the key under which every file's own key is wrapped.")
bundles = typer.Typer(no_args_is_help=True, help="See which floods of reports stand as one, and take one apart.")

SHOWN = 100
"""Refused lines that are shown one by one."""

Data = Annotated[
    Path | None,
    typer.Option(
        "--data", metavar="DIR", help="Folder of everything embedded. [default: BREAKWATER_DATA, or ./breakwater-data]"
    ),
]


def open_ledger(data: Path | None) -> None:
    """Have the ledger in `data` at hand, at the newest schema."""
    use_data(data)
    from infra.ledger.engine import migrate  # noqa: PLC0415 (a command pays for its own imports alone)
    from infra.world import world  # noqa: PLC0415 (as above)

    migrate(world().ledger)


def counted(counts: Counts, otherwise: str) -> str:
    """Put what was counted into a line; `otherwise` where nothing was."""
    return ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in counts.items() if number) or otherwise


@keys.command()
def rotate(data: Data = None) -> None:
    """Make a new sealing key and wrap every file's key with it; no file is touched, and nothing has to stop.

    Example: `breakwater keys rotate --data /srv/breakwater`. Then start every process anew, and `keys forget-old`.
    """
    use_data(data)
    from tasks.sweeping import rotate as make_new  # noqa: PLC0415 (a command pays for its own imports alone)

    typer.echo(f"{make_new()['keys_rewrapped']} keys wrapped anew; start every process anew, then: keys forget-old")


@keys.command()
def forget_old(data: Data = None) -> None:
    """Remove every sealing key but the newest from its file. Start every process anew before.

    Example: `breakwater keys forget-old --data /srv/breakwater`.
    """
    use_data(data)
    from tasks.sweeping import forget_old_keys  # noqa: PLC0415 (as above)

    typer.echo(
        f"{forget_old_keys()['keys_rewrapped']} keys were still to be wrapped anew; the newest key is left alone"
    )


def sweep(data: Data = None) -> None:
    """Remove stored objects older than two days that no report and no draft names: what killed processes left.

    Example: `breakwater sweep --data /srv/breakwater`.
    """
    use_data(data)
    from tasks.sweeping import sweep as remove  # noqa: PLC0415 (as above)

    counts = remove()
    typer.echo(
        f"{counts['objects_swept']} objects removed, {counts['objects_kept']} are named, or too young to tell, and kept"
    )


def roles(data: Data = None) -> None:
    """Make the roles `breakwater_analyst` and `breakwater_metadata` on PostgreSQL, and grant them what they may.

    Example: `BREAKWATER_LEDGER=postgresql://… breakwater roles`. Only the first of them reads personal data.
    """
    use_data(data)
    from infra.ledger.roles import ANALYST, METADATA, RESTRICTED, make_roles  # noqa: PLC0415 (as above)
    from infra.world import world  # noqa: PLC0415 (as above)

    with world().ledger.begin() as connection:
        make_roles(connection)
        world().audit.append(connection, Act.ROLES_GRANTED)
    typer.echo(f"{ANALYST} reads every table; {METADATA} every one but {', '.join(RESTRICTED)}")


@bundles.command("list")
def standing(data: Data = None) -> None:
    """List the bundles that stand, the largest first.

    Example: `breakwater bundles list --data /srv/breakwater`.
    """
    use_data(data)
    from infra.ledger.bundles import bundles as read  # noqa: PLC0415 (as above)
    from infra.ledger.engine import reading  # noqa: PLC0415 (as above)
    from infra.world import world  # noqa: PLC0415 (as above)

    with reading(world().ledger) as connection:
        for each in read(connection):
            typer.echo(f"{each.id}  {each.reports} reports  {each.rule}  since {each.made_at:%Y-%m-%d}")


@bundles.command()
def undo(
    bundle: Annotated[str, typer.Argument(help="The bundle's id, as `bundles list` gives it.")], data: Data = None
) -> None:
    """Take a bundle apart; no run makes it again.

    Example: `breakwater bundles undo 5f3c… --data /srv/breakwater`.
    """
    use_data(data)
    from tasks.reports.bundling import undo as take_apart  # noqa: PLC0415 (as above)

    typer.echo(f"{take_apart(bundle)} reports stand by themselves again")


def annotate(
    report: Annotated[str, typer.Argument(help="The report's surrogate id, as the queue gives it.")],
    field: Annotated[str, typer.Argument(help="`vector`, `country` or `kind`.")],
    codes: Annotated[list[str], typer.Argument(help="The whole value from now on, as codes.")],
    analyst: Annotated[str, typer.Option("--analyst", help="Who says so; kept as a surrogate.")],
    file: Annotated[int, typer.Option("--file", min=0, help="Which file entry, for its kind.")] = 0,
    data: Data = None,
) -> None:
    """Say otherwise than the reporter, as a dated revision; nothing is overwritten.

    Example: `breakwater annotate 5f3c… vector sms forum --analyst 7`.
    """
    use_data(data)
    from tasks.reports.annotating import OF_THE_REPORT  # noqa: PLC0415 (as above)
    from tasks.reports.annotating import annotate as say  # noqa: PLC0415 (as above)

    say(report, field, codes, analyst, file if field == "kind" else OF_THE_REPORT)
    typer.echo(f"{field} is {', '.join(sorted(set(codes)))} from now on; what was said before stays on record")


def outcomes(
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="A table (CSV).")],
    data: Data = None,
) -> None:
    """Take what older systems say became of reports: looks, referrals, feedback; codes and moments alone, no words.

    Example: `breakwater outcomes desk.csv --data /srv/breakwater`. Taking it again changes nothing.
    """
    open_ledger(data)
    from tasks.reports.outcomes import take_outcomes  # noqa: PLC0415 (as above)

    counts, refused = take_outcomes(file)
    for each in refused[:SHOWN]:
        typer.echo(f"line {each.line}: {each.reason}")
    if len(refused) > SHOWN:
        typer.echo(f"and {len(refused) - SHOWN:,} lines more")
    typer.echo(f"{counts['outcomes_read']:,} lines, {counts['outcomes_new']:,} new, {len(refused):,} refused")
    raise typer.Exit(int(bool(refused)))


def films(data: Data = None) -> None:
    """List the videos that are copies or clips of one another: shares of their frames, and where one begins.

    Example: `breakwater films --data /srv/breakwater`.
    """
    use_data(data)
    from infra.ledger import films as ledger  # noqa: PLC0415 (as above)
    from infra.ledger.engine import reading  # noqa: PLC0415 (as above)
    from infra.world import world  # noqa: PLC0415 (as above)

    with reading(world().ledger) as connection:
        pairs = ledger.pairs(connection)
    copies, clips = set(ledger.copies(pairs)), ledger.clips(pairs)
    for one, other, share, other_share, offset, _ in pairs:
        if (one, other) in copies:
            typer.echo(
                f"{one}  copy of  {other}  {share:.0%} and {other_share:.0%} of their frames, from {offset:+d} s"
            )
        elif other in clips.get(one, {}):
            typer.echo(f"{one}  clip of  {other}  {share:.0%} of its frames, from {offset:+d} s")
        elif one in clips.get(other, {}):
            typer.echo(f"{other}  clip of  {one}  {other_share:.0%} of its frames, from {-offset:+d} s")
