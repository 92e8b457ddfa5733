"""A picture of each dashboard, by Chromium: `check.py --pictures` runs it in Superset's venv.

Selenium comes with Superset; `chromium` and `chromedriver` must be there.
"""

import os
import sys
import time
from pathlib import Path

import yaml
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

DASHBOARDS = Path(__file__).resolve().parent / "bundle/dashboards"
WIDTH = 1500
SECONDS = 90
BUSY = "return document.querySelectorAll('.loading, .ant-skeleton').length"
HEIGHT = "return document.querySelector('.grid-content').getBoundingClientRect().bottom"


def main() -> None:
    address, folder = sys.argv[1], Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    options = webdriver.ChromeOptions()
    for one in ("headless=new", "no-sandbox", "disable-dev-shm-usage", "hide-scrollbars"):
        options.add_argument(f"--{one}")
    browser = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    browser.set_window_size(WIDTH, 1000)
    try:
        _sign_in(browser, address)
        for path in sorted(DASHBOARDS.glob("*.yaml")):
            slug = yaml.safe_load(path.read_text())["slug"]
            _picture(browser, f"{address}/superset/dashboard/{slug}/", folder / f"{slug}.png")
    finally:
        browser.quit()


def _sign_in(browser: webdriver.Chrome, address: str) -> None:
    browser.get(f"{address}/login/")
    wait = WebDriverWait(browser, SECONDS)
    wait.until(lambda one: one.find_elements(By.ID, "username"))
    browser.find_element(By.ID, "username").send_keys("admin")
    browser.find_element(By.ID, "password").send_keys(os.environ["ADMIN"])
    browser.find_element(By.CSS_SELECTOR, "button[type=submit]").click()
    wait.until(lambda one: "/login" not in one.current_url)


def _picture(browser: webdriver.Chrome, address: str, path: Path) -> None:
    browser.set_window_size(WIDTH, 3200)  # charts out of sight are not drawn
    browser.get(address + "?standalone=1&expand_filters=0")
    wait = WebDriverWait(browser, SECONDS)
    wait.until(lambda one: one.find_elements(By.CSS_SELECTOR, ".dashboard-component-chart-holder"))
    wait.until(lambda one: one.execute_script(BUSY) == 0)
    time.sleep(3)  # charts move into place
    browser.set_window_size(WIDTH, int(browser.execute_script(HEIGHT)) + 160)
    time.sleep(1)
    browser.save_screenshot(str(path))


if __name__ == "__main__":
    main()
