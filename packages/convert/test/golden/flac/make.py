# Writes the FLAC files that the tests decode, with libsndfile: pip install numpy==2.2.6 soundfile==0.14.0
from pathlib import Path

import numpy as np
import soundfile

steps = np.arange(1000, dtype=np.int16)
soundfile.write(
    Path(__file__).parent / "stereo.flac",
    np.stack([steps * 32, steps * -32 + 1], axis=1),
    samplerate=16000,
    subtype="PCM_16",
)
