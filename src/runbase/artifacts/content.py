"""What can be stored as an artifact, as bytes with a name and a type."""

from __future__ import annotations

import json
import mimetypes
import os
import re
import struct
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

from ..errors import InvalidValueError, require
from ..store.values import is_storable

OCTETS = "application/octet-stream"
PLOTLY = "application/vnd.plotly.v1+json"
#: Types that Python's own table does not have everywhere.
TYPES = {
    ".parquet": "application/vnd.apache.parquet",
    ".jsonl": "application/jsonl",
    ".ndjson": "application/x-ndjson",
    ".md": "text/markdown",
    ".log": "text/plain",
    ".toml": "application/toml",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".webp": "image/webp",
    ".npy": OCTETS,
}
MAX_NAME, MAX_PATH = 1000, 4096  # characters
MAX_PART = 200  # bytes between slashes: file systems take 255
IN_MEMORY = 16 * 2**20  # bytes of an object that need no temporary file


class Content(NamedTuple):
    """Bytes to store."""

    name: str
    mimetype: str
    encoding: str | None
    reader: BinaryIO


class Made(NamedTuple):
    """How an object becomes bytes: the ending of its name, and what writes it to a file."""

    ending: str
    write: Callable[[BinaryIO], Any]
    mimetype: str | None = None


@contextmanager
def opened(artifact: Any, name: str | None, mimetype: str | None) -> Iterator[Content]:
    """The bytes of a file or object; see `runbase.Run.add_artifact`.

    Raises:
        InvalidValueError: it is none of what can be stored, there is no such file, or its name
            cannot be used.
    """
    if isinstance(artifact, os.PathLike) or (isinstance(artifact, str) and _is_path(artifact)):
        path = Path(artifact)
        name = check_name(path.name if name is None else name)
        with _file(path) as reader:
            yield Content(name, *type_of(name, mimetype), reader)
        return
    if name is None:
        raise InvalidValueError(
            f"give the {type(artifact).__name__} a name, such as name='report.txt'"
        )
    check_name(name)
    made = _made(artifact, os.path.splitext(name)[1].lower())
    if not os.path.splitext(name)[1]:
        name = check_name(name + made.ending)
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as spooled:
        file = cast("BinaryIO", spooled)
        made.write(file)
        file.seek(0)
        yield Content(name, *type_of(name, mimetype or made.mimetype), file)


def _is_path(text: str) -> bool:
    """Whether a text says where a file is: there is one, or it is a word with an ending.

    So a name with a mistake in it is an error, and not a text that is stored.
    """
    if len(text) > MAX_PATH or "\n" in text or "\0" in text:
        return False
    return os.path.exists(text) or re.fullmatch(r"\S+\.[A-Za-z]\w{0,9}", text) is not None


def _file(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except FileNotFoundError as error:
        raise InvalidValueError(
            f"there is no file {path}; a text of a single word is stored if it is given as bytes"
        ) from error
    except IsADirectoryError as error:
        raise InvalidValueError(
            f"{path} is a folder: add_artifacts stores each file in it"
        ) from error


def check_name(name: object) -> str:
    """A name that leads nowhere else when artifacts are saved: ``curve.png``, ``plots/a.png``.

    Raises:
        InvalidValueError: it is none.
    """
    if isinstance(name, str) and 0 < len(name) <= MAX_NAME and is_storable(name):
        parts = name.split("/")
        is_plain = not any(char in "\\:" or ord(char) < 32 or ord(char) == 127 for char in name)
        is_short = all(len(part.encode()) <= MAX_PART for part in parts)
        if is_plain and is_short and not any(part.strip(" .") == "" for part in parts):
            return name
    raise InvalidValueError(
        f"the name of an artifact is relative, such as plots/curve.png, without .., colons, "
        f"backslashes and control characters, up to {MAX_NAME} characters with {MAX_PART} bytes "
        f"between slashes, not {name!r:.200}"
    )


def type_of(name: str, mimetype: str | None = None) -> tuple[str, str | None]:
    """Type and encoding (gzip, or None) of a file by its name, unless the type is given."""
    if mimetype is not None:
        if not (mimetype.isascii() and mimetype.isprintable() and 2 < len(mimetype) < 256):
            raise InvalidValueError(f"a type is like image/png, not {mimetype!r:.80}")
        return mimetype, None
    guessed, encoding = mimetypes.guess_type(name, strict=False)
    return TYPES.get(os.path.splitext(name)[1].lower(), guessed or OCTETS), encoding


def _made(value: Any, ending: str) -> Made:
    match value:
        case bytes() | bytearray() | memoryview():
            return Made(".bin", lambda file: file.write(value))
        case str():
            return Made(".txt", lambda file: file.write(value.encode()))
        case Mapping() | list() | tuple():
            return Made(".json", lambda file: file.write(_json(value)))
    for base in type(value).__mro__:
        module, name = base.__module__.partition(".")[0], base.__name__
        if (module, name) in OBJECTS:
            return OBJECTS[module, name](value, ending)
    raise InvalidValueError(
        f"a {type(value).__module__}.{type(value).__qualname__} cannot be stored: give a "
        "pathlib.Path, bytes, text, dict, list, data frame, figure, image or array"
    )


def _json(value: Any) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, indent=2, allow_nan=True).encode()
    except (TypeError, ValueError) as error:
        raise InvalidValueError(f"this is no JSON: {error}") from error


