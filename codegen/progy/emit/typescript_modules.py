"""`declare module "*.txt"`: what the configuration's `rules` make importable, as wrangler 4.164 declares it.

TypeScript's pattern may have one `*`, a glob more, and a file may match several. wrangler declares for each
glob the pattern that fits best, gives a pattern every type that a file under it may have, and so do we.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from progy.worker.model import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_TYPES = {"CompiledWasm": "WebAssembly.Module", "Data": "ArrayBuffer", "Text": "string"}

DEFAULT_RULES = (
    Rule("Text", ("**/*.txt", "**/*.html", "**/*.sql")),
    Rule("Data", ("**/*.bin",)),
    Rule("CompiledWasm", ("**/*.wasm", "**/*.wasm?module")),
)
"""The rules that wrangler adds to every configuration's own."""


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules of one environment."""

    rules: tuple[Rule, ...]
    finds_modules: bool = False
    """Whether wrangler looks for modules that aren't imported; a glob's `*` then stays in its folder."""


def declarations(sets: Iterable[RuleSet]) -> list[str]:
    """The blocks for the rules of all environments together, the default ones among them."""
    resolved = [_Resolved(_effective(each.rules), finds_modules=each.finds_modules) for each in dict.fromkeys(sets)]
    found: dict[str, dict[str, None]] = {}
    fallbacks: dict[str, _Fallback] = {}
    for one in resolved:
        for pattern in one.scoped:
            found.setdefault(pattern, {})
        for pattern, fallback in one.fallbacks.items():
            together = fallbacks.setdefault(pattern, _Fallback())
            together.types |= fallback.types
            together.wanted |= fallback.wanted
    for pattern, fallback in fallbacks.items():
        if fallback.wanted or len(fallback.types) > 1:
            found.setdefault(pattern, {})
    for pattern in found:
        for one in resolved:
            found[pattern] |= one.types_of(pattern)
    return [
        f'declare module "{pattern}" {{\n\tconst value: {" | ".join(types)};\n\texport default value;\n}}'
        for pattern, types in found.items()
    ]


def _effective(rules: Sequence[Rule]) -> list[Rule]:
    """The rules that count: of a type none after the first that doesn't fall through."""
    done: set[str] = set()
    kept: list[Rule] = []
    for rule in (*rules, *DEFAULT_RULES):
        if rule.type in done:
            continue
        kept.append(rule)
        if not rule.falls_through:
            done.add(rule.type)
    return kept


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A glob as TypeScript can say it."""

    glob: str

    @property
    def fallback(self) -> str | None:
        """The pattern of all files with the same ending; None when the glob has no ending."""
        star = self.glob.rfind("*")
        if star >= 0:
            return f"*{self.glob[star + 1 :]}" if self.glob[star + 1 :] else None
        dot = self.glob.rfind(".")
        return f"*{self.glob[dot:]}" if dot > max(self.glob.rfind("/"), self.glob.rfind("\\")) else None

    @property
    def _plain(self) -> str:
        return self.glob.replace("**/*", "*").replace("**/", "*/").replace("/**", "/*")

    @property
    def is_exact(self) -> bool:
        """Whether one pattern says no more than the glob."""
        return self._plain.count("*") <= 1

    @property
    def text(self) -> str:
        """The pattern that is declared."""
        return self._plain if self.is_exact else self.fallback or "*"

    @property
    def is_everywhere(self) -> bool:
        """Whether it matches its ending in every folder, so that nothing after it counts there."""
        return self.is_exact and self.text == self.fallback and self.glob.startswith("**/")


@dataclass(slots=True)
class _Fallback:
    """What is known of all files with one ending."""

    types: dict[str, None] = field(default_factory=dict)
    wanted: bool = False
    closed: bool = False


class _Resolved:
    """The patterns of one environment's rules."""

    def __init__(self, rules: Iterable[Rule], *, finds_modules: bool) -> None:
        self.scoped: dict[str, None] = {}
        self.fallbacks: dict[str, _Fallback] = {}
        self._matching: list[tuple[_Pattern, str]] = []
        self._globstar = finds_modules
        globs = ((glob, _TYPES[rule.type]) for rule in rules if rule.type in _TYPES for glob in rule.globs)
        seen: set[str] = set()
        for glob, type_ in globs:
            if glob not in seen:
                seen.add(glob)
                self._add(_Pattern(glob), type_)

    def _add(self, pattern: _Pattern, type_: str) -> None:
        self._matching.append((pattern, type_))
        if pattern.fallback is None:
            self.scoped[pattern.text] = None
            return
        fallback = self.fallbacks.setdefault(pattern.fallback, _Fallback())
        if fallback.closed:
            return
        if pattern.is_exact and pattern.text != pattern.fallback:
            self.scoped[pattern.text] = None
        fallback.types[type_] = None
        fallback.closed = pattern.is_everywhere
        fallback.wanted |= "*" in pattern.glob

    def types_of(self, pattern: str) -> dict[str, None]:
        """The types that files under a pattern may have."""
        types: dict[str, None] = {}
        covered: list[str] = []
        for rule, type_ in self._matching:
            # A pattern that says more than its glob is believed only of a single file that the glob matches.
            named = (
                "*" not in pattern and not rule.is_exact and _regex(rule.glob, globstar=self._globstar).search(pattern)
            )
            if "*" not in pattern and not rule.is_exact and not named:
                continue
            both = _intersection(pattern, rule.text)
            if both is None or any(_contains(each, both) for each in covered):
                continue
            types[type_] = None
            if rule.is_exact or named:
                covered.append(both)
                if _contains(rule.text, pattern):
                    break
        return types


