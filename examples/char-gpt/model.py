"""A small language model: a transformer that guesses the next character."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, scaled_dot_product_attention


class CharGpt(nn.Module):
    """Four layers of width 128 with four heads: 0.8 million weights."""

    def __init__(self, letters: int, context: int, width: int = 128, layers: int = 4, heads: int = 4) -> None:
        super().__init__()
        self.context = context
        self.letters = nn.Embedding(letters, width)
        self.places = nn.Embedding(context, width)
        self.layers = nn.Sequential(*(Layer(width, heads) for _ in range(layers)))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, letters, bias=False)
        self.apply(_initialise)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens [windows, length] to a score for each letter that may follow, [windows, length, letters]."""
        places = torch.arange(tokens.shape[1], device=tokens.device)
        return self.head(self.norm(self.layers(self.letters(tokens) + self.places(places))))

    def loss(self, window: Tensor) -> Tensor:
        """How surprised it is by a window: each token but the first is guessed from those before it."""
        scores = self(window[:, :-1])
        return cross_entropy(scores.flatten(0, 1), window[:, 1:].flatten())

    @torch.no_grad()
    def write(self, start: Tensor, count: int) -> Tensor:
        """Goes on from some tokens, one by one, each drawn by its likelihood."""
        tokens = start[None]
        for _ in range(count):
            likelihood = self(tokens[:, -self.context :])[:, -1].softmax(-1)
            tokens = torch.cat([tokens, torch.multinomial(likelihood, 1)], 1)
        return tokens[0]


class Layer(nn.Module):
    """Attention to what came before, then a network for each place; both added to what goes in."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before = nn.LayerNorm(width)
        self.asked = nn.Linear(width, 3 * width)
        self.answer = nn.Linear(width, width)
        self.network = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        parts = self.asked(self.before(x)).unflatten(-1, (3, self.heads, -1))
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        heard = scaled_dot_product_attention(query, key, value, is_causal=True)
        x = x + self.answer(heard.transpose(1, 2).flatten(2))
        return x + self.network(x)


def _initialise(module: nn.Module) -> None:
    if isinstance(module, (nn.Linear, nn.Embedding)):
        nn.init.normal_(module.weight, std=0.02)
    if isinstance(module, nn.Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)
