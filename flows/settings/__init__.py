"""The configuration and the secrets of an installation: checked, shown, guarded, and where they have it speak to."""
