"""The command line: one thin module per command, over library functions.

The modules of commands do without `from __future__ import annotations`: Typer would evaluate each annotation from its
text, at every start.
"""
