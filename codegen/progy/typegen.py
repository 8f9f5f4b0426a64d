"""The declaration file for TypeScript: from options to a text, and whether it is current."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from progy.emit import typescript, typescript_header
from progy.emit.typescript_members import Types
from progy.errors import ConfigError, StaleError, UsageError
from progy.worker import config, entries, secrets
from progy.worker.report import processing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from progy.emit.typescript import TypegenOptions
    from progy.emit.typescript_header import Existing
    from progy.worker.model import Worker


def config_path(options: TypegenOptions) -> Path:
    """The configuration that is meant: the first that was named, else the one that wrangler would find.

    Raises:
        ConfigError: There is none.
    """
    if options.configs:
        named = options.directory / options.configs[0]
        if named.is_file():
            return named
        raise ConfigError(f"Could not read file: {options.configs[0]}", hint="name a wrangler config")
    found = config.find_upwards(options.directory)
    if found is None:
        raise ConfigError(
            "No config file detected. This command requires a Wrangler configuration file.",
            hint="add a wrangler.jsonc, or name one: --config app/wrangler.jsonc",
        )
    return found


def workers_of(options: TypegenOptions) -> tuple[Worker, ...]:
    """What is generated for: the environment that was chosen, else the top level and then all environments.

    Raises:
        ConfigError: There is no configuration, or one that wrangler refuses, or it has no such environment.
    """
    path = config_path(options)
    try:
        return (config.load(path, options.env),) if options.env else config.load_all(path)
    except UsageError:
        raise ConfigError(_unknown(str(options.env), path)) from None


def _unknown(env: str, path: Path) -> str:
    """What wrangler says of an environment that isn't there: one thing where there are others, else another."""
    others = config.load(path).environments
    if not others:
        return (
            f'Environment "{env}" not found in configuration.\nNo environments are defined in the configuration file.'
        )
    listed = ",".join(f'"{name}"' for name in others)
    return (
        f"{processing(path)}\n"
        f'  - No environment found in configuration with name "{env}".\n'
        f"    Before using `--env={env}` there should be an equivalent environment section in the configuration.\n"
        f"    The available configured environment names are: [{listed}]\n\n"
        f"    Consider adding an environment configuration section to the {path.name} file:\n"
        f"    ```\n    [env.{env}]\n    ```"
    )


def render(options: TypegenOptions, workers: Sequence[Worker], warn: Callable[[str], None] = lambda _: None) -> str:
    """The file's whole text.

    Args:
        options: The command line.
        workers: The configuration.
        warn: Is told what wrangler may see otherwise.

    Raises:
        ConfigError: A configuration, an entry file of another Worker or an option that wrangler refuses, too.
        ProgyError: The runtime's types are wanted, and there is no wrangler to ask for them, or it fails.
    """
    options.check()
    parts = ["/* eslint-disable */"]
    texts: list[str] = []
    if options.include_env:
        text = environment(options, workers, warn)
        parts.append(typescript.header(text, options))
        texts.append(text)
    if options.include_runtime:
        from progy import runtime_types  # it runs programs

        runtime = runtime_types.generate(options)
        parts.append(runtime.header)
        texts.append(runtime.text)
    return "\n".join([*parts, *texts])


def keep_runtime(options: TypegenOptions, workers: Sequence[Worker], warn: Callable[[str], None]) -> str:
    """The file's whole text, with the runtime's types that are in the file already.

    Args:
        options: The command line; what it says of the runtime's types doesn't count.
        workers: The configuration.
        warn: Is told when those are for another runtime, and what wrangler may see otherwise.

    Raises:
        ConfigError: As `render`.
    """
    found = existing(options.directory / options.path)
    if found is None or found.runtime is None:
        return render(replace(options, include_runtime=False), workers, warn)
    options = replace(options, include_runtime=True)
    text = environment(options, workers, warn)
    if not is_runtime_current(found.runtime, workers[0]):
        said = f"{options.path}: the runtime's types in it are for another compatibility date or other flags"
        warn(f"{said}; `progy typegen --include-runtime` asks wrangler for them")
    lines = ("/* eslint-disable */", typescript.header(text, options), found.runtime, text, found.runtime_types)
    return "\n".join(lines)


