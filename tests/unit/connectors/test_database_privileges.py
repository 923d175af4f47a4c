"""Lines of SHOW GRANTS, as MariaDB and MySQL write them, read for what lets an account write into a schema."""

import pytest

from connectors.database.privileges import granted_roles, may_write


@pytest.mark.parametrize(
    ("grant", "held"),
    [
        pytest.param("GRANT USAGE ON *.* TO `us`@`%` IDENTIFIED BY PASSWORD '*D8'", set(), id="nothing"),
        pytest.param("GRANT SELECT, SHOW VIEW, LOCK TABLES ON `share`.* TO `us`@`%`", set(), id="reading"),
        pytest.param("GRANT SELECT (`id`, `insert`) ON `share`.`elders` TO `us`@`%`", set(), id="columns-read"),
        pytest.param("GRANT SELECT (`id`), INSERT (`a`, `b`) ON `share`.`elders` TO `us`@`%`", {"INSERT"}, id="columns-written"),
        pytest.param("GRANT ALL PRIVILEGES ON *.* TO `us`@`%` WITH GRANT OPTION", {"ALL PRIVILEGES"}, id="everything"),
        pytest.param("GRANT FILE, SELECT ON *.* TO `us`@`%`", {"FILE"}, id="files"),
        pytest.param("GRANT BACKUP_ADMIN,SYSTEM_USER ON *.* TO `us`@`%`", {"BACKUP_ADMIN", "SYSTEM_USER"}, id="unknown-counts"),
        pytest.param("GRANT INSERT ON `sha%`.* TO `us`@`%`", {"INSERT"}, id="pattern"),
        pytest.param("GRANT INSERT ON `s_are`.* TO `us`@`%`", {"INSERT"}, id="any-character"),
        pytest.param(r"GRANT INSERT ON `s\_are`.* TO `us`@`%`", set(), id="escaped"),
        pytest.param("GRANT INSERT ON `SHARE`.* TO `us`@`%`", {"INSERT"}, id="case"),
        pytest.param("GRANT INSERT ON `shared`.* TO `us`@`%`", set(), id="other-schema"),
        pytest.param("GRANT INSERT ON TABLE `share`.`elders` TO `us`@`%`", {"INSERT"}, id="table"),
        pytest.param("GRANT EXECUTE ON FUNCTION `share`.`age` TO `us`@`%`", set(), id="function"),
        pytest.param("GRANT `writers` TO `us`@`%`", set(), id="role"),
        pytest.param("SET DEFAULT ROLE `writers` FOR `us`@`%`", set(), id="default-role"),
        pytest.param("GRANT INSERT ON `share`.`elders` TO PUBLIC", {"INSERT"}, id="public"),
        pytest.param('GRANT INSERT ON "share".* TO "us"@"%"', {"A GRANT THAT CANNOT BE READ"}, id="other-quotes"),
        pytest.param("GRANT PROXY ON ``@`%` TO `us`@`%`", set(), id="proxy"),
    ],
)  # fmt: skip
def test_a_grant_is_read_for_what_it_lets_be_written(grant: str, held: set[str]) -> None:
    assert may_write([grant], "share") == held


@pytest.mark.parametrize(
    ("grant", "roles"),
    [
        pytest.param("GRANT `writers` TO `us`@`%`", ["`writers`"], id="mariadb"),
        pytest.param("GRANT `b`@`%`,`a`@`%` TO `us`@`%`", ["`a`@`%`", "`b`@`%`"], id="mysql"),
        pytest.param("GRANT `o``dd` TO `us`@`%` WITH ADMIN OPTION", ["`o``dd`"], id="quoted"),
        pytest.param("GRANT `makers` TO `writers`", [], id="of-a-role"),
        pytest.param("GRANT SELECT ON `share`.* TO `us`@`%`", [], id="privilege"),
    ],
)
def test_roles_are_those_of_the_account_itself(grant: str, roles: list[str]) -> None:
    assert granted_roles([grant], "`us`@`%`") == roles
