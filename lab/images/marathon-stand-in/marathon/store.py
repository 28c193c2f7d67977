"""State below <zk path>/state, so that the next leader goes on where this one ended.

The places are Marathon's: <category>/<bucket>/<id>[/<version>]. The framework id and the version of the
state are written as Marathon writes them; everything else is JSON, which is this stand-in's own encoding.
"""

from __future__ import annotations

import json
from typing import Any

from kazoo.client import KazooClient
from kazoo.exceptions import NoNodeError


class Store:
    """Values by category and id, in ZooKeeper."""

    def __init__(self, client: KazooClient, path: str) -> None:
        self._client, self._root = client, f"{path}/state"

    def put(self, category: str, key: str, value: Any, version: str = "") -> None:
        """Write a value; when this returns, a next leader would find it."""
        self._write(self._place(category, key, version), json.dumps(value).encode())

    def drop(self, category: str, key: str, version: str = "") -> None:
        """Forget a value and its versions."""
        self._client.delete(self._place(category, key, version), recursive=True)

    def all(self, category: str) -> list[Any]:
        """Return all values of a category."""
        places = [
            f"{bucket}/{name}"
            for bucket in self._below(category)
            for name in self._below(f"{category}/{bucket}")
        ]
        return [self._read(f"{self._root}/{category}/{place}") for place in places]

    def versions(self, category: str, key: str) -> dict[str, Any]:
        """Return a value's former versions."""
        place = self._place(category, key)
        names = sorted(self._client.get_children(place))
        return {name: self._read(f"{place}/{name}") for name in names}

    @property
    def framework_id(self) -> str | None:
        """Read the framework id, if there ever was one."""
        try:
            data: bytes = self._client.get(self._place("framework-id", "id"))[0]
        except NoNodeError:
            return None
        return data[2 : 2 + data[1]].decode()

    @framework_id.setter
    def framework_id(self, value: str | None) -> None:
        """Write it as the protobuf message FrameworkID, or forget it."""
        place = self._place("framework-id", "id")
        if value is None:
            self._client.delete(place)
        else:
            self._write(place, b"\x0a" + bytes([len(value)]) + value.encode())

    @property
    def version(self) -> tuple[int, ...] | None:
        """Read the version of the state, if there is any."""
        try:
            data: bytes = self._client.get(f"{self._root}/internal:storage:version")[0]
        except NoNodeError:
            return None
        return tuple(data[1:6:2])

    @version.setter
    def version(self, value: tuple[int, ...]) -> None:
        """Write it as the protobuf message StorageVersion: major, minor, patch, and format 1."""
        fields = zip(b"\x08\x10\x18\x20", (*value, 1), strict=True)
        self._write(f"{self._root}/internal:storage:version", bytes(byte for one in fields for byte in one))

    @property
    def migrating(self) -> bool:
        """Tell whether somebody migrates the state, or died of it."""
        return bool(self._client.exists(f"{self._root}/migration-in-progress"))

    @migrating.setter
    def migrating(self, value: bool) -> None:
        """Say so, or that it is over."""
        place = f"{self._root}/migration-in-progress"
        self._client.create(place, makepath=True) if value else self._client.delete(place)

    def _place(self, category: str, key: str, version: str = "") -> str:
        name = key.strip("/").replace("/", "_")
        return "/".join([self._root, category, bucket(name), name, *([version] if version else [])])

    def _write(self, place: str, data: bytes) -> None:
        """Write a node at once: nobody who reads meanwhile finds it empty."""
        try:
            self._client.set(place, data)
        except NoNodeError:
            self._client.create(place, data, makepath=True)  # nobody else writes: only the leader does

    def _read(self, place: str) -> Any:
        return json.loads(self._client.get(place)[0])

    def _below(self, place: str) -> list[str]:
        try:
            return list(self._client.get_children(f"{self._root}/{place}"))
        except NoNodeError:
            return []


def bucket(key: str) -> str:
    """Return the bucket of an id: one hexadecimal digit of Java's hash."""
    value = 0
    for character in key:
        value = (value * 31 + ord(character)) & 0xFFFFFFFF
    signed = value - (1 << 32) if value >> 31 else value
    return f"{abs(signed) % 16:x}"
