"""Whether the account another body gave us could write there: asked of the database, never tried.

An attempted write would stand in the body's audit log every night, and that it fails in a transaction that only reads proves
nothing about the account. So the account's own privileges are read: those it has, and those of roles it may take on.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

import sqlalchemy as sa

__all__ = ["WRITE_PRIVILEGES", "granted_roles", "may_write"]

# Privileges by which nothing of the view or its schema is changed; whatever is not here counts as writing.
_HARMLESS = frozenset(
    {
        "BINLOG MONITOR", "CREATE TEMPORARY TABLES", "EXECUTE", "LOCK TABLES", "PROCESS", "PROXY", "REPLICA MONITOR",
        "REPLICATION CLIENT", "SELECT", "SHOW DATABASES", "SHOW VIEW", "SLAVE MONITOR", "USAGE",
    }
)  # fmt: skip
_NAME = r"`(?:[^`]|``)*`"
_GRANTED_PRIVILEGES = re.compile(rf"GRANT (?P<privileges>.+?) ON (?:TABLE )?(?P<schema>{_NAME}|\*)\.(?:{_NAME}|\*) TO ")
_ACCOUNT = rf"{_NAME}(?:@{_NAME})?"
_GRANTED_ROLES = re.compile(rf"GRANT (?P<roles>{_ACCOUNT}(?:, ?{_ACCOUNT})*) TO (?P<account>{_ACCOUNT})")
_OF_NO_TABLE = re.compile(r"(?!GRANT )|GRANT PROXY ON |GRANT [A-Z ,]+ ON (?:FUNCTION|PROCEDURE|PACKAGE)")
_COLUMNS = re.compile(r" ?\([^)]*\)")

_POSTGRESQL = sa.text("""
    WITH ours AS (
        SELECT r.oid, r.rolsuper FROM pg_catalog.pg_roles AS r WHERE pg_catalog.pg_has_role(session_user, r.oid, 'MEMBER')
    ), theirs AS (
        SELECT n.oid, n.nspowner FROM pg_catalog.pg_namespace AS n WHERE n.nspname = :schema
    ), relations AS (
        SELECT c.oid, c.relowner FROM pg_catalog.pg_class AS c JOIN theirs ON c.relnamespace = theirs.oid
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
    ), writing AS (
        SELECT p.name, p.of_columns
        FROM (VALUES ('INSERT', true), ('UPDATE', true), ('DELETE', false), ('TRUNCATE', false)) AS p (name, of_columns)
    )
    SELECT 'SUPERUSER' FROM ours WHERE rolsuper
    UNION SELECT 'OWNERSHIP' FROM ours JOIN relations ON relowner = ours.oid
    UNION SELECT 'OWNERSHIP OF THE SCHEMA' FROM ours JOIN theirs ON nspowner = ours.oid
    UNION SELECT 'CREATE' FROM ours, theirs WHERE pg_catalog.has_schema_privilege(ours.oid, theirs.oid, 'CREATE')
    UNION SELECT writing.name FROM ours, relations, writing
        WHERE CASE WHEN writing.of_columns THEN pg_catalog.has_any_column_privilege(ours.oid, relations.oid, writing.name)
                   ELSE pg_catalog.has_table_privilege(ours.oid, relations.oid, writing.name) END
""")

_ORACLE = sa.text("""
    SELECT privilege FROM session_privs
        WHERE privilege LIKE '% ANY %' AND NOT REGEXP_LIKE(privilege, '^(SELECT|READ|EXECUTE) ANY ')
    UNION SELECT privilege FROM all_tab_privs
        WHERE table_schema = :schema AND privilege NOT IN ('SELECT', 'READ', 'EXECUTE')
          AND (grantee IN (USER, 'PUBLIC') OR grantee IN (SELECT role FROM session_roles))
    UNION SELECT 'OWNERSHIP OF THE SCHEMA' FROM dual WHERE USER = :schema
