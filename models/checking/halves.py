"""Half precision, where a contract allows it and a GPU can run it: whether it says what single precision does."""

from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

import numpy as np

from domain.errors import UnusableModel
from models.checking.conduct import Answers, company
from models.checking.findings import Finding, failed, passed
from models.contract import CARD, CONTRACT, NETWORK
from models.session import CANNOT, Session

HALF = "half precision"
TOLERANCE = 1e-2
"""By how much a number may differ: of itself, and of the largest of its output, for numbers near 0."""
_MEND = "take `half` out of contract.json; then it runs in single precision everywhere"


def examine_half(folder: Path, whole: Session) -> Finding:
    """Run the network in half precision on the drawn pictures, and hold it to what `whole` says in single precision.

    What is made for it lies in a folder that goes away.
    """
    pictures = company(whole.contract)
    with TemporaryDirectory() as place:
        copy = Path(place) / folder.name
        copy.mkdir()
        for name in (NETWORK, CONTRACT, CARD):
            copyfile(folder / name, copy / name)
        try:
            half = Session(copy, half=True).run(pictures)
        except (UnusableModel, *CANNOT) as error:
            return failed(HALF, f"it cannot be run: {str(error).splitlines()[0][:200]}", _MEND)
    return _agreeing(whole.run(pictures), half)


def _agreeing(whole: Answers, half: Answers) -> Finding:
    """Hold each output in half precision to the one in single."""
    for name, right in whole.items():
        apart, largest = np.abs(half[name] - right), float(np.abs(right).max(initial=0))
        if (apart > TOLERANCE * (np.abs(right) + largest)).any():
            told = f"{name} differs by {apart.max():.3g} from what single precision gives, of {largest:.3g} at most"
            return failed(HALF, told, _MEND)
    return passed(HALF, f"within {TOLERANCE:g} of single precision")
