"""Cases: reports of one offender, who is told of in parts, and the files that stay among them."""

from collections import Counter

import numpy as np
import pytest

from domain.report import LocationRole
from tasks.simulating.cases import GATEWAYS, GUEST, RARE, Homes, offender
from tasks.simulating.chance import chance
from tasks.simulating.incidents import plan_incidents
from tasks.simulating.particulars import draw_parties
from tasks.simulating.population import Population, plan_population


@pytest.fixture(scope="module")
def population():
    return plan_population(5, 1500)


def users_of(population: Population, case: int):
    """Draw the first user of each report of a case."""
    incidents = plan_incidents(5, population.received, population.rejections)
    for report in population.cases[case]:
        for user in draw_parties(chance(5, "parties", report), incidents[report], offender(5, case))[:1]:
            if user.role is LocationRole.SUSPECT:
                yield user


def test_about_a_third_of_the_accepted_reports_are_of_a_case_and_each_of_one(population):
    reports = [report for case in population.cases for report in case]
    assert len(set(reports)) == len(reports)
    assert 0.25 < len(reports) / (1500 - len(population.rejections)) < 0.31
    assert not set(reports) & population.rejections.keys()
    assert {2, 3, 4} <= set(map(len, population.cases))
    assert min(map(len, population.cases)) >= 2


def test_what_few_reports_share_mostly_stays_in_one_case(population):
    case = {report: number for number, reports in enumerate(population.cases) for report in reports}
    rare = [file.reports for file in population.files if 1 < len(file.reports) <= RARE]
    inside = [len({case.get(report, -report) for report in reports}) == 1 for reports in rare]
    assert len(inside) > 30
    assert 0.5 < np.mean(inside) < 0.95


def test_reports_of_a_case_tell_parts_of_one_offender(population):
    shared = Counter()
    for case in range(60):
        whole = offender(5, case)
        for user in users_of(population, case):
            assert user.email in ("", whole.email) or user.screen_name not in whole.accounts
            shared["account"] += user.screen_name in whole.accounts
            shared["email"] += user.email == whole.email
            shared["device"] += user.device == whole.device
            shared["address"] += bool(set(user.addresses) & set(whole.addresses))
            shared["guest"] += user.screen_name == GUEST
            shared["gateway"] += bool(set(user.addresses) & set(GATEWAYS))
    assert min(shared[name] for name in ("account", "email", "device", "address", "guest", "gateway")) > 0
    assert shared["account"] > shared["device"] > shared["guest"]


def test_an_origin_stays_where_its_case_has_room_and_what_is_seen_often_has_no_home():
    room = np.array([1, 1, 1, 9])
    homes = Homes(chance(1), [(0, 1, 2)], room)
    homes.assign("viral", RARE + 1)
    assert homes.place("viral", 2) == []
    assert homes.takes("viral", 2)
    number = next(number for number in range(99) if stays(homes, f"rare {number}"))
    assert homes.place(f"rare {number}", 2) == [0, 2]
    assert room.tolist() == [0, 1, 0, 9]
    assert not homes.takes(f"rare {number}", 2)
    assert homes.place(f"rare {number}", 2) == []


def stays(homes, origin):
    homes.assign(origin, 2)
    return homes.takes(origin, 2)
