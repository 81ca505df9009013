# Comments as they are, in word pieces; [CLS], the first 218, [SEP].
comments = dict(max_length=220, truncation='head', tokenizer=dict(folder='checkpoints/bert-base-uncased'))
