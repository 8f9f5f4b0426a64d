"""What wrangler refuses in `containers`: they bind nothing, but a Worker with a wrong one gets no types either."""

from __future__ import annotations

from typing import TYPE_CHECKING

from progy.worker.checks import is_truthy, type_of
from progy.worker.durable import durable_objects, is_live
from progy.worker.javascript import stringify

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from progy.worker.checks import Entry
    from progy.worker.javascript import Json
    from progy.worker.report import Report


def check(report: Report, section: Entry, root: Entry, folder: Path) -> None:
    """Say what is wrong with the containers of the top level, or of an environment.

    Args:
        report: Where it is said.
        section: The level that has them.
        root: The top level.
        folder: The configuration's folder, in which a Dockerfile may lie.
    """
    containers = section["containers"]
    if is_truthy(containers) and not isinstance(containers, list):
        report.errors.append(f'"containers" field should be an array, but got {stringify(containers)}')
    for container in _listed(containers):
        report.errors += _problems(container, _worker(section, root), folder)


def check_links(report: Report, section: Entry, root: Entry, env: str | None) -> None:
    """Say what is wrong between containers and the Durable Objects that they belong to.

    Args:
        report: Where it is said.
        section: The top level, or an environment.
        root: The top level.
        env: The environment; None for the top level.
    """
    containers = section.get("containers")
    if (containers is None and _elsewhere(root, env)) or not (containers is None or isinstance(containers, list)):
        return
    exports = section.get("exports") if section.get("exports") is not None else root.get("exports")
    named = [(_name(container, _worker(section, root), env), container) for container in _listed(containers)]
    report.errors += _links(named, durable_objects(exports) if isinstance(exports, dict) else {})


def _listed(containers: Json) -> list[dict[str, Json]]:
    return [one for one in containers if isinstance(one, dict)] if isinstance(containers, list) else []


def _worker(section: Entry, root: Entry) -> Json:
    return section.get("name") if section.get("name") is not None else root.get("name")


def _elsewhere(root: Entry, env: str | None) -> bool:
    """Whether another level has containers, so that this one need not have those that `exports` names."""
    if env is not None:
        return "containers" in root
    environments = root.get("env")
    levels = environments.values() if isinstance(environments, dict) else ()
    return any(isinstance(level, dict) and "containers" in level for level in levels)


def _problems(container: Entry, worker: Json, folder: Path) -> Iterator[str]:
    managed = container.get("scheduling_policy") == "durable_object"
    if not container.get("name") and not (managed and container.get("class_name") == ""):
        if "class_name" not in container:
            yield (
                '"containers.name" is required when "containers.class_name" is not defined, because there is no class'
                " name to derive a default name from. Either name this container and reference it from a Durable"
                ' Object\'s `exports` entry, or set "containers.class_name".'
            )
        elif not worker:
            yield (
                'Must have either a top level "name" and "containers.class_name" field defined, or have field'
                ' "containers.name" defined.'
            )
    configuration = container.get("configuration")
    image = configuration.get("image") if isinstance(configuration, dict) else None
    if managed:
        return
    if not image and not container.get("image"):
        yield (
            '"containers.image" field must be defined for each container app. This should be the path to your'
            " Dockerfile or an image URI pointing to the Cloudflare registry."
        )
    yield from _image(container["image"] if container.get("image") is not None else image, folder)


def _image(image: Json, folder: Path) -> Iterator[str]:
    """An image is a Dockerfile that is there, or else a name with a tag."""
    if not isinstance(image, str):
        got = "undefined" if image is None else f"type {type_of(image)} ({stringify(image)})"
        yield f'The "paths[1]" argument must be of type string. Received {got}'  # Node's words
        return
    if (folder / image).is_dir():
        yield f"{image} is a directory, you should specify a path to the Dockerfile"
    elif not (folder / image).exists():
        begin = (
            f'The image "{image}" does not appear to be a valid path to a Dockerfile, or a valid image registry path:\n'
        )
        if ":" not in image.rpartition("/")[2]:
            yield (
                f"{begin}If this is an image registry path, it needs to include at least a tag ':' (e.g:"
                " docker.io/httpd:1)"
            )
        elif "://" in image:
            yield (
                f"{begin}Image reference should not include the protocol part (e.g: docker.io/httpd:1, not"
                " https://docker.io/httpd:1)"
            )