def environment(
    options: TypegenOptions, workers: Sequence[Worker], warn: Callable[[str], None] = lambda _: None
) -> str:
    """The Worker's own types, without a header.

    Args:
        options: The command line.
        workers: The configuration.
        warn: Is told what wrangler may see otherwise.

    Raises:
        ConfigError: A configuration or an entry file of another Worker that wrangler refuses, too.
    """
    types = Types(
        output=(options.directory / options.path).parent,
        entry=entries.entry_of(workers[0], warn),
        others=entries.others([options.directory / name for name in options.configs[1:]]),
        strict_vars=options.strict_vars,
    )
    names = secrets.names_of(workers, options.env_files)
    if options.env == "" and len(workers) == 1 and workers[0].secrets is not None:
        names = {None: ()}  # wrangler looks for those of an environment without a name
    return typescript.environment(workers, names, types, options)


def refuse_to_overwrite(options: TypegenOptions) -> None:
    """Look whether the file may be written.

    Raises:
        ConfigError: A file is there that wrangler didn't write, or its folder isn't.
    """
    path = options.directory / options.path
    if not path.parent.is_dir():
        raise ConfigError(
            f"A file or directory could not be found.\n\nMissing file or directory: {options.path}",
            hint=f"make the folder {Path(options.path).parent.as_posix()}",
        )
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return
    if "Generated by Wrangler" not in text and "Runtime types generated with workerd" not in text:
        raise ConfigError(f"A non-Wrangler {path.name} already exists, please rename and try again.")


def existing(path: Path) -> Existing | None:
    """The declaration file that is there, if one is."""
    try:
        return typescript_header.read(path.read_text(encoding="utf-8", errors="replace"))
    except FileNotFoundError:
        return None


def recorded(given: TypegenOptions, said: Sequence[str]) -> TypegenOptions:
    """The options by which the file that is there is to be judged: this command's, and for the rest its header's.

    Args:
        given: The options of this command.
        said: Which of them were given, by the names that `TypegenOptions` has.
    """
    found = existing(given.directory / given.path)
    return found.options.over(given, said) if found is not None else given


def check(options: TypegenOptions) -> None:
    """Look whether the file is what the configuration gives.

    Args:
        options: The options that it was made with (`recorded`).

    Raises:
        StaleError: It isn't there, or isn't current.
        ConfigError: The configuration can't be used.
    """
    found = existing(options.directory / options.path)
    if found is None:
        raise StaleError(f"Types file not found at {options.path}.", hint="progy typegen")
    if found.digest is None and found.runtime is None:
        raise StaleError(f"No generated types found in {options.path}.", hint="progy typegen")
    if not _is_current(found, options, workers_of(options)):
        raise StaleError(
            f"Types at {options.path} are out of date. Run `progy typegen` to regenerate.", hint="progy typegen"
        )


def _is_current(found: Existing, options: TypegenOptions, workers: Sequence[Worker]) -> bool:
    if found.digest is not None:
        text = environment(options, workers)
        # The digest is all that wrangler looks at; a text changed by hand isn't current either.
        if found.digest != typescript.digest(text) or found.environment != text:
            return False
    return found.runtime is None or is_runtime_current(found.runtime, workers[0])


def is_runtime_current(line: str, worker: Worker) -> bool:
    """Whether the runtime's types are for the Worker's compatibility date and flags.

    Args:
        line: The header line of the runtime's types.
        worker: The Worker.
    """
    wanted = [worker.compatibility_date or "", ",".join(sorted(worker.compatibility_flags))]
    return line.partition(" workerd@")[2].split(" ")[1:] == [word for word in wanted if word]
