"""The shelf: which reference model plays which role, and how its folder is made."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from domain.model import Role
from models.reference import centerface, dlib_resnet, efficientnet_lite0, marked

BUILDERS: Mapping[Role, Callable[[Path], Path]] = {
    Role.CLASSIFIER: marked.build,
    Role.TAGGER: partial(efficientnet_lite0.build, role=Role.TAGGER),
    Role.SCENE_EMBEDDER: partial(efficientnet_lite0.build, role=Role.SCENE_EMBEDDER),
    Role.FACE_DETECTOR: centerface.build,
    Role.FACE_EMBEDDER: dlib_resnet.build,
}
"""By role, what makes the folder at a path. No reference model tells attributes of faces."""
