import torch

from mmcomp.apis.onnx_export.unpacked_lstm import UnpackedBiLSTM, turned, without_packing
from mmcomp.models.backbones import BiLSTMEncoder


def test_turned_by_hand():
    tokens = torch.arange(1., 9).view(2, 4, 1)
    found = turned(tokens, torch.tensor([3, 0]))
    assert found.squeeze(2).tolist() == [[3, 2, 1, 4], [5, 6, 7, 8]]


def test_the_same_as_packed_sequences():
    torch.manual_seed(0)
    encoder = BiLSTMEncoder([f'w{i}' for i in range(9)], width=5, frozen=False, hidden_channels=4, num_layers=3).eval()
    mask = torch.arange(7) < torch.tensor([7, 1, 4])[:, None]
    inputs = dict(ids=torch.randint(9, (3, 7)), mask=mask)
    with torch.no_grad():
        torch.testing.assert_close(UnpackedBiLSTM(encoder)(inputs).tokens, encoder(inputs).tokens)


def test_only_a_copy_is_changed():
    encoder = BiLSTMEncoder(['a', 'b'], width=5, frozen=False, hidden_channels=4)
    model, other = torch.nn.Sequential(encoder), torch.nn.Sequential(torch.nn.Linear(2, 2))
    assert isinstance(without_packing(model)[0], UnpackedBiLSTM) and model[0] is encoder
    assert without_packing(other) is other
