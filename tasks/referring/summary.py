"""The summary: a package for a person to read, one HTML file that needs nothing else and shows no picture."""

from functools import cache
from typing import TYPE_CHECKING

from tasks.measuring.regions import countries
from tasks.referring.contents import Opened
from tasks.referring.police_json import of_particulars

if TYPE_CHECKING:
    from jinja2 import Template


def write(opened: Opened) -> bytes:
    """Write the summary of a package; the same package gives the same bytes."""
    report = opened.dossier.report
    names = {each.code: each.name for each in countries()}
    page = _template().render(
        opened=opened,
        report=report,
        case=opened.dossier.case,
        particulars=of_particulars(opened.particulars),
        places=sorted((one.role.value, names.get(one.country, one.country)) for one in report.locations),
    )
    return page.encode()


@cache
def _template() -> "Template":
    """Compile the page once a process: it takes longer than all that is written with it."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 (a flow's start need not pay for it)

    place = PackageLoader("tasks.referring", ".")
    environment = Environment(
        loader=place, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("summary.html.j2")
