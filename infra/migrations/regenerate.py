"""Write the initial revision anew, until the first release: `python -m infra.migrations.regenerate`."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

HERE = Path(__file__).parent


def regenerate() -> None:
    """Replace revision 0001 by one that makes every table of `infra.ledger.schema`."""
    (HERE / "versions").mkdir(exist_ok=True)
    (HERE / "versions" / "0001_initial.py").unlink(missing_ok=True)
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    hook = {
        "hooks": "format",
        "format.type": "module",
        "format.module": "ruff",
        "format.options": "format REVISION_SCRIPT_FILENAME",
    }
    for name, value in hook.items():
        config.set_section_option("post_write_hooks", name, value)
    with create_engine("sqlite://").connect() as connection:
        config.attributes["connection"] = connection
        command.revision(config, "initial", autogenerate=True, rev_id="0001")


if __name__ == "__main__":
    regenerate()
