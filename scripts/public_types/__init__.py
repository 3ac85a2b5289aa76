"""Completeness of the types that users see."""
