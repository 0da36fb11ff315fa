"""Commands for referrals: to whom reports go, what was decided and sent, and what comes back; and for recipients."""

from pathlib import Path
from typing import Annotated

import typer

from apps.upkeep import Data, counted, open_ledger
from domain.referral import Detail
from infra.settings import use_data

refer = typer.Typer(invoke_without_command=True)

Report = Annotated[
    str, typer.Argument(metavar="REPORT", help="The report's whole surrogate id, as the queue gives it.")
]
Number = Annotated[str, typer.Argument(metavar="PACKAGE", help="The package's number, as `refer` gives it.")]
Analyst = Annotated[str, typer.Option("--analyst", help="Who says so; a pseudonym is kept.")]

SHOWN = 100
"""Lines of feedback without a package that are shown one by one."""


@refer.callback()
def show_all(context: typer.Context, data: Data = None) -> None:
    """List every referral: its package, its desk, how far it is, and why that desk.

    Example: `breakwater refer --data /srv/breakwater`. Codes and counts; nothing is opened.
    """
    if context.invoked_subcommand:
        use_data(data)
        return
    open_ledger(data)
    from infra.ledger import cases  # noqa: PLC0415 (a command pays for its own imports alone)
    from infra.ledger.engine import reading  # noqa: PLC0415 (as above)
    from infra.world import world  # noqa: PLC0415 (as above)
    from tasks.referring.telling import lines  # noqa: PLC0415 (as above)

    with reading(world().ledger) as connection:
        going, unmatched = cases.every(connection), cases.unmatched(connection)
    for line in lines(going, frozenset(world().desks)):
        typer.echo(line)
    if not going:
        typer.echo("Nobody decided to refer a report yet: `breakwater refer decide REPORT` does.")
    for reason, number in unmatched.items():
        typer.echo(f"feedback without a package: {number:,} {reason}")


@refer.command()
def route(report: Report, data: Data = None) -> None:
    """Say to whom a report would go today, and why; nothing is written and nothing is sent.

    Example: `breakwater refer route 5f3c… --data /srv/breakwater`.
    """
    open_ledger(data)
    from tasks.referring.deciding import routed  # noqa: PLC0415 (as above)

    for each in routed(report):
        typer.echo(f"{each.desk.code}  {each.desk.name}  {', '.join(map(str, each.reasons))}")


@refer.command()
def decide(
    report: Report,
    analyst: Analyst,
    detail: Annotated[Detail, typer.Option("--as", help=f"One of {', '.join(Detail)}.")],
    to: Annotated[
        list[str] | None, typer.Option("--to", help="A desk beside those of the tables; again for more.")
    ] = None,
    data: Data = None,
) -> None:
    """Decide that a report is to be referred; `refer send`, or the flow `refer`, sends it.

    Example: `breakwater refer decide 5f3c… --as actionable --analyst 7`.
    """
    open_ledger(data)
    from domain.routing import MANUAL  # noqa: PLC0415 (as above)
    from tasks.referring.deciding import decide as settle  # noqa: PLC0415 (as above)

    chosen = settle(report, detail, analyst, to or [])
    for each in chosen:
        typer.echo(f"{each.desk.code}  {each.desk.name}  {', '.join(map(str, each.reasons))}")
    if MANUAL in {each.desk for each in chosen}:
        typer.echo("The tables leave something to a person: `breakwater refer address` says which desks it goes to.")


@refer.command()
def address(
    report: Report,
    analyst: Analyst,
    to: Annotated[
        list[str] | None, typer.Option("--to", help="A desk; again for more. Without: to nobody else.")
    ] = None,
    data: Data = None,
) -> None:
    """Say to which desks a decided report goes, in place of all for which no package was made yet.

    Example: `breakwater refer address 5f3c… --to us-icac-ca --to europol --analyst 7`.
    """
    open_ledger(data)
    from tasks.referring.deciding import address as settle  # noqa: PLC0415 (as above)

    typer.echo(f"goes to {settle(report, analyst, to or [])} desks beside those that have it")


