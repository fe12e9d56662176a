"""Publishing and fetching over HTTP, against moto's server."""

import threading
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from artifacts import a_manifest
from botocore.client import BaseClient
from moto.server import ThreadedMotoServer

from compile import store
from compile.__main__ import main
from compile.errors import CompileError, UsageError
from compile.events import Events
from compile.store import fetch, publish
from serve_app.errors import ArtifactError
from serve_app.manifest import FILE, Manifest, hash_file, read_manifest, verify_files

URL = "s3://models/demo/v1"
QUIET = Events(as_json=True)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(server: str, monkeypatch: pytest.MonkeyPatch) -> BaseClient:
    for name, value in {
        "AWS_ENDPOINT_URL": server,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")
    client.create_bucket(Bucket="models")
    for item in client.list_objects_v2(Bucket="models").get("Contents", []):
        client.delete_object(Bucket="models", Key=item["Key"])
    return client


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    folder = tmp_path / "artifact"
    (folder / "graphs").mkdir(parents=True)
    for name, size in {"a": 10, "b": 2000}.items():
        (folder / "graphs" / name).write_bytes(name.encode() * size)
    manifest = a_manifest(files={f"graphs/{name}": hash_file(folder / "graphs" / name) for name in "ab"})
    (folder / FILE).write_text(manifest.model_dump_json())
    return folder


def keys(s3: BaseClient) -> set[str]:
    return {item["Key"] for item in s3.list_objects_v2(Bucket="models").get("Contents", [])}


def same(one: Path, other: Path) -> bool:
    files = [{p.relative_to(root): p.read_bytes() for p in root.rglob("*") if p.is_file()} for root in (one, other)]
    return files[0] == files[1]


def test_what_is_published_is_fetched(s3: BaseClient, artifact: Path, tmp_path: Path) -> None:
    publish(artifact, URL, QUIET)
    fetch(URL, tmp_path / "fetched", QUIET)
    assert same(artifact, tmp_path / "fetched")
    assert not (tmp_path / "fetched.partial").exists()


def test_a_large_file_goes_in_parts(
    s3: BaseClient, artifact: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3 marks an object of several parts with their number in its ETag."""
    large = artifact / "graphs" / "b"
    large.write_bytes(b"b" * (12 << 20))
    manifest = Manifest.model_validate_json((artifact / FILE).read_text())
    files = {**manifest.files, "graphs/b": hash_file(large)}
    (artifact / FILE).write_text(manifest.model_copy(update={"files": files}).model_dump_json())
    monkeypatch.setattr(
        store, "TRANSFER", store.TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20)
    )
    publish(artifact, URL, QUIET)
    assert s3.head_object(Bucket="models", Key="demo/v1/graphs/b")["ETag"].endswith('-3"')
    fetch(URL, tmp_path / "fetched", QUIET)
    assert same(artifact, tmp_path / "fetched")


def test_a_second_upload_sends_only_what_is_missing(
    s3: BaseClient, artifact: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(artifact, URL, QUIET)
    s3.delete_object(Bucket="models", Key="demo/v1/graphs/b")
    capsys.readouterr()
    publish(artifact, URL, QUIET)
    events = capsys.readouterr().err
    assert '"skipped", "file": "graphs/a"' in events
    assert '"uploaded", "file": "graphs/b"' in events


def test_a_half_upload_cannot_be_fetched(s3: BaseClient, artifact: Path, tmp_path: Path) -> None:
    publish(artifact, URL, QUIET)
    s3.delete_object(Bucket="models", Key=f"demo/v1/{FILE}")  # it goes up last
    with pytest.raises(CompileError, match=r"s3://models/demo/v1: cannot be read: .*404"):
        fetch(URL, tmp_path / "fetched", QUIET)
    assert not (tmp_path / "fetched").exists()


def test_the_manifest_goes_up_last(s3: BaseClient, artifact: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    upload = store._upload
    monkeypatch.setattr(store, "_upload", lambda *args: (order.append(args[3]), upload(*args)))
    publish(artifact, URL, QUIET)
    assert order[-1] == f"demo/v1/{FILE}"
    assert keys(s3) == set(order)


def test_a_file_that_was_changed_on_the_way_is_never_loadable(s3: BaseClient, artifact: Path, tmp_path: Path) -> None:
    publish(artifact, URL, QUIET)
    s3.put_object(Bucket="models", Key="demo/v1/graphs/a", Body=b"z" * 10)
    with pytest.raises(ArtifactError, match="graphs/a: its content is not what was compiled"):
        fetch(URL, tmp_path / "fetched", QUIET)
    assert not (tmp_path / "fetched").exists()


def test_a_second_fetch_brings_only_what_is_missing(
    s3: BaseClient, artifact: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(artifact, URL, QUIET)
    body = s3.get_object(Bucket="models", Key="demo/v1/graphs/b")["Body"].read()
    s3.delete_object(Bucket="models", Key="demo/v1/graphs/b")
    with pytest.raises(CompileError):
        fetch(URL, tmp_path / "fetched", QUIET)
    s3.put_object(Bucket="models", Key="demo/v1/graphs/b", Body=body)
    capsys.readouterr()
    fetch(URL, tmp_path / "fetched", QUIET)
    assert '"skipped", "file": "graphs/a"' in capsys.readouterr().err
    assert same(artifact, tmp_path / "fetched")


def test_the_same_artifact_is_not_fetched_twice(
    s3: BaseClient, artifact: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(artifact, URL, QUIET)
    fetch(URL, tmp_path / "fetched", QUIET)
    capsys.readouterr()
    fetch(URL, tmp_path / "fetched", QUIET)
    assert "downloaded" not in capsys.readouterr().err


def test_configs_alone_can_be_read_and_not_loaded(s3: BaseClient, artifact: Path, tmp_path: Path) -> None:
    publish(artifact, URL, QUIET)
    fetch(URL, tmp_path / "configs", QUIET, configs_only=True)
    assert [path.name for path in (tmp_path / "configs").rglob("*") if path.is_file()] == [FILE]
    with pytest.raises(ArtifactError, match="graphs/a: this file of the artifact is missing"):
        verify_files(tmp_path / "configs", read_manifest(tmp_path / "configs"))


def test_a_folder_with_something_else_is_left_alone(s3: BaseClient, artifact: Path, tmp_path: Path) -> None:
    publish(artifact, URL, QUIET)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes").write_text("keep")
    with pytest.raises(UsageError, match="exists and is not the artifact"):
        fetch(URL, tmp_path / "mine", QUIET)
    assert (tmp_path / "mine" / "notes").read_text() == "keep"


def test_a_damaged_artifact_is_not_published(s3: BaseClient, artifact: Path) -> None:
    (artifact / "graphs" / "a").write_bytes(b"z" * 10)
    with pytest.raises(ArtifactError, match="graphs/a"):
        publish(artifact, URL, QUIET)
    assert keys(s3) == set()


def test_two_replicas_may_fetch_at_once_into_folders_of_their_own(
    s3: BaseClient, artifact: Path, tmp_path: Path
) -> None:
    publish(artifact, URL, QUIET)
    threads = [threading.Thread(target=fetch, args=(URL, tmp_path / name, QUIET)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert same(tmp_path / "one", tmp_path / "two")


@pytest.mark.parametrize("url", ["models/demo", "s3://models", "s3://models/", "https://models/demo"])
def test_an_address_that_is_none_is_refused(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fetch", url, str(tmp_path / "x")]) == 2
    assert "allowed: s3://BUCKET/PREFIX" in capsys.readouterr().err


def test_a_missing_bucket_is_said(s3: BaseClient, artifact: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["publish", str(artifact), "s3://nobody/demo"]) == 1
    assert "s3://nobody/demo: cannot be written" in capsys.readouterr().err
