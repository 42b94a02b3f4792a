"""Several stacks and environments at one simulated endpoint, with one state table or one each."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from simulation.clock import CountingRandom, OneByOne
from simulation.simulated_engine import AllValid, ListSource, MemoryStore, Silent, Sim

from reconciler.engine.context import EngineContext
from reconciler.engine.reconciler import Reconciler
from reconciler.model.options import Options


def beside(first: Sim, *, one_state: bool, **options: Any) -> Sim:
    """Another reconciler over the same tables as ``first``; ``options`` name its stack or environment."""
    store, source, telemetry = MemoryStore(first.clock), ListSource(), Silent()
    chosen, there = Options(**options), first.reconciler.options.scope
    if one_state:
        store.peers = {**first.store.peers, there: first.store}
        for peer in store.peers.values():
            peer.peers = {**peer.peers, chosen.scope: store}
    environment = first.reconciler.ports
    mine = EngineContext(
        environment.api,
        environment.items,
        store,
        source,
        first.clock,
        CountingRandom(),
        telemetry,
        OneByOne(),
        AllValid(),
        environment.endpoint,
    )
    reconciler = Reconciler(mine, chosen, timedelta(seconds=300))
    return Sim(first.clock, first.dynamodb, first.items, store, source, telemetry, reconciler)
