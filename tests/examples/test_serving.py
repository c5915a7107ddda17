"""The server of examples/serving: batches with the bits of ``predict``, sessions, refusals, and its end."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from numba_lstm import Sequential
from numba_lstm.layers import LSTM, Dense, Input

for name in ("fastapi", "httpx", "uvicorn"):
    pytest.importorskip(name, reason="needs a server: pip install 'numba_lstm[serve]'")

FOLDER = Path(__file__).parents[2] / "examples" / "serving"


@pytest.fixture(scope="module")
def server():
    """The module of the example."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FOLDER))
        import server

        yield server
    for name in ("server", "batching"):
        del sys.modules[name]


class Counting(Sequential):
    """A model that counts the samples of each call of ``predict``."""

    calls: ClassVar[list[int]] = []

    def predict(self, x, **options):
        self.calls.append(len(x))
        return super().predict(x, **options)


@pytest.fixture(scope="module")
def model():
    return Counting([Input((None, 3)), LSTM(5), Dense(2)], name="counting")


def serve(server, model, program, **settings):
    """Run ``program(client)`` against the application in this process, from its start to its end."""
    import httpx

    async def main():
        app = server.create_app(model, server.Settings(**settings))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:
            async with app.router.lifespan_context(app):
                result = await program(client)
            return await result if asyncio.isfuture(result) else result

    return asyncio.run(main())


def sequences(count, steps=7):
    return np.random.default_rng(3).standard_normal((count, steps, 3)).astype(np.float32)


def output(answer):
    assert answer.status_code == 200, answer.text
    return np.array(answer.json()["y"], np.float32)


def test_concurrent_requests_are_batched_and_have_the_bits_of_predict(server, model):
    xs = [x[: 5 + k % 2] for k, x in enumerate(sequences(64))]
    expected = [model.predict(x[None], verbose=0)[0] for x in xs]
    model.calls.clear()

    async def program(client):
        return await asyncio.gather(*(client.post("/predict", json={"x": x.tolist()}) for x in xs))

    answers = serve(server, model, program, max_wait_ms=600_000)
    assert all(np.array_equal(output(answer), y) for answer, y in zip(answers, expected, strict=True))
    assert model.calls == [16] * 4  # two batches of 32, each of two lengths


def test_sessions_are_independent_streams_until_they_are_reset_ended_or_evicted(server, model):
    xs = sequences(2)

    async def program(client):
        async def post(name, x):
            return await client.post(f"/stream/{name}", json={"x": x.tolist()})

        for name in "ab":
            await client.put(f"/stream/{name}")
        calls = [post(name, x[t : t + 1]) for t in range(7) for name, x in zip("ab", xs, strict=True)]
        answers = await asyncio.gather(*calls)  # the steps of a session are computed in their order
        for name, x in zip((0, 1), xs, strict=True):
            last = model.predict(x[None], verbose=0)[0]
            np.testing.assert_array_equal(output(answers[12 + name])[0], last)
        await client.put("/stream/a")
        np.testing.assert_array_equal(output(await post("a", xs[0])), model.stream().run(xs[0]))
        await client.put("/stream/c")  # evicts b, used before a
        refused = await post("b", xs[1])
        assert refused.status_code == 404
        assert "evicted: the server keeps the 2 sessions used last. Begin it: PUT /stream/b." in refused.json()["detail"]
        assert (await client.delete("/stream/a")).status_code == 200
        assert (await post("a", xs[0])).status_code == 404
        health = (await client.get("/health")).json()
        assert health == {"model": model.name, "waiting": 0, "sessions": 1}

    serve(server, model, program, max_sessions=2)


@pytest.mark.parametrize(
    ("x", "sentence"),
    [
        ([[1, 2]], "was built for features = 3, got shape (1, 1, 2) with 2. Give 3,"),
        ([[1, 2, 3], [1]], "x must be a rectangular array"),
        ([["a", "b", "c"]], "x must be an array of real numbers"),
        ([[1, 2, 1e300]], "x has entries that are NaN, or infinite in float32."),
    ],
)
def test_wrong_input_is_answered_by_the_sentence_of_the_library(server, model, x, sentence):
    async def program(client):
        return await client.post("/predict", json={"x": x})

    answer = serve(server, model, program)
    assert answer.status_code == 422
    assert sentence in answer.json()["detail"]


def test_overload_is_refused_and_a_server_that_ends_answers_what_waits(server, model):
    x = sequences(1)[0]

    async def program(client):
        calls = [asyncio.ensure_future(client.post("/predict", json={"x": x.tolist()})) for _ in range(5)]
        while not any(call.done() for call in calls):
            await asyncio.sleep(0.01)
        return asyncio.gather(*calls)  # the application ends, long before they have waited enough

    answers = serve(server, model, program, max_queue=4, max_wait_ms=600_000)
    refused = [answer for answer in answers if answer.status_code == 503]
    assert [answer.headers["Retry-After"] for answer in refused] == ["1"]
    assert refused[0].json()["detail"] == "4 requests wait already. Send the request again in a second."
    expected = model.predict(x[None], verbose=0)[0]
    assert sum(answer.status_code == 200 and np.array_equal(output(answer), expected) for answer in answers) == 4
