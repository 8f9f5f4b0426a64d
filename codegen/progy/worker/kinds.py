"""The kinds of binding, as data: one row per kind, in the order in which `wrangler types` 4.164 has them.

A row says where the configuration keeps the kind, which field names the binding, which type each language
gives it, and what its entries must hold, in wrangler's words. A type that depends on the entry is left out
here and made in the emitter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from progy.worker import checks
from progy.worker.checks import MUST, MUST_A, MUST_AN, PLAIN, REMOTE, Also, Check, may

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
    """The Python type, after the module of the package that defines it, or `str`; None for `Any`."""
    checks: tuple[Check, ...] = ()
    """What an entry's fields must be; the one that names the binding is the first."""
    also: tuple[Also, ...] = ()
    """What takes more than one field to see."""
    shape: Literal["list", "bindings", "object", "names", "flag"] = "list"
    """A list of entries; a list whose key ends with `.bindings`; one entry; an object whose keys are the names; a list
    that makes one fixed name."""
    noun: str | None = None
    """What wrangler calls the entries when one is no object; by default the key."""

    @property
    def name(self) -> str:
        """The field that names the binding."""
        return self.checks[0].field if self.checks else "binding"


BINDING = Check("binding")
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
_SINGLE = (Check("binding", PLAIN), REMOTE)
_LISTED = '"{path}" bindings should, optionally, have a []string "{field}" field but got {entry}.'

