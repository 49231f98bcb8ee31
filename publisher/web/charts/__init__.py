"""Drawings on pages as places of bars and columns (pure)."""
