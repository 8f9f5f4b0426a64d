"""Configurations whose types wrangler and progy must write alike: each a name, wrangler's arguments, and files."""

from __future__ import annotations

import json
from typing import Any

ENTRY = """\
import { DurableObject, WorkerEntrypoint, WorkflowEntrypoint } from "cloudflare:workers";
export class Room extends DurableObject {}
export class Api extends WorkerEntrypoint {}
export class Flow extends WorkflowEntrypoint {}
export default { async fetch() { return new Response("x"); } };
"""
SERVICE_WORKER = 'addEventListener("fetch", (event) => event.respondWith(new Response("x")));\n'

EVERY_KIND: dict[str, Any] = {
    "kv_namespaces": [{"binding": "KV", "id": "1"}],
    "r2_buckets": [{"binding": "R2", "bucket_name": "bucket-one"}],
    "d1_databases": [{"binding": "D1", "database_name": "d", "database_id": "1"}],
    "vectorize": [{"binding": "VECTORIZE", "index_name": "i"}],
    "hyperdrive": [{"binding": "HYPERDRIVE", "id": "i"}],
    "send_email": [{"name": "EMAIL"}],
    "analytics_engine_datasets": [{"binding": "ENGINE"}],
    "dispatch_namespaces": [{"binding": "DISPATCH", "namespace": "n"}],
    "mtls_certificates": [{"binding": "MTLS", "certificate_id": "c"}],
    "queues": {"producers": [{"binding": "QUEUE", "queue": "q"}]},
    "k2": [{"binding": "K2", "stream": "s"}],
    "secrets_store_secrets": [{"binding": "STORED", "store_id": "s", "secret_name": "n"}],
    "artifacts": [{"binding": "ARTIFACTS", "namespace": "n"}],
    "unsafe_hello_world": [{"binding": "HELLO"}],
    "flagship": [{"binding": "FLAGSHIP", "app_id": "a"}],
    "ratelimits": [{"name": "LIMIT", "namespace_id": "1", "simple": {"limit": 5, "period": 60}}],
    "worker_loaders": [{"binding": "LOADER"}],
    "vpc_services": [{"binding": "VPC", "service_id": "s"}],
    "vpc_networks": [{"binding": "NETWORK", "network_id": "n"}],
    "ai_search_namespaces": [{"binding": "SEARCHES", "namespace": "n"}],
    "ai_search": [{"binding": "SEARCH", "instance_name": "i"}],
    "agent_memory": [{"binding": "MEMORY", "namespace": "n"}],
    "logfwdr": {"bindings": [{"name": "FORWARD", "destination": "d"}]},
    "browser": {"binding": "BROWSER"},
    "analytics": {"binding": "ANALYTICS"},
    "ai": {"binding": "AI"},
    "images": {"binding": "IMAGES"},
    "stream": {"binding": "STREAM"},
    "media": {"binding": "MEDIA"},
    "version_metadata": {"binding": "VERSION"},
    "assets": {"binding": "ASSETS", "directory": "public"},
    "pipelines": [{"binding": "PIPELINE", "stream": "s"}],
    "durable_objects": {
        "bindings": [
            {"name": "ROOM", "class_name": "Room"},
            {"name": "GONE", "class_name": "Gone"},
            {"name": "FAR", "class_name": "Room", "script_name": "other"},
        ]
    },
    "services": [
        {"binding": "SELF", "service": "w"},
        {"binding": "API", "service": "w", "entrypoint": "Api"},
        {"binding": "OTHER", "service": "other"},
        {"binding": "OTHER_API", "service": "other", "entrypoint": "Api"},
    ],
    "workflows": [
        {"binding": "FLOW", "name": "flow", "class_name": "Flow"},
        {"binding": "FLOWN", "name": "flown", "class_name": "Flown", "script_name": "other"},
    ],
    "unsafe": {"bindings": [{"name": "UNSAFE", "type": "service"}, {"name": "RATE", "type": "ratelimit"}]},
    "vars": {"b": "x", "10": 2.5, "a-b": [1, "a", None, {"z": 1, "1": 2}], "": True, "ключ": "é", 'q"': 'q"\\\n', "n": None},
}  # fmt: skip
BLOBS = {"data_blobs": {"DATA": "a.bin"}, "text_blobs": {"TEXT": "a.txt"}}
MIGRATIONS = [
    {"tag": "1", "new_classes": ["A", "B"], "new_sqlite_classes": ["C"]},
    {"tag": "2", "deleted_classes": ["B"], "renamed_classes": [{"from": "A", "to": "D"}]},
]
EXPORTS = {
    "A": {"type": "durable-object", "storage": "sqlite"},
    "B": {"type": "durable-object", "state": "deleted"},
    "2": {"type": "durable-object", "state": "expecting-transfer", "storage": "sqlite", "transfer_from": "x"},
    "W": {"type": "worker"},
}
RULES = [
    {"type": "Text", "globs": ["**/*.md", "docs/**/*.txt", "a/*.txt", "dir/a*.b*.txt"], "fallthrough": True},
    {"type": "Data", "globs": ["**/*.png", "assets/*.txt", "dir/axx.byy.txt", "README", "a/**/b/*.sql", "x/**"]},
    {"type": "CompiledWasm", "globs": ["*.wasm", "q/*.wat"], "fallthrough": False},
    {"type": "ESModule", "globs": ["**/*.js"]},
]
DOTENV = """# c=1
A=1
 export  B = "two words" # c
C='it''s'
D=un"quoted # no
E: colon
F:no
10=x
2=y
K="multi
L=inside"
M='open
N=1
kebab.key-1=1
"""
RUN = "--include-runtime=false"

