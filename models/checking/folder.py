"""The whole examination of a model folder, in the order in which it may be trusted."""

from collections.abc import Iterator
from pathlib import Path

from domain.errors import UnusableModel
from models.checking.conduct import examine_conduct
from models.checking.examples import examine_examples
from models.checking.findings import Finding, failed, passed
from models.checking.graph import examine_graph
from models.checking.halves import examine_half
from models.checking.papers import examine_data, examine_licence
from models.checking.rankers import examine_ranker
from models.contract import NETWORK, Contract
from models.rankers import RankerContract, load_any
from models.session import Session

CONTRACT_KEPT = "contract"
OPENS = "opens as the contract says"


def check(folder: Path) -> list[Finding]:
    """Examine a model folder: its papers, its graph, and how it runs.

    The graph is read before it is opened: a network that asks for files or libraries of its own is never run. What
    cannot be looked at because of an earlier failure is left out; a folder is good when every finding is.

    Its network runs in this process, without bounds: a stranger's folder is for `tasks.checking.check`.
    """
    return list(examined(folder))


def examined(folder: Path) -> Iterator[Finding]:
    """Examine a model folder as `check` does, and give each finding as soon as it is there."""
    folder = folder.resolve()  # so that it has a name, as `.` has not
    try:
        contract = load_any(folder)
    except UnusableModel as unusable:
        yield failed(CONTRACT_KEPT, str(unusable), "the contract's fields are in docs/data-scientist.md")
        return
    yield passed(CONTRACT_KEPT, f"{contract.role}, {contract.name}")
    yield examine_licence(contract)
    yield examine_data(contract)
    graph = examine_graph(folder)
    yield from graph
    if all(finding.ok for finding in graph):
        yield from examine_ranker(folder) if isinstance(contract, RankerContract) else _run(folder)


def _run(folder: Path) -> Iterator[Finding]:
    try:
        session = Session(folder, half=False)
        Session(folder, half=False, pixels=True)  # as the models at work are
    except UnusableModel as unusable:
        yield failed(OPENS, str(unusable), "export the network again, or mend contract.json")
        return
    yield passed(OPENS, told(session.contract))
    good = True
    for finding in examine_conduct(session, folder / NETWORK):
        good = good and finding.ok
        yield finding
    if good and session.contract.half and session.on_gpu:
        yield examine_half(folder, session)
    if good:
        yield examine_examples(folder, session)


def told(contract: Contract) -> str:
    """Say in a line what a network takes and gives."""
    shape = " × ".join(map(str, contract.input.shape))
    outputs = (
        f"{name} {['N', *('any' if axis is None else axis for axis in axes)]}"
        for name, axes in contract.outputs_told().items()
    )
    return f"{contract.input.name} [N × {shape}] {contract.input.dtype} to {', '.join(outputs)}".replace("'", "")
