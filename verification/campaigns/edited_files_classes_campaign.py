"""The campaign ``edited-files-classes``: as ``edited-files``, with Python class files among the declarations."""

from __future__ import annotations

from collections import Counter

from campaigns.campaign import Campaign
from campaigns.edited_files_campaign import valid
from campaigns.edited_files_case import draw
from campaigns.edited_files_run import run
from campaigns.shrink import shown, shrunk


def case(number: int) -> Counter[str]:
    """The case of that number."""
    return run(draw(number, classes=True))


def smallest(number: int) -> str:
    """The smallest case that fails as the case of that number does."""
    found, text = shrunk(run, draw(number, classes=True), valid=valid)
    return f"{shown(found)}\n{text}"


CAMPAIGN = Campaign(
    name="edited-files-classes",
    claim="not one item lost without consent, and in sync once the folder is restored",
    unit="folders of class files and documents, changed as people, editors and machines change them",
    total=lambda: 5_000,
    case=case,
    smallest=smallest,
)
