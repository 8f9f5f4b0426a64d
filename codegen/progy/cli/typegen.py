"""`progy typegen`: the Worker's typed bindings, as `wrangler types` writes them, and for Python."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperCommand

from progy.cli import options as shared
from progy.cli.console import console, style
from progy.errors import ConfigError, StaleError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from progy.config import Config
    from progy.emit.typescript import TypegenOptions
    from progy.generate import Generated
    from progy.worker.model import Worker

_SWITCHES = ("--include-runtime", "--include-env", "--include-main-module", "--strict-vars", "--check")
_OTHERS = {"--install-skills": False, "--profile": True}
"""Options of wrangler that say nothing about types, and whether they have a value: they are let by."""
_CAMEL = re.compile(r"--[a-z]+[A-Z]")


class Command(TyperCommand):
    """A command that takes its arguments as wrangler does: `--strict-vars=false`, `--strict-vars false`."""

    def make_context(self, info_name: str | None, args: list[str], *others: Any, **extra: Any) -> Any:  # noqa: ANN401 - Click's own types are inside Typer
        """Write the arguments as Click has them, then read them."""
        return super().make_context(info_name, _as_click_has_them(args), *others, **extra)


def _as_click_has_them(args: list[str]) -> list[str]:
    found: list[str] = []
    rest = list(args)
    while rest:
        word = rest.pop(0)
        if word == "--":
            return [*found, word, *rest]
        if _CAMEL.match(word):
            word = re.sub("[A-Z]", lambda letter: f"-{letter[0].lower()}", word.partition("=")[0]) + (
                word[word.index("=") :] if "=" in word else ""
            )
        name, given, value = word.partition("=")
        if name in _OTHERS:
            if rest and not given and (_OTHERS[name] or rest[0] in {"true", "false"}):
                rest.pop(0)
        elif name in _SWITCHES:
            if not given and rest and rest[0] in {"true", "false"}:
                value = rest.pop(0)
            found.append(f"--no-{name[2:]}" if value == "false" else name)
        else:
            found.append(word)
    return found


def _switch(name: str, text: str) -> Any:  # noqa: ANN401 - Typer says so
    return typer.Option(f"--{name}/--no-{name}", help=text, show_default=False)


def typegen(  # noqa: PLR0913 - a command has as many parameters as options
    file: Annotated[
        str | None,
        typer.Argument(metavar="PATH", help="The TypeScript file (worker-configuration.d.ts).", show_default=False),
    ] = None,
    *,
    language: Annotated[
        Literal["python", "typescript"] | None,
        typer.Option(help="Only this language; by default both.", show_default=False),
    ] = None,
    config: Annotated[
        list[str] | None,
        typer.Option(
            "--config",
            "-c",
            metavar="FILE",
            help="The wrangler config; further ones are of Workers that this one calls.",
            show_default=False,
        ),
    ] = None,
    environment: shared.Environment = None,
    env_file: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE", help="A file with secrets' names, for .dev.vars and .env.", show_default=False),
    ] = None,
    env_interface: Annotated[
        str | None, typer.Option(metavar="NAME", help="The interface's name (Env).", show_default=False)
    ] = None,
    path: Annotated[
        str | None, typer.Option("--path", metavar="FILE", help="The same as PATH.", show_default=False)
    ] = None,
    strict_vars: Annotated[bool, _switch("strict-vars", "Give variables literal types, as by default.")] = True,
    include_runtime: Annotated[
        bool | None, _switch("include-runtime", "Ask the installed wrangler for the runtime's types, too.")
    ] = None,
    include_env: Annotated[bool, _switch("include-env", "Write the Worker's own types, as by default.")] = True,
    include_main_module: Annotated[
        bool | None, _switch("include-main-module", "Import the entry file for ctx.exports, as by default.")
    ] = None,
    cwd: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Run as if started there.", show_default=False)
    ] = None,
    check: Annotated[bool, _switch("check", "Write nothing; exit 1 when a file isn't current.")] = False,
    json: shared.Json = False,
) -> None:
    """Write typed bindings: for TypeScript what `wrangler types` writes, and for Python.

    It takes the options that `wrangler types` takes.
    """
    import os.path

    from progy.emit.typescript import DEFAULT_INTERFACE, DEFAULT_PATH, TypegenOptions

    console.json = json
    if cwd is not None and not cwd.is_dir():
        raise UsageError(f"there is no folder {cwd}, which --cwd names")
    directory = Path(os.path.abspath(cwd or "."))  # noqa: PTH100 - without `..`, and with the links as they are
    root, settings = _project(directory)
    named = file or path
    options = TypegenOptions(
        interface=env_interface or settings.interface or DEFAULT_INTERFACE,
        path=named or settings.typescript or DEFAULT_PATH,
        env=environment,
        configs=tuple(config or ()),
        env_files=tuple(env_file or ()),
        strict_vars=strict_vars,
        include_runtime=bool(include_runtime),
        include_env=include_env,
        include_main_module=include_main_module is not False,
        directory=directory if named or config else root,
    )
    said = [
        *(["interface"] if env_interface else []),
        *(["strict_vars"] if not strict_vars else []),
        *(["include_main_module"] if include_main_module is not None else []),
    ]
    languages: set[str] = {language} if language else {"python", "typescript"}
    if language is None and not settings.typescript and not named:
        languages.remove("typescript")
    if check:
        _check(options, said, languages, root, settings)
    else:
        _write(options, languages, root, settings, keep=include_runtime is None)


def _project(directory: Path) -> "tuple[Path, Config]":
    """The project's root and settings. Nothing but a wrangler config is needed, and that may be elsewhere."""
    from progy import config

    try:
        root = config.find_root(directory)
    except ConfigError:
        root = directory
    return root, config.load(root)


