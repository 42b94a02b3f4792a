"""Three examples of each command, for its help and its man page. Called by ``verbs`` and ``scripts/man_pages.py``."""

from __future__ import annotations

from collections.abc import Mapping

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "run": ("reconciler", "reconciler --once", "reconciler run --interval 5m --mode observe"),
    "preview": (
        "reconciler preview",
        "reconciler preview orders --diff",
        "reconciler preview --environment prod --expect-no-changes",
    ),
    "up": ("reconciler up", "reconciler up orders", "reconciler up --environment dev --yes"),
    "destroy": ("reconciler destroy", "reconciler destroy orders", "reconciler destroy --environment test --yes"),
    "import": (
        "reconciler import orders --format yaml",
        "reconciler import --all",
        "reconciler import --from cloudformation template.yaml",
    ),
    "export": (
        "reconciler export --format cloudformation",
        "reconciler export orders --format terraform --to infra/",
        "reconciler export --format mermaid",
    ),
    "diff": (
        "reconciler diff env:dev env:prod",
        "reconciler diff desired_state live",
        "reconciler diff live http://localhost:8000 -o markdown",
    ),
    "release": (
        "reconciler release orders",
        "reconciler release orders users",
        "reconciler release orders --environment prod",
    ),
    "suspend": ("reconciler suspend", "reconciler suspend --environment prod", "reconciler suspend -o json"),
    "resume": ("reconciler resume", "reconciler resume --environment prod", "reconciler resume -o json"),
    "seed": ("reconciler seed", "reconciler seed orders --verify", "reconciler seed --seed-set demo"),
    "clear": ("reconciler clear", "reconciler clear orders", "reconciler clear --environment test --yes"),
    "restore": (
        "reconciler restore orders --to orders-old --at 2026-11-22T12:00:00Z",
        "reconciler restore orders --to orders-old --from latest",
        "reconciler restore orders --to orders-old --at latest --without-indexes",
    ),
    "rebuild-index": (
        "reconciler rebuild-index orders by_customer",
        "reconciler rebuild-index orders by_customer --as by_customer-v2 --hold 2h",
        "reconciler rebuild-index orders by_customer --cancel",
    ),
    "migrate": (
        "reconciler migrate new add_status",
        "reconciler migrate up --dry-run",
        "reconciler migrate status",
    ),
    "replace": (
        "reconciler replace orders",
        "reconciler replace orders --switch",
        "reconciler replace orders --cancel",
    ),
    "check-references": (
        "reconciler check-references",
        "reconciler check-references orders",
        "reconciler check-references -o json",
    ),
    "status": ("reconciler status", "reconciler status --all", "reconciler status -o json"),
    "validate": (
        "reconciler validate",
        "reconciler validate desired_state --environment prod",
        "reconciler validate -o github",
    ),
    "schema": ("reconciler schema", "reconciler schema -o json", "reconciler schema --overlay"),
    "init": ("reconciler init", "reconciler init infra/tables", "reconciler init -o json"),
    "doctor": ("reconciler doctor", "reconciler doctor --environment prod", "reconciler doctor -o json"),
    "healthcheck": (
        "reconciler healthcheck",
        "reconciler healthcheck --http-port 9002",
        "reconciler healthcheck -o json",
    ),
    "environments": (
        "reconciler environments",
        "reconciler environments -o json",
        "reconciler environments --config deploy.toml",
    ),
    "explain": ("reconciler explain data_loss", "reconciler explain G15", "reconciler explain rule 12"),
    "completion": (
        "reconciler completion bash",
        "reconciler completion zsh",
        "reconciler completion fish",
    ),
}
