"""Blobs compressed by gzip, unpacked within bounds whatever they claim."""

from __future__ import annotations

from struct import unpack_from
from typing import TYPE_CHECKING

from dtovl.codes.input import BAD_GZIP, TOO_LARGE, UNREAD_BYTES
from dtovl.diagnostics import Diagnostic, Location
from dtovl.errors import InputError
from dtovl.fdt.header import MAGIC_BYTES
from dtovl.model.limits import MAX_UNPACKED_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.diagnostics import Sink

_PIECE = 1 << 18  # bytes fed to zlib at once
_CHUNK = 1 << 20  # bytes taken from zlib at once
_GZIP = 31  # zlib's number for a gzip header and checksum


def unpack(data: bytes, name: str, sink: Sink | None = None) -> bytes:
    """Unpack gzip-compressed data and compare its checksum.

    Of a blob no more than totalsize is kept, so that a small file which unpacks to gigabytes costs
    nothing; what is left out is reported (DT017).

    Raises InputError (DT009, DT010).
    """
    stream = _Stream(data, name)
    kept = bytearray()
    limit = MAX_UNPACKED_BYTES
    unpacked = 0
    for chunk in stream.chunks():
        unpacked += len(chunk)
        if unpacked > MAX_UNPACKED_BYTES:
            what = f"it unpacks to more than {MAX_UNPACKED_BYTES} bytes"
            raise InputError(Diagnostic(TOO_LARGE, name=name, what=what))
        if not kept and len(chunk) >= 8 and chunk.startswith(MAGIC_BYTES):
            limit = unpack_from(">I", chunk, 4)[0]
        kept += chunk[: max(limit - len(kept), 0)]
    if sink is not None:
        _report(sink, name, unpacked - len(kept), "behind the blob inside the compressed data")
        _report(sink, name, stream.left, "behind the compressed data")
    return bytes(kept)


def peek(data: bytes) -> bytes:
    """Unpack the first bytes of gzip-compressed data, for a look at what it is; never fails."""
    try:
        return next(_Stream(data, "").chunks(), b"")
    except InputError:
        return b""


def _report(sink: Sink, name: str, size: int, where: str) -> None:
    if size:
        sink.report(UNREAD_BYTES, at=Location(name), size=f"{size} bytes", where=where)


class _Stream:
    """Compressed data that is unpacked piece by piece; left counts the bytes behind its end."""

    def __init__(self, data: bytes, name: str) -> None:
        self._data = data
        self._name = name
        self.left = 0

    def chunks(self) -> Iterator[bytes]:
        """Give what is unpacked, at most _CHUNK bytes at once."""
        import zlib

        data, stream = self._data, zlib.decompressobj(_GZIP)
        try:
            for start in range(0, len(data), _PIECE):
                chunk = stream.decompress(data[start : start + _PIECE], _CHUNK)
                while chunk:
                    yield chunk
                    chunk = stream.decompress(stream.unconsumed_tail, _CHUNK)
                if stream.eof:
                    self.left = len(stream.unused_data) + max(len(data) - start - _PIECE, 0)
                    return
        except zlib.error as error:
            what = str(error).partition(": ")[2] or str(error)
            raise InputError(Diagnostic(BAD_GZIP, name=self._name, what=what)) from error
        what = f"it ends in the middle, after {len(data)} compressed bytes"
        raise InputError(Diagnostic(BAD_GZIP, name=self._name, what=what))
