"""Commands for models: from a folder to a version that serves, and back."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from apps.upkeep import Data, open_ledger
from domain.model import Alias, Role

if TYPE_CHECKING:
    from models.checking.findings import Finding
    from tasks.gating import Evaluated

models = typer.Typer(no_args_is_help=True, help="Bring models in, measure them, and choose which one serves.")
evaluation = typer.Typer(no_args_is_help=True, help="Bring in the files of which the truth is known, for each role.")
models.add_typer(evaluation, name="evaluation")

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="With model.onnx, contract.json and card.md.")]
OfRole = Annotated[Role, typer.Argument(metavar="ROLE", help=f"What the model is for: {', '.join(Role)}.")]
Version = Annotated[int, typer.Argument(metavar="VERSION", min=1, help="Its number, as `model list` gives it.")]
Reason = Annotated[str, typer.Option("--reason", help="Why it may serve although the gate would refuse, in words.")]


@models.command()
def check(
    folder: Folder,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,  # noqa: FBT002 (a command-line switch)
) -> None:
    """Examine a model folder, and say what to mend; nothing is registered, and the exit status is 1 if anything fails.

    Example: `breakwater model check my_model`.
    """
    from tasks.checking import check as examine  # noqa: PLC0415 (a command pays for its own imports alone)

    findings = examine(folder)
    if as_json:
        _print_json(findings)
    else:
        _print_table(folder, findings)
    raise typer.Exit(0 if all(finding.ok for finding in findings) else 1)


def _print_json(findings: "list[Finding]") -> None:
    import json  # noqa: PLC0415 (as above)
    from dataclasses import asdict  # noqa: PLC0415 (as above)

    typer.echo(json.dumps([asdict(finding) for finding in findings], indent=1, ensure_ascii=False))


def _print_table(folder: Path, findings: "list[Finding]") -> None:
    from rich.console import Console  # noqa: PLC0415 (as above)
    from rich.table import Table  # noqa: PLC0415 (as above)
    from rich.text import Text  # noqa: PLC0415 (as above)

    table = Table("", "what", "found", box=None)
    for each in findings:
        found = Text(each.detail)
        if not each.ok:
            found.append(f"\nto mend: {each.mend}", style="bold")
        table.add_row(Text("ok", style="green") if each.ok else Text("✗", style="bold red"), each.what, found)
    console = Console()
    console.print(table)
    bad = sum(not each.ok for each in findings)
    name = folder.resolve().name
    console.print(Text(f"{name}: {bad} to mend" if bad else f"{name} is good; `breakwater model register` takes it"))


@models.command()
def register(
    folder: Folder,
    alias: Annotated[
        Alias | None, typer.Option("--as", help="`challenger` runs in shadow, `champion` serves after the gate.")
    ] = None,
    reason: Reason = "",
    data: Data = None,
) -> None:
    """Hold a model folder to its contract, and make it a version of its role.

    Example: `breakwater model register my_model --as challenger`. The same folder again is the same version.
    """
    open_ledger(data)
    from infra.cluster import running  # noqa: PLC0415 (as above)
    from tasks import promoting  # noqa: PLC0415 (as above)

    if alias is Alias.CHAMPION:
        with running():
            done = promoting.register(folder, alias, reason)
    else:
        done = promoting.register(folder, alias, reason)
    _tell_evaluated(done.evaluated)
    typer.echo(promoting.told(done))


@models.command()
def promote(
    role: OfRole,
    version: Version,
    alias: Annotated[Alias, typer.Option("--as", help="`champion` serves, `challenger` runs in shadow.")] = (
        Alias.CHAMPION
    ),
    reason: Reason = "",
    data: Data = None,
) -> None:
    """Let a version serve, if it is no worse than the champion on the role's evaluation set; else with a reason alone.

    Example: `breakwater model promote classifier 2`, and `--reason "the set has no pictures taken at night"`.
    """
    open_ledger(data)
    from infra.cluster import running  # noqa: PLC0415 (as above)
    from tasks import promoting  # noqa: PLC0415 (as above)

    with running():
        done = promoting.promote(role, version, alias, reason)
    _tell_evaluated(done.evaluated)
    typer.echo(promoting.told(done))


@models.command()
def rollback(
    role: OfRole,
    reason: Annotated[str, typer.Option("--reason", help="Why, in words; kept with the version.")],
    data: Data = None,
) -> None:
    """Put the champion before this one back, at once and without a gate.

    Example: `breakwater model rollback classifier --reason "it finds marks on every map"`.
    """
    open_ledger(data)
    from tasks import promoting  # noqa: PLC0415 (as above)

    typer.echo(promoting.told(promoting.rollback(role, reason)))


@models.command("list")
def show(data: Data = None) -> None:
    """List every version of every role: what it serves as, licence, last evaluation, and why it was promoted.

    Example: `breakwater model list --data /srv/breakwater`.
    """
    open_ledger(data)
    from rich.console import Console  # noqa: PLC0415 (as above)
    from rich.table import Table  # noqa: PLC0415 (as above)

    from tasks import promoting  # noqa: PLC0415 (as above)

    versions = promoting.listed()
    table = Table(box=None)
    for column in promoting.COLUMNS:
        table.add_column(column, overflow="fold", no_wrap=column in ("model", "digest"))
    for each in versions:
        table.add_row(*promoting.row(each), style="bold" if Alias.CHAMPION in each.aliases else "")
    for told in promoting.unfinished():
        Console().print(told, style="bold red")
    Console().print(table if versions else "No version is registered; `breakwater model register FOLDER` makes one.")


@models.command()
def evaluate(
    role: OfRole,
    version: Version,
    precision: Annotated[
        float,
        typer.Option(min=0.5, max=1, help="Of an embedder: how many of the pairs in a group shall belong together."),
    ] = 0.99,
    data: Data = None,
) -> None:
    """Measure a version on the newest evaluation set of its role, slice by slice, beside the champion.

    Of an embedder it tells as well from which average cosine on groups are one (`alike`) at a precision.

    Example: `breakwater model evaluate classifier 2`. The report is a run of the experiment `evaluations` in MLflow.
    """
    open_ledger(data)
    from infra.cluster import running  # noqa: PLC0415 (as above)
    from tasks.gating import evaluate_version  # noqa: PLC0415 (as above)

    with running():
        found = evaluate_version(role, version, precision)
    _tell_evaluated(found)
    typer.echo(f"{found.model}: {found.told}; run {found.run} of the experiment evaluations")


@models.command()
def compare(role: OfRole, data: Data = None) -> None:
    """Compare the challenger, which runs in shadow, with the champion over the files that both have seen.

    Example: `breakwater model compare classifier`. The report is a run of the experiment `comparisons` in MLflow.
    """
    open_ledger(data)
    from tasks.comparing import compare as beside  # noqa: PLC0415 (as above)
    from tasks.comparing import keep  # noqa: PLC0415 (as above)

    found = beside(role)
    run = keep(found)
    typer.echo(f"{found}; run {run} of the experiment comparisons")


def _tell_evaluated(found: "Evaluated | None") -> None:
    """Print the main number of each slice, and the difference to the champion."""
    if found is None:
        return
    from rich.console import Console  # noqa: PLC0415 (as above)
    from rich.table import Table  # noqa: PLC0415 (as above)

    from tasks.gating import lines  # noqa: PLC0415 (as above)

    report = found.report
    unread = f", {report.unread} more cannot be decoded" if report.unread else ""
    table = Table("slice", title=f"{report.model} on {report.of}: {report.items} files{unread}", box=None)
    for column in ("files", found.measured_by, *([f"less {report.champion}"] if report.champion else [])):
        table.add_column(column, justify="right")
    for each in lines(report):
        table.add_row(*each[: len(table.columns)])
    Console().print(table)
    if report.grouping:
        typer.echo(report.grouping.told())


@evaluation.command("import")
def bring_in(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the set is called.")],
    role: OfRole,
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER", help="With the files and labels.csv: the columns file and truth, and group, if you like."
        ),
    ],
    data: Data = None,
) -> None:
    """Take files in of which the truth is known; from now on models of the role are measured by them.

    Example: `breakwater model evaluation import marks classifier marks-2026`. The files are sealed, and no stage looks
    at them.
    """
    open_ledger(data)
    from tasks.evaluation_sets import import_set  # noqa: PLC0415 (as above)

    made = import_set(name, role, folder)
    typer.echo(f"{made}: {made.items:,} files, by which every {role} is measured from now on")


@evaluation.command("list")
def show_sets(data: Data = None) -> None:
    """List every version of every set; of a role's, the first is used.

    Example: `breakwater model evaluation list`.
    """
    open_ledger(data)
    from tasks.evaluation_sets import standing  # noqa: PLC0415 (as above)

    for each in standing():
        typer.echo(f"{each.role}  {each}  {each.items:,} files  imported {each.imported_at:%Y-%m-%d %H:%M}")
