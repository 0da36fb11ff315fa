"""Rankers: networks that tell from a report's evidence how likely it is to help, and the contract that they keep."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, TypeAdapter, field_validator

from domain.errors import UnusableModel
from domain.evidence import EVIDENCE, NEVER_LOWERS, VIRAL, Evidence
from domain.model import Role
from models.contract import NETWORK, Contract, Scores, read
from models.inputs import Part, Text
from models.session import opened

RAISES: Final = "raises"
LOWERS: Final = "lowers"

Vectors = NDArray[np.float32]
"""Evidence of reports: [N, factors], at least 0, in the order of the contract's factors."""


class RankerContract(Part):
    """What a ranker promises.

    Attributes:
        name: the model's own name.
        input: the graph's input: float32 [N, factors], the evidence as it is, 0 where nothing is known.
        outputs: `scores`, [N, 1], 0-1.
        factors: evidence by name, column by column, and whether more of it `raises` or `lowers` the score.
        until: the last day of whose reports it has seen outcomes; it is measured by later ones.
        licence: SPDX identifier of the weights' licence.
        data: what it was trained on.
    """

    role: Literal[Role.RANKER]
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
    input: Text
    outputs: Scores
    factors: Annotated[dict[str, Literal["raises", "lowers"]], Field(min_length=1)]
    until: date
    licence: Text
    data: Text

    @field_validator("factors")
    @classmethod
    def _weighable(cls, factors: dict[str, str]) -> dict[str, str]:
        for name, direction in factors.items():
            if name not in EVIDENCE:
                raise ValueError(f"no evidence is named {name}; docs/reference/policy.md lists all of it")
            if name in VIRAL:
                raise ValueError(f"{name} is for the policy alone, which has rules of its own for it")
            if direction == LOWERS and name in NEVER_LOWERS:
                raise ValueError(f"{name} may lift a score and never lower one")
        return factors


_ANY: TypeAdapter[Contract | RankerContract] = TypeAdapter(
    Annotated[Contract | RankerContract, Field(discriminator="role")]
)


def load_any(folder: Path) -> Contract | RankerContract:
    """Read the contract in `folder`, whatever its role.

    Raises:
        UnusableModel: as `models.contract.load_contract`.
    """
    return read(folder, _ANY)


class Scorer:
    """A ranker, ready to run on one thread of the CPU.

    Args:
        folder: the model's.

    Raises:
        UnusableModel: the folder is no ranker's, or its graph does not keep the contract.
    """

    def __init__(self, folder: Path) -> None:
        contract = load_any(folder)
        if not isinstance(contract, RankerContract):
            raise UnusableModel(f"{folder.name} is a {contract.role}, and no ranker")
        self.contract = contract
        self._session = opened(folder, str(folder / NETWORK), 1)
        self._check()

    def __call__(self, evidence: Evidence) -> float:
        """Say of one report how likely it helps, 0-1."""
        return float(self.scores(self.vectors([evidence]))[0])

    def vectors(self, some: Sequence[Evidence]) -> Vectors:
        """Put evidence in the order of the contract's factors: [N, factors]."""
        columns = [[evidence.get(name, 0.0) for name in self.contract.factors] for evidence in some]
        return np.array(columns, np.float32).reshape(len(some), len(self.contract.factors))

    def scores(self, vectors: Vectors) -> NDArray[np.float64]:
        """Score reports: [N], 0-1.

        Raises:
            UnusableModel: the network answers with something that is no number of 0-1.
        """
        (found,) = self._session.run([self.contract.outputs.scores], {self.contract.input: vectors})
        if found.shape != (len(vectors), 1):
            raise UnusableModel(f"{self.contract.name}: {found.shape} for {len(vectors)} reports; give [N, 1]")
        if not np.isfinite(found).all() or found.min(initial=0) < 0 or found.max(initial=0) > 1:
            raise UnusableModel(f"{self.contract.name}: a score is no number of 0-1; put a sigmoid at the graph's end")
        return np.asarray(found[:, 0], np.float64)

    def _check(self) -> None:
        """Hold the graph's input and output to the contract."""
        told, name = self.contract, self.contract.name
        inputs = {each.name: each for each in self._session.get_inputs()}
        outputs = {each.name: each for each in self._session.get_outputs()}
        if list(inputs) != [told.input]:
            raise UnusableModel(f"{name}: the graph's input is {', '.join(inputs)}, the contract's is {told.input}")
        found = inputs[told.input]
        if found.type != "tensor(float)" or len(found.shape) != 2 or isinstance(found.shape[0], int):
            raise UnusableModel(f"{name}: {told.input} is {found.type} {found.shape}; export float32 [N, factors]")
        if isinstance(found.shape[1], int) and found.shape[1] != len(told.factors):
            raise UnusableModel(f"{name}: {told.input} has {found.shape[1]} columns for {len(told.factors)} factors")
        if told.outputs.scores not in outputs:
            raise UnusableModel(f"{name}: the graph has no output {told.outputs.scores}, but {', '.join(outputs)}")
