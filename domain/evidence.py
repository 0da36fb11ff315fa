"""Evidence: what is known of a report, in numbers that a policy can weigh."""

from collections.abc import Mapping

from domain.model import Role
from domain.report import Classification, FileAnnotation, Identifier, IncidentType, ReportAnnotation

FACES = 10
"""Faces of one frame that count at most."""

EVIDENCE: Mapping[str, str] = {
    "escalated": "the reporter escalated the report (1 or 0)",
    **{f"incident.{kind.name.lower()}": f"the incident's type is “{kind}” (1 or 0)" for kind in IncidentType},
    **{f"report.{flag}": f"the reporter's flag “{flag}” on the report (1 or 0)" for flag in ReportAnnotation},
    **{f"file.{flag}": f"files with the reporter's flag “{flag}”" for flag in FileAnnotation},
    **{f"class.{code}": f"files that the reporter classified {code}" for code in Classification},
    "known": "pictures and videos that stand on a known list, copies of one another counted once",
    **{f"known.{code}": f"of these, such that a list calls {code}" for code in Classification},
    "new_file": "pictures and videos on no list of which no earlier report brought this very file",
    "new": "pictures and videos that neither a list nor an earlier report knows, not even as a near-duplicate",
    "new_scene": "scenes, on no list, of which no earlier report brought any picture",
    "new_face": "faces, in files on no list, of persons whom no earlier report showed",
    "growing": "different pictures and videos, but the first, of one scene or face, all of them first brought in the "
    "policy's last `recent_days`; of the scene or face with the most",
    "seen": "pictures and videos that an earlier report brought, or a near-duplicate of them",
    "unseen_fault": "files that nobody could look at: missing, broken or quarantined",
    "reporters": "other reporters that sent a file of this report, or a near-duplicate of one",
    "victims": "victims that the report names",
    "faces": f"faces in the frame with the most of them, {FACES} at most",
    "located": "a country of the suspect or the victim is known (1 or 0)",
    "account": "an account, an email address or a phone number is there, whose holder a provider can name (1 or 0)",
    "identifiers": f"kinds of identifiers there, of {', '.join(Identifier)}",
    "clue": "highest probability, 0-1, of a label that the policy lists as a clue to a place",
    "sought": "highest calibrated probability, 0-1, of a label that the policy lists as sought, unless the classifier "
    "says no",
    "minor": "highest probability, 0-1, that a face is of an age group that the policy lists as one of minors",
    "expiring": "the reporter may delete what it keeps within the policy's `expiring_days` (1 or 0)",
    "viral": "the report is batched, or a file is flagged viral or a potential meme (1 or 0)",
}
"""Everything a policy can weigh, by name; all of it is at least 0, and 0 where nothing is known."""

VIRAL = frozenset({"viral", "file.viral", "file.potentialMeme"})
"""Evidence of a flood. It raises nothing, lowers nothing novel, and takes nothing urgent below what is urgent."""

NOVEL = frozenset({"new", "new_scene", "new_face"})
"""Evidence of what was never seen. A changed file of something seen is none."""

TOLD_BY: Mapping[str, Role] = {
    "clue": Role.TAGGER,
    "sought": Role.CLASSIFIER,
    "minor": Role.FACE_ATTRIBUTES,
    "faces": Role.FACE_DETECTOR,
    "new_scene": Role.SCENE_EMBEDDER,
    "new_face": Role.FACE_EMBEDDER,
}
"""Evidence that models give, and the role of the model that does."""

NEVER_LOWERS = NOVEL | TOLD_BY.keys() | {"new_file", "file.generativeAi"}
"""Evidence that may lift a score and never lower one.

Models err, those of age most on children's faces; and a reporter's word that a picture is generated says nothing of
whether a child was used for it.
"""

Evidence = Mapping[str, float]
"""Named numbers; a name that is not there counts as 0."""

Open = Mapping[str, tuple[float, float]]
"""What models left open: by name, the least and the most that the evidence could be."""
