"""Files and batches: requests that are handed over together and answered later, in memory."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import msgspec

from sandbox.openai.audio import parse_parts
from sandbox.openai.errors import OpenAIRefusal, invalid

Told = dict[str, Any]
Answer = Callable[[Told], Told]
MOST_LINES = 50_000
PURPOSES = frozenset({"batch", "batch_output"})
WINDOW_SECONDS = 86_400


@dataclass
class Batch:
    """One batch; its output is made when somebody asks for it after `ready_at`."""

    batch_id: str
    endpoint: str
    input_file_id: str
    created_at: float
    ready_at: float
    lines: list[Told]
    status: str = "in_progress"
    output_file_id: str | None = None
    error_file_id: str | None = None
    failed: int = 0


@dataclass
class Batches:
    """A project's files and batches; `answers` has what answers each endpoint."""

    answers: dict[str, Answer]
    seconds: Callable[[], float]
    _files: dict[str, tuple[Told, bytes]] = field(default_factory=dict)
    _batches: dict[str, Batch] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def upload(self, body: bytes, content_type: str) -> Told:
        """The answer to ``POST /files``. Raises: OpenAIRefusal."""
        parts = parse_parts(body, content_type)
        file, purpose = parts.get("file"), parts.get("purpose")
        if file is None or not file.content:
            raise invalid("Missing required parameter: 'file'.", "file")
        if purpose is None or purpose.content != b"batch":
            raise invalid("The sandbox keeps files for batches only.", "purpose")
        return self._keep(file.content, file.filename, "batch")

    def content(self, file_id: str) -> str:
        """The answer to ``GET /files/{id}/content``. Raises: OpenAIRefusal."""
        return self._file(file_id)[1].decode()

    def file(self, file_id: str) -> Told:
        """The answer to ``GET /files/{id}``. Raises: OpenAIRefusal."""
        return self._file(file_id)[0]

    def delete(self, file_id: str) -> Told:
        """The answer to ``DELETE /files/{id}``. Raises: OpenAIRefusal."""
        self._file(file_id)
        with self._lock:
            del self._files[file_id]
        return {"id": file_id, "object": "file", "deleted": True}

    def create(self, told: Told) -> Told:
        """The answer to ``POST /batches``. Raises: OpenAIRefusal."""
        endpoint, file_id = told.get("endpoint"), told.get("input_file_id")
        if endpoint not in self.answers:
            raise invalid(f"Invalid value: '{endpoint}'.", "endpoint", "invalid_value")
        if told.get("completion_window") != "24h":
            raise invalid("completion_window must be '24h'.", "completion_window")
        if not isinstance(file_id, str):
            raise invalid("Missing required parameter: 'input_file_id'.", "input_file_id")
        lines = _lines(self._file(file_id)[1], endpoint)
        now = time.time()
        made = Batch(_id("batch_"), endpoint, file_id, now, now + self.seconds(), lines)
        with self._lock:
            self._batches[made.batch_id] = made
        return _shape(made)

    def list(self) -> Told:
        """The answer to ``GET /batches``, the latest first."""
        data = [_shape(one) for one in reversed(self._batches.values())]
        return {"object": "list", "data": data, "has_more": False}

    def retrieve(self, batch_id: str) -> Told:
        """The answer to ``GET /batches/{id}``. Raises: OpenAIRefusal."""
        found = self._batches.get(batch_id)
        if found is None:
            raise OpenAIRefusal(404, f"No batch found with id '{batch_id}'.")
        with self._lock:
            if found.status == "in_progress" and time.time() >= found.ready_at:
                self._complete(found)
        return _shape(found)

    def _complete(self, batch: Batch) -> None:
        good: list[bytes] = []
        bad: list[bytes] = []
        for line in batch.lines:
            status, body = self._answered(batch.endpoint, line["body"])
            told = {
                "id": _id("batch_req_"), "custom_id": line["custom_id"], "error": None,
                "response": {"status_code": status, "request_id": _id("req_"), "body": body},
            }  # fmt: skip
            (good if status == 200 else bad).append(msgspec.json.encode(told))
        batch.status, batch.failed = "completed", len(bad)
        if good:
            kept = self._keep(b"\n".join(good), "output.jsonl", "batch_output")
            batch.output_file_id = kept["id"]
        if bad:
            kept = self._keep(b"\n".join(bad), "errors.jsonl", "batch_output")
            batch.error_file_id = kept["id"]

    def _answered(self, endpoint: str, body: Told) -> tuple[int, Told]:
        try:
            return 200, self.answers[endpoint](body)
        except OpenAIRefusal as refusal:
            return refusal.status, refusal.body

    def _keep(self, content: bytes, filename: str, purpose: str) -> Told:
        file_id = _id("file-")
        shape: Told = {
            "id": file_id, "object": "file", "bytes": len(content), "filename": filename,
            "created_at": int(time.time()), "purpose": purpose, "status": "processed",
        }  # fmt: skip
        self._files[file_id] = (shape, content)
        return shape

    def _file(self, file_id: str) -> tuple[Told, bytes]:
        found = self._files.get(file_id)
        if found is None:
            raise OpenAIRefusal(404, f"No such File object: {file_id}", param="id")
        return found


def _lines(content: bytes, endpoint: str) -> list[Told]:
    """The requests of a file. Raises: OpenAIRefusal."""
    try:
        lines = [msgspec.json.decode(line, type=Told) for line in content.splitlines() if line]
    except msgspec.MsgspecError as exc:
        raise invalid("The input file is not JSON lines.", "input_file_id") from exc
    names = {line.get("custom_id") for line in lines}
    if not lines or len(lines) > MOST_LINES or len(names) < len(lines):
        raise invalid("A file has 1 to 50,000 lines, each with its own custom_id.")
    for line in lines:
        body = line.get("body")
        where = (line.get("method"), line.get("url"))
        if where != ("POST", endpoint) or not isinstance(body, dict):
            raise invalid("Each line needs method POST, the batch's url and a body.")
    return lines


def _shape(batch: Batch) -> Told:
    done = batch.status == "completed"
    total = len(batch.lines)
    counts = {
        "total": total,
        "completed": total - batch.failed if done else 0,
        "failed": batch.failed,
    }
    return {
        "id": batch.batch_id, "object": "batch", "endpoint": batch.endpoint, "errors": None,
        "input_file_id": batch.input_file_id, "completion_window": "24h", "status": batch.status,
        "output_file_id": batch.output_file_id, "error_file_id": batch.error_file_id,
        "created_at": int(batch.created_at), "request_counts": counts, "metadata": {},
        "expires_at": int(batch.created_at) + WINDOW_SECONDS,
        "completed_at": int(time.time()) if done else None,
    }  # fmt: skip


def _id(prefix: str) -> str:
    return f"{prefix}{secrets.token_hex(12)}"
