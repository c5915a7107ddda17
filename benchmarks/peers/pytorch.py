"""PyTorch: ``nn.LSTM`` (oneDNN underneath, cuDNN on a GPU) and ``nn.Linear``, with loops written by hand."""

from __future__ import annotations

from collections.abc import Callable

import torch

from .engine import Engine, Unusable, Values
from .problem import Problem


class Model(torch.nn.Module):
    """LSTM and dense layer, with the problem's weights. The second bias stays zero: other frameworks have one."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        shape = problem.shape
        self.lstm = torch.nn.LSTM(shape.D, shape.H, batch_first=True)
        self.dense = torch.nn.Linear(shape.H, 1)
        W, U, b, V, d = map(torch.from_numpy, problem.weights)
        with torch.no_grad():
            self.lstm.weight_ih_l0.copy_(W.T)
            self.lstm.weight_hh_l0.copy_(U.T)
            self.lstm.bias_ih_l0.copy_(b)
            self.lstm.bias_hh_l0.zero_().requires_grad_(False)
            self.dense.weight.copy_(V.T)
            self.dense.bias.copy_(d)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.dense(self.lstm(x)[1][0][0])

    def cell(self) -> torch.nn.LSTMCell:
        """The LSTM as a cell, which takes a third of the time of an ``nn.LSTM`` over one step."""
        cell = torch.nn.LSTMCell(self.lstm.input_size, self.lstm.hidden_size)
        cell.load_state_dict({name.removesuffix("_l0"): value for name, value in self.lstm.state_dict().items()})
        return cell


#: Keras adds 1e-7 to the root of v before the bias is corrected, PyTorch its epsilon after: this makes the first steps agree.
EPSILON = 1e-7 / (1 - 0.999) ** 0.5


class PyTorch(Engine):
    """Adam is the fused one, which is never behind the default and takes 0.7 of its time at the smallest shape."""

    activations = ("tanh",)
    device = "cpu"

    def __init__(self, threads: int) -> None:
        super().__init__(threads)
        torch.set_num_threads(threads)

    def model(self, problem: Problem) -> Model:
        """The problem's model, on the device."""
        return Model(problem).to(self.device)

    def there(self, x: torch.Tensor) -> torch.Tensor:
        """A batch of the host on the device."""
        return x

    def versions(self) -> dict[str, str]:
        return {"torch": torch.__version__}

    def infer(self, problem: Problem) -> Callable[[], Values]:
        model, x = self.model(problem).eval(), torch.from_numpy(problem.x)

        def call() -> Values:
            with torch.inference_mode():
                return model(self.there(x)).cpu().numpy()

        return call

    def train(self, problem: Problem) -> Callable[[], float]:
        step = self._step(self.model(problem))
        x, y = torch.from_numpy(problem.x), torch.from_numpy(problem.y)
        return lambda: step(self.there(x), self.there(y)).item()

    def stream(self, problem: Problem) -> Callable[[Values], Values]:
        model, H = self.model(problem), problem.shape.H
        cell, dense = model.cell().to(self.device), model.dense
        state = torch.zeros(1, H, device=self.device), torch.zeros(1, H, device=self.device)

        def step(x: Values) -> Values:
            nonlocal state
            with torch.inference_mode():
                state = cell(self.there(torch.from_numpy(x)[None]), state)
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
    def _step(model: Model) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
        """A step of the usual loop by hand; it answers the loss."""
        trained = [p for p in model.parameters() if p.requires_grad]
        optimizer = torch.optim.Adam(trained, lr=1e-3, eps=EPSILON, fused=True)

        def step(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            optimizer.zero_grad()
            loss = torch.nn.functional.mse_loss(model(x), y)
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
