# Two layers of LSTM in both directions: 1.67 million weights, on frozen word vectors that no checkpoint holds.
# Vectors: crawl-300d-2M.vec.zip of fastText and glove.840B.300d.zip of GloVe, side by side:
#   mmcomp build_embeddings crawl-300d-2M.vec.zip glove.840B.300d.zip --out data/embeddings/crawl-glove
data_preprocessor = dict(type='TokenDataPreprocessor')
model = dict(
    type='SequenceClassifier',
    backbone=dict(type='BiLSTMEncoder', vocab='data/jigsaw/words.txt', store='data/embeddings/crawl-glove'),
    neck=dict(type='ResidualDense', in_channels=512),
    head=dict(type='BinaryTasksHead', num_classes=6, in_channels=512, dropout=0.0))
# At prediction the words of what is predicted, all that have a vector, in the place of those of the training.
vocabulary = dict(rebuild=True)
