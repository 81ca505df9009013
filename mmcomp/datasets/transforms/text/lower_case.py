"""Lower case."""
from mmcomp.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LowerCase:
    """Every letter in lower case: ``str -> str``."""

    def __call__(self, text: str) -> str:
        return text.lower()
