# First LSTM: symbols stand alone, words in lower case, a text's last 220.
symbols = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~…“”‘’–—«»•·×÷±≠≤≥∞√°©®™€£¥§¶₹'
comments = dict(
    max_length=220, truncation='tail', tokenizer=dict(type='Words', vocab='data/jigsaw/words.txt', lower_case=True),
    text_transforms=[dict(type='IsolateSymbols', symbols=symbols), dict(type='DeleteCharacters', characters='_`₹')])
