"""`progy status`: migrations and database side by side."""

import sys
from dataclasses import asdict

from progy.cli import options, session
from progy.cli.console import console, style

_COLOURS = {"applied": "green", "pending": "yellow", "missing": "red"}


def status(
    *,
    database: options.Database = None,
    environment: options.Environment = None,
    local: options.Local = True,
    persist_to: options.PersistTo = None,
    json: options.Json = False,
) -> None:
    """Show which migrations are applied, which pending."""
    from progy.apply import applier, state

    del local
    project = session.start(environment, json=json)
    chosen, path = session.local_database(project, database, persist_to)
    found = state.compare(chosen.migrations.migrations(), applier.read_ledger(path, chosen.ledger))
    for entry in found.entries:
        when = f"{entry.applied_at} UTC" if entry.applied_at else ""
        console.result(f"{style(entry.state, _COLOURS[entry.state])}  {when:<23}  {entry.name}")
    for doubt in found.doubts():
        console.warn(doubt)
    counts = {state_name: len(found.of(state_name)) for state_name in ("applied", "pending", "missing")}
    summary = ", ".join(f"{number} {name}" for name, number in counts.items() if number) or "no migrations"
    apply = session.command("progy apply", database, environment, persist_to)
    advice = f"; apply with: {apply}" if counts["pending"] else ""
    console.say(f"{chosen.binding.binding} (local): {summary}{advice}")
    console.say(style(f"in {project.relative(path)}", "dim", sys.stderr))
    console.value(
        {
            "binding": chosen.binding.binding,
            "database": project.relative(path),
            "exists": path.exists(),
            **counts,
            "migrations": [asdict(entry) for entry in found.entries],
        }
    )
