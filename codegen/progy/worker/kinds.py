"""The kinds of binding, as data: one row per kind, in the order in which `wrangler types` 4.164 has them.

A row says where the configuration keeps the kind, which field names the binding, what must be there, and
which type each language gives it. A type that depends on the entry is left out here and made in the
emitter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

DOCS = "https://developers.cloudflare.com/"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of binding."""

    key: str
    """The configuration's key; a dot goes one level down: `queues.producers`."""
    label: str
    """What Cloudflare calls it."""
    typescript: str | None
    """The TypeScript type; None when it depends on the entry."""
    docs: str
    """The page about the binding's API, after `DOCS`."""
    python: str | None = None
    """The Python type, defined in `emit/templates/bindings`; None for `Any`."""
    name: str = "binding"
    """The field that names the binding."""
    required: tuple[str, ...] = ()
    """Further strings without which wrangler refuses the entry; `a|b` is one of the two."""
    shape: Literal["list", "object", "names", "flag"] = "list"
    """A list of entries; one entry; an object whose keys are the names; a list that makes one fixed name."""
    after_vars: bool = False
    """It is written after the variables and the secrets."""


_K2 = """{
		send(records:
			| { content: ArrayBuffer; headers?: Record<string, string> }[]
			| { content: Uint8Array; headers?: Record<string, string> }[]
		): Promise<
			| { success: true }
			| { success: false; error: { code: number; message: string; retryable: boolean } }
		>;
	}"""
_PIPELINE = 'import("cloudflare:pipelines").Pipeline<import("cloudflare:pipelines").PipelineRecord>'
_VPC = "workers-vpc/api/"

KINDS: tuple[Kind, ...] = (
    Kind("kv_namespaces", "KV namespace", "KVNamespace", "kv/api/", "KVNamespace"),
    Kind("r2_buckets", "R2 bucket", "R2Bucket", "r2/api/workers/workers-api-reference/", "R2Bucket"),
    Kind("d1_databases", "D1 database", "D1Database", "d1/worker-api/d1-database/", "D1Database"),
    Kind(
        "vectorize",
        "Vectorize index",
        "VectorizeIndex",
        "vectorize/reference/client-api/",
        required=("index_name",),
    ),
    Kind(
        "hyperdrive",
        "Hyperdrive configuration",
        "Hyperdrive",
        "hyperdrive/",
        "Hyperdrive",
        required=("id",),
    ),
    Kind(
        "send_email",
        "email sender",
        "SendEmail",
        "email-routing/email-workers/send-email-workers/",
        name="name",
    ),
    Kind(
        "analytics_engine_datasets",
        "Analytics Engine dataset",
        "AnalyticsEngineDataset",
        "analytics/analytics-engine/",
        "AnalyticsEngineDataset",
    ),
    Kind(
        "dispatch_namespaces",
        "dispatch namespace",
        "DispatchNamespace",
        "cloudflare-for-platforms/workers-for-platforms/",
    ),
    Kind(
        "mtls_certificates",
        "mTLS certificate",
        "Fetcher",
        "workers/runtime-apis/bindings/mtls/",
        "Fetcher",
        required=("certificate_id",),
    ),
    Kind(
        "queues.producers",
        "queue producer",
        "Queue",
        "queues/configuration/javascript-apis/",
        "Queue",
    ),
    Kind("k2", "K2 stream", _K2, "workers/wrangler/configuration/", required=("stream",)),
    Kind(
        "secrets_store_secrets",
        "Secrets Store secret",
        "SecretsStoreSecret",
        "secrets-store/integrations/workers/",
        "SecretsStoreSecret",
        required=("store_id", "secret_name"),
    ),
    Kind("artifacts", "Artifacts namespace", "Artifacts", "artifacts/", required=("namespace",)),
    Kind("unsafe_hello_world", "hello world", "HelloWorldBinding", "workers/runtime-apis/bindings/"),
    Kind("flagship", "Flagship app", "Flagship", "workers/runtime-apis/bindings/"),
    Kind(
        "ratelimits",
        "rate limit",
        "RateLimit",
        "workers/runtime-apis/bindings/rate-limit/",
        "RateLimit",
        name="name",
        required=("namespace_id",),
    ),
    Kind("worker_loaders", "Worker loader", "WorkerLoader", "workers/runtime-apis/bindings/worker-loader/"),
    Kind("vpc_services", "VPC service", "Fetcher", _VPC, "Fetcher", required=("service_id",)),
    Kind("vpc_networks", "VPC network", "Fetcher", _VPC, "Fetcher", required=("tunnel_id|network_id",)),
    Kind(
        "ai_search_namespaces",
        "AI Search namespace",
        "AiSearchNamespace",
        "ai-search/",
        required=("namespace",),
    ),
    Kind("ai_search", "AI Search instance", "AiSearchInstance", "ai-search/", required=("instance_name",)),
    Kind("agent_memory", "agent memory", "AgentMemoryNamespace", "agents/", required=("namespace",)),
    Kind("logfwdr.bindings", "log forwarding", "any", "workers/observability/logs/", shape="flag"),
    Kind("browser", "browser", "BrowserRun", "browser-rendering/", shape="object"),
    Kind("analytics", "analytics", "AnalyticsSQLBinding", "analytics/analytics-engine/sql-api/", shape="object"),
    Kind("ai", "Workers AI", "Ai", "workers-ai/configuration/bindings/", shape="object"),
    Kind("images", "Images", "ImagesBinding", "images/transform-images/bindings/", shape="object"),
    Kind("stream", "Stream", "StreamBinding", "stream/", shape="object"),
    Kind("media", "Media", "MediaBinding", "stream/transform-videos/bindings/", shape="object"),
    Kind(
        "version_metadata",
        "version metadata",
        "WorkerVersionMetadata",
        "workers/runtime-apis/bindings/version-metadata/",
        "WorkerVersionMetadata",
        shape="object",
    ),
    Kind("assets", "assets", "Fetcher", "workers/static-assets/binding/", "Fetcher", shape="object"),
    Kind("pipelines", "pipeline", _PIPELINE, "pipelines/", required=("stream|pipeline",)),
    Kind(
        "durable_objects.bindings",
        "Durable Object",
        None,
        "durable-objects/api/namespace/",
        "DurableObjectNamespace",
        name="name",
        required=("class_name",),
        after_vars=True,
    ),
    Kind(
        "services",
        "service",
        None,
        "workers/runtime-apis/bindings/service-bindings/",
        "Service",
        required=("service",),
        after_vars=True,
    ),
    Kind(
        "workflows",
        "workflow",
        None,
        "workflows/build/workers-api/",
        "Workflow",
        required=("name", "class_name"),
        after_vars=True,
    ),
    Kind(
        "unsafe.bindings",
        "unsafe binding",
        None,
        "workers/runtime-apis/bindings/",
        name="name",
        required=("type",),
        after_vars=True,
    ),
    Kind("data_blobs", "data blob", "ArrayBuffer", "workers/", shape="names", after_vars=True),
    Kind("text_blobs", "text blob", "string", "workers/", "str", shape="names", after_vars=True),
)

BY_KEY = {kind.key: kind for kind in KINDS}

LOGFWDR = "LOGFWDR_SCHEMA"
"""The name that a `flag` kind puts into the environment; there is one such kind."""

NAMELESS = frozenset({"assets"})
"""Kinds whose entry needs no name, and then binds nothing."""

TOP_LEVEL_ONLY = frozenset({"data_blobs", "text_blobs"})
"""Kinds that every environment has from the top level."""

INHERITED = frozenset({"assets"})
"""Kinds that an environment has from the top level unless it says otherwise."""