@refer.command()
def send(data: Data = None) -> None:
    """Pack, seal and deliver what was decided and not delivered yet, each package once.

    Example: `breakwater refer send --data /srv/breakwater`. The flow `refer` does the same.
    """
    open_ledger(data)
    from tasks.referring.sending import send_referrals  # noqa: PLC0415 (as above)

    typer.echo(counted(send_referrals.fn(), "nothing waits"))


@refer.command()
def acknowledge(package: Number, data: Data = None) -> None:
    """Note that a desk says it has a package.

    Example: `breakwater refer acknowledge 81aa…`.
    """
    open_ledger(data)
    from tasks.referring.sending import acknowledge as note  # noqa: PLC0415 (as above)

    note(package)
    typer.echo("noted")


@refer.command()
def recall(package: Number, data: Data = None) -> None:
    """Take a package back: it is removed where it still lies, and a signed notice lies in its place.

    Example: `breakwater refer recall 81aa…`. Who opened it is to delete it; tell them as well.
    """
    open_ledger(data)
    from tasks.referring.sending import recall as take_back  # noqa: PLC0415 (as above)

    take_back(package)
    typer.echo("recalled; the desk finds a notice, and the report can be decided anew")


@refer.command()
def feedback(
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="A table (CSV) or JSON.")],
    data: Data = None,
) -> None:
    """Take what recipients say came of packages; what finds no package is kept with the reason.

    Example: `breakwater refer feedback answers.csv --data /srv/breakwater`. Taking it again changes nothing.
    """
    open_ledger(data)
    from tasks.referring.hearing import take_feedback  # noqa: PLC0415 (as above)

    counts, unmatched = take_feedback(file)
    for place, reason in unmatched[:SHOWN]:
        typer.echo(f"line {place}: {reason}")
    typer.echo(counted(counts, "nothing in it"))
    raise typer.Exit(int(bool(unmatched)))


@refer.command()
def key(data: Data = None) -> None:
    """Print the public key by which recipients know this installation's packages.

    Example: `breakwater refer key`. Give it to them by another way than the packages.
    """
    use_data(data)
    from infra.world import world  # noqa: PLC0415 (as above)

    typer.echo(world().signer.public)


KeyFile = Annotated[Path, typer.Argument(metavar="KEY", dir_okay=False, help="The file of the private key.")]


@refer.command()
def make_key(file: KeyFile) -> None:
    """For recipients: make a private key in a file, and print the public one for the sender.

    Example: `breakwater refer make-key desk.key`. A file that is there is read, and left as it is.
    """
    from infra.envelopes import public_of  # noqa: PLC0415 (as above)
    from infra.keys import load_or_make  # noqa: PLC0415 (as above)

    typer.echo(public_of(load_or_make(file)))


@refer.command()
def open_package(
    package: Annotated[Path, typer.Argument(metavar="PACKAGE", exists=True, dir_okay=False, help="The sealed file.")],
    private: Annotated[Path, typer.Option("--key", exists=True, dir_okay=False, help="The file of the private key.")],
    sender: Annotated[str, typer.Option("--sender", help="The sender's public key (hex), had by another way.")],
    into: Annotated[Path, typer.Option("--into", metavar="DIR", help="A folder that is not there yet.")],
) -> None:
    """For recipients: verify every bit of a package, and only then leave it in a folder.

    Example: `breakwater refer open-package 81aa….bwp --key desk.key --sender 3b6a… --into case`.
    """
    from infra.keys import load_or_make  # noqa: PLC0415 (as above)
    from tasks.referring.unpacking import unpack  # noqa: PLC0415 (as above)

    found = unpack(package, load_or_make(private), sender, into)
    simulated = ", simulated" if found.simulated else ""
    typer.echo(f"package {found.number} for {found.desk}{simulated}: {found.files} files verified")
    typer.echo(f"begin with {into / 'summary.html'}")
