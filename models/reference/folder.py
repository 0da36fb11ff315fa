"""How a reference model becomes a model folder: made beside its place, and moved there whole."""

import hashlib
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import onnx

from domain.errors import UnusableModel
from models.contract import CARD, CONTRACT, NETWORK, Contract
from models.rankers import RankerContract

_CARDS = Path(__file__).parents[1] / "cards"


def make_folder(folder: Path, contract: Contract | RankerContract, network: Callable[[], onnx.ModelProto]) -> Path:
    """Make the model folder at `folder`, or leave the one that is there; give its path.

    `network` draws the network when there is none; the card is the one of the contract's name in `models/cards/`.
    The same network gives the same bytes.

    Raises:
        UnusableModel: installed weights are not the ones that the network was written for.
    """
    if (folder / NETWORK).is_file():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as place:
        draft = Path(place) / folder.name
        draft.mkdir()
        write_files(draft, contract, network(), (_CARDS / f"{contract.name}.md").read_text(encoding="utf-8"))
        _place(draft, folder)
    return folder


def write_files(folder: Path, contract: Contract | RankerContract, network: onnx.ModelProto, card: str) -> None:
    """Write what a model is into a folder that is there."""
    told = json.dumps(contract.model_dump(mode="json"), indent=1, ensure_ascii=False)
    (folder / NETWORK).write_bytes(network.SerializeToString(deterministic=True))
    (folder / CONTRACT).write_text(f"{told}\n", encoding="utf-8")
    (folder / CARD).write_text(card, encoding="utf-8")


def _place(draft: Path, folder: Path) -> None:
    """Move a whole folder to its place; another process may have been first."""
    try:
        draft.replace(folder)
    except OSError:
        if not (folder / NETWORK).is_file():
            raise


def pinned(file: Path, sha256: str, package: str) -> bytes:
    """Read a file of weights that is to have this SHA-256 (hex).

    Raises:
        UnusableModel: it has another; install the package named.
    """
    content = file.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise UnusableModel(f"{file.name} is not the pinned file; install {package}")
    return content
