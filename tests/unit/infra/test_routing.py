"""The routing tables: total over countries and states; a typo is refused with its line."""

import shutil
import textwrap
from datetime import date

import pytest

from domain.errors import InvalidSettings
from domain.referral import Recipient
from domain.report import LocationRole
from domain.routing import MANUAL, Located, Place, route
from infra.routing.tables import SHIPPED, SIGNALS, load_routing
from tasks.measuring.regions import countries

ON = date(2026, 11, 1)
STATES = textwrap.wrap(
    "ALAKAZARCACOCTDEDCFLGAHIIDILINIAKSKYLAMEMDMAMIMNMSMOMTNENVNHNJNMNYNCNDOHOKORPARISCSDTNTXUTVTVAWAWVWIWY", 2
)
NOBODY_S = {"AQ", "EH"}


@pytest.fixture(scope="module")
def table():
    return load_routing()


def receivers(table, *places, on=ON):
    return {one.desk for one in route([Located(each, LocationRole.SUSPECT) for each in places], (), on, table)}


def test_every_country_has_a_desk_of_its_own_or_of_the_state_it_belongs_to(table):
    assert len(countries()) == 249
    for country in countries():
        found = receivers(table, Place(country.code))
        assert (found == {MANUAL}) == (country.code in NOBODY_S), country
        assert found


def test_every_state_has_a_task_force_and_every_territory_a_federal_desk(table):
    assert len(STATES) == 51
    for state in STATES:
        (desk,) = receivers(table, Place("US", state))
        assert (desk.code, desk.recipient) == (f"us-icac-{state.lower()}", Recipient.ICAC)
    for territory in ("AS", "GU", "MP", "PR", "UM", "VI"):
        assert (
            receivers(table, Place("US", territory))
            == receivers(table, Place(territory))
            == receivers(table, Place("US"))
        )


def test_nobody_is_named_who_serves_nothing_and_no_group_of_recipients_is_left_out(table):
    serving = {desk.code for desk in table.desks}
    named = {line.partition(",")[0] for line in (SHIPPED / "desks.csv").read_text().splitlines() if line[0] != "#"}
    assert named - {"desk"} == serving - {MANUAL.code}
    assert {Recipient.ICAC, Recipient.FEDERAL, Recipient.INTERNATIONAL} <= {desk.recipient for desk in table.desks}


def test_interpol_has_its_196_members_and_europol_those_of_the_union_and_denmark(table):
    members = {
        code: {
            key for key, terms in table.places.items() for term in terms if term.desk.code == code and term.holds(ON)
        }
        for code in ("interpol", "europol")
    }
    assert len(members["interpol"]) + 1 == 196  # the United States is served by its own desks
    assert len(members["europol"]) == 27
    before = [term for term in table.places["GB"] if term.desk.code == "europol" and term.holds(date(2020, 12, 31))]
    assert before
    assert "GB" not in members["europol"]


def test_no_row_has_contact_data():
    text = "".join(file.read_text() for file in SHIPPED.glob("*.csv"))
    assert "@" not in text
    assert "+" not in text


def test_signals_are_codes_of_reports(table):
    assert set(table.signals) <= SIGNALS


@pytest.fixture
def folder(tmp_path):
    for file in SHIPPED.glob("*.csv"):
        shutil.copy(file, tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "row", "why"),
    [
        ("desks.csv", "de,international,Again", "stands here before"),
        ("desks.csv", "DE,international,Capitals", "no code of small letters"),
        ("desks.csv", "new,internasional,Typo", "none of icac"),
        ("desks.csv", "new,international, ", "needs a name"),
        ("desks.csv", "new,international", "3 values"),
        ("desks.csv", "new,international,a,b", "3 values"),
        ("places.csv", "Germany,de,1,,,typo", "no country"),
        ("places.csv", "DE-BY,de,1,,,no states elsewhere", "no country"),
        ("places.csv", "FR,frr,1,,,typo", "no desk “frr”"),
        ("places.csv", "FR,de,0,,,order", "no order"),
        ("places.csv", "FR,de,1,2026-02-30,,day", "day is out of range"),
        ("places.csv", "FR,de,1,2026-02-03,2026-02-02,turned", "ends before it begins"),
        ("places.csv", "FR,de,1,,,", "say why"),
        ("places.csv", "FR,fr,1,2026-01-01,,twice", "on the same days"),
        ("signals.csv", "incident.turism,us-federal,US,,,typo", "no signal"),
        ("signals.csv", "escalated,us-federal,USA,,,typo", "no country"),
    ],
)  # fmt: skip
def test_a_typo_is_refused_with_its_line(folder, file, row, why):
    with (folder / file).open("a") as out:
        out.write(f"{row}\n")
    lines = len((folder / file).read_text().splitlines())
    with pytest.raises(InvalidSettings, match=f"{file}, line {lines}: .*{why}"):
        load_routing(folder)


def test_other_columns_and_a_file_that_is_not_there_are_refused(folder):
    (folder / "signals.csv").write_text("signal,desk\n")
    with pytest.raises(InvalidSettings, match=r"signals\.csv has other columns than signal,desk,within"):
        load_routing(folder)
    (folder / "desks.csv").unlink()
    with pytest.raises(InvalidSettings, match=r"desks\.csv cannot be read"):
        load_routing(folder)


def test_rows_that_follow_one_another_are_taken(folder):
    with (folder / "places.csv").open("a") as out:
        out.write("HR,europol,2,2012-01-01,2013-06-30,before\n")
    table = load_routing(folder)
    assert len([term for term in table.places["HR"] if term.desk.code == "europol"]) == 2
