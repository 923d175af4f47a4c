"""A source's files on their way into force: asked for, kept, read, judged, braked, and corrected when they come back."""
