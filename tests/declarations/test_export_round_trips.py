"""What is exported reads back as the same table, or a warning names the feature. For every declaration in the tests."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from support.declared_everywhere import everywhere
from support.folders import write
from support.random_wide import wide
from support.specs import keys
from support.strategies import table_specs, table_specs_with_all

from reconciler.declarations.convert import Request, convert
from reconciler.declarations.export import cloudformation, create_table, terraform
from reconciler.declarations.export.exported import Exported, Selection
from reconciler.declarations.export.read_back import is_off, read_back, without_defaults
from reconciler.declarations.export.whole_document import whole_document
from reconciler.declarations.folder import FolderSource
from reconciler.declarations.template_inputs import TemplateInputs
from reconciler.model.desired import Declaration, DesiredState, Lifecycle, Origin, Reference
from reconciler.model.errors import DeclarationError
from reconciler.model.table import ContributorInsights, TableSpec

REGION = "us-east-1"
INPUTS = TemplateInputs(region=REGION)
KEYS = keys("pk S", "sk N")
FORMATS = ("cloudformation", "sam", "terraform", "json")


def declared(spec: TableSpec, **more: Any) -> Declaration:
    return Declaration(spec.name, spec, Origin("tables.yaml", 1), **more)


def exported(form: str, *declarations: Declaration) -> Exported:
    selection = Selection(declarations, {each.base_name: each.spec.name for each in declarations}, REGION)
    if form == "terraform":
        return terraform.export(selection)
    if form == "json":
        return create_table.export(selection)
    return cloudformation.export(selection, sam=form == "sam")


def resolved(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration as ``terraform show -json`` shows it after an apply: references have their values."""
    resources = configuration["resource"]

    def value(item: Any) -> Any:
        if isinstance(item, dict):
            return {key: value(each) for key, each in item.items()}
        if isinstance(item, list):
            return [value(each) for each in item]
        return _text(item, resources) if isinstance(item, str) else item

    listed = [
        {
            "address": f"{kind}.{label}",
            "mode": "managed",
            "type": kind,
            "name": label,
            "values": value({name: each for name, each in arguments.items() if name != "lifecycle"}),
        }
        for kind, labels in resources.items()
        for label, arguments in labels.items()
    ]
    return {"format_version": "1.0", "terraform_version": "1.14.0", "values": {"root_module": {"resources": listed}}}


def _text(text: str, resources: Mapping[str, Any]) -> str:
    out, rest = "", text
    while rest:
        before, start, after = rest.partition("${")
        if not start:
            return (out + before).replace("%%{", "%{")
        if before.endswith("$"):
            out, rest = f"{out}{before[:-1]}${{", after
            continue
        reference, _, rest = after.partition("}")
        kind, label, attribute = reference.split(".")
        found = resources[kind][label]
        arn = f"arn:aws:dynamodb:{REGION}:123456789012:table/{found.get('name')}"
        known = {"arn": arn, "stream_arn": f"{arn}/stream/2026-01-01T00:00:00.000"}
        out += before + known.get(attribute, "") if attribute in known else before + _text(found[attribute], resources)
    return out.replace("%%{", "%{")


def load(folder: Path, form: str, found: Exported) -> tuple[Declaration, ...]:
    texts = dict(found.texts)
    if form == "terraform":
        texts = {"state.json": json.dumps(resolved(json.loads(texts["tables.tf.json"])))}
    return FolderSource(str(write(folder, texts)), None, inputs=INPUTS).load().declarations


def declarable(spec: TableSpec) -> bool:
    """Whether some document declares it. Cases for planning alone are not held to the rules of declarations."""
    found = read_back(json.dumps(whole_document(spec)), "table.json", TemplateInputs())
    nothing = spec.contributor_insights == ContributorInsights()
    return not nothing and all(each.problem is None for each in found.values())


def differing(form: str, spec: TableSpec, folder: Path) -> Iterator[str]:
    """Each facet that came back as another value and that no warning names."""
    found = exported(form, declared(spec))
    (back,) = load(folder, form, found)
    for name in (each.name for each in fields(TableSpec)):
        before, after = getattr(spec, name), getattr(back.spec, name)
        named = any(f"{spec.name}: " in warning and f" {name} " in f"{warning} " for warning in found.warnings)
        # A maximum of -1 is none, and so is a maximum that is not written.
        left_out = (is_off(before) and (after is None or is_off(after))) or without_defaults(before) == after
        exact = form in ("cloudformation", "sam")
        if before != after and (exact or not (named or left_out)):
            yield f"{name}: {before} came back as {after}"


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, TableSpec]:
    found = everywhere(tmp_path_factory.mktemp("everywhere"))
    return {origin: spec for origin, spec in found.items() if declarable(spec)}


