"""Commands for lists of known hashes: import, export, terms, and who says what of an entry."""

from pathlib import Path
from typing import Annotated

import typer

from apps.upkeep import Data, counted, open_ledger
from domain.counts import Counts
from domain.errors import InvalidSettings
from domain.lists import ListFormat, Terms, Vote

lists = typer.Typer(no_args_is_help=True, help="Bring lists of known hashes in and out, and govern their entries.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The list.")]
EntryName = Annotated[str, typer.Argument(metavar="ENTRY", help="The entry's name on its list.")]
Form = Annotated[ListFormat, typer.Option("--format", help="What the file is; `auto` tells by the file itself.")]
Reviewer = Annotated[str, typer.Option("--reviewer", help="Who says so; kept as a surrogate.")]
Category = Annotated[str, typer.Option("--category", help="The category that the reviewer gives it, such as A1.")]
Radius = Annotated[
    int | None, typer.Option("--radius", min=0, max=31, help="Bits within which its PDQ hashes match. [31]")
]
Quality = Annotated[
    int | None, typer.Option("--quality", min=0, max=100, help="Least quality of a hash that it matches. [50]")
]
Shares = Annotated[
    tuple[float, float] | None,
    typer.Option("--shares", help="A film matches from these shares of its own, or of the entry's, frames. [0.5 0.8]"),
]
Owner = Annotated[str | None, typer.Option("--owner", help="Who keeps it.")]
Provenance = Annotated[
    str | None, typer.Option("--provenance", help="Where it comes from and under which agreement, in words.")
]


def _tell(counts: Counts) -> None:
    typer.echo(counted(counts, "nothing changed"))


@lists.command("import")
def bring_in(
    paths: Annotated[list[Path], typer.Argument(metavar="FILE…", help="A file, a folder of pages, or several pages.")],
    form: Form = ListFormat.AUTO,
    name: Annotated[str | None, typer.Option("--name", help="The list's name. [the first file's or folder's]")] = None,
    radius: Radius = None,
    quality: Quality = None,
    owner: Owner = None,
    data: Data = None,
) -> None:
    """Import one list from files. Pages that were fetched from an exchange are given together; nothing is fetched here.

    Example: `breakwater lists import pages/*.xml --name industry --owner NCMEC --radius 31`.
    """
    missing = [path for path in paths if not path.exists()]
    if missing:
        raise InvalidSettings(f"there is no file {missing[0]}")
    open_ledger(data)
    from tasks.lists.governing import agree  # noqa: PLC0415 (as above)
    from tasks.lists.importing import import_list, pages  # noqa: PLC0415 (as above)

    called = name or (paths[0].name if paths[0].is_dir() else paths[0].stem)
    counts = import_list(called, [page for path in paths for page in pages(path)], form)
    if (radius, quality, owner) != (None,) * 3:
        agree(called, {"radius": radius, "quality": quality, "owner": owner})
    _tell(counts)
    if counts["lists_rejected"]:
        typer.echo(f"the list {called} was not changed; `breakwater lists show {called}` tells why")
        raise typer.Exit(1)


@lists.command()
def export(
    name: Name,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The file to write.")],
    form: Form = ListFormat.CSV,
    data: Data = None,
) -> None:
    """Write a list as it stands, in any format that carries it; says how many hashes that one does not carry.

    Example: `breakwater lists export industry industry.csv --format csv`.
    """
    open_ledger(data)
    from tasks.lists.exporting import export_list  # noqa: PLC0415 (as above)

    lost = export_list(name, form, out)["hashes_not_carried"]
    typer.echo(
        f"written to {out}" + (f"; {lost:,} hashes of types that {form} does not carry are not in it" * bool(lost))
    )


@lists.command()
def show(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="The list; every one without.")] = None,
    data: Data = None,
) -> None:
    """Show where lists stand: terms, checkpoint, entries by state, what was not taken and why, matches and recalls.

    Example: `breakwater lists show industry`.
    """
    open_ledger(data)
    from infra.ledger import lists as ledger  # noqa: PLC0415 (as above)
    from infra.ledger.engine import reading  # noqa: PLC0415 (as above)
    from infra.world import world  # noqa: PLC0415 (as above)

    with reading(world().ledger) as connection:
        for each in [name] if name else ledger.names(connection):
            standing = ledger.standing(connection, each)
            if standing is None:
                raise InvalidSettings(f"there is no list {each}; `breakwater lists show` names them all")
            typer.echo("\n".join(_lines(standing.name, standing.terms, _told(standing))))


def _told(standing: object) -> list[tuple[str, object]]:
    """Give the parts of a list's standing that say something, named."""
    names = ("format", "checkpoint", "imported_at", "entries", "withdrawn", "hashes", "faults", "matches", "recalls")
    parts = [(name, getattr(standing, name)) for name in (*names, "to_write_back")]
    return [(name.replace("_", " "), value) for name, value in parts if value]


def _lines(name: str, terms: Terms, parts: list[tuple[str, object]]) -> list[str]:
    said = [("owner", terms.owner), ("provenance", terms.provenance), ("radius", terms.radius)]
    said += [("quality", terms.quality), ("shares", f"{terms.file_share:g} {terms.entry_share:g}")]
    said += [("own", "three reviewers must agree" if terms.own else "")]
    lines = [f"{name}"]
    for what, value in [*said, *parts]:
        told = ", ".join(f"{number:,} {key}" for key, number in value.items()) if isinstance(value, dict) else value
        if told not in ("", None):
            lines.append(f"  {what:<14} {told}")
    return lines


