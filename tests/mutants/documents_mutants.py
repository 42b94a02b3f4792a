"""Mutants of what documents and seeds mean: remedies that change it, digits that get lost, files that are not read."""

from __future__ import annotations

from mutants.mutant import Mutant

REMEDIES = "declarations/test_remedies_keep_meaning.py"
LITERALS = "declarations/test_literals_kept.py"
PLACEHOLDERS = "declarations/test_placeholders.py"
UNREAD = "seeds/test_unread_seeds.py"
EXPORTED = "seeds/test_seeds_as_exported.py"
SSE = "facets/test_facet_sse.py"
PATHS = "cli/test_cli_paths.py"

MUTANTS = (
    Mutant(
        "a table whose capacity is scaled is not provisioned",
        "declarations/features/billing.py",
        "    scaled = any(part.enabled for _, part in scaled_capacities(document))\n",
        "    scaled = False\n",
        "CreateTable with PROVISIONED and MaxReadRequestUnits is planned, and refused in every pass",
        ("declarations/test_provisioned.py",),
    ),
    Mutant(
        "a throughput of 0 asks for 1",
        "declarations/document/check.py",
        "    pasted = on_demand_capacity(spelled.value, value)\n",
        "    pasted: list[Finding] = []\n",
        "following the message turns a pasted on-demand table into a provisioned one with 1 unit",
        (REMEDIES,),
    ),
    Mutant(
        "a pasted summary is only removed",
        "declarations/document/spelling.py",
        'return Finding(here, "is reported by DynamoDB and cannot be declared", same or "Remove it.")',
        'return Finding(here, "is reported by DynamoDB and cannot be declared", "Remove it.")',
        "following the message drops the billing mode, the class or the encryption that was meant",
        (REMEDIES,),
    ),
    Mutant(
        "STANDARD_IA is the nearest word",
        "declarations/document/messages.py",
        "return other if other in choices else did_you_mean(value, choices)",
        "return did_you_mean(value, choices)",
        "the class for rare access becomes the standard one",
        (REMEDIES,),
    ),
    Mutant(
        "the advice shows the number that was read",
        "declarations/document/check.py",
        'finding_of(detail, place.literal_of(tuple(detail["loc"])))',
        'finding_of(detail, str(detail["input"]))',
        "012345678901 is quoted as 12345678901, another account",
        (LITERALS,),
    ),
    Mutant(
        "numbers stand in policies",
        "declarations/document/check.py",
        "    refused += policy_numbers(value, place)\n",
        "",
        "an account ID loses its leading zero and the policy names nobody, or somebody else",
        (LITERALS,),
    ),
    Mutant(
        "merged mappings win over the mapping's own keys in messages",
        "parsing/yaml_text.py",
        "reversed([source for child in children for source in self._merge_sources(child)])",
        "[source for child in children for source in self._merge_sources(child)]",
        "with <<: [*a, *b] the later one wins, against YAML's rule",
        (LITERALS,),
    ),
    Mutant(
        "placeholders are taken literally",
        "declarations/placeholders.py",
        "        if _is_placeholder(match, written.policy):\n",
        "        if False:\n",
        "time to live is on for an attribute called ${TTL_ATTRIBUTE}",
        (PLACEHOLDERS,),
    ),
    Mutant(
        "any variable stands in a policy",
        "declarations/placeholders.py",
        'or body in ("{*}", "{?}", "{$}") or _is_variable(body)))',
        "or True))",
        "a policy for ${self:service} is put as it stands",
        (PLACEHOLDERS,),
    ),
    Mutant(
        "a live text is written down without its escape",
        "declarations/placeholders.py",
        'return match.group() if stays else "$" * (2 * dollars) + match["body"]',
        "return match.group()",
        "import writes a declaration that is refused, or reads back another tag",
        (PLACEHOLDERS,),
    ),
    Mutant(
        "an unread seed of a declared table is a warning",
        "declarations/assemble.py",
        "            if without_seed:\n",
        "            if False:\n",
        "seeds/users.ndjson is passed over, the table stays empty and everything is green",
        (UNREAD,),
    ),
    Mutant(
        "one page of a scan is the whole",
        "seeds/wrapped.py",
        "        if answer.get(name):\n",
        "        if False:\n",
        "the seed is the first megabyte of the table",
        (EXPORTED,),
    ),
    Mutant(
        "items that were cut out of a scan are not missed",
        "seeds/wrapped.py",
        "    if count is not None and count != items:\n",
        "    if False:\n",
        "a scan that was cut short is a seed that lacks items",
        (EXPORTED,),
    ),
    Mutant(
        "a type in brackets is part of the name",
        "seeds/csv_format.py",
        "    if bracketed:\n",
        "    if False:\n",
        "the attribute is called 'age (N)' and is a text",
        (EXPORTED,),
    ),
    Mutant(
        "leading zeros are dropped in seeds",
        "seeds/yaml_format.py",
        "        if LOSES_DIGITS.fullmatch(literal):\n",
        "        if False:\n",
        "the post code 01234 is the number 1234",
        (EXPORTED,),
    ),
    Mutant(
        "any key in KMS is the key of AWS",
        "facets/sse.py",
        "        if want.enabled and _other_key(want, have):\n",
        "        if want.enabled and want.key and _other_key(want, have):\n",
        "a table with a customer's key is in sync with a declaration of the key managed by AWS",
        (SSE,),
    ),
    Mutant(
        "annotations are relative to the working directory",
        "cli/paths.py",
        "(_inside(Path(path), Path(workspace)) if workspace else None) or path",
        "path",
        "GitHub shows no annotation at the file in a monorepo",
        (PATHS,),
    ),
)