KINDS: tuple[Kind, ...] = (
    Kind(
        "kv_namespaces",
        "KV namespace",
        "KVNamespace",
        "kv/api/",
        "kv.KVNamespace",
        checks=(BINDING, may("id", checks.SHOULD, nonempty=True), may("preview_id"), REMOTE),
    ),
    Kind(
        "r2_buckets",
        "R2 bucket",
        "R2Bucket",
        "r2/api/workers/workers-api-reference/",
        "r2.R2Bucket",
        checks=(
            BINDING,
            may("bucket_name", checks.SHOULD, nonempty=True),
            may("preview_bucket_name"),
            may("jurisdiction"),
            REMOTE,
        ),
        also=(checks.buckets, checks.local_bucket),
    ),
    Kind(
        "d1_databases",
        "D1 database",
        "D1Database",
        "d1/worker-api/d1-database/",
        "d1.D1Database",
        checks=(
            BINDING,
            may("database_id", MUST_A),
            may("preview_database_id"),
            REMOTE,
            may("migrations_pattern"),
            may("database_name"),
            may("jurisdiction"),
            may("migrations_dir"),
            may("migrations_table"),
            may("database_internal_env"),
        ),
    ),
    Kind(
        "vectorize",
        "Vectorize index",
        "VectorizeIndex",
        "vectorize/reference/client-api/",
        "vectorize.VectorizeIndex",
        checks=(BINDING, Check("index_name", MUST_AN), REMOTE),
    ),
    Kind(
        "hyperdrive",
        "Hyperdrive configuration",
        "Hyperdrive",
        "hyperdrive/",
        "hyperdrive.Hyperdrive",
        checks=(BINDING, Check("id", MUST_A), REMOTE),
    ),
    Kind(
        "send_email",
        "email sender",
        "SendEmail",
        "email-routing/email-workers/send-email-workers/",
        "send_email.SendEmail",
        checks=(
            Check("name"),
            may("destination_address"),
            may("allowed_destination_addresses", _LISTED, "object"),
            may("allowed_sender_addresses", _LISTED, "object"),
            REMOTE,
        ),
        also=(checks.destinations,),
    ),
    Kind(
        "analytics_engine_datasets",
        "Analytics Engine dataset",
        "AnalyticsEngineDataset",
        "analytics/analytics-engine/",
        "analytics_engine.AnalyticsEngineDataset",
        checks=(BINDING, may("dataset", nonempty=True), REMOTE),
        noun="analytics_engine",
    ),
    Kind(
        "dispatch_namespaces",
        "dispatch namespace",
        "DispatchNamespace",
        "cloudflare-for-platforms/workers-for-platforms/",
        "dispatch.DispatchNamespace",
        checks=(
            Check("binding", '"{path}" should have a string "{field}" field but got {entry}.'),
            may("namespace", '"{path}" should optionally have a string "{field}" field but got {entry}.'),
            REMOTE,
        ),
        also=(checks.outbound,),
    ),
    Kind(
        "mtls_certificates",
        "mTLS certificate",
        "Fetcher",
        "workers/runtime-apis/bindings/mtls/",
        "services.Fetcher",
        checks=(BINDING, Check("certificate_id", nonempty=True), REMOTE),
    ),
    Kind(
        "queues.producers",
        "queue producer",
        "Queue",
        "queues/configuration/javascript-apis/",
        "queues.Queue",
        checks=(
            BINDING,
            may(
                "queue",
                '"{path}" bindings should optionally have a non-empty string "{field}" field but got {entry}.',
                nonempty=True,
            ),
            may(
                "delivery_delay",
                '"{path}" should, optionally, have a number "{field}" field but got {entry}.',
                "number",
            ),
            REMOTE,
        ),
        noun="queue",
    ),
    Kind(
        "k2",
        "K2 stream",
        _K2,
        "workers/wrangler/configuration/",
        "k2.K2Stream",
        checks=(
            Check("binding", '"{path}" must have a string "{field}" field.'),
            Check("stream", '"{path}" must have a string "{field}" field.'),
            REMOTE,
        ),
        also=(checks.always_remote,),
    ),
    Kind(
        "secrets_store_secrets",
        "Secrets Store secret",
        "SecretsStoreSecret",
        "secrets-store/integrations/workers/",
        "secrets_store.SecretsStoreSecret",
        checks=(Check("binding", MUST), Check("store_id", MUST), Check("secret_name", MUST)),
    ),
    Kind(
        "artifacts",
        "Artifacts namespace",
        "Artifacts",
        "artifacts/",
        "artifacts.Artifacts",
        checks=(Check("binding", MUST), Check("namespace", MUST), REMOTE),
    ),
    Kind(
        "unsafe_hello_world",
        "hello world",
        "HelloWorldBinding",
        "workers/runtime-apis/bindings/",
        "hello_world.HelloWorldBinding",
        checks=(
            Check("binding", MUST),
            may("enable_timer", '"{path}" bindings must have a boolean "{field}" field but got {entry}.', "boolean"),
        ),
    ),
    Kind(
        "flagship",
        "Flagship app",
        "Flagship",
        "workers/runtime-apis/bindings/",
        "flagship.Flagship",
        checks=(
            Check("binding", MUST),
            may("app_id", '"{path}" bindings may have a string "{field}" field but got {entry}.'),
            REMOTE,
        ),
    ),
    Kind(
        "ratelimits",
        "rate limit",
        "RateLimit",
        "workers/runtime-apis/bindings/rate-limit/",
        "rate_limit.RateLimit",
        checks=(Check("name", MUST), Check("namespace_id", MUST)),
        also=(checks.limits,),
    ),
    Kind(
        "worker_loaders",
        "Worker loader",
        "WorkerLoader",
        "workers/runtime-apis/bindings/worker-loader/",
        "worker_loader.WorkerLoader",
        checks=(Check("binding", MUST),),
        noun="worker_loader",
    ),
    Kind(
        "vpc_services",
        "VPC service",
        "Fetcher",
        _VPC,
        "services.Fetcher",
        checks=(BINDING, Check("service_id", MUST_A)),
    ),
    Kind(
        "vpc_networks", "VPC network", "Fetcher", _VPC, "services.Fetcher", checks=(BINDING,), also=(checks.networks,)
    ),
    Kind(
        "ai_search_namespaces",
        "AI Search namespace",
        "AiSearchNamespace",
        "ai-search/",
        "ai_search.AiSearchNamespace",
        checks=(BINDING, Check("namespace", MUST_A), REMOTE),
    ),
    Kind(
        "ai_search",
        "AI Search instance",
        "AiSearchInstance",
        "ai-search/",
        "ai_search.AiSearchInstance",
        checks=(BINDING, Check("instance_name", MUST_AN), REMOTE),
    ),
    Kind(
        "agent_memory",
        "agent memory",
        "AgentMemoryNamespace",
        "agents/",
        "agent_memory.AgentMemoryNamespace",
        checks=(BINDING, Check("namespace", MUST_A), REMOTE),
    ),
    Kind(
        "logfwdr.bindings",
        "log forwarding",
        "any",
        "workers/observability/logs/",
        checks=(Check("name", PLAIN), Check("destination", PLAIN)),
        shape="flag",
    ),
    Kind(
        "browser", "browser", "BrowserRun", "browser-rendering/", "browser.BrowserRun", checks=_SINGLE, shape="object"
    ),
    Kind(
        "analytics",
        "analytics",
        "AnalyticsSQLBinding",
        "analytics/analytics-engine/sql-api/",
        "analytics.AnalyticsSQLBinding",
        checks=_SINGLE,
        shape="object",
    ),
    Kind("ai", "Workers AI", "Ai", "workers-ai/configuration/bindings/", "ai.Ai", checks=_SINGLE, shape="object"),
    Kind(
        "images",
        "Images",
        "ImagesBinding",
        "images/transform-images/bindings/",
        "images.ImagesBinding",
        checks=_SINGLE,
        shape="object",
    ),
    Kind("stream", "Stream", "StreamBinding", "stream/", "stream.StreamBinding", checks=_SINGLE, shape="object"),
    Kind(
        "media",
        "Media",
        "MediaBinding",
        "stream/transform-videos/bindings/",
        "media.MediaBinding",
        checks=_SINGLE,
        shape="object",
    ),
    Kind(
        "version_metadata",
        "version metadata",
        "WorkerVersionMetadata",
        "workers/runtime-apis/bindings/version-metadata/",
        "version_metadata.WorkerVersionMetadata",
        checks=(Check("binding", PLAIN),),
        shape="object",
    ),
    Kind("assets", "assets", "Fetcher", "workers/static-assets/binding/", "services.Fetcher", shape="object"),
    Kind(
        "pipelines",
        "pipeline",
        _PIPELINE,
        "pipelines/",
        "pipelines.Pipeline",
        checks=(Check("binding", MUST), REMOTE),
        also=(checks.streams,),
        noun="pipeline",
    ),
    Kind(
        "durable_objects.bindings",
        "Durable Object",
        None,
        "durable-objects/api/namespace/",
        "durable_objects.DurableObjectNamespace",
        checks=(
            Check("name", PLAIN),
            Check("class_name", PLAIN),
            may("script_name", 'the field "{field}", when present, should be a string.'),
            may("environment", 'the field "{field}", when present, should be a string.'),
            REMOTE,
        ),
        also=(checks.elsewhere,),
        shape="bindings",
    ),
    Kind(
        "services",
        "service",
        None,
        "workers/runtime-apis/bindings/service-bindings/",
        "services.Service",
        checks=(
            BINDING,
            Check("service"),
            may("environment", checks.SHOULD),
            may("entrypoint", checks.SHOULD),
            REMOTE,
        ),
        also=(checks.local_plugin,),
    ),
    Kind(
        "workflows",
        "workflow",
        None,
        "workflows/build/workers-api/",
        "workflows.Workflow",
        checks=(BINDING, Check("name"), Check("class_name"), may("script_name")),
        also=(checks.workflow_name, checks.workflow_settings),
    ),
    Kind(
        "unsafe.bindings",
        "unsafe binding",
        None,
        "workers/runtime-apis/bindings/",
        checks=(Check("name", PLAIN), Check("type", PLAIN)),
        shape="bindings",
    ),
    Kind("data_blobs", "data blob", "ArrayBuffer", "workers/", "javascript.JsBuffer", shape="names"),
    Kind("text_blobs", "text blob", "string", "workers/", "str", shape="names"),
)

BY_KEY = {kind.key: kind for kind in KINDS}

LOGFWDR = "LOGFWDR_SCHEMA"
"""The name that a `flag` kind puts into the environment; there is one such kind."""

TOP_LEVEL_ONLY = frozenset({"data_blobs", "text_blobs"})
"""Kinds that every environment has from the top level."""

INHERITED = frozenset({"assets"})
"""Kinds that an environment has from the top level unless it says otherwise."""
