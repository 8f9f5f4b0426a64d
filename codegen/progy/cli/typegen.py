"""`progy typegen`: the Worker's typed bindings, as `wrangler types` writes them, and for Python."""

from progy.cli import gen, options


def typegen(
    *, check: options.Check = False, environment: options.Environment = None, json: options.Json = False
) -> None:
    """Write typed bindings, as `wrangler types` does.

    The same as `progy gen bindings`.
    """
    gen.bindings(check=check, environment=environment, json=json)
