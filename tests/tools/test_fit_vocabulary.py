"""The command that writes the words of a config's texts."""
import pandas as pd

from mmcomp.structures.word_list import read_words


def test_words_of_a_config(tmp_path, tool, capsys):
    pd.DataFrame(dict(text=['b a a', 'a c'])).to_csv(tmp_path / 'train.csv', index=False)
    pd.DataFrame(dict(text=['c d'])).to_csv(tmp_path / 'test.csv', index=False)
    words, config = tmp_path / 'words.txt', tmp_path / 'config.py'
    config.write_text(f"""train_dataloader = dict(dataset=dict(type='TabularTextDataset', ann_file='train.csv',
        data_root='{tmp_path}', tokenizer=dict(type='Words', vocab='{words}')))""")
    main = tool('fit_vocabulary').main
    main([str(config), '--also', str(tmp_path / 'test.csv'), '--max-features', '3'])
    assert read_words(words) == ['[PAD]', '[UNK]', 'a', 'c', 'b']
    assert capsys.readouterr().out.splitlines()[-1] == f'5 words, 85.71 % of the texts: wrote {words}'
    main([str(config), '--min-count', '2', '--out', str(tmp_path / 'few.txt')])
    assert read_words(tmp_path / 'few.txt') == ['[PAD]', '[UNK]', 'a']
