"""The attributes of the spans: OpenTelemetry's semantic conventions where they have a name, else ``reconciler.*``.

The conventions are those for AWS SDK client spans and for DynamoDB (``Service.Operation`` as the name, ``rpc.system``,
``db.system.name``), for errors (``error.type``) and for the cloud that the endpoint belongs to.
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.engine.ports import ApiExchange
from reconciler.model.plan import Step
from reconciler.model.report import PassReport, TableReport

PASS_ID = "reconciler.pass.id"
TRIGGER = "reconciler.pass.trigger"
TABLE = "reconciler.table.name"
ERROR_TYPE = "error.type"
DYNAMODB = "DynamoDB"
KUBERNETES = "kubernetes"
"""The only service that is none of AWS."""
SERVICES: Mapping[str, str] = {"application-autoscaling": "Application Auto Scaling", "kms": "KMS"}
"""The service's own name (its ``serviceId``) by the name that our operations carry."""

Attributes = dict[str, str | bool | int | float | list[str]]


def service_of(operation: str) -> tuple[str, str]:
    """``rpc.service`` and ``rpc.method`` of an operation as the engine names it."""
    beside, _, method = operation.rpartition(":")
    return SERVICES.get(beside, beside) if beside else DYNAMODB, method


def of_call(service: str, method: str, exchange: ApiExchange) -> Attributes:
    """Known before and after the call; the error, if it was one, is not among them."""
    found: Attributes = {"rpc.service": service, "rpc.method": method}
    if service != KUBERNETES:
        found["rpc.system"] = "aws-api"
    if service == DYNAMODB:
        found |= {"db.system.name": "aws.dynamodb", "db.operation.name": method}
        if exchange.tables:
            found["aws.dynamodb.table_names"] = list(exchange.tables)
    metadata = exchange.metadata
    if metadata.get("RequestId"):
        found["aws.request_id"] = str(metadata["RequestId"])
    if metadata.get("HTTPStatusCode"):
        found["http.response.status_code"] = int(metadata["HTTPStatusCode"])
    if metadata.get("RetryAttempts"):
        found["http.request.resend_count"] = int(metadata["RetryAttempts"])
    return found


def of_pass(report: PassReport) -> Attributes:
    """How a pass ended: verdict, counts of ``PassReport.summary`` that are not 0, and where it was."""
    found: Attributes = {
        "reconciler.environment": report.environment,
        "reconciler.pass.verdict": report.verdict.value,
        "reconciler.pass.wrote": report.wrote,
    }
    found |= {f"reconciler.tables.{name}": count for name, count in report.summary().items() if count}
    if report.endpoint is not None:
        found |= {
            "reconciler.endpoint.url": report.endpoint.url,
            "reconciler.endpoint.flavor": report.endpoint.flavor.value,
            "cloud.region": report.endpoint.region,
        }
        if report.endpoint.account:
            found["cloud.account.id"] = report.endpoint.account
    return found


def of_table(table: TableReport) -> Attributes:
    """How a table stood at the end of the pass."""
    found: Attributes = {"reconciler.table.status": table.status.value}
    if table.drifted:
        found["reconciler.table.drifted"] = list(table.drifted)
    if table.declaration:
        found["reconciler.table.declaration"] = table.declaration
    return found


def of_step(step: Step) -> Attributes:
    """What was done, to which facet, and how it ended."""
    found: Attributes = {
        "reconciler.step.action": step.action.value,
        "reconciler.step.facet": step.facet,
        "reconciler.step.fate": step.status.value,
    }
    if step.call is not None:
        found["reconciler.step.operation"] = step.call.operation
    if step.message:
        found["reconciler.step.message"] = step.message
    return found
