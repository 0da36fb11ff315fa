"""Commands for clusters: what belongs together, what one is made of, and what an analyst says of it."""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

from apps.upkeep import Data, open_ledger
from domain.cluster import ClusterKind, Tie, TieKind
from infra.settings import use_data

if TYPE_CHECKING:
    from rich.console import Console

_WIDEST = 1000
"""Columns that a table may take; ids are never cut."""

_TOLD = 5
"""Things that are told of what two reports share."""

clusters = typer.Typer(invoke_without_command=True)

Kind = Annotated[ClusterKind, typer.Argument(metavar="KIND", help=f"One of {', '.join(ClusterKind)}.")]
Member = Annotated[str, typer.Argument(metavar="MEMBER", help="Its whole name, as `clusters show` gives it.")]
Analyst = Annotated[str, typer.Option("--analyst", help="Who says so; a pseudonym is kept.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, in words.")]


@clusters.callback()
def show_all(
    context: typer.Context,
    kind: Annotated[ClusterKind | None, typer.Option("--kind", help="This kind alone.")] = None,
    most: Annotated[int, typer.Option("--most", min=1, metavar="N", help="Clusters of each kind.")] = 10,
    data: Data = None,
) -> None:
    """List the largest clusters of each kind: copies, scenes, faces and reports.

    Example: `breakwater clusters --kind scenes --data /srv/breakwater`.
    """
    if context.invoked_subcommand:
        use_data(data)
        return
    open_ledger(data)
    from rich.table import Table  # noqa: PLC0415 (a command pays for its own imports alone)

    from tasks.clustering.telling import FRESH_DAYS, standings  # noqa: PLC0415 (as above)

    table = Table(box=None, caption=f"fresh: first reported in the last {FRESH_DAYS} days", caption_justify="left")
    for column in ("kind", "cluster", "members", "fresh", "newest"):
        table.add_column(column, justify="right" if column in ("members", "fresh") else "left", no_wrap=True)
    for each in [kind] if kind else ClusterKind:
        every = standings(each)
        for one in every[:most]:
            table.add_row(each, one.cluster, f"{one.members:,}", f"{one.fresh:,}", f"{one.newest:%Y-%m-%d}")
        if len(every) > most:
            table.add_row(each, f"… {len(every) - most:,} more; --most shows them", "", "", "")
    if table.rows:
        _console().print(table)
    else:
        typer.echo("Nothing is clustered yet: the flow `cluster` does it, of which `pipeline` and `nightly` are.")


def _console() -> "Console":
    """Make a console on which ids stay whole and can be copied, however narrow the terminal is."""
    from rich.console import Console  # noqa: PLC0415 (as above)

    return Console(width=_WIDEST, soft_wrap=True, highlight=False)


@clusters.command()
def show(
    cluster: Annotated[str, typer.Argument(metavar="ID", help="The cluster's whole id.")],
    most: Annotated[int, typer.Option("--most", min=1, metavar="N", help="Members, and rows of each other kind.")] = 20,
    data: Data = None,
) -> None:
    """Show what a cluster is made of, and why each member is in it: to which other it is tied, by what, how nearly.

    Then countries, reporters by pseudonym and months of its reports, and what became of it. Codes and counts; no file
    is opened.

    Example: `breakwater clusters show 5f3c… --data /srv/breakwater`.
    """
    open_ledger(data)
    from rich.table import Table  # noqa: PLC0415 (as above)

    from tasks.clustering.telling import card  # noqa: PLC0415 (as above)

    found, console = card(cluster, most), _console()
    sure = "" if found.confidence is None else f", confidence {found.confidence:.2f}"
    console.print(f"[bold]{found.kind}[/bold] {found.cluster}: {found.size:,} members{sure}")
    console.print(f"look first at {found.representative.name}")
    table = Table(box=None)
    for column in ("member", "first reported", "reports", "class", "in by"):
        table.add_column(column, no_wrap=True)
    for one in found.members:
        row = (one.name, f"{one.first:%Y-%m-%d %H:%M}", f"{one.reports:,}", one.severest or "–")
        whys = [_ties(other, list(ties)) for other, ties in groupby(one.ties, lambda tie: tie.other)] or ["–"]
        table.add_row(*row, whys[0])
        for why in whys[1:]:
            table.add_row("", "", "", "", why)
    if found.size > len(found.members):
        table.add_row(f"… {found.size - len(found.members):,} more; --most shows them", "", "", "", "")
    console.print(table)
    console.print(f"countries: {_most(found.countries, most)}")
    console.print(
        "months: " + (", ".join(f"{month} {count:,}" for month, count in sorted(found.months.items())) or "–")
    )
    console.print(f"reporters: {_most(Counter({name[:12]: count for name, count in found.reporters.items()}), most)}")
    for at, event, other, members in found.changes[:most]:
        console.print(f"{at:%Y-%m-%d %H:%M} {event}{f' from {other[:12]}' if other else ''}, {members:,} members")
    if len(found.changes) > most:
        console.print(f"… {len(found.changes) - most:,} more before that")


def _most(counts: Counter[str], most: int) -> str:
    """Tell the most frequent, and how many more there are."""
    told = [f"{name} {count:,}" for name, count in counts.most_common(most)]
    return ", ".join([*told, *([f"{len(counts) - most:,} more"] if len(counts) > most else [])]) or "–"


def _ties(other: str, ties: Sequence[Tie]) -> str:
    """Put what ties a member to another one into a line; the whole name of a file is too long, and of a face's."""
    blob, slash, ordinal = other.partition("/")
    told = [_tie(tie) for tie in ties[:_TOLD]] + ([f"{len(ties) - _TOLD} more"] if len(ties) > _TOLD else [])
    return f"{blob[:12]}{slash}{ordinal} {', '.join(told)}"


def _tie(tie: Tie) -> str:
    match tie.by:
        case TieKind.PICTURE:
            return " ".join([f"picture {tie.near:.0f} bits", *(note for note in tie.notes if note != "upright")])
        case TieKind.FILM:
            return f"film {tie.near:.0%}"
        case TieKind.COPIES | TieKind.VECTORS:
            return f"{tie.by} {tie.near:.3f}"
        case TieKind.RULING:
            return "ruling"
        case _:
            thing, reports = tie.notes
            return f"{tie.by} {thing[:12]} of {reports}"


@clusters.command()
def same(kind: Kind, one: Member, other: Member, analyst: Analyst, reason: Reason = "", data: Data = None) -> None:
    """Say that two members are the same; every later run keeps them in one cluster.

    Example: `breakwater clusters same scenes 5f3c… 81aa… --analyst 7 --reason "the same wallpaper"`.
    """
    _rule(kind, one, other, analyst, reason, data, same=True)


@clusters.command()
def apart(kind: Kind, one: Member, other: Member, analyst: Analyst, reason: Reason = "", data: Data = None) -> None:
    """Say that two members are not the same; no later run puts them in one cluster.

    Example: `breakwater clusters apart faces 5f3c…/0 81aa…/2 --analyst 7`.
    """
    _rule(kind, one, other, analyst, reason, data, same=False)


def _rule(kind: ClusterKind, one: str, other: str, analyst: str, reason: str, data: Data, *, same: bool) -> None:
    open_ledger(data)
    from tasks.clustering.telling import rule  # noqa: PLC0415 (as above)

    rule(kind, one, other, same=same, by=analyst, reason=reason)
    typer.echo(f"kept; the next run of `cluster` has them {'together' if same else 'apart'}")
