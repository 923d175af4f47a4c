"""Interfaces that answer page by page: declared, asked politely, believed whole or not at all."""
