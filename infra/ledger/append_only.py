"""Tables that only grow: the database itself refuses to change or delete their rows, whoever asks."""

from sqlalchemy import Connection

_REFUSED = "BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
_SQLITE = [
    f"CREATE TRIGGER {{table}}_refuses_{what.lower()} BEFORE {what} ON {{table}} {_REFUSED}"
    for what in ("UPDATE", "DELETE")
]
_SQLITE += [  # INSERT OR REPLACE is no DELETE to a trigger
    "CREATE TRIGGER {table}_refuses_replace BEFORE INSERT ON {table} "  # noqa: S608 (our own names)
    "WHEN NEW.number <= (SELECT max(number) FROM {table}) " + _REFUSED
]
_FUNCTION = """CREATE OR REPLACE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only'; END $$"""
_TRIGGER = """CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION append_only()"""
_ALWAYS = "ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only"  # bulk loading has ordinary triggers off


def refuse_changes(connection: Connection, table: str) -> None:
    """Have the database refuse UPDATE and DELETE on a table, whose key is `number`.

    Its owner alone can take that back; the chain tells.
    """
    for statement in _SQLITE if connection.dialect.name == "sqlite" else (_FUNCTION, _TRIGGER, _ALWAYS):
        connection.exec_driver_sql(statement.format(table=table))
