"""All tables of the ledger, on one page.

Keys are surrogates: `report` and `blob` ids are keyed digests, the others derive from them. Times are UTC.
"""

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

START = 8
"""Characters of a blob's id that an index keeps: as many as a number of 64 bits holds."""

Key = String(64)
Code = String(96)
Time = DateTime(timezone=True)
Row = BigInteger().with_variant(Integer, "sqlite")  # which keeps rows in the order of an INTEGER key alone
Json = JSON().with_variant(JSONB(), "postgresql")  # PostgreSQL compares no plain JSON, and an upsert compares


def report_side(name: str, *columns: Column[str]) -> Table:
    """Declare a side table of `report`: several values each, all of them its key."""
    owner = Column("report_id", Key, ForeignKey("report.id"), primary_key=True)
    return Table(name, metadata, owner, *columns)


report = Table(
    "report",
    metadata,
    Column("id", Key, primary_key=True, comment="keyed digest of reporter, external id and content"),
    Column("external_id", String(128), nullable=False),
    Column("reporter", Key, nullable=False, server_default="", comment="pseudonym: keyed digest of the name"),
    Column("content", Key, index=True, comment="keyed digest of its files: the same from several reporters"),
    Column("revision", Integer, nullable=False, server_default="1", comment="1, then one more for each new content"),
    Column("superseded_by", Key, ForeignKey("report.id"), comment="the revision that took its place"),
    Column("source", Code),
    Column("received_at", Time, comment="when the clearinghouse received it: the time axis of every measure"),
    Column("rejection", Code, comment="why it was not accepted; empty columns then"),
    Column("incident_type", Code),
    Column("incident_at", Time),
    Column("escalated", Boolean),
    Column("batched", Boolean),
    Column("incidents", Integer),
    Column("victims", Integer, nullable=False, server_default="0", comment="that the report names"),
    Column("completeness", Integer, comment="how much of what locates someone is there, 0-100; no part of urgency"),
    Column("archived", Boolean, nullable=False, server_default=text("false"), comment="stands in a registered batch"),
    Column("tested", Boolean, nullable=False, server_default=text("false"), comment="its claims, against every list"),
    CheckConstraint("rejection IS NOT NULL OR received_at IS NOT NULL", name="accepted_is_whole"),
)
Index("ix_report_number", report.c.reporter, report.c.external_id)
Index(
    "ix_report_to_archive",
    report.c.id,
    postgresql_where=text("NOT archived AND rejection IS NULL"),
    sqlite_where=text("archived = 0 AND rejection IS NULL"),  # word by word as queries say it, or it is not used
)
Index(
    "ix_report_to_test",
    report.c.tested,  # of one value, so that a load appends to it
    postgresql_where=text("NOT tested AND rejection IS NULL"),
    sqlite_where=text("tested = 0 AND rejection IS NULL"),
)
taken_drop = Table(
    "taken_drop",
    metadata,
    Column("key", Key, primary_key=True, comment="keyed digest of what a drop or a file is, to take it once"),
    Column("report_id", Key, ForeignKey("report.id"), nullable=False),
)
taken_block = Table(
    "taken_block",
    metadata,
    Column("key", Key, primary_key=True, comment="keyed digest of a piece of a table's bytes, to load it once"),
    Column("rows", Integer, nullable=False, comment="accepted reports in it"),
)
report_document = report_side(
    "report_document", Column("blob_id", Key, ForeignKey("blob.id"), primary_key=True, comment="as it came")
)
report_vector = report_side("report_vector", Column("vector", Code, primary_key=True))
report_annotation = report_side("report_annotation", Column("annotation", Code, primary_key=True))
report_identifier = report_side("report_identifier", Column("identifier", Code, primary_key=True))
report_trace = report_side(
    "report_trace",
    Column("role", Code, primary_key=True),
    Column("identifier", Code, primary_key=True),
    Column("value", Key, primary_key=True, index=True, comment="keyed digest of the particular: links, tells nothing"),
)
report_location = report_side(
    "report_location", Column("country", String(2), primary_key=True), Column("role", Code, primary_key=True)
)

