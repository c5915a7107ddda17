"""Serve a model over HTTP: predictions in batches, and a stream for each session.

    python server.py model.nlstm --port 8000

README.md says which requests it takes.
"""

import argparse
import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields
from functools import partial
from typing import Any

import numpy as np
import uvicorn
from batching import Batcher, OverloadError
from fastapi import FastAPI, HTTPException
from fastapi.responses import JSONResponse
from pydantic import BaseModel

import numba_lstm


@dataclass(frozen=True)
class Settings:
    max_batch: int = 32  #: requests of a batch
    max_wait_ms: float = 2.0  #: how long a request waits for others while nothing is computed
    max_queue: int = 256  #: requests that wait; those above are refused
    max_sessions: int = 1000  #: sessions whose states are kept


class Sequence(BaseModel):
    x: list[Any]  #: one sequence, step by step


@dataclass
class Session:
    stream: Any
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)  #: a stream serves one call at a time


def checked(check: Callable[..., Any], x: list[Any], dtype: str) -> np.ndarray:
    """Return a sequence as an array, or answer 422 with the sentence of the library."""
    try:
        array: np.ndarray = check([x])[0]
    except (TypeError, ValueError) as error:
        raise HTTPException(422, str(error)) from error
    if array.dtype.kind == "f" and not (np.abs(array) <= np.finfo(dtype).max).all():
        raise HTTPException(422, f"x has entries that are NaN, or infinite in {dtype}. Fill them, or leave their steps out.")
    return array


def create_app(model: Any, settings: Settings) -> FastAPI:
    """Return the application that serves a built model of one input and one output."""
    if not (model.has_one_input and model.has_one_output):
        raise ValueError(f"{model.name} has several inputs or outputs, and this server takes models of one. Extend it.")
    batcher = Batcher(model, settings.max_batch, settings.max_wait_ms, settings.max_queue)
    sessions: OrderedDict[str, Session] = OrderedDict()  # those used last at the end

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        numba_lstm.warmup(model, training=False, verbose=False)
        running = asyncio.create_task(batcher.run())
        yield
        batcher.close()
        await running  # the requests that wait are answered first

    app = FastAPI(title=f"{model.name} of numba_lstm", lifespan=lifespan)

    def find(name: str) -> Session:
        if name not in sessions:
            why = f"It was not begun, or it was evicted: the server keeps the {settings.max_sessions} sessions used last"
            raise HTTPException(404, f"there is no session {name!r}. {why}. Begin it: PUT /stream/{name}.")
        sessions.move_to_end(name)
        return sessions[name]

    @app.post("/predict")
    async def predict(sequence: Sequence) -> JSONResponse:
        """Return the output for one sequence."""
        x = checked(model.validate_input, sequence.x, model.dtype)
        try:
            y = await batcher.predict(x)
        except OverloadError as error:
            raise HTTPException(503, str(error), {"Retry-After": "1"}) from error
        return JSONResponse({"y": y.tolist()})

    @app.put("/stream/{name}")
    async def begin(name: str) -> JSONResponse:
        """Begin a session, or set the states of one to zero."""
        try:
            sessions[name] = Session(await asyncio.to_thread(model.stream))
        except (NotImplementedError, ValueError) as error:
            raise HTTPException(501, str(error)) from error
        sessions.move_to_end(name)
        while len(sessions) > settings.max_sessions:
            sessions.popitem(last=False)
        return JSONResponse({"session": name})

    @app.post("/stream/{name}")
    async def steps(name: str, sequence: Sequence) -> JSONResponse:
        """Return the outputs for the next steps of a session."""
        session = find(name)
        x = checked(partial(model.as_input, what="x"), sequence.x, model.dtype)
        async with session.lock:
            try:
                y = await asyncio.to_thread(session.stream.run, x)
            except (TypeError, ValueError) as error:
                raise HTTPException(422, str(error)) from error
        return JSONResponse({"y": y.tolist()})

    @app.delete("/stream/{name}")
    async def end(name: str) -> JSONResponse:
        """End a session."""
        find(name)
        del sessions[name]
        return JSONResponse({"session": name})

    @app.get("/health")
    async def health() -> JSONResponse:
        """Say that the server runs, and how much waits."""
        return JSONResponse({"model": model.name, "waiting": len(batcher.queue), "sessions": len(sessions)})

    return app


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve a model over HTTP.")
    parser.add_argument("model", help="a file that model.save wrote")
    parser.add_argument("--port", type=int, default=8000, help="default: %(default)s")
    threads = max(1, numba_lstm.get_num_threads() - 1)
    parser.add_argument("--threads", type=int, default=threads, help="of predictions (default: %(default)s, a core less)")
    for one in fields(Settings):
        parser.add_argument(f"--{one.name.replace('_', '-')}", type=one.type, default=one.default, help="default: %(default)s")
    options = vars(parser.parse_args())
    numba_lstm.set_num_threads(options.pop("threads"))
    model, port = numba_lstm.load_model(options.pop("model")), options.pop("port")
    uvicorn.run(create_app(model, Settings(**options)), port=port, log_level="warning")


if __name__ == "__main__":
    main()
