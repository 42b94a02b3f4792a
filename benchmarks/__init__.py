"""Measurements of the tool against the limit of the server, boto3 and peers: ``make bench``.

docs/performance.md explains them.

``tests/support`` fetches DynamoDB Local, for the tests and for this package alike.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "benchmarks"

if str(ROOT / "tests") not in sys.path:
    sys.path.append(str(ROOT / "tests"))
