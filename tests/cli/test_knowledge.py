"""`vensor knowledge` and `vensor sop`: documents from files to findings, from the terminal."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import text
from typer.testing import CliRunner

from cli.main import app
from tasks.errors import ConfigurationError
from tasks.resources import Resources
from tests.tasks.documents.conftest import HTML, MARKDOWN, STEPS, pdf, word
from warehouse.knowledge import Document, put_document


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three procedures and two files that are none."""
    made = tmp_path / "sops"
    made.mkdir()
    (made / "refunds.md").write_text(MARKDOWN)
    (made / "returns.docx").write_bytes(word(table=True))
    (made / "gifts.pdf").write_bytes(pdf([["Gifts", "", "1. Ask who paid."]], title="Gifts [/b]"))
    (made / "broken.pdf").write_bytes(b"%PDF")
    (made / "about.html").write_text("<h1>About us</h1><p>We sell tents.</p>")
    monkeypatch.chdir(tmp_path)
    return made


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def folded(result: Result) -> str:
    return " ".join(result.output.split())


def test_good_files_are_added_and_bad_ones_told(resources: Resources, folder: Path) -> None:
    """Each with its reason in a line; the status is 1; a second time nothing changes."""
    org = ("--org", resources.organization.slug)
    done = run("knowledge", "add", *org, "sops", "missing.md")
    assert done.exit_code == 1
    assert "added      Refunds (3 steps)" in done.stdout
    assert "3 refused" in done.stdout
    assert sorted(line.split("/")[-1] for line in done.stderr.splitlines()) == [
        "about.html has no numbered steps to be judged by; number them, or add it with --kind"
        " article",
        "broken.pdf is no PDF that can be read; print it into a new PDF",
        "missing.md is not there",
    ]  # fmt: skip
    (folder / "broken.pdf").unlink()
    again = run("knowledge", "add", *org, "sops/refunds.md", str(folder / "returns.docx"))
    assert again.exit_code == 0
    assert again.stdout.splitlines()[-1] == "2 unchanged"
    with resources.session() as connection:
        audited = connection.execute(
            text("select count(*) from audit.events where action = 'knowledge.add'")
        ).scalar_one()
    assert audited == 3


def test_documents_are_listed_and_removed(resources: Resources, folder: Path) -> None:
    """By the path they came from, with all versions; those of the Help Center are not ours."""
    org = ("--org", resources.organization.slug)
    assert "no document yet" in run("knowledge", "list", *org).stdout
    run("knowledge", "add", *org, "sops/refunds.md", "sops/gifts.pdf")
    (folder / "refunds.md").write_text(MARKDOWN.replace(STEPS[0], "Greet."))
    assert "1 changed" in run("knowledge", "add", *org, "sops/refunds.md").stdout
    run("knowledge", "add", *org, "sops/about.html", "--kind", "article")
    shown = folded(run("knowledge", "list", *org))
    assert "article About us" in shown
    assert "Gifts [/b]" in shown
    document = Document("zendesk/7", "sop", "T", HTML, b"v", datetime.now(UTC))
    with resources.session() as connection:
        put_document(connection, resources.organization.org_id, document, url=None)
    for named, reason in (("zendesk/7", "Help Center"), ("sops/none.md", "knowledge list")):
        refused = run("knowledge", "remove", *org, "sops/refunds.md", named)
        assert isinstance(refused.exception, ConfigurationError)
        assert reason in str(refused.exception)
    assert run("knowledge", "remove", *org, "sops/refunds.md").stdout == "1 removed\n"
    with resources.session() as connection:
        left = connection.execute(text("select document_id from knowledge.versions")).scalars()
        assert not any("refunds" in one for one in left)
        audited = connection.execute(
            text("select count(*) from audit.events where action = 'knowledge.remove'")
        ).scalar_one()
    assert audited == 1
