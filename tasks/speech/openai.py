"""Speech to text by an OpenAI-compatible server: cut here where nobody speaks, heard there.

The pieces' places in the recording are ours, so that it does not matter that `gpt-transcribe` tells
no times, nor how large the recording is. Nothing is sent of a recording in which nobody speaks: a
model that is given silence or noise makes words up.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import openai
from openai.types.audio import Transcription

from tasks.errors import BadRecordError
from tasks.openai import Call, Flag, NoAnswerError, OpenAIService
from tasks.speech.cutting import Piece, flac_of, speech_in
from tasks.speech.decoding import MAX_SECONDS, SAMPLE_RATE_HZ, decode_channels
from tasks.speech.protocol import Audio, Segment, Speaker, Transcript, speaker_of

# These tell how sure they are of each token.
TELL_LOGPROBS = ("gpt-4o-transcribe", "gpt-4o-mini-transcribe")
UNKNOWN_LANGUAGE = "und"  # ISO 639-2
Ask = partial[Transcription]


@dataclass(frozen=True, repr=False)
class Heard:
    """A recording whose pieces are being transcribed, or `bad`, which has none."""

    pieces: tuple[tuple[Speaker, Piece], ...] = ()
    seconds: float = 0.0
    bad: BadRecordError | None = None


class OpenAITranscriber:
    """Transcripts in which each stretch is a piece of at most half a minute.

    `confidence` is the geometric mean of the tokens' probabilities where the model tells them,
    else None. Without a `language` (ISO 639-1) the model hears which it is.

    Source: https://developers.openai.com/api/docs/guides/speech-to-text
    """

    remote = True

    def __init__(
        self,
        service: OpenAIService,
        *,
        model: str,
        language: str | None = None,
        agent_channel: int | None = None,
        max_seconds: float = MAX_SECONDS,
    ) -> None:
        self._service = service
        self._model = model
        self._language = language
        self._agent_channel = agent_channel
        self._max_seconds = max_seconds

    @property
    def model_version(self) -> str:
        """The name of the model; its server does not tell more."""
        return self._model

    def transcribe(self, audio: bytes) -> Transcript:
        """As `Transcriber.transcribe`. Raises: as `OpenAIService.call`, and BadRecordError."""
        [found] = self.transcribe_each([Audio(audio, 0)])
        if isinstance(found, BadRecordError):
            raise found
        return found

    def transcribe_each(self, recordings: Iterable[Audio]) -> Iterator[Transcript | BadRecordError]:
        """As `Transcriber.transcribe_each`, pieces of several recordings at once."""
        asked = (self._asked(recording) for recording in recordings)
        for heard, answers in self._service.grouped(asked):
            yield heard.bad or self._joined(heard, answers)

    def _asked(self, recording: Audio) -> tuple[Heard, list[tuple[Call, Ask]]]:
        """A recording's pieces, and the call that transcribes each."""
        try:
            channels = decode_channels(recording.data, max_seconds=self._max_seconds)
        except BadRecordError as error:
            return Heard(bad=error), []
        pieces: list[tuple[Speaker, Piece]] = []
        calls = []
        for number, samples in enumerate(channels):
            speaker = speaker_of(number, len(channels), self._agent_channel)
            for piece in speech_in(samples):
                pieces.append((speaker, piece))
                flac = flac_of(samples[piece.start : piece.end])
                calls.append((self._call(recording, piece, flac), partial(self._ask, flac)))
        return Heard(tuple(pieces), channels[0].size / SAMPLE_RATE_HZ), calls

    def _call(self, recording: Audio, piece: Piece, flac: bytes) -> Call:
        return Call(
            capability="transcribe",
            model=self._model,
            ticket_ids=(recording.ticket_id,) if recording.ticket_id else (),
            items=1,
            payload_bytes=len(flac),
            audio_seconds=piece.seconds,
            uses=Flag.TRANSCRIPTIONS,
        )

    def _ask(self, flac: bytes, client: openai.OpenAI) -> Transcription:
        return client.audio.transcriptions.create(
            model=self._model,
            file=("speech.flac", flac, "audio/flac"),
            response_format="json",
            language=self._language or openai.omit,
            include=["logprobs"] if self._model in TELL_LOGPROBS else openai.omit,
        )

    def _joined(
        self, heard: Heard, answers: Sequence[Transcription | NoAnswerError]
    ) -> Transcript | BadRecordError:
        segments: list[Segment] = []
        language = self._language
        for (speaker, piece), answer in zip(heard.pieces, answers, strict=True):
            if isinstance(answer, NoAnswerError):
                return BadRecordError(str(answer), reason=f"model_{answer.reason}")
            text = answer.text.strip()
            if text:
                language = language or _language_of(answer)
                segments.append(_segment(piece, text, answer, speaker))
        return Transcript(
            language or UNKNOWN_LANGUAGE,
            heard.seconds,
            tuple(sorted(segments, key=lambda one: one.start_seconds)),
        )


def _segment(piece: Piece, text: str, answer: Transcription, speaker: Speaker) -> Segment:
    return Segment(piece.start_seconds, piece.end_seconds, text, _confidence(answer), speaker)


def _confidence(answer: Transcription) -> float | None:
    told = [one.logprob for one in answer.logprobs or () if one.logprob is not None]
    return round(math.exp(sum(told) / len(told)), 4) if told else None


def _language_of(answer: Transcription) -> str | None:
    return next((one.code for one in answer.languages or ()), None)
