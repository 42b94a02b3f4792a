"""Makes ``benchmarks`` importable: it is no part of the package, and lies in the root of the checkout."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = str(Path(__file__).resolve().parents[2])
if ROOT not in sys.path:
    # Last, so that the package under test stays the one that was installed or put before it.
    sys.path.append(ROOT)
