"""The orders in which `wrangler types` 4.164 has the kinds of binding: as it writes them, checks them, names them."""

from __future__ import annotations

from progy.worker.kinds import KINDS

VARS, SECRETS = "vars", "secrets"
"""What stands in an order of kinds for the variables and for the secrets."""

_CORE = tuple(kind.key for kind in KINDS[: [kind.key for kind in KINDS].index("pipelines")])
_AI_SEARCH = ("ai_search_namespaces", "ai_search", "agent_memory")
_LATE = ("durable_objects.bindings", "services", "workflows", "unsafe.bindings")

ORDER = (*_CORE, "pipelines", VARS, SECRETS, *_LATE, "data_blobs", "text_blobs")
"""How wrangler lists what one environment has."""

ORDER_PER_ENVIRONMENT = (
    *(key for key in _CORE if key not in _AI_SEARCH),
    *_AI_SEARCH,
    VARS,
    SECRETS,
    *_LATE,
    "pipelines",
)
"""How it lists each of several environments. What all of them have from the top level stands in neither."""

CHECKED = (
    *("node_compat", "account_id", "workers_dev", "preview_urls", "compatibility_date", "compatibility_flags"),
    *("jsx_factory", "jsx_fragment", "tsconfig", "rules", "name", "main", "find_additional_modules"),
    *("preserve_file_names", "base_dir", "assets", "vars", "secrets", "define"),
    "durable_objects.bindings",
    "workflows",
    *("migrations", "exports"),
    "kv_namespaces",
    "containers",
    "send_email",
    *("queues", "queues.producers"),
    "connect",
    "r2_buckets",
    "d1_databases",
    "vectorize",
    "ai_search_namespaces",
    "ai_search",
    "agent_memory",
    "hyperdrive",
    "services",
    "analytics_engine_datasets",
    "dispatch_namespaces",
    "mtls_certificates",
    *("tail_consumers", "streaming_tail_consumers"),
    "unsafe.bindings",
    "browser",
    "analytics",
    "ai",
    "images",
    "stream",
    "media",
    "pipelines",
    "k2",
    "secrets_store_secrets",
    "artifacts",
    "unsafe_hello_world",
    "flagship",
    "worker_loaders",
    "ratelimits",
    "vpc_services",
    "vpc_networks",
    "version_metadata",
    "logfwdr.bindings",
    *("no_bundle", "minify", "keep_names", "first_party_worker", "logpush", "upload_source_maps", "compliance_region"),
)
"""In which order wrangler says what is wrong with settings and entries. With other keys nothing can be wrong."""

CHECKED_AFTER = ("site", "wasm_modules", "text_blobs", "data_blobs")
"""What it looks at after that, at the top level alone."""

NAMED = {
    "data_blobs": "Data Blob",
    "durable_objects": "Durable Object",
    "kv_namespaces": "KV Namespace",
    "send_email": "Send Email",
    "queues": "Queue",
    "d1_databases": "D1 Database",
    "vectorize": "Vectorize Index",
    "ai_search_namespaces": "AI Search Namespace",
    "ai_search": "AI Search Instance",
    "agent_memory": "Agent Memory",
    "hyperdrive": "Hyperdrive Config",
    "r2_buckets": "R2 Bucket",
    "logfwdr": "logfwdr",
    "services": "Worker",
    "analytics_engine_datasets": "Analytics Engine Dataset",
    "text_blobs": "Text Blob",
    "browser": "Browser Run",
    "analytics": "Analytics SQL",
    "ai": "AI",
    "images": "Images",
    "stream": "Stream",
    "media": "Media",
    "version_metadata": "Worker Version Metadata",
    "unsafe": "Unsafe Metadata",
    "vars": "Environment Variable",
    "wasm_modules": "Wasm Module",
    "dispatch_namespaces": "Dispatch Namespace",
    "mtls_certificates": "mTLS Certificate",
    "workflows": "Workflow",
    "pipelines": "Pipeline",
    "k2": "K2 Stream",
    "secrets_store_secrets": "Secrets Store Secret",
    "artifacts": "Artifacts",
    "ratelimits": "Rate Limit",
    "assets": "Assets",
    "unsafe_hello_world": "Hello World",
    "flagship": "Flagship",
    "worker_loaders": "Worker Loader",
    "vpc_services": "VPC Service",
    "vpc_networks": "VPC Network",
}
"""What a name may belong to, in the order and the words in which wrangler tells of a name that two have."""
