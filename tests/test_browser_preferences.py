"""People say which trials are better, in a real browser: in every way, and several at once."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count

import optuna
import pytest
from optuna.samplers import RandomSampler
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from runbase.dashboard import register_preference_feedback_component, save_note
from runbase.dashboard.preferential import create_study
from tests.browser import dashboard
from tests.people import Site, assert_finds_nothing, assert_fits, assert_loaded, site, until
from tests.test_browser_artifacts import film, sound
from tests.test_browser_looks import NAMELESS, SMALL

pytestmark = pytest.mark.item("V01", "V02")

#: Names of studies are others when a test is tried again.
_attempts = count(1)
BARS = '"data": [{"type": "bar", "x": ["plum", "pear"], "y": [3, 1]}]'
#: Files by name, and what is seen of them.
KINDS: dict[str, tuple[bytes, str]] = {
    "a.txt": (b"so much depends", "so much depends"),
    "a.csv": (b"word,count\nplum,2", "plum"),
    "a.json": (b'{"colour": "plum"}', '"colour": "plum"'),
    "a.plotly.json": (f"{{{BARS}}}".encode(), "pear"),
    "figure.json": (f'{{{BARS}, "layout": {{}}}}'.encode(), "pear"),
    "a.md": (b"plum &amp; pear", "plum & pear"),
    "a.bin": (b"\0\1", "Download a.bin"),
}


class Judged:
    """A preferential study of pictures, and what its program does."""

    def __init__(self, shown: Site, name: str, trials: int = 4, n_generate: int = 4) -> None:
        self.shown = shown
        self.study = create_study(
            n_generate=n_generate,
            storage=shown.storage,
            study_name=f"{name} {next(_attempts)}",
            sampler=RandomSampler(seed=1),
        )
        register_preference_feedback_component(self.study, "artifact", "picture")
        for _ in range(trials):
            self.add()

    @property
    def path(self) -> str:
        return self.shown.path(self.study._study, "")

    def add(self, name: str = "picture.png", content: bytes | None = None) -> None:
        """A trial with a file."""
        self.attach(self.study.ask(), name, content)

    def attach(
        self, trial: optuna.Trial, name: str = "picture.png", content: bytes | None = None
    ) -> None:
        """Give a trial its file."""
        hue = trial.suggest_int("hue", 0, 255)
        trial.set_user_attr("picture", self.shown.attach(trial, name, content or picture(hue)))

    @property
    def pairs(self) -> set[tuple[int, int]]:
        """Numbers of better and worse trials, as stored."""
        return {(better.number, worse.number) for better, worse in self.study.preferences}

    def expect(self, *pairs: tuple[int, int]) -> None:
        """Wait for what is stored."""
        until(lambda: self.pairs == set(pairs))


def picture(hue: int) -> bytes:
    """A picture of one colour."""
    file = io.BytesIO()
    Image.new("HSV", (120, 120), (hue, 200, 220)).convert("RGB").save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("preferences")) as shown:
        yield shown


@pytest.fixture
def judged(shown: Site, request: pytest.FixtureRequest) -> Judged:
    """Four pictures."""
    return Judged(shown, request.node.name)


@pytest.fixture
def other(chromium: Browser) -> Iterator[Page]:
    """The page of somebody else."""
    with closing(chromium.new_context()) as context:
        context.set_default_timeout(20_000)
        yield context.new_page()


def candidate(page: Page, number: int) -> Locator:
    """A trial that is compared."""
    return page.get_by_role("group", name=f"Trial {number}", exact=True)


def numbers(page: Page) -> list[int | None]:
    """The trials in their places; None where one is awaited."""
    cards = page.locator(".candidates > *")
    found = cards.evaluate_all("cards => cards.map(card => card.dataset.number ?? null)")
    return [None if number is None else int(number) for number in found]


def see(page: Page, *expected: int | None) -> None:
    """Wait for trials in their places, until all of them can be answered."""
    until(lambda: numbers(page) == list(expected))
    expect(page.locator(".candidate.unready")).to_have_count(0)


def open_four(page: Page, judged: Judged, query: str = "") -> None:
    """Look at the first four trials."""
    page.goto(judged.path + query)
    see(page, 0, 1, 2, 3)


def tap(page: Page, number: int) -> None:
    """Answer by a tap on what a trial shows."""
    candidate(page, number).locator(".candidate-face").click()


def said(page: Page, text: str) -> None:
    """Wait for a message."""
    expect(page.locator(".feedback-said")).to_have_text(text)


def test_a_tap_says_which_is_the_worst_and_the_others_stay_in_their_places(
    page: Page, judged: Judged
):
    open_four(page, judged)
    assert_loaded(candidate(page, 1).get_by_role("img"))
    tap(page, 1)
    said(page, "Trial 1 is the worst of 4.")
    see(page, 0, None, 2, 3)
    judged.expect((0, 1), (2, 1), (3, 1))
    judged.add()
    see(page, 0, 4, 2, 3)
    page.get_by_role("button", name="Trial 0 is the worst").click()
    see(page, None, 4, 2, 3)
    judged.expect((0, 1), (2, 1), (3, 1), (2, 0), (3, 0), (4, 0))


def test_the_next_candidates_are_there_before_the_server_knows(page: Page, shown: Site):
    judged = Judged(shown, "instant", trials=6, n_generate=7)
    judged.study.ask()  # which has no file yet
    open_four(page, judged, "?show=4")
    held: list[Route] = []
    page.route("**/preference", lambda route: held.append(route))
    tap(page, 2)
    see(page, 0, 1, 4, 3)
    assert_loaded(candidate(page, 4).get_by_role("img"))
    tap(page, 0)
    see(page, 5, 1, 4, 3)
    assert judged.pairs == set()
    held.pop().continue_()
    until(lambda: page.title() and held)
    held.pop().continue_()
    judged.expect((0, 2), (1, 2), (3, 2), (1, 0), (3, 0), (4, 0))


def test_the_best_is_said_with_one_tap(page: Page, judged: Judged):
    open_four(page, judged)
    page.get_by_role("button", name="Best", exact=True).click()
    expect(page.get_by_role("heading", name="Which one is the best?")).to_be_visible()
    tap(page, 2)
    said(page, "Trial 2 is the best of 4.")
    judged.expect((2, 0), (2, 1), (2, 3))
    expect(page.get_by_role("button", name="Trial 2 is the best")).to_be_disabled()
    expect(page.get_by_role("region", name="Waiting")).to_be_visible()
    expect(page.get_by_title("Trials that won a comparison").get_by_text("#2")).to_be_visible()


def test_a_ranking_is_dragged_and_sent(page: Page, judged: Judged):
    open_four(page, judged, "?mode=rank")
    drag(page, 3, onto=0)
    see(page, 3, 0, 1, 2)
    judged.add()  # nobody else comes while people sort
    expect(page.get_by_text("5 waiting")).to_be_visible()
    drag(page, 0, onto=2)
    see(page, 3, 1, 2, 0)
    assert judged.pairs == set()
    page.get_by_role("button", name="Send").click()
    said(page, "Ranked, the best first: 3, 1, 2, 0.")
    judged.expect((3, 1), (1, 2), (2, 0))
    see(page, 3, 4, None, None)


def drag(page: Page, number: int, onto: int) -> None:
    """Drag a trial to the place of another one."""
    start, end = (candidate(page, n).locator("img").bounding_box() for n in (number, onto))
    assert start
    assert end
    page.mouse.move(start["x"] + 50, start["y"] + 50)
    page.mouse.down()
    page.mouse.move(end["x"] + 60, end["y"] + 60, steps=6)
    page.mouse.up()


def test_a_ranking_is_made_with_keys_and_buttons(page: Page, judged: Judged):
    open_four(page, judged)
    page.keyboard.press("r")
    page.keyboard.press("4")
    expect(candidate(page, 3)).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    see(page, 0, 3, 1, 2)
    expect(candidate(page, 3)).to_be_focused()
    expect(candidate(page, 3).get_by_label("Rank 2 of 4")).to_be_visible()
    worse = page.get_by_role("button", name="Trial 0 is worse")
    worse.click()
    expect(worse).to_be_focused()
    see(page, 3, 0, 1, 2)
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    judged.expect((3, 0), (0, 1), (1, 2))


def test_about_equal_keeps_one_of_them(page: Page, judged: Judged):
    open_four(page, judged)
    page.get_by_role("button", name="About equal").click()
    said(page, "About equal: 0, 1, 2, 3.")
    see(page, 0, None, None, None)
    until(lambda: judged.study.should_generate())
    assert judged.pairs == set()
    page.get_by_role("button", name="Undo").click()
    see(page, 0, 1, 2, 3)
    until(lambda: not judged.study.should_generate())


def test_keys_answer_skip_and_undo(page: Page, judged: Judged):
    open_four(page, judged)
    page.keyboard.press("2")
    judged.expect((0, 1), (2, 1), (3, 1))
    see(page, 0, None, 2, 3)
    candidate(page, 3).hover()
    page.keyboard.press("s")
    said(page, "Trial 3 is skipped.")
    see(page, 0, None, 2, None)
    page.keyboard.press("b")
    page.keyboard.press("3")
    judged.expect((0, 1), (2, 1), (3, 1), (2, 0))
    page.keyboard.press("u")
    said(page, "Taken back: Trial 2 is the best of 2.")
    page.keyboard.press("u")
    said(page, "Taken back: the skip of trial 3.")
    page.keyboard.press("w")
    said(page, "")
    page.keyboard.press("u")
    judged.expect()
    see(page, 0, 1, 2, 3)
    page.keyboard.press("u")
    said(page, "There is nothing of yours to take back.")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("this one is the worst")


def test_a_skipped_trial_is_asked_about_no_more_until_that_is_taken_back(
    page: Page, judged: Judged
):
    open_four(page, judged)
    page.get_by_role("button", name="Skip trial 0").click()
    see(page, None, 1, 2, 3)
    until(lambda: judged.study.should_generate())
    judged.add()
    see(page, 4, 1, 2, 3)
    page.reload()  # what was said in this tab can still be taken back
    see(page, 1, 2, 3, 4)
    page.get_by_role("button", name="Undo").click()
    expect(candidate(page, 0)).to_be_visible()
    assert judged.pairs == set()


def test_a_large_picture_is_zoomed_and_answered(page: Page, judged: Judged):
    open_four(page, judged)
    page.get_by_role("button", name="Show trial 1 large").click()
    large = page.get_by_role("dialog")
    expect(large).to_have_accessible_name("Trial 1")
    image = large.get_by_role("img")
    assert_loaded(image)
    expect(large.get_by_text("hue")).to_have_count(0)
    width = image.bounding_box()["width"]  # type: ignore[index]
    image.click()
    until(lambda: image.bounding_box()["width"] > 1.9 * width)  # type: ignore[index]
    page.keyboard.press("ArrowRight")
    expect(large).to_have_accessible_name("Trial 2")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(large).to_have_accessible_name("Trial 3")
    large.get_by_role("button", name="Trial 3 is the worst").click()
    expect(large).to_have_accessible_name("Trial 0")
    judged.expect((0, 3), (1, 3), (2, 3))
    page.keyboard.press("Escape")
    expect(large).to_have_count(0)
    see(page, 0, 1, 2, None)


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_file_is_seen_and_judged(page: Page, shown: Site, name: str):
    content, text = KINDS[name]
    judged = Judged(shown, name, trials=0, n_generate=2)
    judged.add(name, content)
    judged.add(name, content)
    page.goto(judged.path)
    see(page, 0, 1)
    expect(candidate(page, 1).get_by_text(text)).to_be_visible()
    tap_beside(page, 1)
    judged.expect((0, 1))


def tap_beside(page: Page, number: int) -> None:
    """Answer by a tap on what a trial shows, where it has no control of its own."""
    candidate(page, number).locator(".candidate-face").click(position={"x": 5, "y": 5})


def test_sounds_and_films_are_played_without_an_answer(page: Page, shown: Site):
    judged = Judged(shown, "sounds and films", trials=0, n_generate=2)
    judged.add("a.wav", sound())
    judged.add("a.webm", film(page))
    page.goto(judged.path)
    see(page, 0, 1)
    audio = candidate(page, 0).locator("audio")
    audio.click(position={"x": 22, "y": 27})
    until(lambda: audio.evaluate("audio => audio.currentTime > 0 || audio.ended"))
    video = candidate(page, 1).locator("video")
    until(lambda: video.evaluate("video => video.currentTime > 0"))
    assert video.evaluate("video => video.muted")
    said(page, "")
    tap(page, 1)
    judged.expect((0, 1))


def test_notes_are_compared_and_their_links_are_no_answers(page: Page, shown: Site):
    judged = Judged(shown, "recipes", trials=0, n_generate=2)
    register_preference_feedback_component(judged.study, "note")
    for text in ("**salt** [more](https://example.org)", "sugar"):
        save_note(judged.study.ask(), text)
    page.goto(judged.path)
    see(page, 0, 1)
    page.context.route("https://example.org/**", lambda route: route.fulfill(body="more"))
    with page.context.expect_page() as opened:
        candidate(page, 0).get_by_role("link", name="more").click()
    opened.value.close()
    said(page, "")
    candidate(page, 1).get_by_text("sugar").click()
    judged.expect((0, 1))


@pytest.mark.item("P12")
def test_a_file_that_is_not_there_yet_appears_and_can_be_judged_only_then(page: Page, shown: Site):
    judged = Judged(shown, "coming", trials=1, n_generate=3)
    trial = judged.study.ask()
    page.goto(judged.path)
    expect(candidate(page, 1)).to_contain_text("Its file is not there yet")
    expect(page.get_by_role("region", name="Waiting")).to_contain_text(
        "Two trials with a file “picture”"
    )
    page.keyboard.press("2")
    said(page, "Trial 1 has nothing to judge yet.")
    judged.attach(trial)
    assert_loaded(candidate(page, 1).get_by_role("img"))
    see(page, 0, 1, None)
    expect(page.get_by_role("region", name="Waiting")).to_have_count(0)
    coming = judged.study.ask()
    expect(candidate(page, 2)).to_contain_text("not there yet")
    page.keyboard.press("2")
    judged.expect((0, 1))  # and nothing about what nobody has seen
    assert coming.number == 2


def test_nothing_waits_and_the_page_says_how_to_make_trials(page: Page, shown: Site):
    judged = Judged(shown, "nothing waits", trials=0)
    page.goto(judged.path)
    waiting = page.get_by_role("region", name="Waiting")
    expect(waiting).to_contain_text("Waiting for the program to make more trials")
    expect(waiting).to_contain_text(f'load_study(study_name="{judged.study.study_name}"')
    for _ in range(4):
        judged.add()
    see(page, 0, 1, 2, 3)
    expect(waiting).to_have_count(0)


def test_a_second_tap_on_the_same_spot_does_not_answer_what_has_just_come(page: Page, shown: Site):
    judged = Judged(shown, "a double tap", trials=5, n_generate=5)
    open_four(page, judged, "?show=4")
    # At once, as no person could: the next one is there, and has not been seen.
    page.evaluate(
        """async () => {
            const spot = () => document.querySelector('.candidates > :nth-child(2)')
            spot().querySelector('.candidate-face').click()
            while (spot().dataset.number !== '4') await new Promise(requestAnimationFrame)
            spot().querySelector('.candidate-face').click()
        }"""
    )
    said(page, "Trial 4 has just come: look again.")
    see(page, 0, 4, 2, 3)
    tap(page, 0)
    judged.expect((0, 1), (2, 1), (3, 1), (2, 0), (3, 0), (4, 0))


def test_an_answer_arrives_once_over_a_bad_network(page: Page, judged: Judged):
    page.console.expected += ["net::ERR"]  # type: ignore[attr-defined]
    open_four(page, judged)
    tries: list[object] = []

    def lose(route: Route) -> None:
        """The request is lost, then the answer to it, then nothing."""
        tries.append(route.request.post_data_json)
        if len(tries) == 2:
            route.fetch()
        route.abort() if len(tries) < 3 else route.continue_()

    page.route("**/preference", lose)
    tap(page, 1)
    see(page, 0, None, 2, 3)
    expect(page.get_by_text("Not sent yet: 1. Kept here, trying again…")).to_be_visible()
    expect(page.get_by_text("Not sent yet")).to_have_count(0)
    judged.expect((0, 1), (2, 1), (3, 1))
    assert len(tries) == 3
    assert tries[0] == tries[1] == tries[2]
    assert len(judged.study.preferences) == 3
    see(page, 0, None, 2, 3)


def test_answers_given_without_a_server_are_kept_until_it_is_back(page: Page, judged: Judged):
    page.console.expected += ["net::ERR"]  # type: ignore[attr-defined]
    folder = judged.shown.folder
    arguments = (f"sqlite:///{folder}/runs.db", "--artifact-dir", f"{folder}/artifacts")
    page.clock.install()
    with dashboard(*arguments) as url:
        page.goto(judged.path.replace(judged.shown.url, url.removesuffix("/dashboard")))
        see(page, 0, 1, 2, 3)
    lost: list[str] = []
    page.on("requestfailed", lambda request: lost.append(request.method))
    tap(page, 1)
    pass_time(page, lambda: lost.count("POST") > 8)
    tap(page, 3)
    expect(page.get_by_text("Not sent yet: 2. Kept here, trying again…")).to_be_visible()
    see(page, 0, None, 2, None)
    banner = page.get_by_role("alert").filter(has_text="Connection lost")
    bar = page.get_by_role("toolbar", name="Answer")
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 844})
        expect(bar).to_be_in_viewport(ratio=1)
        assert bottom_of(banner) <= top_of(bar)
    with dashboard(*arguments, port=int(url.split(":")[2].split("/")[0])):
        pass_time(page, lambda: len(judged.pairs) == 5)
        judged.expect((0, 1), (2, 1), (3, 1), (0, 3), (2, 3))
        expect(page.get_by_text("Not sent yet")).to_have_count(0)
        page.goto("about:blank")


def pass_time(page: Page, is_so: Callable[[], object]) -> None:
    """Let the clock of a page run until something is so."""

    def later() -> object:
        page.clock.fast_forward(9000)
        return is_so()

    until(later)


def top_of(part: Locator) -> float:
    """Where something begins on the screen."""
    box = part.bounding_box()
    assert box
    return box["y"]


def height_of(part: Locator) -> float:
    """How high something is on the screen."""
    box = part.bounding_box()
    assert box
    return box["height"]


def bottom_of(part: Locator) -> float:
    """Where something ends on the screen."""
    return top_of(part) + height_of(part)


def test_a_file_that_cannot_be_read_is_no_candidate_until_it_can(page: Page, judged: Judged):
    page.console.expected += ["404"]  # type: ignore[attr-defined]
    judged.add(content=b"no picture")
    judged.add("a.txt", b"so much depends")
    gone = (
        judged.study.trials[1].user_attrs["picture"],
        judged.study.trials[5].user_attrs["picture"],
    )
    files = [judged.shown.folder / "artifacts" / artifact for artifact in gone]
    kept = [file.read_bytes() for file in files]
    for file in files:
        file.unlink()
    page.goto(judged.path)
    for number in (1, 4, 5):
        expect(candidate(page, number)).to_contain_text("cannot be read")
        expect(candidate(page, number)).to_contain_text("--artifact-dir")
    tap(page, 4)
    said(page, "The file of trial 4 cannot be read.")
    tap(page, 0)
    judged.expect((2, 0), (3, 0))
    for file, content in zip(files, kept, strict=True):
        file.write_bytes(content)
    for number in (1, 5):
        candidate(page, number).get_by_role("button", name="Try again").click()
    assert_loaded(candidate(page, 1).get_by_role("img"))
    expect(candidate(page, 5)).to_contain_text("so much depends")


def test_the_page_asks_for_the_program_when_nothing_comes(page: Page, shown: Site):
    judged = Judged(shown, "nothing comes", trials=2, n_generate=4)
    judged.study.ask().set_user_attr("picture", "the id of no file")
    page.clock.install()
    page.goto(judged.path)
    expect(candidate(page, 2)).to_contain_text("Its file is not there yet")
    expect(page.get_by_text("The next one comes here")).to_be_visible()
    page.clock.fast_forward(20_000)
    expect(candidate(page, 2)).to_contain_text("It has no file “picture”")
    expect(page.get_by_text("is the program running?", exact=False).first).to_be_visible()
    expect(page.get_by_text("The next one comes here")).to_have_count(0)


def test_what_the_server_refuses_is_put_back_and_said(page: Page, judged: Judged):
    page.console.expected += ["400"]  # type: ignore[attr-defined]
    open_four(page, judged)
    refusal = {"status": 400, "json": {"reason": "the study is closed"}}
    page.route("**/preference", lambda route: route.fulfill(**refusal))
    tap(page, 1)
    expect(page.get_by_role("alert")).to_contain_text("the study is closed")
    expect(page.get_by_role("alert")).to_contain_text("Trial 1 is the worst of 4.")
    said(page, "Not kept, so say it again: Trial 1 is the worst of 4. the study is closed")
    see(page, 0, 1, 2, 3)
    assert judged.pairs == set()


def test_two_people_answer_at_once_and_nothing_is_lost(page: Page, other: Page, shown: Site):
    judged = Judged(shown, "two people", trials=9, n_generate=9)
    for one in (page, other):
        one.goto(judged.path)
        see(one, *range(9))
    page.keyboard.press("1")
    other.keyboard.press("9")
    see(page, None, *range(1, 8), None)
    see(other, None, *range(1, 8), None)
    first = {(better, 0) for better in range(1, 9)}
    second = {(better, 8) for better in range(8)}
    judged.expect(*first, *second)
    # Each takes back the own answer only.
    other.keyboard.press("u")
    judged.expect(*first)
    see(page, None, *range(1, 9))
    other.keyboard.press("u")
    said(other, "There is nothing of yours to take back.")


def test_what_somebody_else_answered_leaves_with_a_word(page: Page, other: Page, judged: Judged):
    for one in (page, other):
        open_four(one, judged)
    other.keyboard.press("2")
    expect(candidate(page, 1)).to_contain_text("Somebody else answered")
    page.keyboard.press("2")  # too late: it does not count
    see(page, 0, None, 2, 3)
    other.get_by_role("button", name="Skip trial 0").click()
    expect(candidate(page, 0)).to_contain_text("Somebody else skipped it")
    see(page, None, None, 2, 3)
    judged.expect((0, 1), (2, 1), (3, 1))
    page.keyboard.press("u")
    said(page, "There is nothing of yours to take back.")
    judged.expect((0, 1), (2, 1), (3, 1))


def test_what_is_shown_is_chosen_for_everybody(page: Page, other: Page, judged: Judged):
    first = judged.study.trials[0]
    save_note(optuna.Trial(judged.study._study, first._trial_id), "a note about 0")
    for one in (page, other):
        open_four(one, judged)
    page.get_by_role("button", name="What is shown").click()
    page.get_by_label("Parameters below them").check()
    expect(candidate(page, 2).get_by_text("hue")).to_be_visible()
    page.get_by_label("Candidates").select_option(label="At most 2")
    until(lambda: numbers(page) == [0, 1])
    expect(page.get_by_text("2 more wait")).to_be_visible()
    page.get_by_label("Of each trial").select_option(label="Its note")
    expect(candidate(other, 0)).to_contain_text("a note about 0")
    expect(candidate(other, 1)).to_contain_text("Its note is not there yet")
    attrs = judged.study._study._storage.get_study_system_attrs(judged.study._study._study_id)
    assert attrs["preference:component"] == {"output_type": "note"}
    page.get_by_label("Of each trial").select_option(label="Its file “picture”")
    assert_loaded(candidate(other, 1).get_by_role("img"))
    page.reload()
    until(lambda: numbers(page) == [0, 1])
    expect(candidate(page, 1).get_by_text("hue")).to_be_visible()
    page.get_by_role("button", name="Show trial 1 large").click()
    expect(page.get_by_role("dialog").get_by_text("hue")).to_be_visible()


def new_phone(chromium: Browser) -> BrowserContext:
    """A small screen that is touched."""
    return chromium.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )


@pytest.mark.item("P14")
def test_everything_is_in_reach_of_a_thumb(chromium: Browser, shown: Site):
    four, nine = Judged(shown, "a phone"), Judged(shown, "nine on a phone", 9, 9)
    with closing(new_phone(chromium)) as context:
        page = context.new_page()
        for judged in (nine, four):
            page.goto(judged.path)
            expect(page.get_by_role("toolbar", name="Answer")).to_be_in_viewport(ratio=1)
            for number in numbers(page):
                assert number is not None
                expect(candidate(page, number)).to_be_in_viewport(ratio=0.99)
            assert_fits(page)
            assert_finds_nothing(page, SMALL)  # cards grow a little as they appear
            assert_finds_nothing(page, NAMELESS)
        page.set_viewport_size({"width": 844, "height": 390})
        bar = page.get_by_role("toolbar", name="Answer")
        until(lambda: all(bottom_of(candidate(page, n)) <= top_of(bar) for n in range(4)))
        assert height_of(candidate(page, 3).locator(".candidate-face")) > 100
        page.set_viewport_size({"width": 390, "height": 844})
        tops = [candidate(page, n).bounding_box()["y"] for n in range(4)]  # type: ignore[index]
        assert tops[0] == tops[1] < tops[2] == tops[3]
        candidate(page, 3).get_by_role("img").tap()
        four.expect((0, 3), (1, 3), (2, 3))
        see(page, 0, 1, 2, None)
        page.get_by_role("button", name="Undo").tap()
        see(page, 0, 1, 2, 3)
        four.expect()
        page.get_by_role("button", name="Rank").tap()
        drag_with_a_finger(page, 3, onto=0)
        see(page, 3, 0, 1, 2)
        # Not by a tap: Chromium takes one that follows at once for the end of a fling.
        page.get_by_role("button", name="Send").click()
        four.expect((3, 0), (0, 1), (1, 2))


def drag_with_a_finger(page: Page, number: int, onto: int) -> None:
    """Drag a trial to the place of another one on a screen that is touched."""
    session = page.context.new_cdp_session(page)
    start, end = (candidate(page, n).locator("img").bounding_box() for n in (number, onto))
    assert start
    assert end

    def touch(kind: str, *points: tuple[float, float]) -> None:
        touches = [{"x": x, "y": y} for x, y in points]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    touch("touchStart", (start["x"] + 50, start["y"] + 50))
    for part in (0.3, 0.6, 0.9, 1):
        x, y = (start[side] + part * (end[side] - start[side]) + 50 for side in ("x", "y"))
        touch("touchMove", (x, y))
    touch("touchEnd")


def test_a_read_only_page_shows_the_candidates_and_no_buttons(page: Page, judged: Judged):
    arguments = (f"sqlite:///{judged.shown.folder}/runs.db", "--read-only")
    with dashboard(*arguments, "--artifact-dir", str(judged.shown.folder / "artifacts")) as url:
        page.goto(judged.path.replace(judged.shown.url, url.removesuffix("/dashboard")))
        see(page, 0, 1, 2, 3)
        expect(page.get_by_text("This server is read-only")).to_be_visible()
        assert_loaded(candidate(page, 0).get_by_role("img"))
        expect(page.get_by_role("button", name="worst")).to_have_count(0)
        expect(page.get_by_role("toolbar")).to_have_count(0)
        tap(page, 0)
        page.keyboard.press("1")
        said(page, "")
        page.get_by_role("button", name="Show trial 0 large").click()
        expect(page.get_by_role("dialog").get_by_role("button", name="Skip")).to_have_count(0)
        page.goto("about:blank")
    assert judged.pairs == set()


@pytest.mark.item("P13")
def test_candidates_are_dark_in_the_dark(page: Page, judged: Judged):
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    open_four(page, judged)
    colour = candidate(page, 0).evaluate("card => getComputedStyle(card).backgroundColor")
    assert max(int(part) for part in colour.removeprefix("rgb(").rstrip(")").split(",")) < 90
    tap(page, 0)
    see(page, None, 1, 2, 3)


def test_other_pages_know_that_people_choose(page: Page, judged: Judged):
    open_four(page, judged)
    tap(page, 3)
    expect(page.get_by_title("Trials that won a comparison").get_by_text("#2")).to_be_visible()
    head = page.locator(".study-head")
    expect(head).to_contain_text("Preferential")
    expect(head.locator(".directions")).to_have_count(0)
    tabs = page.get_by_role("navigation", name="Pages of the study").get_by_role("link")
    names = ["Feedback", "History", "Analytics", "Trials", "Table", "Note", "Runs"]
    expect(tabs).to_have_text(names)
    page.get_by_role("link", name="Runbase: all experiments").click()
    row = page.get_by_role("row").filter(has_text=judged.study.study_name)
    expect(row).to_contain_text("Preferential")
    expect(row.locator(".best")).to_have_text("–")
    judged.study.ask()
    expect(row.locator(".best")).to_have_text("1 not compared yet")
    row.get_by_role("link").first.click()
    until(lambda: numbers(page)[:3] == [0, 1, 2])
