"""The command that makes a folder of vectors."""
from mmcomp.structures.embedding_store import EmbeddingStore


def test_two_files_side_by_side(tmp_path, tool, capsys):
    (tmp_path / 'a.vec').write_text('2 2\nx 1 2\ny 3 4\n')
    (tmp_path / 'b.txt').write_text('y 5\n')
    out = tmp_path / 'store'
    tool('build_embeddings').main([str(tmp_path / 'a.vec'), str(tmp_path / 'b.txt'), '--out', str(out)])
    table, _ = EmbeddingStore(out).table(['y', 'x'])
    assert table.tolist() == [[3, 4, 5], [1, 2, 0]]
    assert capsys.readouterr().out.splitlines()[-1] == f'wrote {out}'
