"""Are two pictures the same?"""

import io

import numpy as np
from PIL import Image


def difference(one: bytes, other: bytes) -> int:
    """The greatest difference of any two pixels, 0 to 255."""
    first, second = (np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), dtype=np.int16) for data in (one, other))
    return int(np.abs(first - second).max())