def test_the_whole_document_declares_exactly_the_table(everything: Mapping[str, TableSpec]) -> None:
    assert len(everything) > 200
    for origin, spec in everything.items():
        found = read_back(json.dumps(whole_document(spec)), "table.json", TemplateInputs())
        assert found[spec.name].spec == spec, origin


@pytest.mark.parametrize("form", FORMATS)
def test_every_declaration_in_the_tests_reads_back(
    form: str, everything: Mapping[str, TableSpec], tmp_path: Path
) -> None:
    for number, (origin, spec) in enumerate(everything.items()):
        assert list(differing(form, spec, tmp_path / str(number))) == [], origin


def test_a_template_that_became_our_yaml_is_exported_as_the_same_template(
    everything: Mapping[str, TableSpec], tmp_path: Path
) -> None:
    for number, (origin, spec) in enumerate(everything.items()):
        folder = tmp_path / str(number)
        first = exported("cloudformation", declared(spec))
        ((name, text),) = first.texts.items()
        write(folder, {"theirs/template.yaml": text})
        request = Request(str(folder / "theirs" / "template.yaml"), name, "cloudformation", (), "yaml")
        ours = convert(request, INPUTS, DesiredState((), ""))
        write(folder, {f"ours/{path}": each for path, each in ours.declarations.items()})
        read = FolderSource(str(folder / "ours"), None, inputs=INPUTS).load().declarations
        assert exported("cloudformation", *read).texts == first.texts, origin


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("seed", range(20))
def test_random_tables_in_several_regions_read_back(form: str, seed: int, tmp_path: Path) -> None:
    spec = wide(Random(seed), TableSpec("subject", KEYS), 0.8)
    if declarable(spec):
        assert list(differing(form, spec, tmp_path)) == []


@pytest.mark.parametrize("form", FORMATS)
@settings(max_examples=25, deadline=None)
@given(spec=table_specs_with_all())
def test_random_tables_read_back(form: str, spec: TableSpec, tmp_path_factory: pytest.TempPathFactory) -> None:
    if declarable(spec):
        assert list(differing(form, spec, tmp_path_factory.mktemp("random"))) == []


@pytest.mark.parametrize("form", ["cloudformation", "sam"])
@settings(max_examples=10, deadline=None)
@given(first=table_specs(name="users"), second=table_specs(name="orders-by.day"))
def test_a_template_of_several_tables_keeps_what_is_no_property(
    form: str, first: TableSpec, second: TableSpec, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if not (declarable(first) and declarable(second)):
        return
    ignored = Lifecycle(protect=True, ignore_changes=("ttl", "tags.*"), on_existing="own", allow_data_loss=True)
    before = (
        declared(second, lifecycle=Lifecycle(protect=True), references=(Reference("users", "pk"),)),
        declared(first, lifecycle=ignored, description="People: who they are"),
    )
    back = load(tmp_path_factory.mktemp("several"), form, exported(form, *before))
    kept = [replace(each, lifecycle=replace(each.lifecycle, protect_as="")) for each in back]
    assert [replace(each, origin=before[0].origin) for each in kept] == list(before)


@pytest.mark.parametrize("text", ["on", "012", "2012-10-17", "a: b", "~", "é ☃", "%{b}", "1e3", "", " x "])
@pytest.mark.parametrize("form", ["cloudformation", "terraform"])
def test_a_text_stays_that_text(form: str, text: str, tmp_path: Path) -> None:
    spec = TableSpec("users", KEYS, tags=(("key", text),))
    (back,) = load(tmp_path, form, exported(form, declared(spec)))
    assert back.spec.tags == (("key", text),)


@pytest.mark.parametrize("form", FORMATS)
def test_a_text_that_our_reader_takes_for_a_placeholder_is_written_as_it_is(form: str, tmp_path: Path) -> None:
    found = exported(form, declared(TableSpec("users", KEYS, tags=(("key", "${a}"),))))
    assert any("cannot be read back" in warning and "placeholder ${a}" in warning for warning in found.warnings)
    with pytest.raises(DeclarationError, match="placeholder"):
        load(tmp_path, form, found)