_OBJECT = {"type": "durable-object", "storage": "sqlite"}
LINKED = {
    "A": _OBJECT,
    "B": _OBJECT | {"container": "b"},
    "C": _OBJECT | {"container": "b"},
    "D": _OBJECT | {"container": "gone"},
    "E": {"type": "durable-object", "storage": "legacy-kv"},
    "F": _OBJECT | {"container": "f"},
}
LINKS = [
    {"class_name": name, "image": "r/x:1"} | rest
    for name, rest in {"A": {}, "B": {}, "C": {"name": "b"}, "E": {}, "G": {"name": "f"}, "H": {}}.items()
] + [{"name": "alone", "image": "r/x:1"}]


def _case(name: str, config: dict[str, Any], arguments: str = RUN, **files: str) -> tuple[str, str, dict[str, str]]:
    whole = {"name": "w", "compatibility_date": "2025-06-01", **config}
    return name, arguments, {"wrangler.jsonc": json.dumps(whole, ensure_ascii=False), **files}


_OWN = {**EVERY_KIND, "main": "src/index.ts"}
_ENVIRONMENTS = {
    "staging": {key: EVERY_KIND[key] for key in (*list(EVERY_KIND)[::2], "vars")},
    "pre_prod-2": {key: EVERY_KIND[key] for key in list(EVERY_KIND)[1::2]},
    "prodEnv": {"vars": {"b": "y", "only": 1}, "assets": {"directory": "x"}, "kv_namespaces": [{"binding": "R2"}]},
    "empty": {},
}
_OTHER = '{"name": "other", "main": "x.ts", "env": {"far": {"name": "far-away"}}}'

WRITTEN = [
    _case("every kind", _OWN | BLOBS, **{"src/index.ts": ENTRY}),
    _case("every kind without literals", _OWN | BLOBS, f"{RUN} --strict-vars=false", **{"src/index.ts": ENTRY}),
    _case("every kind in Python", _OWN | {"main": "e.py", "compatibility_flags": ["python_workers"]}, **{"e.py": ""}),
    _case("several environments", _OWN | BLOBS | {"env": _ENVIRONMENTS}, **{"src/index.ts": ENTRY}),
    _case(
        "several environments without literals",
        {"env": _ENVIRONMENTS, "vars": {"b": [1], "x": {}}},
        f"{RUN} --strict-vars=false --env-interface=Mine",
    ),
    _case("one of several environments", _OWN | BLOBS | {"env": _ENVIRONMENTS}, f"{RUN} --env=staging"),
    _case("a service worker", {"main": "sw.js", "vars": {"A": 1, "b-c": 2}, **BLOBS}, **{"sw.js": SERVICE_WORKER}),
    _case(
        "a service worker with environments",
        {"main": "sw.js", "vars": {"A": 1}, "env": {"x": {"vars": {"A": 2, "B": 1}}}},
        **{"sw.js": SERVICE_WORKER},
    ),
    _case(
        "a service worker that has Durable Objects",
        {"main": "sw.js", "durable_objects": EVERY_KIND["durable_objects"]},
        **{"sw.js": SERVICE_WORKER},
    ),
    _case("an entry that can't be parsed", _OWN, **{"src/index.ts": "export default {{{"}),
    _case("no main module", {"main": "src/index.ts"}, f"{RUN} --include-main-module=false", **{"src/index.ts": ENTRY}),
    _case("a path of its own", {"main": "src/index.ts"}, f"{RUN} src/w.d.ts", **{"src/index.ts": ENTRY}),
    _case(
        "further Workers",
        _OWN,
        f"{RUN} --config=wrangler.jsonc --config=other/wrangler.jsonc",
        **{"src/index.ts": ENTRY, "other/wrangler.jsonc": _OTHER, "other/x.ts": ENTRY},
    ),
    _case("classes by migrations", {"migrations": MIGRATIONS, "env": {"a": {"migrations": []}, "b": {}}}),
    _case("classes by exports", {"exports": EXPORTS}),
    _case("classes that matter to no type", {"env": {"a": {"migrations": [{"tag": "1", "deleted_classes": ["A"]}]}}}),
    _case("an entry beside a folder that isn't there", {"main": "x/../src/index.ts"}, **{"src/index.ts": ENTRY}),
    _case("rules", {"rules": RULES}),
    _case("rules of a Worker that finds modules", {"rules": RULES, "find_additional_modules": True}),
    _case(
        "rules of several environments",
        {"rules": RULES[:1], "env": {"a": {"rules": RULES[1:]}, "b": {"rules": [], "no_bundle": True}, "c": {}}},
    ),
    _case("secrets in files", {"vars": {"A": 1, "Z": 1}, "env": {"a": {"vars": {"E": 1}}}}, **{".dev.vars": DOTENV}),
    _case(
        "secrets of an environment",
        {"env": {"a": {}}},
        f"{RUN} --env=a",
        **{".env": "A=1\nB=1\n", ".env.local": "C=1\nA=2\n", ".env.a": "0=1", ".env.a.local": "D=1\n"},
    ),
    _case("secrets in named files", {}, f"{RUN} --env-file=one --env-file=two", one="B=1\nA=1", two="A=2\nC=3"),
    _case(
        "required secrets",
        {"secrets": {"required": ["T", "2"]}, "vars": {"V": 1}, "env": {"a": {"secrets": {"required": ["S"]}}, "b": {}}},
        **{".dev.vars": DOTENV},
    ),
    _case("required secrets, and no environment's name", {"secrets": {"required": ["T"]}}, f"{RUN} --env="),
    _case(
        "process.env by date",
        {"compatibility_date": "2026-10-01", "vars": {'q"': 1}, "env": {"a": {"vars": {"B": 1}}}},
    ),
    _case(
        "process.env by flags",
        {
            "compatibility_date": "2024-10-01",
            "compatibility_flags": ["nodejs_compat", "nodejs_compat_populate_process_env"],
            "vars": {"A": 1},
        },
    ),
]  # fmt: skip
"""What wrangler writes a file for."""

