"""Everything that can stop a run.

* EldersyncError
  x ConfigurationInvalid          (exit code 2)
  x AnotherRunIsActive            (exit code 4)
  x RunStopped                    (exit code 1)
    + DatabaseUnavailable         (transient)
    + SourceUnavailable           (transient)
    + PrefectUnavailable          (transient)
    + SourceRefusesUs
    + SecretMissing
    + SourceNotBelieved
    + FunnelUnbalanced
    + MassWithdrawal
    + ContractBroken
    + PushFailed
    + StageFailed
    + BackupFailed

A bad *row* is not in this tree: rows that fail are data, see ``schemas.findings``.
Messages count and name columns, codes, files of ours and ids; they never quote a cell.
"""


class EldersyncError(Exception):
    """Base of every error this program raises on purpose; its text is safe to print, log and store."""


class Transient:
    """Mixed into errors that may pass when the same thing is tried again."""


class ConfigurationInvalid(EldersyncError):
    """A configuration file does not say what it must; the message names file and key."""


class AnotherRunIsActive(EldersyncError):
    """Another process holds the registry's run lock; the message says which run and since when."""


class RunStopped(EldersyncError):
    """The run cannot go on; what was committed stays, and ``resume`` continues from there."""


class DatabaseUnavailable(Transient, RunStopped):
    """PostgreSQL does not answer or closed the connection."""


class SourceUnavailable(Transient, RunStopped):
    """A source's inbox or server cannot be read at the moment."""


class PrefectUnavailable(Transient, RunStopped):
    """The Prefect server of this machine does not answer, or does not do what it is asked."""


class SourceRefusesUs(RunStopped):
    """A source's server does not let us in, or is not the one we know; trying again changes nothing."""


class SecretMissing(RunStopped):
    """A password or key that a source's file names is not in the secret store, or others can read it there."""


class SourceNotBelieved(RunStopped):
    """What a source's server answers contradicts itself, or is larger than it may be; the pull is discarded, the last list stands."""


class FunnelUnbalanced(RunStopped):
    """Rows counted independently at the two ends of a stage differ."""


class MassWithdrawal(RunStopped):
    """More people would leave the registry in a night than all lists together may lose: a wrong date or rule, not people."""


class ContractBroken(RunStopped):
    """A table between two stages does not have the shape both agreed on: a fault of ours."""


class PushFailed(RunStopped):
    """The platform files could not be written whole."""


class StageFailed(RunStopped):
    """A stage met an error nobody foresaw; only its type and place in the code are told."""


class BackupFailed(RunStopped):
    """A backup could not be written whole, or what is there is not what was written; earlier ones stay as they were."""
