"""botocore's own parameter validation, offline: the engine's ``RequestValidator`` port. No client, no network."""

from __future__ import annotations

from functools import cache
from typing import Any

from reconciler.aws.lean.model import plain, shapes
from reconciler.model.change import Call


class OfflineValidator:
    """Checks planned calls against the installed botocore models of DynamoDB and the services beside it."""

    def problem(self, call: Call) -> str | None:
        """What is wrong with the call, as botocore words it, or None."""
        service, _, name = call.operation.rpartition(":")
        params = plain(call.params)
        if not service and shapes().knows(name) and shapes().accepts(name, params):
            # Most calls are valid, and to find that out the model need not be loaded.
            return None
        from botocore.model import OperationNotFoundError
        from botocore.validate import ParamValidator

        try:
            shape = service_model(service or "dynamodb").operation_model(name).input_shape
        except OperationNotFoundError:
            return f"{service or 'DynamoDB'} has no operation {name}"
        report = ParamValidator().validate(params, shape)
        return report.generate_report() if report.has_errors() else None


@cache
def service_model(service: str = "dynamodb") -> Any:
    """The model of a service, read once from botocore's own data files."""
    from botocore.loaders import Loader
    from botocore.model import ServiceModel

    return ServiceModel(Loader().load_service_model(service, "service-2"), service)