""")


def may_write(grants: Iterable[str], schema: str) -> set[str]:
    """The writing privileges on a schema, or on anything in it, that lines of MySQL's ``SHOW GRANTS`` give.

    >>> sorted(may_write(["GRANT SELECT, INSERT (`a`, `b`), DROP ON `sh%`.* TO `us`@`%`"], "share"))
    ['DROP', 'INSERT']
    >>> may_write(["GRANT SELECT ON `share`.* TO `us`@`%`", "GRANT ALL PRIVILEGES ON `other`.* TO `us`@`%`"], "share")
    set()
    """
    found: set[str] = set()
    for grant in grants:
        match = _GRANTED_PRIVILEGES.match(grant)
        if match and _means(match["schema"], schema):
            found |= {name.strip() for name in _COLUMNS.sub("", match["privileges"]).split(",")}
        elif not (match or _GRANTED_ROLES.match(grant) or _OF_NO_TABLE.match(grant)):
            found.add("A GRANT THAT CANNOT BE READ")
    return found - _HARMLESS


def _means(granted: str, schema: str) -> bool:
    r"""Whether a grant's schema is the one, by its rules: ``%`` and ``_`` are any characters unless escaped by ``\``."""
    if granted == "*":
        return True
    pattern = ""
    for piece in re.findall(r"\\.|.", granted[1:-1].replace("``", "`"), re.DOTALL):
        pattern += {"%": ".*", "_": "."}.get(piece) or re.escape(piece.removeprefix("\\"))
    return re.fullmatch(pattern, schema, re.DOTALL | re.IGNORECASE) is not None


def _of_postgresql(connection: sa.Connection, schema: str) -> set[str]:
    return set(connection.scalars(_POSTGRESQL, {"schema": schema}))


def _of_mysql(connection: sa.Connection, schema: str) -> set[str]:
    """Of the account, and of each role it may take on with all that this role includes: an inactive role shows nothing."""
    connection.exec_driver_sql("SET SESSION sql_mode = '', sql_quote_show_create = 1")  # names in `backquotes`
    user, _, host = connection.exec_driver_sql("SELECT CURRENT_USER()").scalar_one().rpartition("@")
    grants = set(connection.exec_driver_sql("SHOW GRANTS").scalars())
    for role in granted_roles(grants, f"`{user}`@`{host}`"):
        connection.exec_driver_sql(f"SET ROLE {role}".replace("%", "%%"))  # as the server itself quotes it
        grants |= set(connection.exec_driver_sql("SHOW GRANTS").scalars())
    return may_write(grants, schema)


def granted_roles(grants: Iterable[str], account: str) -> list[str]:
    """The roles that lines of ``SHOW GRANTS`` give to an account itself, quoted as they are there.

    >>> granted_roles(["GRANT `a`@`%`,`b`@`%` TO `us`@`%`", "GRANT `c` TO `b`", "GRANT USAGE ON *.* TO `us`@`%`"], "`us`@`%`")
    ['`a`@`%`', '`b`@`%`']
    """
    lines = filter(None, map(_GRANTED_ROLES.match, grants))
    return sorted(role for line in lines if line["account"] == account for role in re.findall(_ACCOUNT, line["roles"]))


def _of_oracle(connection: sa.Connection, schema: str) -> set[str]:
    stored = schema if schema != schema.lower() else schema.upper()
    return set(connection.scalars(_ORACLE, {"schema": stored}))


WRITE_PRIVILEGES: Mapping[str, Callable[[sa.Connection, str], set[str]]] = MappingProxyType(
    {"postgresql": _of_postgresql, "mysql": _of_mysql, "mariadb": _of_mysql, "oracle": _of_oracle}
)
"""By SQLAlchemy's name of the database: the privileges by which the account could write into a schema.

To be asked on a connection of its own, for MySQL's roles stay taken. Dameng is missing: how it is asked there is not known
for certain, so its accounts are refused until a bureau vouches for them.
"""
