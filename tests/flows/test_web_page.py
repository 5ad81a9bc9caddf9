"""The page in headless Chromium, served on localhost as any web server would: `make web-test`."""

from __future__ import annotations

import functools
import json
import shutil
import threading
import time
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from export.runtime.generator import open_generator

ROOT = Path(__file__).parents[2]
SITE = ROOT / "dist" / "web"
BUNDLED = ROOT / "viewer" / "models" / "digits.onnx"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
OPTIONS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--window-size=1180,860",
)  # fmt: skip


class Quiet(SimpleHTTPRequestHandler):
    """A plain file server that says nothing."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the page is served."""
    if not (SITE / "runtime").is_dir():
        pytest.skip("the page is not built: make web")
    handler = functools.partial(Quiet, directory=str(SITE))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Chromium, with a profile of its own and a log of all that it asks the network for."""
    if CHROMIUM is None or DRIVER is None:
        pytest.skip("needs Chromium and its driver, on Debian: apt install chromium chromium-driver")
    webdriver = pytest.importorskip("selenium.webdriver", reason='needs selenium: pip install ".[web]"')
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for option in (*OPTIONS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    chromium = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=DRIVER))
    chromium.set_script_timeout(30)
    yield chromium
    chromium.quit()


@pytest.fixture
def page(browser: Any, address: str) -> Any:
    """The page with its first picture."""
    return opened(browser, address)


def opened(browser: Any, address: str) -> Any:
    browser.get("about:blank")
    browser.get_log("browser")
    browser.get(address)
    wait(browser, "window.digitforge && Number(document.getElementById('picture').dataset.frames) > 0")
    return browser


def wait(browser: Any, condition: str, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not browser.execute_script(f"return Boolean({condition})"):
        assert time.monotonic() < end, f"{condition} never came; {browser.get_log('browser')}"
        time.sleep(0.02)


def frames(browser: Any) -> int:
    return int(browser.execute_script("return Number(document.getElementById('picture').dataset.frames)"))


def picture(browser: Any) -> str:
    return str(browser.execute_script("return document.getElementById('picture').toDataURL()"))


def click(browser: Any, selector: str) -> None:
    """Click, and wait for the frame that follows."""
    before = frames(browser)
    browser.find_element("css selector", selector).click()
    wait(browser, f"Number(document.getElementById('picture').dataset.frames) > {before}")


def test_it_computes_what_onnxruntime_computes(page: Any) -> None:
    generator = open_generator(BUNDLED, provider="cpu")
    random = np.random.default_rng(0)
    z = random.standard_normal((12, generator.info.latent_size), np.float32)
    y = random.dirichlet(np.ones(10), 12).astype(np.float32)
    made = page.execute_async_script(
        "const done = arguments[2]; window.digitforge.generate(arguments[0], arguments[1]).then(done)",
        z.ravel().tolist(),
        y.ravel().tolist(),
    )
    image = np.array(made["image"]).reshape(12, 1, 28, 28)
    np.testing.assert_allclose(image, generator.generate(z, y), atol=1e-5)
    pixels = np.array(made["pixels"]).reshape(12, 28, 28)
    assert np.abs(pixels - generator.generate_pixels(z, y).astype(int)).max() <= 1


def test_a_seed_is_a_picture_and_stands_in_the_address(page: Any, address: str) -> None:
    first = picture(page)
    click(page, "#next")
    second = picture(page)
    assert first != second
    click(page, "#previous")
    assert picture(page) == first
    click(page, "#roll")
    rolled, shared = picture(page), page.current_url
    assert "seed=" in shared
    assert picture(opened(page, shared)) == rolled


def test_a_picture_between_two_seeds_is_shared_too(page: Any, address: str) -> None:
    page.find_element("id", "turn").click()
    click(page, "#play")
    wait(page, "state.position > 0.05")
    click(page, "#play")
    paused, shared = picture(page), page.current_url
    assert "position=" in shared
    assert picture(opened(page, shared)) == paused


def test_an_address_in_the_same_tab_is_followed(page: Any, address: str) -> None:
    first, count = picture(page), frames(page)
    page.execute_script("location.hash = 'seed=9&digit=99&psi=7&side=2'")
    wait(page, f"Number(document.getElementById('picture').dataset.frames) > {count}")
    assert picture(page) != first
    shown = [page.find_element("id", one).get_attribute("value") for one in ("seed", "psi", "side")]
    assert shown == ["9", "1.5", "2"], "what is too large is taken as the largest"
    assert page.find_element("css selector", "[aria-pressed=true]").text == "Mixed"


def test_digits_truncation_and_grid(page: Any) -> None:
    mixed = picture(page)
    click(page, "button[data-digit='7']")
    assert page.find_element("css selector", "button[data-digit='7']").get_attribute("aria-pressed") == "true"
    assert picture(page) != mixed
    for control, value in (("psi", "0.5"), ("side", "3")):
        before, count = picture(page), frames(page)
        slide = "const slider = document.getElementById(arguments[0]); slider.value = arguments[1];"
        page.execute_script(f"{slide} slider.dispatchEvent(new Event('input'))", control, value)
        wait(page, f"Number(document.getElementById('picture').dataset.frames) > {count}")
        assert picture(page) != before
    assert page.find_element("id", "side-value").text == "3 × 3"


@pytest.mark.parametrize("across_digits", [False, True])
def test_it_moves_while_it_plays_and_rests_when_it_does_not(page: Any, across_digits: bool) -> None:
    if across_digits:
        page.find_element("id", "turn").click()
        page.find_element("css selector", "button[data-digit='3']").click()
    click(page, "#play")
    before, count = picture(page), frames(page)
    wait(page, f"Number(document.getElementById('picture').dataset.frames) > {count + 5}")
    assert picture(page) != before
    page.find_element("id", "play").click()
    time.sleep(0.3)
    resting = frames(page)
    time.sleep(0.5)
    assert frames(page) == resting, "nothing is drawn while nothing changes"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"not onnx at all, but a text", "not an ONNX file, or it is damaged"),
        (b"", "was not exported by digitforge"),
        (BUNDLED.read_bytes()[:100_000], "damaged"),
        ((ROOT / "export" / "runtime" / "classifier.onnx").read_bytes(), "was not exported by digitforge"),
    ],
)
def test_a_file_that_is_no_generator_is_a_sentence_and_the_page_goes_on(
    page: Any, tmp_path: Path, content: bytes, said: str
) -> None:
    (tmp_path / "strange.onnx").write_bytes(content)
    page.find_element("id", "file").send_keys(str(tmp_path / "strange.onnx"))
    wait(page, "!document.getElementById('problem').hidden")
    problem = page.find_element("id", "problem").text
    assert problem.startswith("strange.onnx: ")
    assert said in problem
    click(page, "#next")
    assert not page.find_element("id", "problem").is_displayed()


def test_a_generator_that_promises_another_picture_leaves_the_one_that_works(page: Any, tmp_path: Path) -> None:
    model = onnx.load(BUNDLED)
    onnx.helper.set_model_props(
        model, {one.key: one.value for one in model.metadata_props} | {"digitforge.height": "14"}
    )
    onnx.save(model, tmp_path / "false.onnx")
    page.find_element("id", "file").send_keys(str(tmp_path / "false.onnx"))
    wait(page, "!document.getElementById('problem').hidden")
    assert "does not do what its metadata promises" in page.find_element("id", "problem").text
    assert page.find_element("id", "model").text == "digits.onnx"
    click(page, "#next")


def test_without_a_server_it_says_what_to_do(browser: Any, address: str) -> None:
    browser.get((SITE / "index.html").as_uri())
    wait(browser, "!document.getElementById('problem').hidden")
    assert "python3 -m http.server" in browser.find_element("id", "problem").text
    browser.get("about:blank")
    browser.get_log("performance")  # what a page asks of the disk is no other page's


def test_a_dropped_generator_opens(page: Any) -> None:
    page.execute_script(
        """fetch("digits.onnx").then((answer) => answer.blob()).then((blob) => {
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([blob], "dropped.onnx"));
            document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
        })"""
    )
    wait(page, "document.getElementById('model').textContent === 'dropped.onnx'")
    assert not page.find_element("id", "problem").is_displayed()


def test_another_generator_opens_from_the_disk(page: Any, models: dict[str, Path]) -> None:
    for name in ("colour", "free", "digits"):
        count = frames(page)
        page.find_element("id", "file").send_keys(str(models[name]))
        wait(page, f"document.getElementById('model').textContent === '{name}.onnx'")
        wait(page, f"Number(document.getElementById('picture').dataset.frames) > {count}")
        assert page.find_element("id", "classes").is_displayed() == (name != "free")
        assert not page.find_element("id", "problem").is_displayed()


def test_it_asks_nobody_but_its_own_server_and_reports_no_error(page: Any, address: str) -> None:
    click(page, "#next")
    assert not page.get_log("browser")
    asked = [json.loads(entry["message"])["message"] for entry in page.get_log("performance")]
    addresses = [one["params"]["request"]["url"] for one in asked if one["method"] == "Network.requestWillBeSent"]
    assert any(url.endswith(".wasm") for url in addresses)
    outside = [url for url in addresses if not url.startswith((address, "data:", "blob:", "about:", "chrome:"))]
    assert not outside
