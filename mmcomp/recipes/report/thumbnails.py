"""Pictures small enough to lie inside a page."""
import base64
import io
from pathlib import Path

SIDE = 72
QUALITY = 72


def thumbnail(path: Path, side: int = SIDE) -> str | None:
    """A data URI of an image re-encoded as a JPEG that fits into a square of ``side`` pixels.

    Nothing of the file itself is passed on but its pixels. None where it does
    not decode.
    """
    from PIL import Image
    try:
        with Image.open(path) as image:
            image.draft('RGB', (2 * side, 2 * side))
            small = image.convert('RGB')
            if max(small.size) < side // 2:  # of digits and icons the pixels are meant to be seen
                scale = side // max(small.size)
                small = small.resize((small.width * scale, small.height * scale), Image.Resampling.NEAREST)
            small.thumbnail((side, side))
            out = io.BytesIO()
            small.save(out, 'JPEG', quality=QUALITY)
    except Exception:  # Pillow's readers raise anything on bad bytes
        return None
    return f'data:image/jpeg;base64,{base64.b64encode(out.getvalue()).decode()}'