def _frame(frame: Any, ending: str) -> Made:
    """Parquet if pyarrow is there, otherwise CSV; as the name ends, if it does."""
    if not ending:
        from importlib.util import find_spec

        ending = ".parquet" if find_spec("pyarrow") else ".csv"
    has_index = frame.index.name is not None or frame.index.nlevels > 1
    writers: dict[str, Callable[[BinaryIO], Any]] = {
        ".parquet": lambda file: frame.to_parquet(file),
        ".csv": lambda file: frame.to_csv(file, index=has_index),
        ".tsv": lambda file: frame.to_csv(file, index=has_index, sep="\t"),
        ".jsonl": lambda file: frame.to_json(file, orient="records", lines=True),
        ".json": lambda file: frame.to_json(file, orient="records"),
    }
    if ending == ".parquet":
        require("pyarrow", "parquet")
    return Made(ending, _chosen(writers, ending, "a data frame"))


def _matplotlib(figure: Any, ending: str) -> Made:
    kind = ending[1:] or "png"
    if kind not in figure.canvas.get_supported_filetypes():
        raise InvalidValueError(f"a figure cannot be stored as {ending}: name it .png or .svg")
    return Made(".png", lambda file: figure.savefig(file, format=kind, bbox_inches="tight"))


def _plotly(figure: Any, ending: str) -> Made:
    writers: dict[str, Callable[[BinaryIO], Any]] = {
        "": lambda file: file.write(figure.to_json().encode()),
        ".json": lambda file: file.write(figure.to_json().encode()),
        ".html": lambda file: file.write(figure.to_html().encode()),
    }
    write = _chosen(writers, ending, "a Plotly figure")
    return Made(".json", write, None if ending == ".html" else PLOTLY)


def _pillow(image: Any, ending: str) -> Made:
    from PIL import Image

    kind = Image.registered_extensions().get(ending or ".png")
    if kind not in Image.SAVE:
        raise InvalidValueError(f"an image cannot be stored as {ending}: name it .png")
    return Made(".png", lambda file: image.save(file, format=kind))


def _array(array: Any, ending: str) -> Made:
    if ending == ".npy":
        import numpy as np

        return Made(".npy", lambda file: np.save(file, array, allow_pickle=False))
    is_image = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (1, 3, 4))
    if not is_image or array.dtype.kind not in "buf" or not array.size:
        raise InvalidValueError(
            f"an array of {array.dtype} of shape {array.shape} is no image (height x width, or x 3 "
            "or 4 colours): name it .npy"
        )
    if ending not in ("", ".png"):
        raise InvalidValueError(f"an array cannot be stored as {ending}: name it .png or .npy")
    if array.dtype.kind in "fb":  # from 0 to 1
        array = (array.clip(0, 1) * 255.0).round()
    pixels = array.clip(0, 255).astype("uint8")
    return Made(".png", lambda file: file.write(_png(pixels)))


def _png(pixels: Any) -> bytes:
    """An array of bytes as a picture."""
    height, width = pixels.shape[:2]
    colours = {1: 0, 3: 2, 4: 6}[pixels.shape[2] if pixels.ndim == 3 else 1]

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    lines = b"".join(b"\0" + line.tobytes() for line in pixels)
    head = struct.pack(">IIBBBBB", width, height, 8, colours, 0, 0, 0)
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", head),
            chunk(b"IDAT", zlib.compress(lines)),
            chunk(b"IEND", b""),
        ]
    )


OBJECTS: dict[tuple[str, str], Callable[[Any, str], Made]] = {
    ("pandas", "DataFrame"): _frame,
    ("matplotlib", "Figure"): _matplotlib,
    ("plotly", "BaseFigure"): _plotly,
    ("PIL", "Image"): _pillow,
    ("numpy", "ndarray"): _array,
}


def _chosen(
    writers: Mapping[str, Callable[[BinaryIO], Any]], ending: str, what: str
) -> Callable[[BinaryIO], Any]:
    if ending not in writers:
        endings = ", ".join(filter(None, writers))
        raise InvalidValueError(f"{what} cannot be stored as {ending}: name it one of {endings}")
    return writers[ending]
