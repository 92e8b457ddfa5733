"""The page that describes every metric: `python -m tasks.metrics.docs`, after `vensor init`."""

import shutil
import sys

from tasks.metrics.dbt import describe
from tasks.settings import load_settings


def main() -> None:
    """Writes it under VENSOR_HOME, one file that needs no network, and says where."""
    settings = load_settings()
    made = describe(settings.logins().transformer, target_dir=settings.home / "dbt" / "docs")
    page = settings.home / "docs" / "index.html"
    page.parent.mkdir(exist_ok=True, mode=0o700)
    shutil.copyfile(made, page)
    page.chmod(0o600)
    sys.stdout.write(f"{page}\n")


if __name__ == "__main__":
    main()
