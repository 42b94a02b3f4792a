"""The difference of two values: what is observed only is removed, what is declared only is added."""

from __future__ import annotations

from reconciler.http import value_diff as module
from reconciler.http.value_diff import value_diff


def shown(observed, declared):
    return [f"{line.sign}{line.text}" for line in value_diff(observed, declared)]


def test_equal_lines_are_shown_once():
    index = {"name": "by_email", "projection": {"type": "ALL"}}
    assert shown(index, {**index, "projection": {"type": "KEYS_ONLY"}}) == [
        *(" name: by_email", " projection:", "-  type: ALL", "+  type: KEYS_ONLY"),
    ]


def test_a_missing_side_has_no_lines():
    assert shown(None, "expires_at") == ["+expires_at"]
    assert shown("expires_at", None) == ["-expires_at"]
    assert shown(None, None) == []


def test_a_very_long_value_is_not_compared_line_by_line(monkeypatch):
    monkeypatch.setattr(module, "MAX_LINES", 2)
    assert shown(["a", "b", "c"], ["a", "b", "c"]) == ["-a", "-b", "-c", "+a", "+b", "+c"]


def test_lines_have_the_classes_of_the_stylesheet():
    assert [line.style for line in value_diff(["a", "b"], ["a", "c"])] == ["same", "removed", "added"]
