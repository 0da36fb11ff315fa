"""Write the initial revision anew, until the first release: `python -m infra.migrations.regenerate`."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate.render import renderers
from alembic.config import Config
from alembic.operations.ops import MigrateOperation, MigrationScript
from sqlalchemy import create_engine

from infra.ledger.schema import metadata

HERE = Path(__file__).parent


class _RefuseChanges(MigrateOperation):
    """The last step of the revision: tables that only grow refuse anything else."""


@renderers.dispatch_for(_RefuseChanges)
def _rendered(*_: object) -> list[str]:
    names = [table.name for table in metadata.sorted_tables if table.info.get("append_only")]
    return [f'refuse_changes(op.get_bind(), "{name}")' for name in names]


def _add_refusals(_context: object, _revision: object, scripts: list[Any]) -> None:
    script: MigrationScript = scripts[0]
    script.imports.add("from infra.ledger.append_only import refuse_changes")
    assert script.upgrade_ops
    script.upgrade_ops.ops.append(_RefuseChanges())


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
        command.revision(config, "initial", autogenerate=True, rev_id="0001", process_revision_directives=_add_refusals)


if __name__ == "__main__":
    regenerate()
