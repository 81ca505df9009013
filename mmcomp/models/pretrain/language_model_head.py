"""The head of a masked language model, which shares the word table of the encoder."""
import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import nn

from mmcomp.errors import ConfigError, fault


class LanguageModelHead(BaseModule):
    """BERT's: linear, GELU, norm, then products with the word vectors, and a bias a word.

    The word table is handed in, not held: so it is one tensor in optimizer and
    checkpoint. Names of parameters are those of BERT's ``cls.predictions``.

    Args:
        in_channels: Width C of the tokens.
        vocab_size: Words V.
        name_or_path: A folder of published weights of a masked language model,
            to take the head from; by default it starts anew.
        allow_download: Whether the hub may be asked.
        load_weights: If False, nothing is read.
        init_cfg: Config of the initialization.

    Raises:
        ConfigError: If the folder holds no such head.
    """

    def __init__(self, in_channels: int, vocab_size: int, name_or_path: str | None = None,
                 allow_download: bool = False, load_weights: bool = True, init_cfg: dict | list | None = None):
        super().__init__(init_cfg=init_cfg)
        self.transform = nn.ModuleDict(dict(dense=nn.Linear(in_channels, in_channels),
                                            LayerNorm=nn.LayerNorm(in_channels, eps=1e-12)))
        self.bias = nn.Parameter(torch.zeros(vocab_size))
        nn.init.normal_(self.transform.dense.weight, std=0.02)
        nn.init.zeros_(self.transform.dense.bias)
        if name_or_path is not None and load_weights:
            self._load(name_or_path, allow_download)

    def _load(self, name_or_path: str, allow_download: bool) -> None:
        from transformers import AutoModelForMaskedLM
        model = AutoModelForMaskedLM.from_pretrained(name_or_path, local_files_only=not allow_download,
                                                     dtype=torch.float32)
        head = getattr(getattr(model, 'cls', None), 'predictions', None)
        state = {} if head is None else {k: v for k, v in head.state_dict().items() if not k.startswith('decoder.')}
        own = self.state_dict()
        if {k: v.shape for k, v in state.items()} != {k: v.shape for k, v in own.items()}:
            raise ConfigError(fault('LanguageModelHead', 'name_or_path', 'a BERT with a head of '
                                    f'{len(self.bias)} words, {len(own["transform.dense.bias"])} wide', name_or_path,
                                    'Take another folder, or none: then the head starts anew.'))
        self.load_state_dict(state)

    def forward(self, tokens: torch.Tensor, table: torch.Tensor) -> torch.Tensor:
        """Tokens ``(K, C)`` and word vectors ``(V, C)`` to logits ``(K, V)``."""
        hidden = self.transform.LayerNorm(F.gelu(self.transform.dense(tokens)))
        return F.linear(hidden, table, self.bias)
