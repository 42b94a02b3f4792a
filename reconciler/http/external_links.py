"""Addresses of other tools for the pages: runbooks, Grafana, and a console with the table. Made from settings."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from reconciler.model.identity import Endpoint, Flavor
from reconciler.model.report import TableStatus

CONSOLES = {
    "aws": "https://{region}.console.aws.amazon.com/dynamodbv2/home?region={region}#table?name={table}",
    "aws-cn": "https://console.amazonaws.cn/dynamodbv2/home?region={region}#table?name={table}",
    "aws-us-gov": "https://console.amazonaws-us-gov.com/dynamodbv2/home?region={region}#table?name={table}",
}
"""The page of a table in the console of each partition."""
OFF = "off"
ALERTS = {
    TableStatus.DRIFTED: "DynamoDBReconcilerTableDrifted",
    TableStatus.MISSING: "DynamoDBReconcilerTableDrifted",
    TableStatus.BLOCKED: "DynamoDBReconcilerTableBlocked",
    TableStatus.ERROR: "DynamoDBReconcilerTableFailing",
}
"""The alert whose runbook helps with a table of this status."""


@dataclass(frozen=True, slots=True)
class ExternalLinks:
    """The addresses of one daemon, as its settings give them; ``None`` where there is no such tool."""

    runbook_url: str | None = None
    grafana_url: str | None = None
    console_url: str | None = None
    environment: str = "default"

    def runbook(self, alert: str) -> str | None:
        """The runbook of an alert, given without the common prefix of all alerts or with it."""
        if self.runbook_url is None:
            return None
        name = alert if alert.startswith("DynamoDBReconciler") else f"DynamoDBReconciler{alert}"
        if "{alert}" in self.runbook_url:
            return self.runbook_url.replace("{alert}", name)
        return f"{self.runbook_url.rstrip('/')}/{name}.md"

    def runbook_of(self, status: TableStatus) -> str | None:
        """The runbook for a table of this status; ``None`` for one that needs nobody."""
        return self.runbook(ALERTS[status]) if status in ALERTS else None

    def grafana(self, table: str | None = None) -> str | None:
        """The dashboard, for this environment and, if given, one table."""
        if self.grafana_url is None:
            return None
        first = "&" if "?" in self.grafana_url else "?"
        chosen = f"{self.grafana_url}{first}var-environment={quote(self.environment, safe='')}"
        return f"{chosen}&var-table={quote(table, safe='')}" if table else chosen

    def console_name(self, endpoint: Endpoint | None) -> str:
        """What the link to the console is called."""
        at_aws = self.console_url is None and endpoint is not None and endpoint.flavor is Flavor.AWS
        return "AWS console" if at_aws else "Console"

    def console(self, table: str, endpoint: Endpoint | None) -> str | None:
        """The table in a console: the one of the settings, else the AWS console where the endpoint is AWS."""
        address = self.console_url
        if address is None and endpoint is not None and endpoint.flavor is Flavor.AWS:
            address = CONSOLES.get(endpoint.partition)
        if address is None or address == OFF or endpoint is None:
            return None
        return address.replace("{region}", quote(endpoint.region, safe="")).replace("{table}", quote(table, safe=""))
