"""Office files with a password (MS-OFFCRYPTO): opened with the one that was agreed on, in memory only."""

import io

from connectors.reading.formats.raw import Raw
from connectors.reading.formats.refusal import damage_is, refused
from schemas.findings import Finding

__all__ = ["decrypted"]

# Excel opens these without asking: it locks a workbook whose structure is protected with a password of its own (MS-OFFCRYPTO 2.4.2.3).
_PASSWORD_OF_EXCEL = "VelvetSweatshop"  # noqa: S105 - published, and no secret


def decrypted(raw: Raw, password: str) -> Raw:
    """The file without its password.

    Raises:
        DeliveryRefusedError: the password is another one, there is none, or the kind of encryption is not known.
    """
    for candidate in filter(None, (password, _PASSWORD_OF_EXCEL)):
        if (content := _opened_with(raw, candidate)) is not None:
            return Raw.in_memory(content)
    raise refused(Finding.FILE_ENCRYPTED, "约定的密码不对" if password else "没有约定密码")


def _opened_with(raw: Raw, password: str) -> bytes | None:
    import msoffcrypto
    from msoffcrypto.exceptions import DecryptionError, FileFormatError, InvalidKeyError

    content = io.BytesIO()
    with damage_is("加密的文件，结构损坏"), raw.open() as file:
        try:
            office = msoffcrypto.OfficeFile(file)
            if office.format == "ooxml":
                office.load_key(password=password, verify_password=True)
            else:
                office.load_key(password=password)
            office.decrypt(content)
        except InvalidKeyError:
            return None
        except (DecryptionError, FileFormatError):
            content.truncate(0)
    if not content.getbuffer().nbytes:
        raise refused(Finding.FILE_ENCRYPTED, "加密方式不受支持")
    return content.getvalue()
