"""Sentences on a page: commands as code, moments in words, everything else escaped."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from reconciler.http.prose import prose

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SHOWN = {
    "run `reconciler up users` and confirm": "run <code>reconciler up users</code> and confirm",
    "delete at 2026-11-22T12:05:00.500000Z or later": (
        'delete <time datetime="2026-11-22T12:05:00+00:00" title="2026-11-22 12:05:00 UTC">in 5 min</time> or later'
    ),
    "created at 2026-11-22T11:55:00Z": (
        'created <time datetime="2026-11-22T11:55:00+00:00" title="2026-11-22 11:55:00 UTC">5 min ago</time>'
    ),
    "`2026-11-22T12:05:00Z` stays as written": "<code>2026-11-22T12:05:00Z</code> stays as written",
    "<b>`<i>`</b>": "&lt;b&gt;<code>&lt;i&gt;</code>&lt;/b&gt;",
    "one ` alone": "one ` alone",
    "no moment: 2026-13-99T12:05:00Z": "no moment: 2026-13-99T12:05:00Z",
    "": "",
}


@pytest.mark.parametrize("text", SHOWN)
def test_a_sentence_is_shown_as(text: str) -> None:
    assert str(prose(text, NOW)) == SHOWN[text]
