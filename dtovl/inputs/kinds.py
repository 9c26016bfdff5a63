"""Kinds of files that people give to a devicetree tool, and how their first bytes tell them apart.

Only three kinds can be read; the others are known so that the message names what the file is.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from dtovl.fdt.header import MAGIC_BYTES

_UNPACK = "unpack it first"
_TAKE_OUT = "take the devicetree out of it first"
_FETCH = "fetch the file itself again"


class Kind(Enum):
    """What a file is; value is what it looks like in words, and what to do about it."""

    DTB = ("a devicetree blob", "")
    GZIP = ("gzip-compressed data", "")
    DTS = ("devicetree source", "")
    SWAPPED = (
        "a devicetree blob with the bytes of every 4-byte word swapped",
        "undo the swap (`objcopy -I binary -O binary --reverse-bytes=4`)",
    )
    FIT = ("a FIT image (U-Boot)", _TAKE_OUT)
    DTBO_TABLE = (
        "an Android table of overlays (dtbo.img)",
        "take the overlays out of it with `mkdtimg dump dtbo.img -b overlay`",
    )
    QUALCOMM_TABLE = ("a Qualcomm table of devicetrees (dt.img)", _TAKE_OUT)
    ANDROID_BOOT = (
        "an Android boot image",
        "take it apart with `unpack_bootimg` and give the dtb",
    )
    UIMAGE = (
        "a U-Boot legacy image (uImage)",
        "take the content out with `dumpimage -p 0 -o board.dtb FILE`",
    )
    ELF = ("an ELF file (a program, object or kernel)", _TAKE_OUT)
    ARM64_IMAGE = ("an arm64 kernel image", "give the blob that belongs to this kernel")
    ZIMAGE = ("an ARM kernel image (zImage)", "give the blob that belongs to this kernel")
    PE = ("a Windows or EFI program (PE)", "give the blob instead")
    TAR = ("a tar archive", "unpack it first (`tar xf FILE`)")
    ZIP = ("a zip archive", "unpack it first (`unzip FILE`)")
    AR = ("an ar archive or Debian package", _UNPACK)
    CPIO = ("a cpio archive (an initramfs)", _UNPACK)
    SQUASHFS = ("a squashfs file system", "unpack it first (`unsquashfs FILE`)")
    XZ = ("xz-compressed data", "unpack it first (`xz -dk FILE`)")
    BZIP2 = ("bzip2-compressed data", "unpack it first (`bzip2 -dk FILE`)")
    ZSTD = ("zstd-compressed data", "unpack it first (`zstd -dk FILE`)")
    LZ4 = ("lz4-compressed data", "unpack it first (`lz4 -dk FILE`)")
    SQLITE = (
        "an SQLite database, as sessions of dtovl are",
        "give a session with --session; `dtovl export` writes its tree",
    )
    PNG = ("a PNG picture", "")
    JPEG = ("a JPEG picture", "")
    PDF = ("a PDF document", "")
    GIT_LFS = (
        "a git-lfs pointer, which stands for the real file",
        "fetch the file it stands for: `git lfs pull`",
    )
    HTML = ("an HTML page, as a failed download leaves it", _FETCH)
    XML = ("XML text", "")
    SCRIPT = ("a script", "")
    JSON = ("JSON text", "")
    YAML = ("YAML text", "")
    UTF16 = ("UTF-16 text", "if it is devicetree source, save it as UTF-8")
    TEXT = ("plain text", "devicetree source has /dts-v1/ or a node such as `/ { };` in it")
    EMPTY = ("an empty file", "check the step that should have written it")
    ZEROS = ("nothing but zero bytes", "check the copy: the space was reserved, never written")
    ONES = ("nothing but 0xff bytes, as erased flash has", "check the address it was read from")
    BINARY = ("binary data of no known kind", "")

    @property
    def looks(self) -> str:
        """Say what such a file looks like, as it follows the words `it looks like`."""
        return self.value[0]

    @property
    def advice(self) -> str:
        """Say what to do with such a file, "" where there is nothing special to do."""
        return self.value[1]


class _Signature(NamedTuple):
    magic: bytes
    kind: Kind
    offset: int = 0


# In order: what stands further up is looked for first.
_SIGNATURES = (
    _Signature(MAGIC_BYTES, Kind.DTB),
    _Signature(MAGIC_BYTES[::-1], Kind.SWAPPED),
    _Signature(b"\x1f\x8b", Kind.GZIP),
    _Signature(b"\xd7\xb7\xab\x1e", Kind.DTBO_TABLE),
    _Signature(b"QCDT", Kind.QUALCOMM_TABLE),
    _Signature(b"ANDROID!", Kind.ANDROID_BOOT),
    _Signature(b"VNDRBOOT", Kind.ANDROID_BOOT),
    _Signature(b"\x27\x05\x19\x56", Kind.UIMAGE),
    _Signature(b"\x7fELF", Kind.ELF),
    _Signature(b"ARM\x64", Kind.ARM64_IMAGE, 56),
    _Signature(b"\x18\x28\x6f\x01", Kind.ZIMAGE, 36),
    _Signature(b"MZ", Kind.PE),
    _Signature(b"ustar", Kind.TAR, 257),
    _Signature(b"PK\x03\x04", Kind.ZIP),
    _Signature(b"!<arch>\n", Kind.AR),
    _Signature(b"070701", Kind.CPIO),
    _Signature(b"hsqs", Kind.SQUASHFS),
    _Signature(b"\xfd7zXZ\0", Kind.XZ),
    _Signature(b"BZh", Kind.BZIP2),
    _Signature(b"\x28\xb5\x2f\xfd", Kind.ZSTD),
    _Signature(b"\x04\x22\x4d\x18", Kind.LZ4),
    _Signature(b"SQLite format 3\0", Kind.SQLITE),
    _Signature(b"\x89PNG\r\n", Kind.PNG),
    _Signature(b"\xff\xd8\xff", Kind.JPEG),
    _Signature(b"%PDF-", Kind.PDF),
    _Signature(b"\xff\xfe", Kind.UTF16),
    _Signature(b"\xfe\xff", Kind.UTF16),
)


def kind_by_magic(data: bytes) -> Kind | None:
    """Tell the kind from bytes at fixed places, None when none of them is there."""
    for magic, kind, offset in _SIGNATURES:
        if data.startswith(magic, offset):
            return kind
    return None


def kind_of_fill(data: bytes) -> Kind | None:
    """Tell a file that holds nothing: no byte at all, or one and the same everywhere."""
    if not data:
        return Kind.EMPTY
    if not data.strip(b"\0"):
        return Kind.ZEROS
    if not data.strip(b"\xff"):
        return Kind.ONES
    return None
