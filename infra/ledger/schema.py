"""All tables of the ledger, on one page.

Keys are surrogates: `report` and `blob` ids are keyed digests, the others derive from them. Times are UTC.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
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

Key = String(64)
Code = String(96)
Time = DateTime(timezone=True)
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
    Column("reporter", String(128), nullable=False, server_default=""),
    Column("source", Code),
    Column("received_at", Time, comment="when the clearinghouse received it: the time axis of every measure"),
    Column("rejection", Code, comment="why it was not accepted; empty columns then"),
    Column("incident_type", Code),
    Column("incident_at", Time),
    Column("escalated", Boolean),
    Column("batched", Boolean),
    Column("incidents", Integer),
    CheckConstraint("rejection IS NOT NULL OR received_at IS NOT NULL", name="accepted_is_whole"),
)
taken_drop = Table(
    "taken_drop",
    metadata,
    Column("key", Key, primary_key=True, comment="keyed digest of a drop's name and files, to take it once"),
    Column("report_id", Key, ForeignKey("report.id"), nullable=False),
)
report_document = report_side(
    "report_document", Column("blob_id", Key, ForeignKey("blob.id"), primary_key=True, comment="as it came")
)
report_vector = report_side("report_vector", Column("vector", Code, primary_key=True))
report_annotation = report_side("report_annotation", Column("annotation", Code, primary_key=True))
report_identifier = report_side("report_identifier", Column("identifier", Code, primary_key=True))
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
    Column("viewed_by_reporter", Boolean, comment="a legal state: whether any person there viewed it"),
    Column("publicly_available", Boolean),
)
sighting_annotation = Table(
    "sighting_annotation",
    metadata,
    Column("report_id", Key, ForeignKey("report.id"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("annotation", Code, primary_key=True),
)

blob = Table(
    "blob",
    metadata,
    Column("id", Key, primary_key=True, comment="keyed digest of the SHA-256; the object's name"),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("sha1", String(40), nullable=False),
    Column("md5", String(32), nullable=False, index=True),
    Column("size", BigInteger, nullable=False),
    Column("media_type", Code, nullable=False),
    Column("kind", Code, nullable=False, index=True),
    Column("fault", Code, comment="why it is quarantined: what is wrong with the bytes themselves"),
    Column("width", Integer),
    Column("height", Integer),
    Column("duration", Float, comment="seconds"),
)
fingerprint = Table(
    "fingerprint",
    metadata,
    Column("blob_id", Key, ForeignKey("blob.id"), primary_key=True),
    Column("algorithm", Code, primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("seconds", Float, nullable=False),
    Column("quality", Integer, nullable=False),
    Column("bits", LargeBinary, nullable=False, comment="eight orientations of 32 bytes, the published one first"),
)

hash_list = Table(
    "hash_list",
    metadata,
    Column("name", Code, primary_key=True),
    Column("digest", String(64), nullable=False, comment="SHA-256 of the file it was read from"),
    Column("malformed", Integer, nullable=False, comment="lines that were not taken"),
)
known_hash = Table(
    "known_hash",
    metadata,
    Column("list_name", Code, ForeignKey("hash_list.name"), primary_key=True),
    Column("entry", String(128), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("signal_type", Code, nullable=False),
    Column("signal", String(128), nullable=False),
    Column("category", Code, nullable=False),
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
)

inference = Table(
    "inference",
    metadata,
    Column("blob_id", Key, ForeignKey("blob.id"), primary_key=True),
    Column("model", Code, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("label", Code, primary_key=True),
    Column("probability", Float, nullable=False),
)
embedding = Table(
    "embedding",
    metadata,
    Column("blob_id", Key, ForeignKey("blob.id"), primary_key=True),
    Column("model", Code, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("frames", Integer, nullable=False),
    Column("vector", LargeBinary, nullable=False, comment="float16, unit length"),
)

cluster = Table(
    "cluster",
    metadata,
    Column("id", Key, primary_key=True, comment="keyed digest of its founding member; kept while it lives"),
    Column("kind", Code, nullable=False),
)
cluster_member = Table(
    "cluster_member",
    metadata,
    Column("kind", Code, primary_key=True),
    Column("member", Key, primary_key=True, comment="a blob's or a report's id"),
    Column("cluster_id", Key, ForeignKey("cluster.id"), nullable=False, index=True),
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
