"""PyTorch (oneDNN underneath, cuDNN on a GPU), with loops written by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from . import kinds
from .engine import Engine, Unsupported, Unusable, Values
from .problem import Problem
from .torch_models import build, cell

#: Keras adds 1e-7 to the root of v before the bias is corrected, PyTorch its epsilon after: this makes the first steps agree.
EPSILON = 1e-7 / (1 - 0.999) ** 0.5


def _channels(x: Values) -> torch.Tensor:
    """A batch (N, T, C) as PyTorch's convolutions take it, (N, C, T)."""
    return torch.from_numpy(x).transpose(1, 2).contiguous()


def _cross_entropy(logits: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), tokens.flatten())


class PyTorch(Engine):
    """Adam is the fused one, which is never behind the default and takes 0.7 of its time at the smallest shape."""

    activations = ("tanh",)
    models = kinds.KINDS
    device = "cpu"

    def __init__(self, threads: int) -> None:
        super().__init__(threads)
        torch.set_num_threads(threads)

    def model(self, problem: Problem) -> Any:
        """The problem's model, on the device."""
        return build(problem).to(self.device)

    def there(self, x: torch.Tensor) -> torch.Tensor:
        """A batch of the host on the device."""
        return x

    def versions(self) -> dict[str, str]:
        return {"torch": torch.__version__}

    def infer(self, problem: Problem) -> Callable[[], Values]:
        model, channels = self.model(problem).eval(), problem.model == kinds.CONVOLUTIONS
        x = _channels(problem.x) if channels else torch.from_numpy(problem.x)

        def call() -> Values:
            with torch.inference_mode():
                y = model(self.there(x)).cpu().numpy()
                return y.swapaxes(1, 2) if channels else y

        return call

    def train(self, problem: Problem) -> Callable[[], float]:
        x, y = problem.batch
        if isinstance(x, list):
            step = self._step(self.model(problem), _cross_entropy)
            inputs, targets = [torch.from_numpy(array) for array in x], torch.from_numpy(y).long()
            return lambda: step([self.there(array) for array in inputs], self.there(targets)).item()
        step, convert = self._step(self.model(problem)), torch.from_numpy
        if problem.model == kinds.CONVOLUTIONS:
            convert = _channels
        input_, target = convert(x), convert(y)
        return lambda: step(self.there(input_), self.there(target)).item()

    def beam(self, problem: Problem) -> Callable[[], Values]:
        model = self.model(problem)
        if self.device != "cpu":
            raise Unsupported("its loop is written for a processor")

        def call() -> Values:
            with torch.inference_mode():
                return model.search(problem.shape.N, problem.shape.T).numpy()

        return call

    def stream(self, problem: Problem) -> Callable[[Values], Values]:
        model, H = self.model(problem), problem.shape.H
        one, dense = cell(model.rnn).to(self.device), model.dense
        state = torch.zeros(1, H, device=self.device), torch.zeros(1, H, device=self.device)

        def step(x: Values) -> Values:
            nonlocal state
            with torch.inference_mode():
                state = one(self.there(torch.from_numpy(x)[None]), state)
                return dense(state[0])[0].cpu().numpy()

        return step

    def fit(self, problem: Problem) -> Callable[[], float]:
        step, (x, y) = self._step(self.model(problem)), map(torch.from_numpy, problem.windows)

        def epoch() -> float:
            batches = torch.randperm(len(x)).split(problem.shape.N)
            losses = [step(self.there(x[rows]), self.there(y[rows])) for rows in batches]
            return torch.stack(losses).mean().item()

        return epoch

    @staticmethod
    def _step(model: Any, loss_of: Callable[..., torch.Tensor] = torch.nn.functional.mse_loss) -> Callable[..., torch.Tensor]:
        """A step of the usual loop by hand; it answers the loss."""
        trained = [p for p in model.parameters() if p.requires_grad]
        optimizer = torch.optim.Adam(trained, lr=1e-3, eps=EPSILON, fused=True)

        def step(x: Any, y: torch.Tensor) -> torch.Tensor:
            optimizer.zero_grad()
            loss = loss_of(model(x), y)
            loss.backward()
            optimizer.step()
            return loss.detach()

        return step


class OnGPU(PyTorch):
    """On an NVIDIA GPU. Batches go up from pinned memory; products are in float32, not in TF32, as ours are."""

    device = "cuda"

    def __init__(self, threads: int) -> None:
        super().__init__(threads)
        if not torch.cuda.is_available():
            raise Unusable(f"this PyTorch, {torch.__version__}, sees no GPU")
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False

    def versions(self) -> dict[str, str]:
        return {**super().versions(), "cuDNN": str(torch.backends.cudnn.version())}

    def there(self, x: torch.Tensor) -> torch.Tensor:
        return x.pin_memory().to(self.device, non_blocking=True)