def _regex(glob: str, *, globstar: bool) -> re.Pattern[str]:
    """A glob by the rules of the npm package `glob-to-regexp`, by which wrangler finds a file's rule."""

    def star(match: re.Match[str]) -> str:
        if not globstar:
            return ".*" + ("/" if match["slash"] else "")
        whole = len(match["stars"]) > 1 and match["before"] is not None and (match["slash"] or match.end() == len(glob))
        return "((?:[^/]*(?:/|$))*)" if whole else "([^/]*)" + ("/" if match["slash"] else "")

    parts = []
    end = 0
    for match in re.finditer(r"(?P<before>(?:^|(?<=/)))?(?P<stars>\*+)(?P<slash>/)?", glob):
        parts += [re.escape(glob[end : match.start()]), star(match)]
        end = match.end()
    return re.compile(f"^{''.join(parts)}{re.escape(glob[end:])}$")


def _split(pattern: str) -> tuple[str, str]:
    before, _, after = pattern.partition("*")
    return before, after


def _matches(pattern: str, name: str) -> bool:
    if "*" not in pattern:
        return pattern == name
    before, after = _split(pattern)
    return len(name) >= len(before) + len(after) and name.startswith(before) and name.endswith(after)


def _contains(pattern: str, other: str) -> bool:
    """Whether all that the other pattern matches is matched by the first."""
    if "*" not in other:
        return _matches(pattern, other)
    if "*" not in pattern:
        return False
    before, after = _split(pattern)
    other_before, other_after = _split(other)
    return other_before.startswith(before) and other_after.endswith(after)


def _intersection(left: str, right: str) -> str | None:
    """The pattern of what both match, or None when that is nothing."""
    if "*" not in left:
        return left if _matches(right, left) else None
    if "*" not in right:
        return right if _matches(left, right) else None
    (before, after), (other_before, other_after) = _split(left), _split(right)
    if not (before.startswith(other_before) or other_before.startswith(before)):
        return None
    if not (after.endswith(other_after) or other_after.endswith(after)):
        return None
    return f"{max(before, other_before, key=len)}*{max(after, other_after, key=len)}"
