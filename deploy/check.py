"""What no linter checks by itself: `.deploy-venv/bin/python deploy/check.py`.

Each manifest of Kubernetes, and the job that base-job-template.json makes with its own defaults, is
checked against Kubernetes' schemas, strictly: an unknown field is an error.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml

FOLDER = Path(__file__).parent / "kubernetes"
VERSION = "1.36"
WHOLE = re.compile(r"\{\{ (\w+) \}\}")
# what Prefect fills in for each run
OF_A_RUN = {"name": "organization-acme", "command": ["python", "-m", "prefect.flow_engine"]}


def job(template: dict[str, Any]) -> Any:
    """The manifest of a run's job, as the template's defaults have it."""
    properties = template["variables"]["properties"]
    told = {name: one.get("default") for name, one in properties.items()} | OF_A_RUN
    told["env"] = [{"name": name, "value": value} for name, value in told["env"].items()]
    return _filled(template["job_configuration"]["job_manifest"], told)


def _filled(part: Any, told: dict[str, Any]) -> Any:
    if isinstance(part, dict):
        return {name: _filled(one, told) for name, one in part.items()}
    if isinstance(part, list):
        return [_filled(one, told) for one in part]
    if isinstance(part, str) and (whole := WHOLE.fullmatch(part)):
        return told[whole.group(1)]
    return (
        WHOLE.sub(lambda found: str(told[found.group(1)]), part) if isinstance(part, str) else part
    )


def main() -> int:
    """How many manifests are wrong; each is told."""
    found = [
        (f"{path.name}: {one['kind']}", one)
        for path in sorted(FOLDER.glob("*.yaml"))
        for one in yaml.safe_load_all(path.read_text())
    ]
    template = FOLDER / "base-job-template.json"
    found.append((template.name, job(json.loads(template.read_text()))))
    wrong = 0
    for name, manifest in found:
        try:
            kubernetes_validate.validate(manifest, VERSION, strict=True)
        except kubernetes_validate.ValidationError as error:
            wrong += 1
            print(f"{name}: {'.'.join(map(str, error.path))}: {error.message}")  # noqa: T201
    print(f"{len(found)} manifests, {wrong} wrong")  # noqa: T201
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
