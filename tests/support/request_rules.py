"""botocore's own parameter validation of a planned call, offline; without the product's adapter."""

from __future__ import annotations

from functools import cache

import botocore.loaders
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from reconciler.model.change import Call


@cache
def service_model() -> ServiceModel:
    """DynamoDB as the installed botocore describes it."""
    return ServiceModel(botocore.loaders.Loader().load_service_model("dynamodb", "service-2"), "dynamodb")


def complaints(call: Call) -> str:
    """What botocore would say before it sends the call; empty where nothing."""
    shape = service_model().operation_model(call.operation).input_shape
    assert shape is not None
    report: str = ParamValidator().validate(dict(call.params), shape).generate_report()
    return report
