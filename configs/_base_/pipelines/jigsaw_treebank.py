# Second LSTM: no pictures nor other scripts, symbols stand alone, Treebank tokens in their case, a text's last 300.
comments = dict(
    max_length=300, truncation='tail', tokenizer=dict(type='Words', vocab='data/jigsaw/treebank_words.txt'),
    text_transforms=[
        dict(type='DeleteCharacters', sets=['emoji', 'invisible', 'private', 'foreign_letters']),
        dict(type='IsolateSymbols', sets=['symbols'], keep="'’"),
        dict(type='TreebankTokenize'),
        dict(type='StripApostrophes'),
    ])
