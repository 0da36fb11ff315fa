"""A ranker from its folder to the queue: in shadow first, measured by outcomes, counted as far as a policy lets it."""

from datetime import timedelta

import model_folders
import numpy as np
import pytest
from taken_in import MOMENT, key, record, sighted, taken

from domain.errors import InvalidSettings, PromotionRefused, UnusableModel
from domain.model import Alias, Role
from domain.priority import LEARNED
from domain.referral import CaseStatus, Feedback, Recipient, Usefulness
from infra.ledger import desk, priorities, rankers
from infra.policy import SHIPPED, load_policy, parse_policy
from infra.world import world
from models.contract import NETWORK
from models.rankers import load_any
from models.reference import ranker
from tasks import promoting, switching
from tasks.comparing import compare
from tasks.evaluation_sets import import_set
from tasks.gating import evaluate_version
from tasks.learning.calibration import report_on
from tasks.learning.page import lines, page_of, render_page
from tasks.rankers import agree
from tasks.ranking import rank_reports

REPORTS = 60


def taken_in(connection):
    """Take reports in of which every other is escalated; files are unseen, and nothing else tells them apart."""
    some = [taken(f"r{n:02}", sighted(f"f{n}"), escalated=n % 2 == 0, received_at=MOMENT + timedelta(minutes=n))
            for n in range(REPORTS)]  # fmt: skip
    record(connection, *some)


def answered(connection):
    """Have all answered: those that are escalated helped, but for two, and no others, but for two."""
    moment = MOMENT + timedelta(days=9)
    useful = [Usefulness.USEFUL if (n % 2 == 0) != (n < 4) else Usefulness.STALE for n in range(REPORTS)]
    said = [Feedback(moment, Recipient.LOCAL, CaseStatus.CLOSED, each) for each in useful]
    desk.record(connection, [(key(f"r{n:02}"), each) for n, each in enumerate(said)])


def reasons():
    with world().ledger.begin() as connection:
        return [{each.name: each.points for each in one.reasons} for one in priorities.queue(connection)]


def test_a_ranker_goes_from_shadow_through_the_gate_into_the_queue(data):
    promoting.register(ranker.build(data / "drawn_outcomes"), Alias.CHALLENGER)
    with world().ledger.begin() as connection:
        taken_in(connection)
    before = reasons()
    assert [rank_reports.fn().get("ranks_in_shadow", 0) for _ in range(2)] == [REPORTS, 0]
    assert not any(LEARNED in each for each in reasons())
    assert before == []

    with pytest.raises(PromotionRefused, match="takes 20 of both"):
        promoting.promote(Role.RANKER, 1, Alias.CHAMPION)
    with pytest.raises(InvalidSettings, match="takes 20 of both"):
        evaluate_version(Role.RANKER, 1)
    with world().ledger.begin() as connection:
        answered(connection)
        ((model, said),) = rankers.scores(connection).items()
    assert model == ("ranker/drawn_outcomes", 1)
    assert said[key("r00")] > said[key("r01")]
    found = report_on(world().policy)
    (shadow,) = found.shadows
    assert (shadow.reports, shadow.area.points) == (REPORTS, pytest.approx((28 * 28 + 28 * 2) / 30 / 30))
    assert "in shadow ranker/drawn_outcomes v1: right of" in "\n".join(lines(found))
    assert "Rankers in shadow" in render_page(page_of(found))

    evaluated = evaluate_version(Role.RANKER, 1)
    assert "no worse than the policy default on outcomes" in evaluated.told
    assert evaluated.report.items == REPORTS
    done = promoting.promote(Role.RANKER, 1, Alias.CHAMPION)
    assert (done.alias, done.evaluated.passes) == (Alias.CHAMPION, True)
    assert rank_reports.fn()["priorities_new"] == 0
    assert "ranker" in "".join(str(each.model) for each in promoting.listed())

    ours = data / "ours.toml"
    ours.write_text(SHIPPED.read_text() + "\n[ranker]\nweight = 30\nmost = 6\n")
    version = switching.propose(ours, "7", "outcomes say it helps").version
    switching.approve(version, "8")
    world.cache_clear()
    assert rank_reports.fn()["priorities_new"] == REPORTS
    assert rank_reports.fn()["priorities_new"] == 0
    points = [each[LEARNED] for each in reasons()]
    assert all(abs(each) <= 6 for each in points)
    assert len(set(points)) == 2
    with pytest.raises(UnusableModel, match="looks at no files"):
        compare(Role.RANKER)
    with pytest.raises(InvalidSettings, match="looks at no files"):
        import_set("mine", Role.RANKER, data)


def test_a_policy_and_a_ranker_that_contradict_each_other_are_told(data):
    contract = load_any(ranker.build(data / "drawn_outcomes"))
    agree(contract, load_policy(None))
    other = SHIPPED.read_text().replace('evidence = "seen"\nlowers = 3', 'evidence = "seen"\nraises = 3')
    with pytest.raises(
        InvalidSettings, match="“seen” raises a score by the policy default, and lowers it by the ranker"
    ):
        agree(contract, parse_policy(other.encode()))


@pytest.mark.parametrize("weights", [[np.nan] * len(ranker.DRAWN), [1.0]], ids=["no numbers", "another width"])
def test_a_ranker_in_shadow_that_is_broken_stops_no_ranking(data, weights):
    broken = ranker.build(data / "drawn_outcomes")
    network = ranker.written(np.array(weights), 0.0)
    (broken / NETWORK).write_bytes(network.SerializeToString())
    contract = load_any(broken)
    world().registry.register(broken, contract.name, contract.role, alias=Alias.CHALLENGER)
    with world().ledger.begin() as connection:
        taken_in(connection)
    counts = rank_reports.fn()
    assert counts["reports_ranked"] == REPORTS
    assert counts["shadow_rankers_failed"] == 1
    assert "ranks_in_shadow" not in counts
    model_folders.register_by_hand("ranker", broken, "challenger")
    assert rank_reports.fn()["shadow_rankers_failed"] == 1, "one of others stops none either"
