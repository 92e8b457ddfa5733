"""Makes the pictures of the README anew, of a real run:

script -q -e -c ".venv/bin/vensor demo" demo.typescript
.venv/bin/python docs/pictures/make.py demo.typescript .vensor/reports/acme/2026-11-25.html
"""

import re
import shutil
import subprocess
import sys
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

HERE = Path(__file__).parent
WIDTH = 112
SPINNERS = re.compile("[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]")
ERASED = re.compile(r"\x1b\[2K|\r")
CURSOR = re.compile(r"\x1b\[\?25[lh]|\x1b\[\d*A")
FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)  # from a host; the reader's own will do
HOME = re.compile(r"/\S+?/(reports/|prefect\.json)")
LEDGER, MESSAGE = 11, 24  # lines that are shown of each


def shown(typescript: str) -> list[str]:
    """What the first organization's run left on the terminal, cut where it is long."""
    lines = [ERASED.split(line)[-1] for line in typescript.replace("\r\n", "\n").split("\n")]
    lines = [HOME.sub(r".vensor/\1", CURSOR.sub("", one)) for one in lines]
    lines = [one for one in lines if not SPINNERS.search(one)]
    plain = [Text.from_ansi(one).plain for one in lines]
    ledger = next(at for at, one in enumerate(plain) if " as of " in one)
    box = next(at for at, one in enumerate(plain) if one.startswith("╭"))
    end = next(at for at, one in enumerate(plain) if one.startswith("╰"))
    other = next(at for at, one in enumerate(plain) if at > end and "the week of globex" in one)
    message = [*lines[box : box + MESSAGE], "│ …" + " " * (len(plain[box]) - 4) + "│", lines[end]]
    return [*lines[ledger : ledger + LEDGER], "", *message, *lines[end + 1 : other]]


def draw_terminal(typescript: Path) -> None:
    """demo.svg"""
    console = Console(record=True, width=WIDTH, file=StringIO(), force_terminal=True)
    console.print("[bold]$ make demo[/bold]")
    for line in shown(typescript.read_text(encoding="utf-8", errors="replace")):
        console.print(Text.from_ansi(line))
    svg = console.export_svg(title="vensor")
    (HERE / "demo.svg").write_text(FONT.sub("", svg), encoding="utf-8")


def draw_report(page: Path) -> None:
    """report.png: the first screens of the page."""
    browser = shutil.which("chromium-headless-shell") or "chromium"
    target = HERE / "report.png"
    subprocess.run(
        [
            *(browser, "--no-sandbox", "--hide-scrollbars", "--window-size=1100,1200"),
            *(f"--screenshot={target}", "--virtual-time-budget=5000", page.resolve().as_uri()),
        ],
        check=True,
        capture_output=True,
    )


if __name__ == "__main__":
    draw_terminal(Path(sys.argv[1]))
    draw_report(Path(sys.argv[2]))
