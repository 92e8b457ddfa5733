"""Transcriptions: the true words of a known recording or a part of it, else nothing."""

import hashlib
from dataclasses import dataclass
from typing import Any

from sandbox.openai.errors import OpenAIRefusal, invalid
from sandbox.openai.hearing import words_in
from sandbox.recordings import Clip, load_clips

MOST_BYTES = 25 * 2**20
ENDINGS = (".flac", ".m4a", ".mp3", ".mp4", ".mpeg", ".mpga", ".ogg", ".wav", ".webm")
FORMS = ("json", "text", "verbose_json")
TIMED = "whisper-1"


@dataclass(frozen=True)
class Part:
    """One part of a multipart form."""

    name: str
    filename: str
    content: bytes


def parse_parts(body: bytes, content_type: str) -> dict[str, Part]:
    """The parts of a form by name. Raises: OpenAIRefusal."""
    kind, _, rest = content_type.partition(";")
    boundary = _parameters(rest).get("boundary", "")
    if kind.strip().lower() != "multipart/form-data" or not boundary:
        raise invalid("The request must be multipart/form-data.")
    parts = {}
    for piece in body.split(b"--" + boundary.encode())[1:-1]:
        head, _, content = piece.partition(b"\r\n\r\n")
        lines = head.decode(errors="replace").strip().split("\r\n")
        told = next((one for one in lines if one.lower().startswith("content-disposition")), "")
        names = _parameters(told.partition(";")[2])
        name = names.get("name", "")
        parts[name] = Part(name, names.get("filename", ""), content.removesuffix(b"\r\n"))
    return parts


def _parameters(text: str) -> dict[str, str]:
    pairs = (one.strip().partition("=") for one in text.split(";"))
    return {name.lower(): value.strip('"') for name, _, value in pairs}


def transcribe(parts: dict[str, Part], model: str) -> dict[str, Any] | str:
    """The answer to ``POST /audio/transcriptions``: an object, or a plain text."""
    file = parts.get("file")
    if file is None or not file.content:
        raise invalid("Missing required parameter: 'file'.", "file")
    if not file.filename.lower().endswith(ENDINGS):
        raise invalid(f"Invalid file format. Supported: {', '.join(ENDINGS)}", "file")
    if len(file.content) > MOST_BYTES:
        raise OpenAIRefusal(413, "Maximum content size limit (26214400) exceeded.", param="file")
    given = parts.get("response_format")
    form = given.content.decode() if given else "json"
    if form not in FORMS or (form == "verbose_json" and model != TIMED):
        raise invalid(f"response_format '{form}' is not available for {model}.", "response_format")
    sha256 = hashlib.sha256(file.content).hexdigest()
    clip = next((one for one in load_clips() if one.sha256 == sha256), None)
    if clip:
        text, seconds = clip.text, clip.duration_seconds
    else:
        text, seconds = words_in(file.content, file.filename.lower().rpartition(".")[2])
    if form == "text":
        return text + "\n"
    usage = {"type": "duration", "seconds": round(seconds)}
    told: dict[str, Any] = {"text": text, "usage": usage}
    if form == "verbose_json":
        told |= {"task": "transcribe", "language": "english", "duration": seconds}
        told["segments"] = _segments(clip) if clip else []
    return told


def _segments(clip: Clip) -> list[dict[str, Any]]:
    """One segment a turn; their bounds are in proportion to the words."""
    told, at = [], 0.0
    letters = sum(len(text) for _, text in clip.turns)
    for number, (_, text) in enumerate(clip.turns):
        end = at + clip.duration_seconds * len(text) / letters
        told.append(
            {
                "id": number, "seek": 0, "start": round(at, 2), "end": round(end, 2), "text": text,
                "tokens": [], "temperature": 0.0, "avg_logprob": -0.1, "compression_ratio": 1.2,
                "no_speech_prob": 0.01,
            }
        )  # fmt: skip
        at = end
    return told
