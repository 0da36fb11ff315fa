"""What reports share, as either database holds it, and the links that were found."""

from dataclasses import replace

import pytest
from taken_in import MOMENT, key, record, sighted, taken

from domain.cluster import ClusterKind
from domain.intake import Trace
from domain.linking import Link, LinkKind, Shared
from domain.media import Kind
from domain.report import FileFault, Identifier, PersonRole, Rejection
from infra.ledger import clusters, links
from infra.ledger.engine import migrate

FACES, SCENES = ClusterKind.FACES, ClusterKind.SCENES


@pytest.fixture
def reported(ledger):
    migrate(ledger)
    with ledger.begin() as connection:
        fill(connection)
        yield connection


def fill(connection):
    """Have three reports that name some files, and a rejected one."""
    name = Trace(PersonRole.SUSPECT, Identifier.NAME, key("n"))
    record(
        connection,
        replace(taken("A", sighted("a"), sighted("b"), sighted("text", Kind.OTHER)), traces=frozenset([name])),
        replace(taken("B", sighted("a"), sighted("c"), sighted("text", Kind.OTHER)), traces=frozenset([name])),
        taken("C", sighted("a", fault=FileFault.DIGEST_MISMATCH), sighted("d")),
        replace(taken("D", sighted("a"), rejection=Rejection.SCHEMA), traces=frozenset([name])),
    )


def found(connection, most=9):
    return sorted(links.shared(connection, most))


def both(kind, thing):
    return [Shared(kind, thing, key("A")), Shared(kind, thing, key("B"))]


def test_reports_share_files_that_can_be_looked_at_and_particulars(reported):
    assert found(reported) == [*both(LinkKind.FILE, key("a")), *both(LinkKind.NAME, key("n"))]


def test_copies_are_one_file_and_scenes_and_faces_are_shared_too(reported):
    clusters.record(reported, ClusterKind.COPIES, {key("a"): "x", key("d"): "x"}, MOMENT)
    clusters.record(reported, SCENES, {key("b"): "s", key("c"): "s"}, MOMENT)
    clusters.record(reported, FACES, {f"{key('b')}/0": "f", f"{key('b')}/1": "f", f"{key('c')}/3": "f"}, MOMENT)
    assert found(reported) == [
        *both(LinkKind.FACE, "f"), *both(LinkKind.FILE, "x"), Shared(LinkKind.FILE, "x", key("C")),
        *both(LinkKind.NAME, key("n")), *both(LinkKind.SCENE, "s"),
    ]  # fmt: skip


def test_what_more_share_is_left_out(reported):
    record(reported, taken("E", sighted("a")))
    assert found(reported, most=2) == both(LinkKind.NAME, key("n"))


def test_links_are_what_was_found_last(reported):
    one = Link(key("A"), key("B"), LinkKind.FILE, "x", 2)
    other = Link(key("B"), key("C"), LinkKind.NAME, "y", 3)
    assert links.record(reported, [one, other]) == 2
    assert links.record(reported, [one, other]) == 0
    assert links.of_reports(reported, [key("B")]) == [one, other]
    assert links.record(reported, [one._replace(reports=3)]) == 2
    assert links.of_reports(reported, [key("A"), key("C")]) == [one._replace(reports=3)]
