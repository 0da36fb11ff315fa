"""Small films for the tests, made when they are asked for."""

import io

import av
import numpy as np

WIDTH, HEIGHT = 64, 48


def drawn(shade, size):
    """Give the pixels that were drawn, or make them of one shade."""
    if isinstance(shade, np.ndarray):
        return np.ascontiguousarray(shade)
    return np.full((size[1], size[0], 3), shade % 256, np.uint8)


def film(container="mp4", codec="mpeg4", *, moments=range(75), size=(WIDTH, HEIGHT), shade=lambda place: 3 * place):
    """Make a film of 25 frames a second, a frame at each of `moments` (twenty-fifths), each of one
    shade of grey, or drawn."""
    out = io.BytesIO()
    with av.open(out, "w", format=container) as writer:
        stream = writer.add_stream(codec, rate=25)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        for place, moment in enumerate(moments):
            frame = av.VideoFrame.from_ndarray(drawn(shade(place), size), format="rgb24")
            frame.pts = moment
            writer.mux(stream.encode(frame))
        writer.mux(stream.encode())
    return out.getvalue()


def sound():
    """Make a second of silence: a container without any picture."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as writer:
        stream = writer.add_stream("aac", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), format="fltp", layout="mono")
        frame.rate = 8000
        frame.pts = 0
        writer.mux(stream.encode(frame))
        writer.mux(stream.encode())
    return out.getvalue()
