"""A small network that hears which digit was spoken."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

SAMPLE_RATE = 8000
FRAME = 256
HOP = 160
MELS = 32
SECONDS = 1.0


class LogMel(nn.Module):
    """Recordings as they are stored, int16 padded with zeros, to log-mel spectrograms of one second."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("window", torch.hann_window(FRAME))
        self.register_buffer("filters", mel_filters())

    def forward(self, audio: Tensor) -> Tensor:
        wanted = int(SECONDS * SAMPLE_RATE)
        audio = audio[:, :wanted].float() / 32768
        audio = nn.functional.pad(audio, (0, wanted - audio.shape[1]))
        spectrum = torch.stft(audio, FRAME, HOP, window=self.window, return_complex=True).abs().square()
        mels = torch.log(self.filters @ spectrum + 1e-6)
        # Loudness differs from speaker to speaker and says nothing about the digit.
        return (mels - mels.mean(dim=(1, 2), keepdim=True)) / (mels.std(dim=(1, 2), keepdim=True) + 1e-5)


def mel_filters() -> Tensor:
    """Triangles that are evenly spaced on the mel scale (O'Shaughnessy), one a row."""
    top = 2595 * math.log10(1 + SAMPLE_RATE / 2 / 700)
    corners = 700 * (10 ** (torch.linspace(0, top, MELS + 2) / 2595) - 1)
    frequencies = torch.linspace(0, SAMPLE_RATE / 2, FRAME // 2 + 1)
    rising = (frequencies - corners[:-2, None]) / (corners[1:-1] - corners[:-2])[:, None]
    falling = (corners[2:, None] - frequencies) / (corners[2:] - corners[1:-1])[:, None]
    return torch.minimum(rising, falling).clamp(min=0)


class DigitNet(nn.Module):
    """Convolutions over the spectrogram, their maxima over a 2 x 2 grid; 83 thousand weights."""

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.features = LogMel()
        self.layers = nn.Sequential(
            block(1, 16),
            nn.MaxPool2d(2),
            block(16, 32),
            nn.MaxPool2d(2),
            block(32, 64),
            nn.MaxPool2d(2),
            block(64, 96),
            nn.AdaptiveMaxPool2d((2, 2)),
            nn.Flatten(),
            nn.Dropout(0.2),
            nn.Linear(96 * 4, classes),
        )

    def forward(self, audio: Tensor) -> Tensor:
        spectrogram = self.features(audio)
        if self.training:
            spectrogram = masked(spectrogram)
        return self.layers(spectrogram.unsqueeze(1))


def block(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
    )


def masked(spectrogram: Tensor, mels: int = 6, frames: int = 8) -> Tensor:
    """Hides a random band and a random moment, so that no single one decides (SpecAugment)."""
    spectrogram = spectrogram.clone()
    low = int(torch.randint(0, spectrogram.shape[1] - mels, ()))
    start = int(torch.randint(0, spectrogram.shape[2] - frames, ()))
    spectrogram[:, low : low + mels] = 0
    spectrogram[:, :, start : start + frames] = 0
    return spectrogram
