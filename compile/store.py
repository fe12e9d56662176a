"""Artifacts in S3. The manifest goes up last and a fetched folder is named last: half an artifact is never loadable."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError, ClientError

from compile.errors import CompileError, UsageError
from compile.events import Events
from serve_app.manifest import FILE, FileEntry, Manifest, hash_file, read_manifest, verify_files

if TYPE_CHECKING:
    from botocore.client import BaseClient

PART_BYTES = 64 << 20
TRANSFER = TransferConfig(multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES)
HASH = "sha256"
"""Name of the metadata entry under which an object's hash is kept."""
FAILURES = (Boto3Error, BotoCoreError, ClientError)


def publish(folder: Path, url: str, events: Events) -> None:
    """Upload an artifact; files that are there already, with the same hash, are not sent again. Raises CompileError."""
    manifest = read_manifest(folder)
    verify_files(folder, manifest)
    bucket, prefix = _parse(url)
    try:
        client = boto3.client("s3")
        for name, entry in manifest.files.items():
            if _is_there(client, bucket, prefix + name, entry):
                events.say("skipped", f"{name}: is there", file=name)
                continue
            _upload(client, folder / name, bucket, prefix + name, entry)
            events.say("uploaded", f"{name}: {entry.bytes:,} bytes", file=name, bytes=entry.bytes)
        _upload(client, folder / FILE, bucket, prefix + FILE, hash_file(folder / FILE))
    except FAILURES as error:
        raise CompileError(f"{url}: cannot be written: {error}") from error
    events.say("published", f"published: {url}", url=url)


def fetch(url: str, folder: Path, events: Events, configs_only: bool = False) -> None:
    """Download an artifact to a new folder and verify it; a second run goes on where the first ended.

    Files land in `<folder>.partial`, which is renamed when every hash is right. A folder that holds the same artifact
    already is left as it is. With `configs_only` graphs and weights are left out: enough to build the application, as
    Ray's head does, and nothing can load it. Raises CompileError, ArtifactError.
    """
    bucket, prefix = _parse(url)
    partial = folder.with_name(folder.name + ".partial")
    partial.mkdir(parents=True, exist_ok=True)
    try:
        client = boto3.client("s3")
        _download(client, bucket, prefix + FILE, partial / FILE)
        if folder.exists():
            _same_or_refuse(folder, partial, url, events)
            return
        manifest = _wanted(partial, configs_only)
        for name, entry in manifest.files.items():
            path = partial / name
            if path.is_file() and hash_file(path) == entry:
                events.say("skipped", f"{name}: is there", file=name)
                continue
            _download(client, bucket, prefix + name, path)
            events.say("downloaded", f"{name}: {entry.bytes:,} bytes", file=name, bytes=entry.bytes)
    except FAILURES as error:
        raise CompileError(f"{url}: cannot be read: {error}") from error
    verify_files(partial, manifest)
    partial.rename(folder)
    events.say("fetched", f"fetched: {folder}", folder=str(folder))


def _wanted(folder: Path, configs_only: bool) -> Manifest:
    manifest = read_manifest(folder)
    if not configs_only:
        return manifest
    files = {name: entry for name, entry in manifest.files.items() if not name.startswith(("graphs/", "weights/"))}
    return manifest.model_copy(update={"files": files, "graphs": (), "weights": {}})


def _same_or_refuse(folder: Path, partial: Path, url: str, events: Events) -> None:
    same = (folder / FILE).is_file() and (folder / FILE).read_bytes() == (partial / FILE).read_bytes()
    shutil.rmtree(partial)
    if not same:
        raise UsageError(f"{folder}: exists and is not the artifact of {url}; name a new folder")
    verify_files(folder, read_manifest(folder))
    events.say("fetched", f"{folder}: is there", folder=str(folder))


def _parse(url: str) -> tuple[str, str]:
    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    if not url.startswith("s3://") or not bucket or not prefix.strip("/"):
        raise UsageError(f"{url!r}: allowed: s3://BUCKET/PREFIX")
    return bucket, prefix.strip("/") + "/"


def _is_there(client: "BaseClient", bucket: str, key: str, entry: FileEntry) -> bool:
    try:
        head = client.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] == "404":
            return False
        raise
    stored: tuple[Any, Any] = (head["Metadata"].get(HASH), head["ContentLength"])
    return stored == (entry.sha256, entry.bytes)


def _upload(client: "BaseClient", path: Path, bucket: str, key: str, entry: FileEntry) -> None:
    client.upload_file(str(path), bucket, key, ExtraArgs={"Metadata": {HASH: entry.sha256}}, Config=TRANSFER)


def _download(client: "BaseClient", bucket: str, key: str, path: Path) -> None:
    """boto3 writes to a temporary name beside `path` and renames it when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    client.download_file(bucket, key, str(path), Config=TRANSFER)
