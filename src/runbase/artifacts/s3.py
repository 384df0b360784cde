"""Artifacts in a bucket of S3, or of what speaks like it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, BinaryIO

from ..errors import ConfigError, NotFoundError, require
from .stores import KEY, MARK, Reader, Stored

GONE = {"404", "NoSuchKey", "NotFound"}


class Bucket:
    """Objects below ``s3://bucket/prefix``.

    Args:
        place: bucket and prefix.
        endpoint: the server, where it is not Amazon's; credentials and all else are those that
            boto3 finds.

    Raises:
        ConfigError: there is no bucket in the address, or boto3 cannot use the endpoint.
        MissingExtraError: boto3 is not installed.
    """

    def __init__(self, place: str, endpoint: str | None = None) -> None:
        self.bucket, _, prefix = place.removeprefix("s3://").partition("/")
        if not self.bucket:
            raise ConfigError(f"a bucket is written s3://BUCKET/PREFIX, not {place!r}")
        self.prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        boto3: Any = require("boto3", "s3")
        try:
            self.client = boto3.client("s3", endpoint_url=endpoint)
        except ValueError as error:
            raise ConfigError(
                f"the endpoint of the bucket is written https://HOST:PORT: {error}"
            ) from error
        self._marked: set[str] = set()

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"

    def put(self, key: str, content: Reader, mimetype: str) -> str:
        """See `Store.put`; S3 shows an object when all of it is stored."""
        self.client.upload_fileobj(
            content, self.bucket, self.prefix + key, ExtraArgs={"ContentType": mimetype}
        )
        return f"{self}{key}"

    def open(self, uri: str) -> BinaryIO:
        """See `Store.open`."""
        key = self._key(uri)
        reader: Any = io.BufferedReader(
            _Object(self.client, self.bucket, key, self._size(uri, key))
        )
        return reader  # type: ignore[no-any-return]

    def remove(self, uri: str) -> None:
        """See `Store.remove`."""
        key = self._key(uri)
        self._size(uri, key)  # deleting nothing is no error of S3's
        self.client.delete_object(Bucket=self.bucket, Key=key)

    def stored(self) -> Iterator[Stored]:
        """See `Store.stored`."""
        pages = self.client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.bucket, Prefix=self.prefix):
            for each in page.get("Contents", ()):
                key = each["Key"].removeprefix(self.prefix)
                if KEY.fullmatch(key):
                    yield Stored(f"{self}{key}", each["Size"], each["LastModified"])

    def where(self, uri: str) -> None:
        """See `Store.where`."""
        return

    def mark(self, name: str, text: str) -> None:
        """See `Store.mark`."""
        if name not in self._marked:
            self.client.put_object(
                Bucket=self.bucket, Key=self.prefix + name, Body=text.encode(),
                ContentType="text/plain",
            )  # fmt: skip
            self._marked.add(name)

    def marks(self) -> list[str]:
        """See `Store.marks`."""
        pages = self.client.get_paginator("list_objects_v2")
        found = pages.paginate(Bucket=self.bucket, Prefix=f"{self.prefix}runbase-database-")
        keys = (each["Key"] for page in found for each in page.get("Contents", ()))
        names = (key.removeprefix(self.prefix) for key in keys)
        return [name for name in names if MARK.fullmatch(name)]

    def _size(self, uri: str, key: str) -> int:
        try:
            return int(self.client.head_object(Bucket=self.bucket, Key=key)["ContentLength"])
        except Exception as error:
            if getattr(error, "response", {}).get("Error", {}).get("Code") in GONE:
                raise NotFoundError(f"the bytes are gone: there is no {uri}") from error
            raise

    def _key(self, uri: str) -> str:
        key = uri.removeprefix(str(self))
        if not KEY.fullmatch(key):
            raise NotFoundError(f"artifacts are at {self}, but this one is at {uri[:200]!r}")
        return self.prefix + key


class _Object(io.RawIOBase):
    """The bytes of an object, from wherever they are wanted."""

    def __init__(self, client: Any, bucket: str, key: str, size: int) -> None:
        self.client, self.place, self.size = client, {"Bucket": bucket, "Key": key}, size
        self.position = 0
        self._body: Any = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self.position, io.SEEK_END: self.size}[whence]
        if start + offset != self.position:
            self._end()
            self.position = max(start + offset, 0)
        return self.position

    def readinto(self, buffer: Any) -> int:
        if self.position >= self.size:
            return 0
        if self._body is None:
            span = f"bytes={self.position}-"
            self._body = self.client.get_object(**self.place, Range=span)["Body"]
        chunk = self._body.read(len(buffer))
        buffer[: len(chunk)] = chunk
        self.position += len(chunk)
        return len(chunk)

    def close(self) -> None:
        self._end()
        super().close()

    def _end(self) -> None:
        body, self._body = self._body, None
        if body is not None:
            body.close()
