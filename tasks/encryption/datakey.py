"""One opened data key: what seals and unseals under it."""

from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tasks.encryption import sealing
from tasks.encryption.opened import Opened
from tasks.errors import PermanentError

KEY_BYTES = 32
next_nonce = sealing.NONCES.pop


class DataKey:
    """A data key, the subkey that seals under it, and how many values it sealed since told.

    `places` has, by column, what each value's additional data begins with.
    """

    __slots__ = ("_secret", "aead", "encrypt", "header", "key_id", "places", "uses")

    def __init__(self, key_id: int, secret: bytes, org_id: UUID) -> None:
        self._secret = secret
        self.key_id = key_id
        self.header = sealing.HEADER.pack(sealing.VERSION, sealing.AES_256_GCM, key_id)
        self.aead = AESGCM(self.subkey("seal"))
        self.encrypt = self.aead.encrypt
        self.places = Opened[str, bytes](lambda column: self.header + sealing.place(org_id, column))
        self.uses = 0

    def __repr__(self) -> str:
        return f"DataKey(key_id={self.key_id})"

    def subkey(self, purpose: str) -> bytes:
        """32 bytes that are independent of every other purpose's (HKDF-SHA256)."""
        info = f"vensor {purpose}".encode()
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=info).derive(self._secret)

    def seal(self, plaintext: bytes, column: str, row: bytes) -> bytes:
        """`plaintext` bound to its place, and one use more; 34 bytes longer than it was."""
        self.uses += 1
        try:
            nonce = next_nonce()
        except IndexError:
            nonce = sealing.draw_nonces()
        return self.header + nonce + self.encrypt(nonce, plaintext, self.places[column] + row)

    def unseal(self, sealed: bytes, column: str, row: bytes) -> bytes:
        """The plaintext. Raises: PermanentError as `sealing.decrypt`, or if it is another key's."""
        if not sealed.startswith(self.header):
            raise PermanentError(f"a sealed value is not one of data key {self.key_id}")
        return sealing.decrypt(self.aead, sealed, self.places[column] + row)