REFUSED = [
    _case("entries", {"kv_namespaces": [5, {}, {"binding": "A", "id": ""}], "k2": [{}], "ai": {}, "r2_buckets": {}}),
    _case("an entry of an environment", {"env": {"a": {"k2": [{"stream": "s"}], "ai": {}}}}),
    _case("an entry of an environment that is named by a list", {"env": {"a": {"artifacts": [{"binding": [], "namespace": "n"}]}}}),
    _case("names", {"kv_namespaces": [{"binding": "A"}, {"binding": "A"}], "vars": {"A": 1, "B": 1}, "ai": {"binding": "B"}}),
    _case("names in an environment", {"env": {"a": {"kv_namespaces": [{"binding": "A"}], "vars": {"A": 1}}}}),
    _case("names of two kinds", {"send_email": [{"name": "A"}], "kv_namespaces": [{"binding": "A"}]}),
    _case("environments", {"env": {"a-b": {}, "a_b": {}}}),
    _case("an environment's name", {"env": {"env": {}}}),
    _case("no such environment", {}, f"{RUN} --env=nope"),
    _case("flags", {"compatibility_flags": ["nodejs_compat_populate_process_env", "nodejs_compat_do_not_populate_process_env"]}),
    _case("Durable Objects", {"durable_objects": {"bindings": [{"name": "A"}, 5, {"class_name": "B", "environment": "x"}]}}),
    _case("containers", {"containers": [{"class_name": "A", "image": "r/x:1"}, {"class_name": "A", "image": "r/x:1"}]}),
    _case("containers of Durable Objects", {"name": "w", "exports": LINKED, "containers": LINKS}),
    _case("migrations", {"migrations": [{"tag": "1", "deleted_classes": ["A"]}]}),
    _case("exports", {"exports": {"A": {"type": "durable-object"}, "B": {"type": "x"}}, "migrations": MIGRATIONS}),
    _case("an interface's name", {}, f"{RUN} --env-interface=1x"),
    _case("an interface for a service worker", {"main": "sw.js"}, f"{RUN} --env-interface=Mine", **{"sw.js": SERVICE_WORKER}),
    _case("a path", {}, f"{RUN} types.ts"),
    _case("queues", {"queues": {"producers": 5, "consumers": 5}}),
    _case("a Python Worker without its flag", {"main": "e.py", "vars": 5}, **{"e.py": ""}),
    _case("settings, in wrangler's order", dict.fromkeys(("legacy_env", "keep_names", "assets", "tail_consumers", *EVERY_KIND, "exports", "main", "containers", "vars", "secrets"), 5)),
    _case("names of buckets", {"r2_buckets": [{"binding": "A", "bucket_name": "A_", "preview_bucket_name": "B_"}, {"binding": 5, "bucket_name": "A_"}, {"binding": "C", "preview_bucket_name": ""}]}),
    _case("secrets that are null", {"secrets": {"required": None}}),
    _case("a name that log forwarding has", {"logfwdr": EVERY_KIND["logfwdr"], "env": {"a": {"vars": {"FORWARD": 1}}}}),
    _case(
        "a further Worker that is a service worker",
        {},
        f"{RUN} --config=wrangler.jsonc --config=other/wrangler.jsonc",
        **{"other/wrangler.jsonc": json.dumps({"main": "x.js", "durable_objects": EVERY_KIND["durable_objects"]}), "other/x.js": SERVICE_WORKER},
    ),
]  # fmt: skip
"""What wrangler refuses."""
