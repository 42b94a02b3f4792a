"""Mutants of what documents and seeds mean: remedies that change it, digits that get lost, files that are not read."""

from __future__ import annotations

from mutants.mutant import Mutant

REMEDIES = "test_remedies_keep_meaning"
LITERALS = "test_number_literals"
PLACEHOLDERS = "test_placeholders"
UNREAD = "test_unread_seeds"
EXPORTED = "test_seeds_as_exported"
SSE = "test_facet_sse"
PATHS = "test_paths"
EXPORT = "test_export_named_cases"

MUTANTS = (
    Mutant(
        "a table whose capacity is scaled is not provisioned",
        "is_provisioned",
        "scaled = any(part.enabled for _, part in scaled_capacities(document))",
        "scaled = False",
        "CreateTable with PROVISIONED and MaxReadRequestUnits is planned, and refused in every pass",
        ("test_provisioned",),
    ),
    Mutant(
        "a throughput of 0 asks for 1",
        "_with_on_demand_capacity",
        "pasted = on_demand_capacity(spelled.value, value)",
        "pasted: list[FieldProblem] = []",
        "following the message turns a pasted on-demand table into a provisioned one with 1 unit",
        (REMEDIES,),
    ),
    Mutant(
        "a pasted summary is only removed",
        "_unknown",
        'FieldProblem(here, "is read-only", same or "Remove it.")',
        'FieldProblem(here, "is read-only", "Remove it.")',
        "following the message drops the billing mode, the class or the encryption that was meant",
        (REMEDIES,),
    ),
    Mutant(
        "STANDARD_IA is the nearest word",
        "_intended_choice",
        "return other if other in choices else did_you_mean(value, choices)",
        "return did_you_mean(value, choices)",
        "the class for rare access becomes the standard one",
        (REMEDIES,),
    ),
    Mutant(
        "the advice shows the number that was read",
        "_validated",
        'location.literal_of(tuple(detail["loc"]))',
        'str(detail["input"])',
        "012345678901 is quoted as 12345678901, another account",
        (LITERALS,),
    ),
    Mutant(
        "numbers stand in policies",
        "read_document",
        "refused += policy_numbers(value, location)",
        "",
        "an account ID loses its leading zero and the policy names nobody, or somebody else",
        (LITERALS,),
    ),
    Mutant(
        "merged mappings win over the mapping's own keys in messages",
        "_Builder._members",
        "for source in reversed([source for child in children for source in self._merge_sources(child)]): ...",
        "for source in [source for child in children for source in self._merge_sources(child)]: ...",
        "with <<: [*a, *b] the later one wins, against YAML's rule",
        (LITERALS,),
    ),
    Mutant(
        "placeholders are taken literally",
        "placeholder_problem",
        "if _is_placeholder(match, written.policy): ...",
        "if False: ...",
        "time to live is on for an attribute called ${TTL_ATTRIBUTE}",
        (PLACEHOLDERS,),
    ),
    Mutant(
        "any variable stands in a policy",
        "_is_placeholder",
        'body[0] not in "{(" or body in ("{*}", "{?}", "{$}") or _is_variable(body)',
        'body[0] not in "{(" or True',
        "a policy for ${self:service} is put as it stands",
        (PLACEHOLDERS,),
    ),
    Mutant(
        "a live text is written down without its escape",
        "escape.escaped",
        'return match.group() if stays else "$" * (2 * dollars) + match["body"]',
        "return match.group()",
        "import writes a declaration that is refused, or reads back another tag",
        (PLACEHOLDERS,),
    ),
    Mutant(
        "an unread seed of a declared table is a warning",
        "_SeedFiles.name_unread",
        "if without_seed: ...",
        "if False: ...",
        "seeds/users.ndjson is passed over, the table stays empty and everything is green",
        (UNREAD,),
    ),
    Mutant(
        "one page of a scan is the whole",
        "_whole",
        "if answer.get(name): ...",
        "if False: ...",
        "the seed is the first megabyte of the table",
        (EXPORTED,),
    ),
    Mutant(
        "items that were cut out of a scan are not missed",
        "_whole",
        "if count is not None and count != items: ...",
        "if False: ...",
        "a scan that was cut short is a seed that lacks items",
        (EXPORTED,),
    ),
    Mutant(
        "a type in brackets is part of the name",
        "_column",
        "if bracketed: ...",
        "if False: ...",
        "the attribute is called 'age (N)' and is a text",
        (EXPORTED,),
    ),
    Mutant(
        "leading zeros are dropped in seeds",
        "_refuse_lost_digits",
        "if AMBIGUOUS_NUMBER.fullmatch(literal): ...",
        "if False: ...",
        "the post code 01234 is the number 1234",
        (EXPORTED,),
    ),
    Mutant(
        "any key in KMS is the key of AWS",
        "SseFacet.diff",
        "if want.enabled and _other_key(want, have): ...",
        "if want.enabled and want.key and _other_key(want, have): ...",
        "a table with a customer's key is in sync with a declaration of the key managed by AWS",
        (SSE,),
    ),
    Mutant(
        "annotations are relative to the working directory",
        "from_workspace",
        "return (_inside(Path(path), Path(workspace)) if workspace else None) or path",
        "return path",
        "GitHub shows no annotation at the file in a monorepo",
        (PATHS,),
    ),
    Mutant(
        "what a format does not hold is dropped in silence",
        "ReadBack.lost",
        "return tuple(name for name in names if getattr(self.spec, name) != getattr(spec, name))",
        "return ()",
        "the exported template creates a table without its backups, and nobody is told",
        (EXPORT,),
    ),
    Mutant(
        "a reference in a text of Terraform",
        "_escaped",
        'value.replace("${", "$${").replace("%{", "%%{")',
        "value",
        "a tag with ${…} is an expression, and the plan fails or reads something else",
        (EXPORT,),
    ),
    Mutant(
        "the second look of a comparison",
        "differences",
        "yield from (turned for turned in map(_turned, facet.diff(before, after)) if turned.path not in paths)",
        "",
        "a tag that only the first environment has is not shown",
        ("test_cli_diff",),
    ),
    Mutant(
        "a live table for CloudFormation without a policy",
        "for_import",
        "replace(each.lifecycle, protect=True)",
        "each.lifecycle",
        "CloudFormation refuses the import, or deletes the table with the stack",
        (EXPORT,),
    ),
    Mutant(
        "the existing scaling policy gets another name",
        "_scaling",
        'scaling.policy or f"{_DIMENSIONS[capacity]}CapacityUtilization:table/{spec.name}{ending}"',
        'f"{_DIMENSIONS[capacity]}CapacityUtilization:table/{spec.name}{ending}"',
        "the apply is refused, because the metric has a policy already",
        (EXPORT,),
    ),
)
