"""Checks per feature what the endpoint supports and what we may read, on one live table."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.doctor.finding import Finding, Level
from reconciler.engine.reconciler import Reconciler
from reconciler.facets import FACETS
from reconciler.model.errors import ApiError, DeclarationError, Denied, NotFound, StateError, Unsupported
from reconciler.planning import breaker
from reconciler.planning.access_denied import permission
from reconciler.planning.observe import read_params


def capabilities(reconciler: Reconciler) -> Iterator[Finding]:
    """One finding per read that the facets need; none without a live managed table."""
    found = _live_table(reconciler)
    if isinstance(found, Finding):
        yield found
        return
    name, arn = found
    yield Finding("DescribeTable", Level.OK, f"answered for {name}")
    for facet in FACETS:
        for operation in facet.reads:
            yield _asked(reconciler, facet.name, operation, name, arn)
    flavor = reconciler.ports.endpoint.flavor
    if not flavor.has_tags:
        yield Finding(
            "owner tags",
            Level.WARNING,
            f"{flavor.value} has no tags: a table counts as created here only if its CreateTable was answered",
        )
    yield from _not_kept(reconciler)


def _not_kept(reconciler: Reconciler) -> Iterator[Finding]:
    """Fields that are not written for now, because writes had no effect or were rejected."""
    try:
        remembered = reconciler.ports.store.load().attempts
    except (ApiError, StateError):
        return
    for name, attempts in sorted(remembered.items()):
        verdict = "unsupported" if reconciler.ports.emulator else "contested"
        tried = {path for path, count in attempts.counts.items() if count >= breaker.LIMIT}
        tried = {path for path in tried if not path.endswith(breaker.BUSY)}
        if refused := sorted(tried & attempts.refused.keys()):
            detail = f"{', '.join(refused)}: rejected by the endpoint, so {verdict} and retried once an hour"
            yield Finding(name, Level.WARNING, detail)
        if fought := sorted(tried & attempts.contested.keys() - attempts.refused.keys()):
            detail = f"{', '.join(fought)}: changed by another writer each time, so contested and retried once an hour"
            yield Finding(name, Level.WARNING, detail)
        if paths := sorted(tried - attempts.refused.keys() - attempts.contested.keys()):
            detail = (
                f"{', '.join(paths)}: written {breaker.LIMIT} times without effect, so {verdict} and no longer written"
            )
            yield Finding(name, Level.WARNING, detail)


def _live_table(reconciler: Reconciler) -> tuple[str, str] | Finding:
    try:
        names = [declaration.spec.name for declaration in reconciler.ports.source.load().declarations]
    except DeclarationError:
        names = []
    for name in [*names, reconciler.options.state_table]:
        try:
            answer = reconciler.ports.api.read("DescribeTable", {"TableName": name})
        except NotFound:
            continue
        except Denied as error:
            return Finding("DescribeTable", Level.PROBLEM, f"denied on {name}: {error.message}", "Allow it.")
        except ApiError as error:
            return Finding("DescribeTable", Level.PROBLEM, str(error))
        return name, answer["Table"]["TableArn"]
    return Finding("capabilities", Level.OK, "no managed table exists yet")


def _asked(reconciler: Reconciler, facet: str, operation: str, name: str, arn: str) -> Finding:
    try:
        reconciler.ports.api.read(operation, read_params(operation, name, arn))
    except Unsupported:
        detail = f"the endpoint does not have {operation}; a declared {facet} is reported as unsupported"
        return Finding(facet, Level.WARNING, detail)
    except Denied as error:
        remedy = f"Allow {permission(operation)}; until then a declared {facet} is neither compared nor written."
        return Finding(facet, Level.PROBLEM, f"{operation} was denied: {error.message}", remedy)
    except ApiError as error:
        return Finding(facet, Level.PROBLEM, str(error))
    return Finding(facet, Level.OK, f"{operation} answers")
