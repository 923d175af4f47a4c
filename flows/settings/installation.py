"""Whether an installation may start: test and production are told apart, and nobody else can write its configuration or read its secrets.

The rules are those of ``schemas.operations.Operations``; they are looked at whenever a registry is opened.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from flows.settings.destinations import Destination, destinations, platform_destinations
from flows.settings.file_permissions import permission_faults
from schemas.configuration import Configuration, load_operations
from schemas.configuration_faults import Fault, FileFaults
from schemas.durable import replace_file
from schemas.errors import ConfigurationInvalid
from schemas.operations import Operations
from schemas.platform_profile import PlatformProfile, load_profile

__all__ = ["check_installation", "confusions", "mark_installation", "profiles_of", "refuse_made_up_deliveries"]

_MARK = "installation"


def check_installation(home: Path, configuration: Configuration) -> None:
    """Refuses a start that would mix up test and production, or whose configuration or secrets are open to others.

    Raises:
        ConfigurationInvalid: naming file and key.
    """
    operations = load_operations(configuration.folder)
    profiles = profiles_of(configuration)
    faults = [
        *permission_faults(home, configuration.folder, is_production=operations.is_production),
        *confusions(home, configuration, operations, profiles),
    ]
    if faults:
        raise FileFaults(faults)


def mark_installation(home: Path, configuration: Configuration) -> None:
    """Notes in the home of a production installation that it is one; a test configuration does not open it from then on.

    Raises:
        ConfigurationInvalid: it cannot be noted.
    """
    if not load_operations(configuration.folder).is_production or _is_marked(home):
        return
    try:
        with replace_file(home / _MARK) as temporary:
            temporary.write_text("production\n", encoding="utf-8")
    except OSError as error:
        problem = error.strerror
    else:
        return
    raise ConfigurationInvalid(f"{home / _MARK} cannot be written: {problem}")


def profiles_of(configuration: Configuration) -> dict[Path, PlatformProfile]:
    """All versions of the platform's profile, by file: the one of today, those before and those to come.

    Raises:
        ConfigurationInvalid: one of them is not as it must be.
    """
    name = configuration.bureau.platform
    folder = configuration.folder / "platform"
    return {path: load_profile(path) for path in [folder / f"{name}.toml", *sorted(folder.glob(f"{name}@*.toml"))]}


def confusions(
    home: Path, configuration: Configuration, operations: Operations, profiles: Mapping[Path, PlatformProfile]
) -> Iterator[Fault]:
    """Everything by which test and production would be mixed up."""
    if not operations.is_production and _is_marked(home):
        path = configuration.folder / "operations.toml"
        words = f"is test, and {home} is the home of a production installation: name another --home, or the configuration in force there"
        yield Fault(path, words, "installation")
    for path, profile in profiles.items():
        yield from _wrong_profile(path, profile, configuration.bureau.target, operations)
        for place in platform_destinations(home, path, profile):
            is_used = place.section == configuration.bureau.target
            yield from _wrong_host(place, operations, is_used=is_used, is_test=profile.environment == "test")
    for place in destinations(home, configuration, operations):
        yield from _wrong_host(place, operations, is_used=place.purpose != "messages", is_test=False)


def refuse_made_up_deliveries(home: Path, config: Path, to: Path) -> None:
    """Keeps made-up people out of a production installation.

    Args:
        home: of the installation.
        config: its configuration folder.
        to: the folder that samples are to be written to.

    Raises:
        ConfigurationInvalid: it is in that home.
    """
    home = home.expanduser().resolve()
    is_production = load_operations(config).is_production or _is_marked(home)
    if is_production and to.expanduser().resolve().is_relative_to(home):
        raise ConfigurationInvalid(
            f"{config / 'operations.toml'}: installation: is production, and {home} is its home: made-up deliveries do not go there; "
            "try things out in another --home with a test configuration"
        )


def _is_marked(home: Path) -> bool:
    """Whether a production installation has opened a home; of one that is closed to us nothing is known."""
    try:
        return (home / _MARK).is_file()
    except OSError:
        return False


def _wrong_profile(path: Path, profile: PlatformProfile, target: str, operations: Operations) -> Iterator[Fault]:
    if not operations.is_production and profile.environment == "production":
        yield Fault(path, "is production, and operations.toml says that this is a test installation", "environment")
    if operations.is_production and target != "workbook":
        if profile.is_example:
            words = (
                f"is true, and a production installation tells nobody by an example (bureau.toml: target = {target})"
            )
            yield Fault(path, words, "is_example")
        elif profile.environment == "test":
            words = f'is test, and a production installation tells real people (bureau.toml: target = {target}): "production"?'
            yield Fault(path, words, "environment")


def _wrong_host(place: Destination, operations: Operations, *, is_used: bool, is_test: bool) -> Iterator[Fault]:
    is_real = operations.is_real(place.host)
    if is_real and not operations.is_production:
        yield Fault(place.file, _REAL.format(place.purpose), place.key)
    elif is_real and is_test:
        yield Fault(place.file, 'leads to one of production_hosts, and the profile\'s environment is "test"', place.key)
    elif operations.is_production and is_used and not is_real and not place.is_here:
        yield Fault(place.file, _UNLISTED.format(place.purpose), place.key)


_REAL = "leads to one of production_hosts (operations.toml), and this is a test installation: name a {} to try with"
_UNLISTED = (
    "leads to a {} that is not among production_hosts (operations.toml), and this is a production installation: list its host there, "
    "so that no test installation ever speaks to it"
)
