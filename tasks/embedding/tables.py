"""Tables of documents: rows of words, or one step a row."""

import re

_NUMBER = re.compile(r"(?:step )?(\d{1,3})[.):]?", re.I)
_ACTIONS = re.compile(r"(?:steps?|actions?|tasks?|instructions?)", re.I)


class Table:
    """The cells of a table, row by row, as they come. Source: HTML, also that of Word documents."""

    def __init__(self) -> None:
        self._rows: list[list[str]] = []
        self._begun = False

    def begin_row(self) -> None:
        self._rows.append([])
        self._begun = False

    def add_cell(self, text: str) -> None:
        """Adds what stood since the last cell began; what stands before the first is a caption."""
        if not self._rows and text:
            self.begin_row()
        if self._rows and (self._begun or text):
            self._rows[-1].append(text)
        self._begun = True

    @property
    def steps(self) -> list[str] | None:
        """One step a row: what is to be done, then the other columns by what they are called.

        Only where the rows are numbered from 1, or the first column is headed as steps are.
        """
        rows = self._filled()
        if rows and _are_numbered(rows):
            return [_step(row[1:], []) for row in rows]
        if len(rows) > 1 and _are_numbered(rows[1:]):
            return [_step(row[1:], rows[0][1:]) for row in rows[1:]]
        if len(rows) > 1 and _ACTIONS.fullmatch(rows[0][0]):
            return [_step(row, rows[0]) for row in rows[1:]]
        return None

    @property
    def texts(self) -> list[str]:
        """One text a row."""
        return [" | ".join(cell for cell in row if cell) for row in self._filled()]

    def _filled(self) -> list[list[str]]:
        return [row for row in self._rows if any(row)]


def _are_numbered(rows: list[list[str]]) -> bool:
    """True for rows whose first cells count from 1, with something beside them."""
    told = [_NUMBER.fullmatch(row[0]) for row in rows if len(row) > 1]
    numbers = [int(one[1]) for one in told if one]
    return numbers == list(range(1, len(rows) + 1))


def _step(cells: list[str], head: list[str]) -> str:
    """The action as a sentence; each further cell as another, with what its column is called."""
    told = [
        f"{head[at]}: {cell}" if 0 < at < len(head) and head[at] else cell
        for at, cell in enumerate(cells)
        if cell
    ]
    return " ".join(one if one[-1] in ".!?:" else f"{one}." for one in told)
