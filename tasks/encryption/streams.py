"""Sealed streams: what is too long to be held whole, sealed and opened piece by piece.

`version(1) | algorithm(1) | key_id(4)`, then what Cobblestone (chunked AES-256-GCM, from
`cryptography`) makes of the plaintext. Its key is derived anew for each stream from a random salt,
the week's key and the context: header, organization, column and row. Each of its chunks of 16 KiB
is bound to its number, and the last is marked: a stream that is cut off, reordered, mixed with
another or moved to another row does not open. Where the sealed bytes are cut into rows or parts is
the store's own choice and means nothing here.
"""

from collections.abc import Iterable, Iterator

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag

from tasks.encryption.sealing import HEADER, VERSION
from tasks.errors import PermanentError

COBBLESTONE_256 = 2


def iter_sealed(key: bytes, key_id: int, plain: Iterable[bytes], where: bytes) -> Iterator[bytes]:
    """The pieces of `plain`, sealed as they come and bound to `where`."""
    header = HEADER.pack(VERSION, COBBLESTONE_256, key_id)
    encryptor = Cobblestone256Encryptor(key, header + where)
    yield header
    for piece in plain:
        yield encryptor.update(piece)
    yield encryptor.finalize()


def read_header(sealed: Iterator[bytes]) -> tuple[int, bytes]:
    """(the id of the key that opens a stream, the bytes read beyond the header).

    Raises: PermanentError on an unknown format.
    """
    start = b""
    for piece in sealed:
        start += piece
        if len(start) >= HEADER.size:
            break
    else:
        raise PermanentError("a sealed stream is shorter than its own header: it was cut off")
    version, algorithm, key_id = HEADER.unpack_from(start)
    if (version, algorithm) != (VERSION, COBBLESTONE_256):
        raise PermanentError(f"a sealed stream has the unknown format {version}/{algorithm}")
    return int(key_id), start[HEADER.size :]


def iter_unsealed(
    key: bytes, key_id: int, first: bytes, rest: Iterable[bytes], where: bytes
) -> Iterator[bytes]:
    """The plaintext, each piece authenticated before it is given out.

    Only the end of the iteration says that the stream is whole.

    Raises: PermanentError if one bit, the key, the place or the order is not the same.
    """
    header = HEADER.pack(VERSION, COBBLESTONE_256, key_id)
    decryptor = Cobblestone256Decryptor(key, header + where)
    try:
        yield decryptor.update(first)
        for piece in rest:
            yield decryptor.update(piece)
        yield decryptor.finalize()
    except InvalidTag:
        raise PermanentError(
            "a sealed stream does not open: it was altered, cut off, moved or sealed under"
            " another key"
        ) from None
