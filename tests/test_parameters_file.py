"""The file of parameters: what each form gives, and what is refused because two values could be meant."""

# ruff: noqa: E501 - sentences are quoted whole

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.model.errors import SettingsError
from reconciler.settings.parameters_file import parameters_in

SAM = "[default.deploy.parameters]\nparameter_overrides = "
FORMS = (
    'Write a list like [{"ParameterKey": "Stage", "ParameterValue": "dev"}], a mapping under "Parameters", or a '
    "samconfig.toml or samconfig.yaml with parameter_overrides."
)
READ = {
    "digits stay": ("p.json", '{"Version": 1.10, "Big": 100000000000000000000.0}', {"Version": "1.10", "Big": "100000000000000000000.0"}),
    "a list of words": ("p.json", '["Stage=dev"]', {"Stage": "dev"}),
    "a list of words under Parameters": ("p.json", '{"Parameters": ["Stage=dev"], "Tags": {}}', {"Stage": "dev"}),
    "the same value twice": ("samconfig.toml", SAM + '"Stage=dev Stage=dev"', {"Stage": "dev"}),
    "YAML of SAM": ("samconfig.yaml", "version: 0.1\ndefault:\n  deploy:\n    parameters:\n      parameter_overrides: Stage=dev Size=5\n", {"Stage": "dev", "Size": "5"}),
    "YAML of SAM, by name": ("samconfig.yml", "default: {global: {parameters: {parameter_overrides: {Version: 1.10, Id: 007}}}}\n", {"Version": "1.10", "Id": "007"}),
    "a suffix in capitals": ("SAMCONFIG.TOML", SAM + '"Stage=dev"', {"Stage": "dev"}),
}  # fmt: skip
REFUSED = {
    "nested without end": ("[" * 100_000, f"p.json is nested too deeply. {FORMS}"),
    "a number that is none": ('{"Stage": NaN}', f"p.json is not JSON: NaN is no number of JSON. {FORMS}"),
    "a key twice": ('{"Stage": "a", "Stage": "b"}', f"p.json is not JSON: duplicate key 'Stage'. {FORMS}"),
    "a parameter twice": (
        '[{"ParameterKey": "Stage", "ParameterValue": "a"}, {"ParameterKey": "Stage", "ParameterValue": "b"}]',
        "p.json: Stage has the values a and b. Keep one.",
    ),
    "a word twice": ('["Stage=a", "Stage=b"]', "p.json: Stage has the values a and b. Keep one."),
}


@pytest.mark.parametrize("case", READ)
def test_a_form_is_read(case: str, tmp_path: Path) -> None:
    name, text, expected = READ[case]
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert parameters_in(str(tmp_path / name), None) == expected


@pytest.mark.parametrize("case", REFUSED)
def test_what_could_mean_another_value_is_refused(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, expected = REFUSED[case]
    (tmp_path / "p.json").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError) as caught:
        parameters_in("p.json", None)
    assert str(caught.value) == f"parameters_file: {expected}"


YAML = "default:\n  deploy:\n    parameters: {parameter_overrides: Stage=dev}\nprod:\n  deploy:\n    parameters: {parameter_overrides: Stage=prod}\n"


@pytest.mark.parametrize(("environment", "stage"), [(None, "dev"), ("prod", "prod"), ("test", "dev")])
def test_an_environment_of_yaml_comes_before_the_default(environment: str | None, stage: str, tmp_path: Path) -> None:
    (tmp_path / "samconfig.yaml").write_text(YAML)
    assert parameters_in(str(tmp_path / "samconfig.yaml"), environment) == {"Stage": stage}


YAML_REFUSED = {
    "broken": ("a: [\n", ":2:1: is not YAML: expected the node content, but found '<stream end>'. Correct the syntax."),
    "empty": ("# nothing\n", f" is empty. {FORMS}"),
    "no overrides": ("default: {}\n", f" has no parameter_overrides in default.deploy.parameters. {FORMS}"),
}


@pytest.mark.parametrize("case", YAML_REFUSED)
def test_yaml_that_is_no_configuration_of_sam_is_refused(case: str, tmp_path: Path) -> None:
    text, expected = YAML_REFUSED[case]
    (tmp_path / "samconfig.yaml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        parameters_in(str(tmp_path / "samconfig.yaml"), None)
    assert str(caught.value) == f"parameters_file: {tmp_path}/samconfig.yaml{expected}"
