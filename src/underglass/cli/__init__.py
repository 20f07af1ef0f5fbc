"""The `underglass` command."""

from underglass.cli.command import main

__all__ = ["main"]
