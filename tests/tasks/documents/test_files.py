"""Files by path, folder and URL."""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tasks.documents import SourceFile, UnreadableDocumentError, address_of, fetch_bytes, iter_files
from tasks.documents.files import MAX_BYTES


def _told(*places: str) -> list[tuple[str, str]]:
    return [
        (one.name, "") if isinstance(one, SourceFile) else (Path(one[0]).name, str(one[1]))
        for one in iter_files(places)
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sub").mkdir()
    (tmp_path / ".git").mkdir()
    names = ("b.md", "a.PDF", "sub/c.docx", "~$c.docx", ".git/x.md", ".d.md", "picture.png")
    for name in names:
        (tmp_path / name).write_text(name)
    return tmp_path


def test_a_folder_gives_what_can_be_read_in_it(folder: Path, monkeypatch) -> None:
    """Below it too, in order, once; not what is hidden or Word's lock, nor other kinds of files."""
    wanted = [("a.PDF", ""), ("b.md", ""), ("c.docx", "")]
    assert _told(str(folder)) == wanted
    monkeypatch.chdir(folder)
    assert _told("b.md", ".", f"file://{folder}/sub") == [wanted[1], wanted[0], wanted[2]]


def test_what_is_named_and_not_there_is_told(folder: Path) -> None:
    """The others are found all the same."""
    (folder / "empty").mkdir()
    assert _told(str(folder / "no.md"), str(folder / "b.md"), str(folder / "empty")) == [
        ("no.md", "is not there"),
        ("b.md", ""),
        ("empty", "holds no file of .md, .markdown, .html, .htm, .pdf, .docx"),
    ]
    assert _told("http://example.com/y.md") == [("y.md", "would come in the clear; use https")]
    assert _told("nosuch://x/y.md") == [("y.md", "is no path or URL of a kind that is known")]


def test_a_file_that_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    """Nobody needs to unpack it to know."""
    with (tmp_path / "big.md").open("wb") as big:
        big.truncate(MAX_BYTES + 1)
    [found] = iter_files([str(tmp_path / "big.md")])
    assert isinstance(found, SourceFile)
    with pytest.raises(UnreadableDocumentError, match="20 MB; split it"):
        fetch_bytes(found)


def test_files_come_from_what_fsspec_reaches(folder: Path) -> None:
    """Memory and a web server stand for the others."""
    import fsspec

    with fsspec.open("memory://sops/m.md", "wb") as file:
        file.write(b"1. Ask.")
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        found = list(iter_files(["memory://sops", f"{url}/b.md?token=x", f"{url}/none.md"]))
        assert [one.name for one in found if isinstance(one, SourceFile)] == [
            "m.md", "b.md", "none.md",
        ]  # fmt: skip
        memory, here, none = found
        assert fetch_bytes(memory) == b"1. Ask."
        assert (fetch_bytes(here), here.address) == (b"b.md", f"{url}/b.md")
        with pytest.raises(UnreadableDocumentError, match="is not there"):
            fetch_bytes(none)
        server.shutdown()


def test_an_address_holds_no_secret() -> None:
    """It is an id, and stands in lists and in the audit trail."""
    told = address_of("https://user:secret@example.com/a/b.md?signature=secret#x")
    assert told == "https://example.com/a/b.md"
