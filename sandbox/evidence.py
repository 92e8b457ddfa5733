"""The control of marks and of the tape: what is planted, and what went where."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.control import Handler, guarded, json_answer
from sandbox.marks import Field, Marks
from sandbox.tape import Tape


def evidence_routes(token: str, marks: Marks, tape: Tape) -> list[Route]:
    """More routes below ``/_sandbox``, with the same token."""
    evidence = Evidence(marks, tape)
    table: tuple[tuple[str, str, Handler], ...] = (
        ("POST", "/marks", evidence.mark),
        ("GET", "/marks", evidence.list_marks),
        ("DELETE", "/marks", evidence.clear_marks),
        ("POST", "/tape", evidence.begin_tape),
        ("GET", "/tape", evidence.list_tape),
        ("DELETE", "/tape", evidence.end_tape),
    )
    return [Route(path, guarded(token, handler), methods=[verb]) for verb, path, handler in table]


class Evidence:
    """The handlers."""

    def __init__(self, marks: Marks, tape: Tape) -> None:
        self._marks = marks
        self._tape = tape

    async def mark(self, request: Request) -> Response:
        """Marks a list of fields in all of Zendesk's answers from now on."""
        try:
            self._marks.add(msgspec.json.decode(await request.body(), type=list[Field]))
        except msgspec.MsgspecError as exc:
            return json_answer({"error": str(exc)}, 400)
        return await self.list_marks(request)

    async def list_marks(self, _request: Request) -> Response:
        """The marks, what all of them begin with, and how often each was in an answer."""
        stems = {"letters": self._marks.letters, "digits": self._marks.digits}
        return json_answer({"stems": stems, "marks": self._marks.planted()})

    async def clear_marks(self, _request: Request) -> Response:
        """Marks nothing any more."""
        self._marks.clear()
        return Response(status_code=204)

    async def begin_tape(self, _request: Request) -> Response:
        """Keeps every request and answer from now on."""
        self._tape.begin()
        return Response(status_code=204)

    async def list_tape(self, request: Request) -> Response:
        """What was exchanged; ``?path=`` keeps the requests whose path begins with it."""
        wanted = request.query_params.get("path", "")
        kept = [one for one in self._tape.kept() if one.path.startswith(wanted)]
        return json_answer({"exchanges": kept})

    async def end_tape(self, _request: Request) -> Response:
        """Keeps nothing any more, and forgets."""
        self._tape.end()
        return Response(status_code=204)