def _write(options: "TypegenOptions", languages: set[str], root: Path, settings: "Config", *, keep: bool) -> None:
    from progy import typegen as library
    from progy.emit.outputs import Output
    from progy.generate import Generated

    options.check()
    workers = library.workers_of(options)
    generated = Generated(())
    warnings = list(workers[0].warnings)
    if "typescript" in languages:
        library.refuse_to_overwrite(options)
        if keep and options.include_env:
            text = library.keep_runtime(options, workers, warnings.append)
        else:
            text = library.render(options, workers, warnings.append)
        # What is there is wrangler's, however it begins.
        generated += Generated((Output(options.directory / options.path, text, ("",)),))
    if "python" in languages:
        generated += _from_models(options, workers, languages, root, settings)
    _tell_warnings([*warnings, *generated.warnings])
    done: list[str] = []
    with console.reporting({"written": done}):
        for path in generated.write():
            done.append(_shown(path))
            console.result(f"{style('wrote' if path.exists() else 'removed', 'green')} {done[-1]}")
    if not done:
        console.say("everything is up to date")


def _check(options: "TypegenOptions", said: list[str], languages: set[str], root: Path, settings: "Config") -> None:
    from progy import typegen as library

    options = library.recorded(options, said)
    stale: list[str] = []
    problem: StaleError | None = None
    with console.reporting({"stale": stale}):
        if "typescript" in languages:
            try:
                library.check(options)
            except StaleError as error:
                problem = error
                stale.append(_shown(options.directory / options.path))
            else:
                console.say(f"Types at {options.path} are up to date.")
        if "python" in languages:
            workers = library.workers_of(options)
            stale += map(_shown, _from_models(options, workers, languages, root, settings).stale())
        for name in stale:
            console.result(f"{style('stale', 'yellow')} {name}")
        if problem is not None:
            raise problem
        if stale:
            raise StaleError("the bindings aren't up to date", hint="progy typegen")


def _from_models(
    options: "TypegenOptions", workers: "Sequence[Worker]", languages: set[str], root: Path, settings: "Config"
) -> "Generated":
    """What takes the models: the Python package, and beside the TypeScript file the types of rows."""
    from dataclasses import replace

    from progy import generate
    from progy.project import Project

    models = Project(root, options.env).models_if_any()
    chosen = replace(settings, interface=options.interface)
    generated = generate.python(root, chosen, workers, models, options.env_files)
    if "typescript" in languages:
        generated += generate.rows(options.directory / options.path, models)
    return generated


def _tell_warnings(warnings: list[str]) -> None:
    for warning in warnings:
        console.warn(warning)


def _shown(path: Path) -> str:
    from progy.worker.report import shown

    return shown(path)
