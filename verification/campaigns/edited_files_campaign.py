"""The campaign ``edited-files``: declaration files change as people, editors and machines change them."""

from __future__ import annotations

from collections import Counter

from campaigns.campaign import Campaign
from campaigns.edited_files_case import MisbeliefCase, draw
from campaigns.edited_files_run import run
from campaigns.shrink import shown, shrunk


def case(number: int) -> Counter[str]:
    """The case of that number."""
    return run(draw(number))


def smallest(number: int) -> str:
    """The smallest case that fails as the case of that number does."""
    found, text = shrunk(run, draw(number), valid=valid)
    return f"{shown(found)}\n{text}"


def valid(found: MisbeliefCase) -> bool:
    """A folder declares something, and every file of it a table."""
    return bool(found.files) and all(file.tables for file in found.files)


CAMPAIGN = Campaign(
    name="edited-files",
    claim="not one item lost without consent, and in sync once the folder is restored",
    unit="folders of declarations, changed as people, editors and machines change them",
    total=lambda: 100_000,
    case=case,
    smallest=smallest,
)
