"""The documentation names all that the code has, and nothing that the code has not."""

import re
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest
import typer
import yaml

from apps.cli import app
from domain import errors
from domain.audit import Act
from domain.evidence import EVIDENCE
from domain.lists import EntryState, ListFault, ListFormat
from domain.match import SignalType
from domain.model import Role
from domain.report import FileFault, Rejection, Vector
from domain.retention import Held
from infra.archive import COLUMNS
from infra.ledger.schema import metadata
from infra.settings import Settings
from infra.stack.checks import CHECKS
from infra.telemetry import SWITCHED_OFF
from models.contract import Contract
from models.rankers import RankerContract
from tasks.measuring.series import Series
from tasks.simulating.photographs import PHOTOGRAPHS

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [*sorted(page for page in DOCS.rglob("*.md") if "_build" not in page.parts), *sorted(ROOT.glob("*.md"))]


def named(page):
    """Give every name that a page puts in code type."""
    return set(re.findall(r"`([^`\n]+)`", (DOCS / page).read_text()))


def rows(page):
    """Give the names that begin the rows of a page's tables."""
    cells = re.findall(r"^\| (`[^|]*) \|", (DOCS / page).read_text(), re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def commands(command, path="breakwater"):
    """Give every command that does something, with its options."""
    below = getattr(command, "commands", None)
    if not below or command.invoke_without_command:
        yield path, {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
    for name, each in (below or {}).items():
        yield from commands(each, f"{path} {name}")


def contract_fields(model, before=""):
    for name, field in model.model_fields.items():
        parts = getattr(field.annotation, "model_fields", None)
        if parts:
            yield from contract_fields(field.annotation, f"{before}{name}.")
        else:
            yield f"{before}{name}"


def below(error):
    yield error.__name__
    for each in error.__subclasses__():
        if each.__module__ == errors.__name__:
            yield from below(each)


CONTRACTS = {field for contract in (*get_args(Contract), RankerContract) for field in contract_fields(contract)}
FLOWS = {deployment["name"] for deployment in yaml.safe_load((ROOT / "infra/prefect.yaml").read_text())["deployments"]}


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("reference/settings.md", {f"BREAKWATER_{name.upper()}" for name in Settings.model_fields}),
        ("reference/policy.md", set(EVIDENCE)),
        ("reference/intake.md", {*Rejection, *FileFault}),
        ("reference/ledger.md", {*metadata.tables, *COLUMNS}),
        ("reference/lists.md", {*ListFault, *EntryState, *SignalType}),
        ("reference/errors.md", set(below(errors.BreakwaterError))),
        (
            "data-scientist.md",
            {
                "model.onnx",
                "contract.json",
                "card.md",
                *(f for each in (*get_args(Contract), RankerContract) for f in contract_fields(each)),
            },
        ),
        ("operator.md", FLOWS),
        ("operator.md", set(Held)),
        ("safety.md", {photograph.name for photograph in PHOTOGRAPHS}),
    ],
)
def test_a_page_lists_what_the_code_has_row_by_row(page, names):
    assert names <= rows(page)


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("reference/lists.md", set(ListFormat)),
        ("reference/intake.md", set(Vector)),
        ("reference/ledger.md", {column for columns in COLUMNS.values() for column in columns}),
        ("reference/ledger.md", set(Act)),
        ("data-scientist.md", set(Role)),
        ("measures.md", {field.name for field in fields(Series)}),
        ("architecture.md", FLOWS),
        ("safety.md", set(SWITCHED_OFF)),
    ],
)
def test_a_page_names_what_the_code_has(page, names):
    assert names <= named(page)


def test_settings_policy_and_ledger_list_nothing_else():
    assert {name for name in rows("reference/settings.md") if name.startswith("BREAKWATER_")} == {
        f"BREAKWATER_{name.upper()}" for name in Settings.model_fields
    }
    assert rows("reference/policy.md") == set(EVIDENCE)
    assert rows("reference/ledger.md") == {*metadata.tables, *COLUMNS}


def test_the_command_line_is_documented_command_by_command_and_option_by_option():
    text = (DOCS / "reference/cli.md").read_text()
    told = {
        name: set(re.findall(r"`(--[a-z]+)`", options))
        for name, options in re.findall(r"^\| `(breakwater [a-z -]+)` \|[^|]*\| (.*) \|$", text, re.MULTILINE)
    }
    assert told == dict(commands(typer.main.get_command(app)))


def test_every_make_target_is_documented_and_no_other_is_named():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {f"make {target}" for target in targets} <= named("reference/cli.md")
    for page in PAGES:
        told = re.findall(r"(?:`|\$ )make ([a-z]+)", page.read_text())
        assert set(told) <= targets, page.name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_names_a_setting_that_is_not_there(page):
    told = set(re.findall(r"BREAKWATER_[A-Z_]*[A-Z]", page.read_text()))
    assert told <= {f"BREAKWATER_{name.upper()}" for name in Settings.model_fields}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_finds_it(page):
    links = re.findall(r"\]\((?!https?://|#)([^)#\s]+)[^)]*\)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_line_of_prose_is_at_most_120_characters(page):
    assert [
        line for line in page.read_text().splitlines() if len(line) > 120 and not line.startswith(("|", "!["))
    ] == []


def test_the_operators_page_shows_what_doctor_probes():
    text = (DOCS / "operator.md").read_text()
    assert [check.part for check in CHECKS if f" works  {check.part} " not in text] == []


def test_the_decisions_are_numbered_without_a_gap():
    found = sorted(page.name for page in (DOCS / "decisions").glob("0*.md"))
    titles = [(DOCS / "decisions" / name).read_text().split("\n", 1)[0] for name in found]
    assert [int(name[:4]) for name in found] == list(range(1, len(found) + 1))
    assert all(title.startswith(f"# {number}. ") for number, title in enumerate(titles, 1))
