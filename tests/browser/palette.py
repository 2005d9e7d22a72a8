"""Screenshots as PNG files with a palette of 256 colors: a third of what Chromium writes.

The pixels are counted and mapped in the browser, which has them decoded anyway: in Python
it took 20 s a picture.
"""

import base64
import struct
import zlib
from typing import Final

from playwright.async_api import Page

# The colors that are left out are shades at the edges of letters, and become the nearest.
_MAP: Final = """async (png) => {
  const file = await fetch("data:image/png;base64," + png);
  const bitmap = await createImageBitmap(await file.blob());
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d");
  context.drawImage(bitmap, 0, 0);
  const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
  const counts = new Map();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  const parts = (color) => [color & 255, (color >> 8) & 255, (color >> 16) & 255];
  const colors = [...counts].sort((a, b) => b[1] - a[1]).map(([color]) => color);
  const palette = colors.slice(0, 256).map(parts);
  const places = new Map();
  for (const color of colors) {
    const [r, g, b] = parts(color);
    const far = palette.map(([x, y, z]) => (x - r) ** 2 + (y - g) ** 2 + (z - b) ** 2);
    places.set(color, far.indexOf(Math.min(...far)));
  }
  let text = "";
  for (const pixel of pixels) text += String.fromCharCode(places.get(pixel));
  return { width, height, palette: palette.flat(), pixels: btoa(text) };
}"""


async def with_palette(page: Page, png: bytes) -> bytes:
    """Return an opaque PNG with a palette. `page` is any that has no content security policy."""
    mapped = await page.evaluate(_MAP, base64.b64encode(png).decode())
    width, height = mapped["width"], mapped["height"]
    pixels = base64.b64decode(mapped["pixels"])
    # Each row begins with the number of its filter: none, which suits a palette best.
    rows = b"".join(b"\0" + pixels[start : start + width] for start in range(0, len(pixels), width))
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", bytes(mapped["palette"])),
            _chunk(b"IDAT", zlib.compress(rows, 9)),
            _chunk(b"IEND", b""),
        ]
    )


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
