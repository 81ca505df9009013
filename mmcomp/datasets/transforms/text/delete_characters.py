"""Characters taken out of a text."""
from mmcomp.errors import ConfigError, fault
from mmcomp.registry import TRANSFORMS


@TRANSFORMS.register_module()
class DeleteCharacters:
    """Delete each of some characters: ``str -> str``.

    Args:
        characters: All of them in one text.

    Raises:
        ConfigError: If there are none.
    """

    def __init__(self, characters: str):
        if not characters:
            raise ConfigError(fault('DeleteCharacters', 'characters', 'one or more', characters, 'Name them.'))
        self.table = dict.fromkeys(map(ord, characters))

    def __call__(self, text: str) -> str:
        return text.translate(self.table)
