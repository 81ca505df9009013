# Comments as they are, in byte pairs without special tokens; the last 220.
comments = dict(max_length=220, truncation='tail', tokenizer=dict(folder='checkpoints/gpt2'))
