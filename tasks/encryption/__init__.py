"""Sealing personal data: AES-256-GCM under keys of one organization and one week."""

from tasks.encryption.cipher import Cipher, Sealer
from tasks.encryption.kek import KeyProvider, LocalKey, load_or_create_kek
from tasks.encryption.keyring import Keyring

__all__ = ["Cipher", "KeyProvider", "Keyring", "LocalKey", "Sealer", "load_or_create_kek"]
