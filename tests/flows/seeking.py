"""Seeking words in bytes, whatever encoding they are in.

Marks and the test's own controls begin alike, so that one search for their stem in each encoding
finds any of them; a hit is then named. What begins like nothing else is sought by itself.
"""

import base64
import gzip
import io
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

Encode = Callable[[str], bytes]


def _base64_at(alignment: int, alphabet: Callable[[bytes], bytes]) -> Encode:
    """The letters of base64 that only the word decides, when so many bytes stand before it."""

    def encode(word: str) -> bytes:
        before, content = b"\0" * alignment, word.encode()
        whole = alphabet(before + content)
        first = -(-alignment * 8 // 6)
        last = (alignment + len(content)) * 8 // 6
        return whole[first:last]

    return encode


# Found in lower case, whatever the case of what holds it.
FOLDED: dict[str, Encode] = {
    "utf-8": str.encode,
    # of either order of bytes: without the zero before or behind it
    "utf-16": lambda word: word.encode("utf-16-le")[:-1],
    "hex": lambda word: word.encode().hex().encode(),
    "hex of capitals": lambda word: word.upper().encode().hex().encode(),
}
EXACT: dict[str, Encode] = {
    f"{name} at {alignment}": _base64_at(alignment, alphabet)
    for name, alphabet in (("base64", base64.b64encode), ("base64url", base64.urlsafe_b64encode))
    for alignment in range(3)
}
ENCODINGS = FOLDED | EXACT
# For words that no stem announces: one search each is dear.
PLAIN = ("utf-8", "utf-16")


@dataclass(frozen=True)
class Search:
    """What is sought: words by what they name, and the stems that announce some of them."""

    stems: tuple[str, ...]
    words: Mapping[str, str]
    by_itself: Mapping[str, str] = field(default_factory=dict)
    raw: Mapping[bytes, str] = field(default_factory=dict)

    def names_in(self, content: bytes) -> set[str]:
        """The names of all words in the content, and in what it holds compressed."""
        return {name for one in unpacked(content) for name in self._names(one)}

    def _names(self, content: bytes) -> Iterator[str]:
        lowered = content.lower()
        for encodings, searched in ((FOLDED, lowered), (EXACT, content)):
            for encode in encodings.values():
                for stem in self.stems:
                    yield from self._announced(encode, stem, searched)
        for word, name in self.by_itself.items():
            if any(ENCODINGS[one](word.lower()) in lowered for one in PLAIN):
                yield name
        for part, name in self.raw.items():
            if part in content:
                yield name

    def _announced(self, encode: Encode, stem: str, content: bytes) -> Iterator[str]:
        needle, known = encode(stem), None
        for at in _places(needle, content):
            known = known or {encode(word): name for word, name in self.words.items()}
            found = [name for word, name in known.items() if content.startswith(word, at)]
            # of a cut word its letters say enough; so few digits may be anyone's
            yield from found or ([] if stem.isdigit() else [f"{stem}…, cut off"])


def _places(needle: bytes, content: bytes) -> Iterator[int]:
    at = content.find(needle)
    while at >= 0:
        yield at
        at = content.find(needle, at + len(needle))


def unpacked(content: bytes) -> Iterator[bytes]:
    """The content, and what is in it if it is compressed: gzip, zlib or a zip archive."""
    yield content
    if content.startswith(b"\x1f\x8b"):
        yield gzip.decompress(content)
    elif content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield from unpacked(archive.read(name))
    elif content[:2] in (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"):
        try:
            yield zlib.decompress(content)
        except zlib.error:
            return  # two bytes promise nothing


Named = Iterable[tuple[str, bytes]]


def hits(search: Search, contents: Named) -> tuple[dict[str, set[str]], int]:
    """Where each word was found, by its name; and how many bytes were searched."""
    found: dict[str, set[str]] = {}
    size = 0
    for label, content in contents:
        size += len(content)
        for name in search.names_in(content):
            found.setdefault(name, set()).add(label)
    return found, size
