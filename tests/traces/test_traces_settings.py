"""The standard variables of traces; unknown values are reported and ignored."""

from __future__ import annotations

import pytest

from reconciler.traces.wanted import Wanted, wanted

ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}
OFF = ()
OTLP = ("otlp",)
BOTH = ("otlp", "console")

CASES: tuple[tuple[str, dict[str, str], tuple[str, ...]], ...] = (
    ("nothing is set", {}, OFF),
    ("an endpoint is enough", ENDPOINT, OTLP),
    ("an endpoint for traces alone", {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4318/v1/traces"}, OTLP),
    ("an endpoint for metrics is not one for traces", {"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://c:4318"}, OFF),
    ("an empty endpoint", {"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, OFF),
    ("an exporter without an endpoint uses the default one", {"OTEL_TRACES_EXPORTER": "otlp"}, OTLP),
    ("an empty exporter beside an endpoint", {**ENDPOINT, "OTEL_TRACES_EXPORTER": ""}, OTLP),
    ("none wins over an endpoint", {**ENDPOINT, "OTEL_TRACES_EXPORTER": "none"}, OFF),
    ("the console", {"OTEL_TRACES_EXPORTER": "console"}, ("console",)),
    ("two, in any order", {"OTEL_TRACES_EXPORTER": "console, otlp"}, BOTH),
    ("one named twice", {"OTEL_TRACES_EXPORTER": "otlp,otlp"}, OTLP),
    ("capital letters", {"OTEL_TRACES_EXPORTER": "OTLP"}, OTLP),
    ("disabled", {**ENDPOINT, "OTEL_SDK_DISABLED": "true"}, OFF),
    ("disabled in capitals", {**ENDPOINT, "OTEL_SDK_DISABLED": "TRUE"}, OFF),
    ("disabled by another word is not disabled", {**ENDPOINT, "OTEL_SDK_DISABLED": "1"}, OTLP),
    ("the one protocol there is", {**ENDPOINT, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, OTLP),
)


@pytest.mark.parametrize(("environ", "exporters"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_traces_are_on_only_where_they_are_asked_for(environ: dict[str, str], exporters: tuple[str, ...]) -> None:
    assert wanted(environ) == Wanted(exporters)


def test_an_exporter_that_is_unknown_is_warned_of_by_name_and_the_others_stay() -> None:
    asked = wanted({"OTEL_TRACES_EXPORTER": "zipkin,otlp"})
    assert asked.exporters == OTLP
    assert [("OTEL_TRACES_EXPORTER" in text, "'zipkin'" in text) for text in asked.warnings] == [(True, True)]


@pytest.mark.parametrize("name", ["OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"])
def test_an_unsupported_protocol_is_warned_about(name: str) -> None:
    asked = wanted({**ENDPOINT, name: "grpc"})
    assert asked.exporters == OTLP
    assert ["'grpc'" in text for text in asked.warnings] == [True]


def test_an_unknown_protocol_is_not_warned_about_while_traces_are_off() -> None:
    assert wanted({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}) == Wanted()
