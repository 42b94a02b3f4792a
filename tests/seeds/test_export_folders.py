"""Exports to S3 under AWS's own names: read whole, or refused with the file that is missing or changed."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from support.folders import SOUND, load, sentences, write

AREA = "AWSDynamoDB/01693685827463-2d8752fd"
COPY = "Copy the whole export: aws s3 cp --recursive s3://BUCKET/PREFIX/AWSDynamoDB/ID/ FOLDER."
ONE = b'{"Item":{"pk":{"S":"a"},"n":{"N":"1"}}}\n{"Item":{"pk":{"S":"b"}}}\n'
TWO = b'{"Item":{"pk":{"S":"c"},"tags":{"SS":["x","y"]}}}\n'
ITEMS: list[dict[str, Any]] = [
    {"pk": {"S": "a"}, "n": {"N": "1"}},
    {"pk": {"S": "b"}},
    {"pk": {"S": "c"}, "tags": {"SS": ["x", "y"]}},
]


def md5(content: bytes) -> str:
    return base64.b64encode(hashlib.new("md5", content).digest()).decode()


def export(
    folder: str, *, data: dict[str, tuple[bytes, int]] | None = None, suffix: str = "json", **summary: Any
) -> dict[str, Any]:
    """The files of an export in a folder of seeds."""
    data = {"one": (ONE, 2), "none": (b"", 0), "two": (TWO, 1)} if data is None else data
    files: dict[str, Any] = {"_started": b""}
    lines = ""
    for name, (content, count) in data.items():
        packed = gzip.compress(content)
        files[f"data/{name}.{suffix}.gz"] = packed
        key = f"prefix/{AREA}/data/{name}.{suffix}.gz"
        entry = {"itemCount": count, "md5Checksum": md5(packed), "etag": "e-1", "dataFileS3Key": key}
        lines += json.dumps(entry) + "\n"
    said = {
        "version": "2020-06-30",
        "tableArn": "arn:aws:dynamodb:us-east-1:123456789012:table/users",
        "manifestFilesS3Key": f"prefix/{AREA}/manifest-files.json",
        "itemCount": sum(count for _, count in data.values()),
        "outputFormat": "DYNAMODB_JSON",
        "exportType": "FULL_EXPORT",
        **summary,
    }
    files["manifest-summary.json"] = json.dumps(said)
    files["manifest-summary.checksum"] = md5(files["manifest-summary.json"].encode())
    files["manifest-files.json"] = lines
    files["manifest-files.checksum"] = md5(lines.encode())
    return {f"{folder}/{name}": content for name, content in files.items()}


@pytest.mark.parametrize(
    "folder", ["seeds/users", f"seeds/users/{AREA}", f"seeds/{AREA}", f"shop/seeds/2024/users/{AREA}"]
)
def test_an_export_is_the_seed_of_its_table(folder: str, tmp_path: Path) -> None:
    desired = load(write(tmp_path, {"users.json": SOUND, **export(folder)}))
    seed = desired.declarations[0].seed
    assert seed is not None
    assert (list(seed.items), seed.source, desired.warnings) == (ITEMS, folder, ())


def test_an_export_in_ion_is_read(tmp_path: Path) -> None:
    data = {"one": (b'$ion_1_0 {Item:{pk:"a",n:1.}}\n$ion_1_0 {Item:{pk:"b"}}\n', 2), "none": (b"", 0)}
    data["two"] = (b'$ion_1_0 {Item:{pk:"c",tags:$dynamodb_SS::["x","y"]}}\n', 1)
    files = export("seeds/users", data=data, suffix="ion", outputFormat="ION")
    seed = load(write(tmp_path, {"users.json": SOUND, **files})).declarations[0].seed
    assert seed is not None
    assert list(seed.items) == ITEMS


def test_an_export_of_an_empty_table_is_a_seed_without_items(tmp_path: Path) -> None:
    seed = load(write(tmp_path, {"users.json": SOUND, **export("seeds/users", data={})})).declarations[0].seed
    assert seed is not None
    assert len(seed.items) == 0


def test_a_declaration_may_name_an_export(tmp_path: Path) -> None:
    write(tmp_path, {"users.json": {**SOUND, "seed": {"file": "seeds/big"}}, **export("seeds/big")})
    seed = load(tmp_path).declarations[0].seed
    assert seed is not None
    assert len(seed.items) == 3


def test_an_export_of_no_declared_table_is_a_warning(tmp_path: Path) -> None:
    (warning,) = load(write(tmp_path, {"users.json": SOUND, **export("seeds/user")})).warnings
    assert warning == "seeds/user: seed of table 'user', which is not declared. Did you mean `users`?"


def without(name: str) -> dict[str, Any]:
    """The export without a file."""
    return {path: content for path, content in export("seeds/users").items() if path != f"seeds/users/{name}"}


def changed(name: str, content: Any) -> dict[str, Any]:
    """The export with another content of a file, and without checksums of its manifests."""
    files = {path: each for path, each in export("seeds/users").items() if not path.endswith(".checksum")}
    return {**files, f"seeds/users/{name}": content}


ENTRY = '{"itemCount": 2, "dataFileS3Key": "x/data/one.json.gz"}\n'
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no summary": (
        without("manifest-summary.json"),
        f"seeds/users: is an export without manifest-summary.json. {COPY}",
    ),
    "no list of files": (
        without("manifest-files.json"),
        f"seeds/users: is an export without manifest-files.json. {COPY}",
    ),
    "no manifests": (
        {f"seeds/{AREA}/data/one.json.gz": gzip.compress(ONE)},
        f"seeds/{AREA}: seed of table '{AREA[12:]}', which is not declared. Remove it, or declare the table.",
    ),
    "no manifests, of a table": (
        {f"seeds/users/{AREA}/data/one.json.gz": gzip.compress(ONE)},
        f"seeds/users/{AREA}: is an export without manifest-summary.json. {COPY}",
    ),
    "a data file is missing": (
        without("data/two.json.gz"),
        f"seeds/users/manifest-files.json:3:1: names data/two.json.gz, which is missing. {COPY}",
    ),
    "a data file too many": (
        {**export("seeds/users"), "seeds/users/data/more.json.gz": gzip.compress(TWO)},
        (
            "seeds/users/data/more.json.gz: is not listed in manifest-files.json. Remove it, or copy the whole export "
            "again."
        ),
    ),
    "a data file that was edited": (
        changed("data/one.json.gz", gzip.compress(ONE.replace(b"1", b"2"))),
        (
            "seeds/users/data/one.json.gz: does not match its md5Checksum in manifest-files.json. Copy the file again. "
            "If it was edited, remove the manifests and keep one data file as a seed."
        ),
    ),
    "a data file cut short": (
        changed("data/one.json.gz", gzip.compress(ONE)[:-9]),
        "seeds/users/data/one.json.gz: does not match its md5Checksum in manifest-files.json. ",
    ),
    "fewer items than listed": (
        export("seeds/users", data={"one": (ONE, 3)}),
        "seeds/users/data/one.json.gz: has 2 items, but manifest-files.json says 3. ",
    ),
    "fewer items than in the summary": (
        export("seeds/users", itemCount=4),
        f"seeds/users/manifest-summary.json: has 4 items, but the files of manifest-files.json have 3. {COPY}",
    ),
    "a manifest that was edited": (
        {**export("seeds/users"), "seeds/users/manifest-files.json": ENTRY},
        "seeds/users/manifest-files.json: does not match manifest-files.checksum. Copy both files again.",
    ),
    "a checksum that is none": (
        {**export("seeds/users"), "seeds/users/manifest-summary.checksum": "?"},
        "seeds/users/manifest-summary.json: does not match manifest-summary.checksum. Copy both files again.",
    ),
    "an incremental export": (
        export("seeds/users", exportType="INCREMENTAL_EXPORT", outputView="NEW_AND_OLD_IMAGES"),
        (
            "seeds/users/manifest-summary.json: is the manifest of an incremental export, which holds changes, no "
            "items. Export the whole table: aws dynamodb export-table-to-point-in-time --export-type FULL_EXPORT."
        ),
    ),
    "another format": (
        export("seeds/users", outputFormat="PARQUET"),
        f"seeds/users/manifest-summary.json: invalid outputFormat 'PARQUET'; expected DYNAMODB_JSON or ION. {COPY}",
    ),
    "a summary that is no JSON": (
        changed("manifest-summary.json", "{"),
        (f"seeds/users/manifest-summary.json: is no manifest of an export: a key in double quotes is expected. {COPY}"),
    ),
    "a summary that is a list": (
        changed("manifest-summary.json", "[]"),
        f"seeds/users/manifest-summary.json: is no manifest of an export. {COPY}",
    ),
    "an entry that is no JSON": (
        changed("manifest-files.json", f"{ENTRY}{{"),
        (
            f"seeds/users/manifest-files.json:2:1: is no manifest of an export: a key in "
            f"double quotes is expected. {COPY}"
        ),
    ),
    "an entry without its file": (
        changed("manifest-files.json", '\n{"itemCount": 2}\n'),
        (f"seeds/users/manifest-files.json:2:1: is no entry of a data file, with dataFileS3Key and itemCount. {COPY}"),
    ),
    "an item without its key": (
        export("seeds/users", data={"one": (ONE, 2), "two": (b'\n{"Item":{"x":{"S":"c"}}}\n', 1)}),
        (
            "seeds/users/data/two.json.gz:2:1: [2].pk: is required, because it is a key attribute. Add pk, a text (S), "
            "to each item of users."
        ),
    ),
    "a key in two files": (
        export("seeds/users", data={"one": (ONE, 2), "two": (b'\n{"Item":{"pk":{"S":"b"}}}\n', 1)}),
        (
            "seeds/users/data/two.json.gz:2:1: [2]: duplicate key 'b', also in item [1] of "
            "seeds/users/data/one.json.gz "
            "on line 2. Keep one of the two."
        ),
    ),
    "beside another seed": (
        {**export("seeds/users"), "seeds/users.json": "[]"},
        "seeds/users.json: duplicate seed of users; seeds/users is another one. Keep one of them.",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_whole_export_is_refused(case: str, tmp_path: Path) -> None:
    files, expected = BAD[case]
    write(tmp_path, {"users.json": SOUND, **files})
    found = sentences(tmp_path) or list(load(tmp_path).warnings)
    assert len(found) == 1
    assert found[0].startswith(expected)
