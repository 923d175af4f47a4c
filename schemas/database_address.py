"""Where another body's database is, as configuration: an address without a password, or a secret that holds both."""

import re
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["DatabaseAddress"]

_PLAIN_URL = re.compile(r"^[A-Za-z0-9_+]+://([^:@/?]*@)?(?!.*(?i:passw))[^@]*$")

_SecretName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class DatabaseAddress(BaseModel):
    """Either ``url`` with ``password_secret``, or ``url_secret``, which names a whole URL with the password in it.

    TLS is asked for in the URL: ``sslmode`` and ``sslrootcert`` of PostgreSQL, ``ssl_ca`` of MySQL and MariaDB.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str | None = None
    password_secret: _SecretName | None = None
    url_secret: _SecretName | None = None

    @model_validator(mode="after")
    def _says_where(self) -> Self:
        if (self.url is None) == (self.url_secret is None):
            raise ValueError("either url or url_secret says where the database is")
        if self.url is None and self.password_secret is not None:
            raise ValueError("password_secret belongs to url; what url_secret names holds the password itself")
        if self.url is not None and not _PLAIN_URL.match(self.url):
            raise ValueError("url is like mysql://user@host:3306/database; the password is named in password_secret")
        return self