sighting = Table(
    "sighting",
    metadata,
    Column("report_id", Key, ForeignKey("report.id"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("file_id", String(128), nullable=False, comment="the file's number in its report"),
    Column("blob_id", Key, ForeignKey("blob.id"), index=True, comment="the bytes, where they came"),
    Column("details_blob_id", Key, ForeignKey("blob.id"), comment="its details as they came"),
    Column("claimed_md5", String(32), index=True),
    Column("kind", Code, comment="image, video or other, as found"),
    Column("fault", Code, comment="why it is not among the stored files"),
    Column("classification", Code),
    Column("category", String(128), comment="as its sender writes it; its meaning is the sender's"),
    Column("viewed_by_reporter", Boolean, comment="a legal state: whether any person there viewed it"),
    Column("publicly_available", Boolean),
)
sighting_hash = Table(
    "sighting_hash",
    metadata,
    Column("report_id", Key, ForeignKey("report.id"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("kind", Code, primary_key=True, comment="as its reporter calls it"),
    Column("value", String(1024), primary_key=True, comment="claimed: carried and matched exactly, never computed"),
)
Index("ix_sighting_hash_value", sighting_hash.c.value)
sighting_annotation = Table(
    "sighting_annotation",
    metadata,
    Column("report_id", Key, ForeignKey("report.id"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("annotation", Code, primary_key=True),
)

revised = Table(
    "revised",
    metadata,
    Column("report_id", Key, ForeignKey("report.id"), primary_key=True),
    Column("field", Code, primary_key=True, comment="vector, country or kind: what an analyst says, not the reporter"),
    Column("ordinal", Integer, primary_key=True, comment="the file entry, for its kind; -1 for the report"),
    Column("revised_at", Time, primary_key=True, comment="the latest holds, and the older ones stay"),
    Column("analyst", Code, primary_key=True, comment="surrogate"),
    Column("codes", Json, nullable=False, comment="the whole value: sorted codes"),
)
hold = Table(
    "hold",
    metadata,
    Column("report_id", Key, ForeignKey("report.id"), primary_key=True),
    Column("placed_at", Time, primary_key=True),
    Column("basis", String(512), nullable=False, comment="who asks for it and by what right, in words"),
    Column("lifted_at", Time, comment="empty: nothing of the report is past its retention"),
    info={"restricted": True},
)
bundle = Table(
    "bundle",
    metadata,
    Column("id", Key, primary_key=True, comment="keyed digest of what its reports share"),
    Column("rule", Code, nullable=False),
    Column("made_at", Time, nullable=False),
    Column("undone_at", Time, comment="when a person took it apart; no run makes it again"),
)
bundle_member = Table(
    "bundle_member",
    metadata,
    Column("report_id", Key, ForeignKey("report.id"), primary_key=True),
    Column("bundle_id", Key, ForeignKey("bundle.id"), nullable=False, index=True),
)

reporter = Table(
    "reporter",
    metadata,
    Column("id", Key, primary_key=True, comment="pseudonym: keyed digest of the name"),
    Column("name", String(128), nullable=False),
    Column("source", Code, comment="for those who report over the gateway"),
    Column("secret", Key, comment="keyed digest of the gateway's password; empty: cannot report there"),
    Column("simulated", Boolean, nullable=False, server_default=text("false"), comment="reports made-up reports alone"),
    info={"restricted": True},
)
person = Table(
    "person",
    metadata,
    Column("report_id", Key, ForeignKey("report.id"), primary_key=True),
    Column("kek", Key, nullable=False, comment="the key-encryption key that opens the wrapped key"),
    Column("wrapped", LargeBinary, nullable=False, comment="the wrapped data key"),
    Column("content", LargeBinary, nullable=False, comment="the report's particulars, sealed"),
    info={"restricted": True},
)

draft = Table(
    "draft",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False, comment="the report's number at the gateway"),
    Column("reporter", Key, nullable=False),
    Column("opened_at", Time, nullable=False),
    Column("changed_at", Time, nullable=False),
    Column("state", Code, nullable=False, comment="open, finished or retracted"),
    Column("request", Key, unique=True, comment="keyed digest by which a retried submission is known"),
    Column("document", Key, comment="keyed digest of its report as it came; a request that is known has the same"),
    Column("report_id", Key, comment="what it became"),
)
Index(
    "ix_draft_open",
    draft.c.changed_at,
    postgresql_where=text("state = 'open'"),
    sqlite_where=text("state = 'open'"),  # word by word as `drafts.collect` says it
)
draft_part = Table(
    "draft_part",
    metadata,
    Column("number", BigInteger, ForeignKey("draft.number"), primary_key=True),
    Column("name", String(128), primary_key=True, comment="as in a drop: report.xml, FILE.bin, FILE.xml"),
    Column("blob_id", Key, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("sha1", String(40), nullable=False),
    Column("md5", String(32), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("media_type", Code, nullable=False),
    Column("kind", Code, nullable=False),
    Column("object", Key, comment="where its sealed bytes lie; empty: the blob was held already"),
    Column("kek", Key),
    Column("wrapped", LargeBinary),
)

blob = Table(
    "blob",
    metadata,
    Column("id", Key, primary_key=True, comment="keyed digest of the SHA-256"),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("sha1", String(40), nullable=False, index=True),
    Column("md5", String(32), nullable=False, index=True),
    Column("size", BigInteger, nullable=False),
    Column("media_type", Code, nullable=False),
    Column("kind", Code, nullable=False),
    Column("fault", Code, comment="why it is quarantined: what is wrong with the bytes themselves"),
    Column("width", Integer),
    Column("height", Integer),
    Column("duration", Float, comment="seconds"),
    Column(
        "tested", Boolean, nullable=False, server_default=text("false"), comment="against every entry tested before"
    ),
    Column(
        "start", String(START), Computed(f"substr(id, 1, {START})", persisted=True), nullable=False, index=True,
        comment="how its id begins: its number in an index",
    ),
)  # fmt: skip
Index("ix_blob_to_test", blob.c.tested, postgresql_where=text("NOT tested"), sqlite_where=text("tested = 0"))
blob_key = Table(
    "blob_key",
    metadata,
    Column("blob_id", Key, ForeignKey("blob.id"), primary_key=True),
    Column("object", Key, nullable=False, unique=True, comment="the object's name in the store: a keyed digest"),
    Column("kek", Key, nullable=False, index=True, comment="the key-encryption key that opens the wrapped key"),
    Column("wrapped", LargeBinary, nullable=False, comment="the wrapped data key; without this row nobody reads it"),
)
hash_writing = Table(
    "hash_writing",
    metadata,
    Column(
        "number", Integer, primary_key=True, autoincrement=True, comment="in the order in which they were committed"
    ),
    Column("mark", String(32), nullable=False, comment="drawn by lot: an index tells by it whose rows it holds"),
)
fingerprint = Table(
    "fingerprint",
    metadata,
    Column("blob_id", Key, ForeignKey("blob.id"), primary_key=True),
    Column("algorithm", Code, primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("seconds", Float, nullable=False),
    Column("quality", Integer, nullable=False),
    Column("mode", Code, nullable=False, comment="exact, match, triage"),
    Column("bits", LargeBinary, nullable=False, comment="eight orientations of 32 bytes, the published one first"),
    Column("written", Integer, ForeignKey("hash_writing.number"), nullable=False, index=True),
)
film = Table(
    "film",
    metadata,
    Column("blob_id", Key, ForeignKey("blob.id"), primary_key=True, comment="compared with every film of its time"),
    Column("written", Integer, nullable=False, index=True, comment="of its fingerprints, as they were compared"),
)
film_pair = Table(
    "film_pair",
    metadata,
    Column("one", Key, ForeignKey("blob.id"), primary_key=True, comment="of two films the one of the smaller id"),
    Column("other", Key, ForeignKey("blob.id"), primary_key=True, index=True),
    Column("one_share", Float, nullable=False, comment="share of its distinct frames that the other one has, 0-1"),
    Column("other_share", Float, nullable=False),
    Column("offset", Integer, nullable=False, comment="seconds of the other's time at which the one begins"),
    Column("distance", Integer, nullable=False, comment="bits between the nearest two frames"),
)

hash_list = Table(
    "hash_list",
    metadata,
    Column("name", Code, primary_key=True),
    Column("format", Code, nullable=False, server_default=""),
    Column("owner", String(128), nullable=False, server_default=""),
    Column("provenance", String(1024), nullable=False, server_default="", comment="where it comes from, in words"),
    Column("own", Boolean, nullable=False, server_default=text("false"), comment="three reviewers must agree"),
    Column("radius", Integer, nullable=False, server_default="31", comment="bits within which its PDQ hashes match"),
    Column("quality", Integer, nullable=False, server_default="50", comment="least quality of a hash it matches"),
    Column("file_share", Float, nullable=False, server_default="0.5", comment="of a film's frames, to stand on it"),
    Column("entry_share", Float, nullable=False, server_default="0.8", comment="of an entry's frames that a film has"),
    Column("checkpoint", String(128), comment="the end of the window that was imported whole"),
    Column("digest", String(64), comment="SHA-256 of what was imported last; rerun is harmless"),
    Column("imported_at", Time),
)
list_entry = Table(
    "list_entry",
    metadata,
    Column("list_name", Code, ForeignKey("hash_list.name"), primary_key=True),
    Column("entry", String(128), primary_key=True),
    Column("category", Code, nullable=False, server_default=""),
    Column("kind", Code, comment="image or video, where the list says"),
    Column("owner", String(128), nullable=False, server_default="", comment="who shares it"),
    Column("size", BigInteger, comment="bytes of the file, where the list says"),
    Column("stated_at", Time, comment="when its owner last changed it"),
    Column("up", Integer, nullable=False, server_default="0", comment="others who confirmed it"),
    Column("down", Integer, nullable=False, server_default="0", comment="others who disputed it"),
    Column("state", Code, nullable=False, comment="proposed, active, quarantined or released"),
    Column("added_at", Time, nullable=False),
    Column("withdrawn_at", Time, comment="it matches nothing since, and what it matched was recalled"),
    Column("tested", Boolean, nullable=False, server_default=text("false"), comment="against every file tested before"),
)
Index(
    "ix_list_entry_to_test",
    list_entry.c.tested,
    postgresql_where=text("NOT tested"),
    sqlite_where=text("tested = 0"),
)
known_hash = Table(
    "known_hash",
    metadata,
    Column("list_name", Code, primary_key=True),
    Column("entry", String(128), primary_key=True),
    Column("signal_type", Code, primary_key=True),
    Column("signal", String(1024), primary_key=True, comment="in its canonical spelling"),
    Column("seconds", Float, comment="a frame's time from the start"),
    Column("quality", Integer, comment="a frame's quality, where the list says"),
    Column("written", Integer, ForeignKey("hash_writing.number"), nullable=False, index=True),
    ForeignKeyConstraint(["list_name", "entry"], ["list_entry.list_name", "list_entry.entry"]),
)
Index("ix_known_hash_signal", known_hash.c.signal)
list_fault = Table(
    "list_fault",
    metadata,
    Column("list_name", Code, ForeignKey("hash_list.name"), primary_key=True),
    Column("source", String(64), primary_key=True, comment="SHA-256 of the file"),
    Column("place", Integer, primary_key=True, comment="ordinal of the line or entry; 0 for the file"),
    Column("reason", Code, primary_key=True),
    Column("content", String(512), nullable=False, comment="the beginning of what stood there"),
)
entry_vote = Table(
    "entry_vote",
    metadata,
    Column("list_name", Code, primary_key=True),
    Column("entry", String(128), primary_key=True),
    Column("reviewer", Key, primary_key=True, comment="surrogate"),
    Column("vote", Code, nullable=False, comment="up or down"),
    Column("category", Code, nullable=False, comment="the category that the reviewer gives"),
    Column("reason", String(512), nullable=False, server_default=""),
    Column("voted_at", Time, nullable=False),
    Column("written_back_at", Time, comment="when it was handed to the list's owner"),
    ForeignKeyConstraint(["list_name", "entry"], ["list_entry.list_name", "list_entry.entry"]),
)
match = Table(
    "match",
    metadata,
    Column("blob_id", Key, ForeignKey("blob.id"), primary_key=True),
    Column("list_name", Code, primary_key=True),
    Column("entry", String(128), primary_key=True),
    Column("category", Code, nullable=False),
    Column("signal_type", Code, nullable=False),
    Column("distance", Integer, nullable=False, comment="bits; 0 where a digest agrees"),
    Column("share", Float, nullable=False, comment="share of the file's frames that agree, 0-1"),
    Column("settles", Boolean, nullable=False, comment="it tells enough to leave the file alone"),
    Column("entry_share", Float, nullable=False, comment="share of the entry's hashes that agree, 0-1"),
    Column("offset", Integer, comment="seconds of the film's time at which the entry begins, where times are known"),
)
Index("ix_match_entry", match.c.list_name, match.c.entry)
claim_match = Table(
    "claim_match",
    metadata,
    Column("report_id", Key, ForeignKey("report.id"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("list_name", Code, primary_key=True),
    Column("entry", String(128), primary_key=True),
    Column("category", Code, nullable=False),
    Column("signal_type", Code, nullable=False, comment="of the hash that its reporter claims"),
)
Index("ix_claim_match_entry", claim_match.c.list_name, claim_match.c.entry)
recall = Table(
    "recall",
    metadata,
    Column("list_name", Code, primary_key=True),
    Column("entry", String(128), primary_key=True),
    Column("file", Key, primary_key=True, comment="a blob's id, or a report's where the match was with a claim"),
    Column("ordinal", Integer, primary_key=True, comment="the file entry of the report; -1 for a blob"),
    Column("recalled_at", Time, primary_key=True),
    Column("reason", Code, nullable=False, comment="withdrawn or changed"),
)


def said_of_file(name: str, *columns: Column[Any]) -> Table:
    """Declare a table of what a model version says of a file."""
    return Table(
        name,
        metadata,
        Column("blob_id", Key, ForeignKey("blob.id"), primary_key=True),
        Column("model", Code, primary_key=True, comment="its role and its own name"),
        Column("version", Integer, primary_key=True),
        *columns,
    )


def upon() -> Column[str]:
    """Make the column that names the face detector on whose faces a model looked; empty for whole pictures."""
    return Column("upon", String(128), primary_key=True, server_default="")


inference = said_of_file(
    "inference",
    upon(),
    Column("frames", Integer, nullable=False, comment="that it looked at"),
    Column("said_at", Time, nullable=False),
    Column("fault", Code, comment="why it gave no answer, for which this version is not asked again"),
)
Index("ix_inference_said_at", inference.c.said_at)
score = said_of_file(
    "score",
    Column("label", Code, primary_key=True),
    Column("score", Float, nullable=False, comment="as the network gave it, 0-1"),
    Column("probability", Float, nullable=False, comment="the score, calibrated, 0-1"),
    Column("says", Code, comment="yes, unsure or no, where the contract has thresholds"),
    Column("seconds", Json, nullable=False, comment="of the frames that carry it"),
    Column("kind", Code, comment="of a tag: scene, object or landmark"),
    Column("country", String(2), comment="where a landmark stands"),
)
face = said_of_file(
    "face",
    Column("ordinal", Integer, primary_key=True),
    Column("seconds", Float, nullable=False),
    Column("left", Float, nullable=False, comment="share of the picture's width, 0-1"),
    Column("top", Float, nullable=False),
    Column("right", Float, nullable=False),
    Column("bottom", Float, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("quality", Integer, nullable=False, comment="0-100"),
    Column("blurred", Boolean, nullable=False),
)
attribute = said_of_file(
    "attribute",
    upon(),
    Column("face", Integer, primary_key=True, comment="its ordinal"),
    Column("name", Code, primary_key=True),
    Column("label", Code, nullable=False, comment="the most probable one"),
    Column("probability", Float, nullable=False),
)
embedding = said_of_file(
    "embedding",
    upon(),
    Column("ordinal", Integer, primary_key=True, comment="the face's; 0 for a scene"),
    Column("vector", LargeBinary, nullable=False, comment="float16, unit length"),
)
shadow = said_of_file(
    "shadow",
    upon(),
    Column("said_at", Time, nullable=False),
    Column("answer", LargeBinary, nullable=False, comment="all that a challenger says of the file; shown to nobody"),
)
shadow_rank = Table(
    "shadow_rank",
    metadata,
    Column("report_id", Key, ForeignKey("report.id"), primary_key=True),
    Column("model", Code, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("score", Float, nullable=False, comment="0-1, as it said first; counts for nothing, shown to nobody"),
    Column("said_at", Time, nullable=False),
)
drift = Table(
    "drift",
    metadata,
    Column("day", Date, primary_key=True),
    Column("model", Code, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("what", Code, primary_key=True, comment="a label, or vectors"),
    Column("files", Integer, nullable=False, comment="of that day"),
    Column("psi", Float, nullable=False, comment="population stability index, against files of its first days"),
    Column("ks", Float, nullable=False, comment="greatest distance of the two distributions, 0-1"),
    Column("norm", Float, comment="of vectors: how far their mean has moved, in units of how far one is from it"),
    Column("moved", Boolean, nullable=False),
)
evaluation_set = Table(
    "evaluation_set",
    metadata,
    Column("name", Code, primary_key=True),
    Column("version", Key, primary_key=True, comment="digest of its items"),
    Column("role", Code, nullable=False),
    Column("imported_at", Time, nullable=False),
)
evaluation_item = Table(
    "evaluation_item",
    metadata,
    Column("name", Code, primary_key=True),
    Column("version", Key, primary_key=True),
    Column("blob_id", Key, ForeignKey("blob.id"), primary_key=True),
    Column("truth", String(512), nullable=False, comment="what is true of it, in the words of the role"),
    Column("group_name", String(512), nullable=False, server_default="", comment="what it is drawn together with"),
    ForeignKeyConstraint(["name", "version"], ["evaluation_set.name", "evaluation_set.version"]),
)

cluster = Table(
    "cluster",
    metadata,
    Column("id", Key, primary_key=True, comment="keyed digest of its founding member; kept while it lives"),
    Column("kind", Code, nullable=False),
    Column("confidence", Float, comment="of scenes and faces, 0-1: how far above the threshold, by the faces' quality"),
)
Member = String(80)
cluster_member = Table(
    "cluster_member",
    metadata,
    Column("kind", Code, primary_key=True),
    Column("member", Member, primary_key=True, comment="a blob's or a report's id, or a face's: blob's and ordinal"),
    Column("cluster_id", Key, ForeignKey("cluster.id"), nullable=False, index=True),
)
cluster_change = Table(
    "cluster_change",
    metadata,
    Column("at", Time, primary_key=True),
    Column("cluster_id", Key, ForeignKey("cluster.id"), primary_key=True),
    Column("event", Code, primary_key=True, comment="founded, merged, split, moved or ended"),
    Column("other", Key, primary_key=True, server_default="", comment="the cluster where members came from"),
    Column("members", Integer, nullable=False, comment="how many"),
)
cluster_ruling = Table(
    "cluster_ruling",
    metadata,
    Column("kind", Code, primary_key=True),
    Column("one", Member, primary_key=True, comment="of two members the one of the smaller id"),
    Column("other", Member, primary_key=True),
    Column("same", Boolean, nullable=False),
    Column("ruled_by", Key, nullable=False, comment="surrogate"),
    Column("ruled_at", Time, nullable=False),
    Column("reason", String(512), nullable=False, server_default=""),
)
report_link = Table(
    "report_link",
    metadata,
    Column("one", Key, ForeignKey("report.id"), primary_key=True, comment="of two reports the one of the smaller id"),
    Column("other", Key, ForeignKey("report.id"), primary_key=True, index=True),
    Column("kind", Code, primary_key=True, comment="file, scene, face, or the kind of an identifier"),
    Column("thing", Key, primary_key=True, comment="a cluster's or a blob's id, or the keyed digest of a particular"),
    Column("reports", Integer, nullable=False, comment="how many reports share it"),
)

policy = Table(
    "policy",
    metadata,
    Column("version", Key, primary_key=True, comment="digest of its text"),
    Column("name", String(128), nullable=False),
    Column("content", LargeBinary, nullable=False, comment="its text, byte for byte"),
    Column("added_at", Time, nullable=False),
)
policy_switch = Table(
    "policy_switch",
    metadata,
    Column("proposed_at", Time, primary_key=True),
    Column("version", Key, ForeignKey("policy.version"), primary_key=True),
    Column("proposed_by", Key, nullable=False, comment="surrogate"),
    Column("reason", String(512), nullable=False),
    Column("approved_at", Time, comment="the latest is in force"),
    Column("approved_by", Key, comment="surrogate; never who proposed it"),
)
priority = Table(
    "priority",
    metadata,
    Column("report_id", Key, ForeignKey("report.id"), primary_key=True),
    Column("policy", Key, primary_key=True, comment="version: digest of the policy file"),
    Column("evidence", Key, primary_key=True, comment="digest of the evidence"),
    Column("score", Float, nullable=False),
    Column("band", Code, nullable=False),
    Column("reasons", Json, nullable=False, comment="ordered [name, points]; they sum to the score"),
    Column("open", Json, nullable=False, comment="evidence that models left open, as far as the score depends on it"),
    Column("least", Float, nullable=False, comment="the score, were what is open nothing"),
    Column("most", Float, nullable=False, comment="the score, were what is open all that it can be"),
    Column("ranked_at", Time, nullable=False, comment="when it was ranked so first"),
    Column("current", Boolean, nullable=False, comment="whether the report stands in the queue by this row"),
)
Index("ix_priority_queue", priority.c.score.desc(), postgresql_where=text("current"))
Index(
    "ix_priority_current",
    priority.c.report_id,
    unique=True,
    postgresql_where=text("current"),
    sqlite_where=text("current"),
)

look = Table(
    "look",
    metadata,
    Column("report_id", Key, ForeignKey("report.id"), primary_key=True),
    Column("at", Time, primary_key=True, comment="when a person looked at it; the earliest is the first look"),
)
referral = Table(
    "referral",
    metadata,
    Column("report_id", Key, ForeignKey("report.id"), primary_key=True),
    Column("recipient", Code, primary_key=True, comment="a role: icac, federal, local, international or other"),
    Column("at", Time, primary_key=True),
    Column("detail", Code, primary_key=True, comment="actionable or informational"),
)
feedback = Table(
    "feedback",
    metadata,
    Column("report_id", Key, ForeignKey("report.id"), primary_key=True),
    Column("recipient", Code, primary_key=True, comment="as of a referral"),
    Column("at", Time, primary_key=True),
    Column("status", Code, primary_key=True, comment="of the case, as the recipient says"),
    Column("useful", Code, primary_key=True, comment="useful, why it was not, or unsaid"),
    Column("close_reason", Code, comment="why the recipient closed its case"),
    Column("child_identified", Boolean),
    Column("more_victims", Boolean),
    Column("self_production", Boolean),
    Column("number", Key, comment="of the package that it answers"),
)
decision = Table(
    "decision",
    metadata,
    Column("report_id", Key, ForeignKey("report.id"), primary_key=True),
    Column("decided_at", Time, primary_key=True, comment="the latest holds, and the older ones stay"),
    Column("decided_by", Key, nullable=False, comment="surrogate"),
    Column("detail", Code, nullable=False, comment="actionable or informational"),
)
dispatch = Table(
    "dispatch",
    metadata,
    Column("report_id", Key, primary_key=True),
    Column("decided_at", Time, primary_key=True),
    Column("desk", Code, primary_key=True, comment="a code of the routing tables; manual: a person decides"),
    Column("recipient", Code, nullable=False, comment="as of a referral"),
    Column("reasons", Json, nullable=False, comment="why this desk, in codes"),
    Column("number", Key, unique=True, comment="of its package: keyed digest of what is in it; empty: not made yet"),
    Column("sent_at", Time, comment="when it was delivered; empty: not yet"),
    Column("acknowledged_at", Time),
    Column("recalled_at", Time),
    ForeignKeyConstraint(["report_id", "decided_at"], ["decision.report_id", "decision.decided_at"]),
)
Index(
    "ix_dispatch_to_send",
    dispatch.c.decided_at,
    postgresql_where=text("sent_at IS NULL"),
    sqlite_where=text("sent_at IS NULL"),
)
unmatched_feedback = Table(
    "unmatched_feedback",
    metadata,
    Column("source", String(64), primary_key=True, comment="SHA-256 of the file"),
    Column("place", Integer, primary_key=True, comment="ordinal of the line or entry"),
    Column("reason", Code, nullable=False),
    Column("content", String(1024), nullable=False, comment="the beginning of what stood there"),
    Column("taken_at", Time, nullable=False),
    info={"restricted": True},
)
measured = Table(
    "measured",
    metadata,
    Column("month", Date, primary_key=True, comment="its first day; only months after which reports came"),
    Column("what", Code, primary_key=True, comment="which number of that month"),
    Column("said_at", Time, primary_key=True, comment="the latest holds, and the older ones stay"),
    Column("count", BigInteger, nullable=False),
)

batch = Table(
    "batch",
    metadata,
    Column("id", Key, primary_key=True, comment="SHA-256 of its content; its file in the archive"),
    Column("dataset", Code, nullable=False),
    Column("rows", Integer, nullable=False),
)
run = Table(
    "run",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("stage", Code, nullable=False),
    Column("ended_at", Time, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("counts", Json, nullable=False),
)
audit = Table(
    "audit",
    metadata,
    Column("number", Row, primary_key=True, autoincrement=False, comment="from 1, without a gap"),
    Column("at", Time, nullable=False),
    Column("actor", Code, nullable=False, comment="the account of the operating system that acted"),
    Column("action", Code, nullable=False),
    Column("subject", Key, nullable=False, comment="surrogate; empty where the details count"),
    Column("details", Text, nullable=False, comment="JSON of codes and counts, just as it was hashed"),
    Column("previous", Key, nullable=False, comment="the hash of the row before"),
    Column("hash", Key, nullable=False, comment="keyed digest of all the others"),
    info={"append_only": True},
)