def _name(container: Entry, worker: Json, env: str | None) -> str | None:
    name, class_name = container.get("name"), container.get("class_name")
    if isinstance(name, str) and name:
        return name
    if not worker or not isinstance(class_name, str):
        return None
    suffix = f"-{env}" if env is not None else ""
    return f"{worker}-{class_name}{suffix}".lower().replace(" ", "-")


def _links(
    containers: Sequence[tuple[str | None, Mapping[str, Json]]], exports: Mapping[str, Mapping[str, Json]]
) -> Iterator[str]:
    """What is wrong between containers and the Durable Objects that they belong to."""
    names = [name for name, _ in containers if name is not None]
    classes = [value for _, one in containers if isinstance(value := one.get("class_name"), str)]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f'"containers" contains more than one container named "{name}". Container names must be unique.'
    crowded = {name for name in classes if classes.count(name) > 1}
    for name in sorted(crowded):
        yield (
            f'More than one container is attached to the Durable Object "{name}". A Durable Object can only have one'
            " container attached to it."
        )
    claims: dict[str, list[str]] = {}
    for class_name, container in _references(exports):
        if container in names:
            claims.setdefault(container, []).append(class_name)
        else:
            yield (
                f'"exports.{class_name}.container" references a container named "{container}", but no container with'
                ' that name is defined in "containers".'
            )
    for container, claimants in claims.items():
        if len(claimants) > 1:
            yield (
                f'The container "{container}" is referenced by more than one Durable Object export'
                f" ({', '.join(claimants)}). A container can only back a single Durable Object."
            )
    for called, one in containers:
        if called is not None and one.get("class_name") not in crowded:
            yield from _of_container(called, one.get("class_name"), exports, claims.get(called, []))


def _references(exports: Mapping[str, Mapping[str, Json]]) -> Iterator[tuple[str, str]]:
    """The containers that Durable Objects name, each with the class."""
    for class_name, entry in exports.items():
        container = entry.get("container")
        if is_live(entry) and isinstance(container, str) and container:
            yield class_name, container


def _of_container(
    name: str, class_name: Json, exports: Mapping[str, Mapping[str, Json]], claimants: Sequence[str]
) -> Iterator[str]:
    if class_name is None and not any(entry.get("container") == name for entry in exports.values()):
        yield (
            f'The container "{name}" is not linked to a Durable Object. Either set "containers.class_name", or'
            ' reference this container from a Durable Object\'s `exports` entry via its "container" field.'
        )
    wrong = _mismatch(name, class_name, exports, claimants) if isinstance(class_name, str) else None
    if wrong:
        yield f'The container "{name}" sets "class_name" to "{class_name}", but {wrong}'


def _mismatch(
    container: str, class_name: str, exports: Mapping[str, Mapping[str, Json]], claimants: Sequence[str]
) -> str | None:
    """What in `exports` doesn't go with a container that names its class."""
    entry = exports.get(class_name)
    back = entry.get("container") if entry is not None else None
    consistently = "A Durable Object and its container must reference each other consistently."
    if isinstance(back, str) and back != container:
        return f'"exports.{class_name}.container" is "{back}". {consistently}'
    if len(claimants) == 1 and claimants[0] != class_name:
        return f'"exports.{claimants[0]}.container" references it. {consistently}'
    if exports and (entry is None or not is_live(entry)):
        return f'"exports" has no live "durable-object" entry for "{class_name}".'
    if entry is not None and "container" not in entry and entry.get("storage") == "legacy-kv":
        return (
            f'"exports.{class_name}.storage" is "legacy-kv". Containers are not supported on Durable Objects using the'
            ' "legacy-kv" storage backend.'
        )
    return None
