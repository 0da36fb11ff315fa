"""Runs: pictures wait for a network until a run of it is full."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from domain.model import ModelFault
from infra.limits import at_most
from models.contract import Contract, misshapen
from models.inputs import RGB
from models.session import CANNOT, Session

Row = Mapping[str, NDArray[np.float32]]
"""What a network gives for one picture, by the names of its outputs."""

Take = Callable[[Row | ModelFault], None]
"""Takes what a network gives for one picture, or why it gives nothing."""

SECONDS = 300.0
"""How long a run may take where nobody says it."""


class Line:
    """A network, and the pictures that wait for it until a run is full.

    Args:
        session: the network, which takes pixels.
        batch: pictures of a full run.
        contracts: whose outputs are wanted.
        seconds: after which a run ends its worker.
    """

    def __init__(self, session: Session, batch: int, contracts: Sequence[Contract], seconds: float = SECONDS) -> None:
        self._session, self._batch, self._contracts, self._seconds = session, batch, contracts, seconds
        self._outputs = tuple(dict.fromkeys(name for contract in contracts for name in contract.outputs_told()))
        self._waiting: list[tuple[RGB, Take]] = []

    def ask(self, pixels: RGB, take: Take) -> None:
        """Have the network look at a fitted picture, now or later; `take` is called in the order of asking."""
        self._waiting.append((pixels, take))
        if len(self._waiting) == self._batch:
            self.run()

    def run(self) -> None:
        """Have it look at all that waits."""
        asked, self._waiting = self._waiting, []
        if not asked:
            return
        for (_, take), row in zip(asked, self._rows([pixels for pixels, _ in asked]), strict=True):
            take(row)

    def _rows(self, pictures: Sequence[RGB]) -> list[Row | ModelFault]:
        """Run the network; where it cannot be run on all pictures together, on each alone.

        A GPU that cannot run it may have failed, which is no fault of the network's: it is raised.
        """
        try:
            with at_most(self._seconds):
                told = self._session.run(np.stack(pictures), self._outputs, finite=False)
        except CANNOT:
            if self._session.on_gpu:
                raise
            return self._apart(pictures)
        if any(misshapen(contract, told, len(pictures)) for contract in self._contracts):
            return self._apart(pictures)
        rows = ({name: each[place] for name, each in told.items()} for place in range(len(pictures)))
        return [row if all(np.isfinite(each).all() for each in row.values()) else ModelFault.NO_NUMBERS for row in rows]

    def _apart(self, pictures: Sequence[RGB]) -> list[Row | ModelFault]:
        """Run the network on each picture alone; one that is alone already has no answer."""
        if len(pictures) == 1:
            return [ModelFault.CANNOT_RUN]
        return [row for each in pictures for row in self._rows([each])]
