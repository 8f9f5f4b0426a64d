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
    "durable_objects.bindings",
    "workflows",
    "kv_namespaces",
    "send_email",
    "queues.producers",
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
)
"""In which order wrangler says what is wrong with entries. The other kinds are settings, or nothing can be wrong."""

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
