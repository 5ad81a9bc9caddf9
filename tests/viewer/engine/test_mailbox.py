"""The mailbox."""

from pathlib import Path
from threading import Thread

import numpy as np

from viewer.core.picture.look import Look
from viewer.core.scene.cells import Scene
from viewer.core.scene.messages import CompareRequest, OpenRequest, RenderRequest
from viewer.engine.mailbox import Mailbox


def render(sequence: int) -> RenderRequest:
    return RenderRequest(1, sequence, Scene(np.zeros((1, 2), np.float32), None, 1, ()), Look())


def opening(generation: int) -> OpenRequest:
    return OpenRequest(generation, Path("a.onnx"), "cpu")


def test_the_newest_render_replaces_the_pending_one() -> None:
    mailbox = Mailbox()
    requests = [render(i) for i in range(5)]
    for request in requests:
        mailbox.put(request)
    assert mailbox.take() is requests[-1]
    mailbox.put(requests[0])
    assert mailbox.take() is requests[0]


def test_opening_goes_first_and_is_never_pushed_out() -> None:
    mailbox = Mailbox()
    wanted, last = opening(2), render(99)
    mailbox.put(render(1))
    mailbox.put(wanted)
    for sequence in range(2, 50):
        mailbox.put(render(sequence))
    mailbox.put(last)
    assert mailbox.take() is wanted
    assert mailbox.take() is last


def test_what_is_compared_comes_between_opening_and_rendering() -> None:
    mailbox = Mailbox()
    last, first, wanted = render(1), opening(2), CompareRequest(Path("b.onnx"), "cpu")
    for request in (last, CompareRequest(None, "cpu"), wanted, first):
        mailbox.put(request)
    assert [mailbox.take() for _ in range(3)] == [first, wanted, last]


def test_a_waiting_taker_gets_what_comes() -> None:
    mailbox, request, taken = Mailbox(), render(1), []
    taker = Thread(target=lambda: taken.append(mailbox.take()))
    taker.start()
    mailbox.put(request)
    taker.join(10)
    assert taken == [request]


def test_close_wakes_the_taker() -> None:
    mailbox, taken = Mailbox(), []
    taker = Thread(target=lambda: taken.append(mailbox.take()))
    taker.start()
    mailbox.close()
    taker.join(10)
    assert taken == [None]


def test_a_closed_mailbox_takes_and_gives_nothing() -> None:
    mailbox = Mailbox()
    mailbox.put(render(1))
    mailbox.close()
    mailbox.put(render(2))
    mailbox.put(opening(1))
    assert mailbox.take() is None


def test_under_pressure_the_last_request_arrives_in_order() -> None:
    mailbox, taken = Mailbox(), []

    def take_all() -> None:
        while isinstance(request := mailbox.take(), RenderRequest):
            taken.append(request.sequence)
            if request.sequence == 5000:
                return

    taker = Thread(target=take_all)
    taker.start()
    for sequence in range(5001):
        mailbox.put(render(sequence))
    taker.join(30)
    assert taken[-1] == 5000
    assert taken == sorted(set(taken))
