"""Puts a bench's tables into the page of figures."""

from __future__ import annotations

from pathlib import Path


def publish(file: Path, name: str, text: str) -> None:
    """Put ``text`` between the marks of this name; the section around them is the page's own."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, _, rest = file.read_text(encoding="utf-8").partition(begin)
    _, mark, after = rest.partition(end)
    if not mark:
        raise SystemExit(f"{file} has no lines {begin} and {end}")
    file.write_text(f"{before}{begin}\n{text}\n\n{end}{after}", encoding="utf-8")
