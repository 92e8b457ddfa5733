"""What is deployed in containers, as far as it can be told without any.

`make lint-deploy` tells the rest.
"""

import base64
import json
import os
import re
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from prefect.settings import Settings as PrefectSettings
from pydantic import AliasChoices, BaseModel

from tasks.settings import PROJECT, load_settings

DEPLOY = PROJECT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
MANIFESTS = [
    one
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    for one in yaml.safe_load_all(path.read_text())
]
TEMPLATE = json.loads((DEPLOY / "kubernetes" / "base-job-template.json").read_text())
POOL = yaml.safe_load((PROJECT / "prefect.yaml").read_text())["deployments"][0]["work_pool"]["name"]
PACKAGES = {"cli", "flows", "tasks", "warehouse", "sandbox", "dbt"}
# of what is installed in the image only: Redis and Kubernetes' workers
ELSEWHERE = ("PREFECT_REDIS_", "PREFECT_INTEGRATIONS_KUBERNETES_")


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that deploy/secrets.sh makes."""
    folder = tmp_path_factory.mktemp("deploy") / "secrets"
    subprocess.run([DEPLOY / "secrets.sh", folder], check=True)
    return folder


def test_secrets_are_made_once_and_lead_to_the_warehouse(
    secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind a folder closed to others; those that are there stay; settings take them."""
    before = {path.name: path.read_text() for path in secrets.iterdir()}
    subprocess.run([DEPLOY / "secrets.sh", secrets], check=True)
    assert {path.name: path.read_text() for path in secrets.iterdir()} == before
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    assert len(base64.b64decode(before["VENSOR_KEK"])) == 32
    passwords = [told for name, told in before.items() if name.endswith("PASSWORD")]
    assert len(set(passwords)) == len(passwords) == 5
    assert all(re.fullmatch(r"[\w-]{32}", told) for told in passwords)
    for name in before:
        if name.startswith("VENSOR_"):
            monkeypatch.setenv(name, before[name])
    logins = load_settings().remote_logins()
    assert logins.loader.password == before["LOADER_PASSWORD"]
    assert logins.transformer.username == "vensor_transformer"
    assert logins.migrator.query["host"] == "/var/run/postgresql"


def test_the_entrypoint_makes_variables_of_files(tmp_path: Path) -> None:
    """As they are, but for empty ones; what has no variable's name is left alone."""
    told = {"VENSOR_KEK": "a 'b' \"c\" $d `e`=", "SENTRY_DSN": "", "certificate.pem": "x"}
    for name, text in told.items():
        (tmp_path / name).write_text(text)
    shown = subprocess.run(
        [DEPLOY / "entrypoint.sh", "env", "-0"],
        env={"SECRETS": str(tmp_path), "PATH": os.defpath},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    variables = dict(line.split("=", 1) for line in shown.split("\0") if line)
    assert variables["VENSOR_KEK"] == told["VENSOR_KEK"]
    assert not {"SENTRY_DSN", "certificate.pem"} & set(variables)


def test_compose_knows_no_password_and_starts_with_none(secrets: Path) -> None:
    """Each secret is a file of a folder that must be named, and one that secrets.sh makes."""
    for name, one in COMPOSE["secrets"].items():
        assert one == {"file": f"${{VENSOR_SECRETS:?the folder of deploy/secrets.sh}}/{name}"}
        assert (secrets / name).exists()
    for service in COMPOSE["services"].values():
        for name, told in service.get("environment", {}).items():
            assert "PASSWORD" not in name or told.startswith("/run/secrets/")
            assert "://" not in str(told) or "@" not in str(told)


def test_compose_opens_nothing_but_loopback_and_hardens_each_service() -> None:
    """No privilege but what Postgres' image needs to become its user; files are not written."""
    for name, service in COMPOSE["services"].items():
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["read_only"] is (name != "postgres")
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
        assert "privileged" not in service
        assert "latest" not in service["image"]


def test_a_worker_may_not_change_tables() -> None:
    """Only what prepares the warehouse has its migrator's login."""
    having = {
        name
        for name, service in COMPOSE["services"].items()
        if "VENSOR_WAREHOUSE_URL" in service.get("secrets", [])
    }
    assert having == {"init"}


def test_pods_run_as_nobody_in_particular_and_write_nothing() -> None:
    """Every container, those of runs too; only Kubernetes' worker speaks to Kubernetes."""
    job = TEMPLATE["job_configuration"]["job_manifest"]
    pods = [one for one in (*MANIFESTS, job) if one["kind"] in {"Deployment", "Job"}]
    assert len(pods) == 5
    for one in pods:
        pod = one["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        speaks = one["metadata"].get("name") == "vensor-worker"
        assert pod["automountServiceAccountToken"] is speaks
        for container in (*pod["containers"], *pod.get("initContainers", [])):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert container["resources"].keys() == {"requests", "limits"}
            assert not container["image"].endswith(":latest")


def test_every_placeholder_of_the_job_template_is_a_variable() -> None:
    """And every variable is used: an unused one would be a setting without effect."""
    used = set(re.findall(r"\{\{ (\w+) \}\}", json.dumps(TEMPLATE["job_configuration"])))
    assert used == set(TEMPLATE["variables"]["properties"])


def test_workers_poll_the_pool_that_is_deployed_to() -> None:
    """The pool of prefect.yaml, in compose and in Kubernetes."""
    worker = next(
        one
        for one in MANIFESTS
        if one["metadata"].get("name") == "vensor-worker" and one["kind"] == "Deployment"
    )
    (container,) = worker["spec"]["template"]["spec"]["containers"]
    assert f"--pool={POOL}" in container["args"]
    assert f"--pool={POOL}" in COMPOSE["services"]["worker"]["command"]


def test_every_setting_of_prefect_s_is_one() -> None:
    """A misspelt variable would be ignored without a word."""
    known = set(_settings(PrefectSettings))
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    texts = [dockerfile, *(path.read_text() for path in DEPLOY.rglob("*.yaml"))]
    variable = re.compile(r"(?<![A-Z_])PREFECT_[A-Z_]+(?=[:=,}\s])")
    named = {name for text in texts for name in variable.findall(text)}
    named -= {"PREFECT_AUTH", "PREFECT_DATABASE_PASSWORD"}  # of secrets.sh
    assert len(named) > 15
    assert {name for name in named if not name.startswith(ELSEWHERE)} - known == set()


def test_the_image_has_every_package_and_no_more() -> None:
    """What is copied is there, and let through to the build."""
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    copied = {
        name
        for line in re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, flags=re.MULTILINE)
        for name in line.split()
    }
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    assert copied == {name.removeprefix("!") for name in ignored if name.startswith("!")}
    assert copied >= PACKAGES
    assert all((PROJECT / name).exists() for name in copied)
    assert "USER 10001" in dockerfile
    assert dockerfile.count("--require-hashes") == 2


def _settings(model: type[BaseModel]) -> Iterator[str]:
    """The names of variables that a model of settings reads, with those of its parts."""
    for name, field in model.model_fields.items():
        part = field.annotation
        if isinstance(part, type) and issubclass(part, BaseModel):
            yield from _settings(part)
        prefix = str(model.model_config.get("env_prefix", ""))
        yield f"{prefix}{name}".upper()
        if isinstance(told := field.validation_alias, AliasChoices):
            yield from (one.upper() for one in told.choices if isinstance(one, str))
