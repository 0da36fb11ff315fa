"""The summary: a package for a person to read, one HTML file that needs nothing else and shows no picture."""

from tasks.measuring.regions import countries
from tasks.referring.contents import Opened
from tasks.referring.police_json import of_particulars


def write(opened: Opened) -> bytes:
    """Write the summary of a package; the same package gives the same bytes."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 (a flow's start need not pay for it)

    environment = Environment(
        loader=PackageLoader("tasks.referring", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    names = {each.code: each.name for each in countries()}
    page = environment.get_template("summary.html.j2").render(
        opened=opened,
        report=opened.dossier.report,
        case=opened.dossier.case,
        particulars=of_particulars(opened.particulars),
        places=sorted((one.role.value, names.get(one.country, one.country)) for one in opened.dossier.report.locations),
    )
    return page.encode()