@lists.command()
def terms(
    name: Name,
    radius: Radius = None,
    quality: Quality = None,
    owner: Owner = None,
    shares: Shares = None,
    provenance: Provenance = None,
    data: Data = None,
) -> None:
    """Change how a list is used; where that changes what matches, the next `fingerprint` matches it anew.

    Example: `breakwater lists terms industry --radius 24`.
    """
    open_ledger(data)
    from tasks.lists.governing import agree  # noqa: PLC0415 (as above)

    said: dict[str, object] = {"radius": radius, "quality": quality, "owner": owner, "provenance": provenance}
    said |= dict(zip(("file_share", "entry_share"), shares, strict=True)) if shares else {}
    typer.echo("\n".join(_lines(name, agree(name, said), [])))


@lists.command()
def propose(
    name: Name,
    entry: EntryName,
    hashes: Annotated[list[str], typer.Argument(metavar="TYPE:HASH…", help="Its hashes, such as `pdq:8f9a…`.")],
    reviewer: Reviewer,
    category: Category = "",
    data: Data = None,
) -> None:
    """Propose an entry of our own; it counts when three reviewers agree, of whom you are the first.

    Example: `breakwater lists propose own case-7 pdq:8f9a… --category A1 --reviewer 7`.
    """
    open_ledger(data)
    from tasks.lists.governing import propose as put_forward  # noqa: PLC0415 (as above)

    named = [(kind, value) for kind, _, value in (each.partition(":") for each in hashes)]
    _tell(put_forward(name, entry, named, category, reviewer))


@lists.command()
def vote(
    name: Name,
    entry: EntryName,
    said: Annotated[Vote, typer.Argument(help="`up` or `down`.")],
    reviewer: Reviewer,
    category: Category = "",
    reason: Annotated[str, typer.Option("--reason", help="Why, in words.")] = "",
    data: Data = None,
) -> None:
    """Vote on an entry, ours or another's; votes on another's wait for `lists feedback`.

    Example: `breakwater lists vote industry 42-image1 down --reviewer 7 --reason "a landscape"`.
    """
    open_ledger(data)
    from tasks.lists.governing import vote as cast  # noqa: PLC0415 (as above)

    _tell(cast(name, entry, said, reviewer, category, reason))


@lists.command()
def withdraw(name: Name, entry: EntryName, data: Data = None) -> None:
    """Withdraw an entry of our own, and recall what it matched.

    Example: `breakwater lists withdraw own case-7`.
    """
    open_ledger(data)
    from tasks.lists.governing import withdraw as take_back  # noqa: PLC0415 (as above)

    _tell(take_back(name, entry))


@lists.command()
def quarantine(name: Name, entry: EntryName, data: Data = None) -> None:
    """Have an entry settle nothing; its matches stay recorded.

    Example: `breakwater lists quarantine industry 42-image1`.
    """
    open_ledger(data)
    from tasks.lists.governing import quarantine as stop  # noqa: PLC0415 (as above)

    _tell(stop(name, entry))


@lists.command()
def release(name: Name, entry: EntryName, data: Data = None) -> None:
    """Let an entry out of quarantine, for good; the next `fingerprint` has its matches settle again.

    Example: `breakwater lists release industry 42-image1`.
    """
    open_ledger(data)
    from tasks.lists.governing import release as let_out  # noqa: PLC0415 (as above)

    _tell(let_out(name, entry))


@lists.command()
def feedback(
    name: Name,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The CSV file to write.")],
    data: Data = None,
) -> None:
    """Write the votes that a list's owner does not know yet, and note that they were handed over.

    Example: `breakwater lists feedback industry votes.csv`.
    """
    open_ledger(data)
    from tasks.lists.governing import write_back  # noqa: PLC0415 (as above)

    _tell(write_back(name, out))


@lists.command()
def recalls(name: Name, data: Data = None) -> None:
    """List the reports whose files stood on entries of a list and do no more.

    Example: `breakwater lists recalls industry`.
    """
    open_ledger(data)
    from infra.ledger.engine import reading  # noqa: PLC0415 (as above)
    from infra.ledger.matches import recalled  # noqa: PLC0415 (as above)
    from infra.world import world  # noqa: PLC0415 (as above)

    with reading(world().ledger) as connection:
        for report, ordinal, entry, moment, reason in recalled(connection, name):
            typer.echo(f"{moment:%Y-%m-%d}  report {report}  file {ordinal}  entry {entry}  {reason}")


@lists.command()
def matches(name: Name, data: Data = None) -> None:
    """List the files that stand on entries of a list: by what, how near, shares of both, and where in a film it begins.

    Example: `breakwater lists matches industry`.
    """
    open_ledger(data)
    from infra.ledger.engine import reading  # noqa: PLC0415 (as above)
    from infra.ledger.lists import matched  # noqa: PLC0415 (as above)
    from infra.world import world  # noqa: PLC0415 (as above)

    with reading(world().ledger) as connection:
        for one in matched(connection, name):
            begins = "" if one.offset is None else f"  from {one.offset:+d} s"
            settles = "  settles" if one.settles else ""
            typer.echo(
                f"report {one.report_id}  file {one.ordinal}  entry {one.entry}  {one.signal_type}  {one.distance} bits"
                f"  {one.share:.0%} of the file, {one.entry_share:.0%} of the entry{begins}{settles}"
            )
