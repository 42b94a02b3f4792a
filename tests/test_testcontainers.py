"""The container of Testcontainers: what Docker is asked for, and that its tables are the declared ones.

Docker is a fake at its HTTP interface, and the container is the DynamoDB Local of the tests.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.endpoints import Live, free_port
from support.fake_docker import FakeDocker
from support.markdown import ROOT, code_blocks
from support.plugin_run import TABLES, USERS, Project
from testcontainers.core import config
from testcontainers.core.config import ConnectionMode
from testcontainers.core.exceptions import ContainerStartException

from reconciler.pytest_plugin.installation import version
from reconciler.testcontainers import IMAGE, DynamoDBAnswers, DynamoDBContainer

GUIDE = ROOT / "docs" / "guides" / "testcontainers.md"


@pytest.fixture(autouse=True)
def _plain(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project in the working directory, and Testcontainers without its own container that removes others."""
    (elsewhere / "desired_state" / "seeds").mkdir(parents=True)
    (elsewhere / "desired_state" / "tables.yaml").write_text(TABLES, encoding="utf-8")
    (elsewhere / "desired_state" / "seeds" / "users.json").write_text(USERS, encoding="utf-8")
    monkeypatch.setattr(config.testcontainers_config, "ryuk_disabled", True)
    monkeypatch.setattr(config.testcontainers_config, "connection_mode_override", ConnectionMode.docker_host)


def fake(port: int, monkeypatch: pytest.MonkeyPatch, status: str = "running") -> FakeDocker:
    docker = FakeDocker(port, status)
    monkeypatch.setenv("DOCKER_HOST", docker.url)
    return docker


@pytest.fixture
def docker(local: Live, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDocker]:
    """An engine whose containers are the DynamoDB Local of the tests."""
    with fake(int(local.url.rpartition(":")[2]), monkeypatch) as engine:
        yield engine


def names(container: DynamoDBContainer) -> list[str]:
    return sorted(item["pk"]["S"] for item in container.get_client().scan(TableName="users")["Items"])


def test_the_declared_tables_are_there_with_their_seeds(docker: FakeDocker) -> None:
    before = dict(os.environ)
    with DynamoDBContainer().with_name("tables").with_env("A", "1") as container:
        assert dict(os.environ) == before
        (asked,) = docker.created
        assert docker.pulled == [IMAGE] == [asked["Image"]]
        assert asked["Cmd"] == ["-jar", "DynamoDBLocal.jar", "-inMemory", "-sharedDb", "-port", "8000"]
        assert asked["Env"] == ["A=1"]
        assert asked["HostConfig"]["PortBindings"] == {"8000/tcp": [{"HostIp": "", "HostPort": ""}]}
        assert dict(container.tables) == {"users": "users", "orders": "orders"}
        assert names(container) == ["1", "2"]
        users = container.tables.table("users")
        kept = container.snapshot()
        users.put_item(Item={"pk": "3"})
        container.get_client().delete_table(TableName="orders")
        container.reset()
        assert names(container) == ["1", "2"]
        assert container.get_resource().Table("orders").scan()["Count"] == 0
        container.reset(seeds=False)
        assert names(container) == []
        container.restore(kept)
        assert names(container) == ["1", "2"]
        assert container.get_client("dynamodbstreams").list_streams()["Streams"]
        assert container.get_environment()["AWS_ENDPOINT_URL_DYNAMODB"] == container.get_url()
    assert docker.containers == {}
    assert [(each["force"], each["v"]) for each in docker.removed] == [("True", "True")]
    container.stop()
    with pytest.raises(ContainerStartException, match="The container is not started"):
        container.reset()


def test_tables_of_another_folder_and_region_without_seeds(docker: FakeDocker, elsewhere: Path) -> None:
    (elsewhere / "desired_state").rename(elsewhere / "tables")
    container = DynamoDBContainer(desired_state=elsewhere / "tables", seeds=False, region_name="eu-west-1")
    try:
        assert names(container.start()) == []
        assert container.get_client().meta.region_name == "eu-west-1"
    finally:
        container.stop()


def test_the_fixtures_of_the_guide_work(docker: FakeDocker, tmp_path: Path) -> None:
    project = Project(tmp_path, {})
    (fixtures,) = (block for block in code_blocks(GUIDE, "python") if "@pytest.fixture" in block)
    project.write(
        "test_app.py",
        fixtures + "\n\ndef test_the_next_one_starts_with_the_seed(users):\n"
        '    assert users.get_item(Key={"pk": "1"})["Item"]["name"] == "Ada"\n',
    )
    assert "2 passed" in project.passes()
    assert docker.containers == {}


def test_a_wrong_declaration_is_named_before_anything_is_started(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (elsewhere / "desired_state" / "tables.yaml").write_text("TableName: users\nKeySchema: 5\n", encoding="utf-8")
    with fake(free_port(), monkeypatch, status="exited") as docker:
        with pytest.raises(ContainerStartException, match=r"desired_state/tables\.yaml:2:\d+: KeySchema: ") as raised:
            DynamoDBContainer().start()
        assert "The argument desired_state of DynamoDBContainer names the folder" in str(raised.value)
        assert docker.created == []


def test_a_container_that_cannot_be_used_is_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    with fake(free_port(), monkeypatch, status="exited") as docker:
        with pytest.raises(RuntimeError, match="The container of DynamoDB Local ended: no memory"), DynamoDBContainer():
            pass
        assert (len(docker.created), docker.containers) == (1, {})
    with fake(free_port(), monkeypatch) as docker:
        container = DynamoDBContainer().waiting_for(DynamoDBAnswers(8000).with_startup_timeout(0))
        with pytest.raises(TimeoutError, match="did not answer in 0 s"):
            container.start()
        assert docker.containers == {}


def test_the_image_has_the_version_that_the_tests_use() -> None:
    assert IMAGE.rpartition(":")[2] == version()
