"""What outlives a disk: backups, their restoring, what retention lets go, new versions of the tables."""
