"""Sealing personal data: AES-256-GCM under keys of one organization and one week."""

from tasks.encryption.cipher import Cipher, Sealer
from tasks.encryption.kek import KeyEncryptionKeys, key_encryption_keys
from tasks.encryption.keyring import Keyring
from tasks.encryption.phones import number_digits

__all__ = [
    "Cipher",
    "KeyEncryptionKeys",
    "Keyring",
    "Sealer",
    "key_encryption_keys",
    "number_digits",
]
