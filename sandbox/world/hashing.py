"""Counter-based randomness: any draw of any ticket, without drawing the ones before it.

Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators" (2014),
the finaliser of SplitMix64.
"""

import hashlib
import random
import struct
from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_WORD = 2**64 - 1
_FOUR = struct.Struct("<4Q")
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


@cache
def salt_of(*parts: object) -> int:
    """A 64-bit number that stands for the parts, the same in every process."""
    words = "\x1f".join(str(part) for part in parts).encode()
    return int.from_bytes(hashlib.blake2b(words, digest_size=8).digest(), "big")


def uniform(salt: int, counters: Ints) -> Floats:
    """One number in [0, 1) for every counter."""
    with np.errstate(over="ignore"):
        mixed = counters.astype(np.uint64) * _GOLDEN + np.uint64(salt)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * _FIRST
        mixed = (mixed ^ (mixed >> np.uint64(27))) * _SECOND
        mixed ^= mixed >> np.uint64(31)
    return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53


class Dice:
    """Named streams of numbers of one account's world."""

    def __init__(self, seed: int, account: str) -> None:
        self.seed = seed
        self.account = account
        self.salt = salt_of(seed, account)

    def roll(self, stream: str, counters: Ints) -> Floats:
        """The stream's number in [0, 1) for every counter."""
        return uniform(salt_of(self.seed, self.account, stream), counters)

    def one(self, stream: str, counter: int) -> float:
        """The stream's number in [0, 1) for one counter: as `roll`, without an array around it."""
        mixed = (counter * 0x9E3779B97F4A7C15 + salt_of(self.seed, self.account, stream)) & _WORD
        mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 & _WORD
        mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB & _WORD
        return ((mixed ^ mixed >> 31) >> 11) * 2.0**-53

    def handful(self, stream: str, counter: int) -> tuple[float, float, float, float]:
        """Four numbers in [0, 1) for one counter, far cheaper than a source."""
        words = f"{self.salt}:{stream}:{counter}".encode()
        drawn = _FOUR.unpack(hashlib.blake2b(words, digest_size=32).digest())
        a, b, c, d = [(one >> 11) * 2.0**-53 for one in drawn]
        return a, b, c, d

    def source(self, stream: str, counter: int) -> random.Random:
        """A sequence of numbers for one counter, where the count of draws is open."""
        return random.Random(
            salt_of(self.seed, self.account, stream) ^ (counter * 0x9E3779B97F4A7C15)
        )
