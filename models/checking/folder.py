"""The whole examination of a model folder, in the order in which it may be trusted."""

from pathlib import Path

from domain.errors import UnusableModel
from models.checking.conduct import examine_conduct
from models.checking.examples import examine_examples
from models.checking.findings import Finding, failed, passed
from models.checking.graph import examine_graph
from models.checking.halves import examine_half
from models.checking.papers import examine_data, examine_licence
from models.contract import NETWORK, Contract, load_contract
from models.session import Session

CONTRACT_KEPT = "contract"
OPENS = "opens as the contract says"


def check(folder: Path) -> list[Finding]:
    """Examine a model folder: its papers, its graph, and how it runs.

    The graph is read before it is opened: a network that asks for files or libraries of its own is never run. What
    cannot be looked at because of an earlier failure is left out; a folder is good when every finding is.
    """
    folder = folder.resolve()  # so that it has a name, as `.` has not
    try:
        contract = load_contract(folder)
    except UnusableModel as unusable:
        return [failed(CONTRACT_KEPT, str(unusable), "the contract's fields are in docs/data-scientist.md")]
    findings = [passed(CONTRACT_KEPT, f"{contract.role}, {contract.name}"), examine_licence(contract)]
    findings += [examine_data(contract), *examine_graph(folder)]
    if all(finding.ok for finding in findings[3:]):
        findings += _run(folder)
    return findings


def _run(folder: Path) -> list[Finding]:
    try:
        session = Session(folder, half=False)
        Session(folder, half=False, pixels=True)  # as the models at work are
    except UnusableModel as unusable:
        return [failed(OPENS, str(unusable), "export the network again, or mend contract.json")]
    findings = [passed(OPENS, told(session.contract)), *examine_conduct(session, folder / NETWORK)]
    if all(finding.ok for finding in findings):
        findings += [examine_half(folder, session)] if session.contract.half and session.on_gpu else []
        findings.append(examine_examples(folder, session))
    return findings


def told(contract: Contract) -> str:
    """Say in a line what a network takes and gives."""
    shape = " × ".join(map(str, contract.input.shape))
    outputs = (
        f"{name} {['N', *('any' if axis is None else axis for axis in axes)]}"
        for name, axes in contract.outputs_told().items()
    )
    return f"{contract.input.name} [N × {shape}] {contract.input.dtype} to {', '.join(outputs)}".replace("'", "")
